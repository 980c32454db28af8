rockspec_format = "3.0"
package = "threading-mpi"
version = "scm-1"

-- `luarocks make` builds the folder it stands in and fetches nothing.
source = {
  url = "git+file://.",
}

description = {
  summary = "threading's pools, and messages, over MPI",
  detailed = [[
`mpirun -n 9 lua -lthreading.mpi script.lua`: the calls of a pool are made on
the cores of many machines, with the words of threading.futures; and for those
who think in MPI, ranks that send each other Lua values, and Arrays without a
copy.]],
  license = "MIT",
  labels = { "threads", "concurrency", "mpi", "c" },
}

supported_platforms = { "linux", "bsd" }

dependencies = {
  "lua >= 5.4",
  "threading",
}

-- The compiler is MPI's own, mpicc, which knows where everything is.
build = {
  type = "make",
  build_variables = {
    CFLAGS = "$(CFLAGS)",
    LUA = "$(LUA)",
    LUA_INCDIR = "$(LUA_INCDIR)",
    ROCKS = "$(PREFIX)/../..",
  },
  install_variables = {
    LIBDIR = "$(LIBDIR)",
    LUADIR = "$(LUADIR)",
  },
}
