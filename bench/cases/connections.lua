-- 10,000 connections at an echo server, a thread for each.
assert(os.execute(("build/bench/client connections 10000 %s "
  .. "bench/cases/echoserver.lua 0"):format(arg[-1])))
