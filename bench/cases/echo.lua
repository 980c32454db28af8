-- Requests at an echo server beside N threads that compute: echo.lua N.
local lua, n = arg[-1], arg[1]
assert(os.execute(("build/bench/client requests 1 4 %s "
  .. "bench/cases/echoserver.lua %s"):format(lua, n)))
