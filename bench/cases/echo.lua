-- Requests at an echo server on so many connections, beside N threads that
-- compute: echo.lua SERVER CONNECTIONS N, where SERVER is lua or c.
local servers = { lua = arg[-1] .. " bench/cases/echoserver.lua",
  c = "build/bench/echoserver" }
assert(os.execute(("build/bench/client requests 1 %s %s %s"):format(arg[2],
  servers[arg[1]], arg[3])))
