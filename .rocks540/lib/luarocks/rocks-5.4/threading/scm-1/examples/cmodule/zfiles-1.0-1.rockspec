rockspec_format = "3.0"
package = "zfiles"
version = "1.0-1"

source = {
  url = "git+file://.",
}

description = {
  summary = "Checksums and compressed copies of files, on every core",
  license = "MIT",
}

dependencies = {
  "lua >= 5.4",
}

-- threading.h is all that is needed of `threading`, and only to compile; its
-- folder is an argument of `luarocks make`, see README.md.
external_dependencies = {
  THREADING = { header = "threading.h" },
  ZLIB = { header = "zlib.h" },
}

build = {
  type = "builtin",
  modules = {
    zfiles = {
      sources = { "zfiles.c" },
      libraries = { "z" },
      incdirs = { "$(THREADING_INCDIR)", "$(ZLIB_INCDIR)" },
    },
  },
}
