-- 10,000 connections at an echo server, a thread for each: connections.lua
-- SERVER, lua or c.
local servers = { lua = arg[-1] .. " bench/cases/echoserver.lua",
  c = "build/bench/echoserver" }
assert(os.execute("build/bench/client connections 10000 " .. servers[arg[1]]
  .. " 0"))
