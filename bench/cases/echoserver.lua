-- A thread for each connection, beside threads that compute: echoserver.lua N.
local threading = require "threading"
local socket = require "threading.socket"
local server = assert(socket.bind("127.0.0.1", 0, 4096))

local function compute()
  local x = 0
  while true do
    x = x ~ 1
  end
end

local function serve(client)
  client:setoption("tcp-nodelay", true)
  for line in function() return client:receive() end do
    client:send(line .. "\n")
  end
  client:close()
end

local function start(target, ...)
  threading.Thread { target = target, args = { ... }, daemon = true }:start()
end

for _ = 1, tonumber(arg[1]) do
  start(compute)
end
print((select(2, server:getsockname())))
io.stdout:flush()
while true do
  local client, err = server:accept()
  start(serve, client or error(err))
end
