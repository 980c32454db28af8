rockspec_format = "3.0"
package = "threading"
version = "scm-1"

-- `luarocks make` builds the checkout it stands in and fetches nothing; a
-- release names its archive here (see CONTRIBUTING.md).
source = {
  url = "git+file://.",
}

description = {
  summary = "Operating system threads that share one stock Lua state",
  detailed = [[
Python's `threading` for Lua 5.4: Thread, Lock, current_thread and the rest,
on real POSIX threads that share the program's globals, tables and closures
under one global lock. C code steps out of the lock and uses every core.]],
  license = "MIT",
  labels = { "threads", "concurrency", "c" },
}

supported_platforms = { "unix" }

dependencies = {
  "lua >= 5.4",
}

build = {
  type = "builtin",
  modules = {
    ["threading"] = "lua/threading/init.lua",
    ["threading.check"] = "lua/threading/check.lua",
    ["threading.compiler"] = "lua/threading/compiler.lua",
    ["threading.complain"] = "lua/threading/complain.lua",
    ["threading.include"] = "lua/threading/include.lua",
    ["threading.excepthook"] = "lua/threading/excepthook.lua",
    ["threading.executor"] = "lua/threading/executor.lua",
    ["threading.futures"] = "lua/threading/futures.lua",
    ["threading.io"] = "lua/threading/io.lua",
    ["threading.kernel"] = "lua/threading/kernel.lua",
    ["threading.length"] = "lua/threading/length.lua",
    ["threading.local"] = "lua/threading/local.lua",
    ["threading.os"] = "lua/threading/os.lua",
    ["threading.parallel"] = "lua/threading/parallel.lua",
    ["threading.queue"] = "lua/threading/queue.lua",
    ["threading.register"] = "lua/threading/register.lua",
    ["threading.signature"] = "lua/threading/signature.lua",
    ["threading.socket"] = "lua/threading/socket.lua",
    ["threading.socket.object"] = "lua/threading/socket/object.lua",
    ["threading.socket.select"] = "lua/threading/socket/select.lua",
    ["threading.socket.tcp"] = "lua/threading/socket/tcp.lua",
    ["threading.socket.udp"] = "lua/threading/socket/udp.lua",
    ["threading.socket.wrap"] = "lua/threading/socket/wrap.lua",
    ["threading.thread"] = "lua/threading/thread.lua",
    ["threading.time"] = "lua/threading/time.lua",
    ["threading.timer"] = "lua/threading/timer.lua",
    ["threading.tokens"] = "lua/threading/tokens.lua",
    ["threading.types"] = "lua/threading/types.lua",
    ["threading._thread"] = {
      sources = {
        "csrc/array.c",
        "csrc/attach.c",
        "csrc/barrier.c",
        "csrc/call.c",
        "csrc/capi.c",
        "csrc/child.c",
        "csrc/clock.c",
        "csrc/compile.c",
        "csrc/condition.c",
        "csrc/coroutine.c",
        "csrc/deadlock.c",
        "csrc/dump.c",
        "csrc/elem.c",
        "csrc/end.c",
        "csrc/event.c",
        "csrc/face.c",
        "csrc/finaliser.c",
        "csrc/file.c",
        "csrc/fork.c",
        "csrc/format.c",
        "csrc/future.c",
        "csrc/gate.c",
        "csrc/gil.c",
        "csrc/handle.c",
        "csrc/heap.c",
        "csrc/io.c",
        "csrc/items.c",
        "csrc/kernel.c",
        "csrc/listeners.c",
        "csrc/loading.c",
        "csrc/lock.c",
        "csrc/module.c",
        "csrc/os_posix.c",
        "csrc/os_process.c",
        "csrc/os_pollset.c",
        "csrc/os_sem.c",
        "csrc/os_shell.c",
        "csrc/os_signal.c",
        "csrc/os_state.c",
        "csrc/os_stdio.c",
        "csrc/os_thread.c",
        "csrc/os_watch.c",
        "csrc/park.c",
        "csrc/pending.c",
        "csrc/pollset.c",
        "csrc/pool.c",
        "csrc/preempt.c",
        "csrc/program.c",
        "csrc/queue.c",
        "csrc/reader.c",
        "csrc/readline.c",
        "csrc/require.c",
        "csrc/rest.c",
        "csrc/rlock.c",
        "csrc/runtime.c",
        "csrc/sema.c",
        "csrc/sethook.c",
        "csrc/simplequeue.c",
        "csrc/start.c",
        "csrc/testing.c",
        "csrc/thread.c",
        "csrc/tstate.c",
        "csrc/value.c",
        "csrc/waitlist.c",
        "csrc/whose.c",
        "csrc/wrapper.c",
      },
      incdirs = { "csrc/include" },
      libraries = { "pthread" },
    },
    -- Built as a stranger's module would be: threading.h and nothing else.
    ["threading.loops"] = {
      sources = { "csrc/loops.c" },
      incdirs = { "csrc/include" },
    },
  },
  -- threading.h ends up in `luarocks show --rock-dir threading`/csrc/include.
  copy_directories = { "csrc/include", "examples" },
}
