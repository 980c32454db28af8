-- What the servers that are measured have in common: a thread for each
-- connection, beside as many threads that compute as arg[1] says.
local threading = require "threading"
local socket = require "threading.socket"

local function compute()
  local x = 0
  while true do
    x = x ~ 1
  end
end

local function start(target, ...)
  threading.Thread { target = target, args = { ... }, daemon = true }:start()
end

-- Prints the port, and calls serve(client) for each connection, for ever.
return function(serve)
  local server = assert(socket.bind("127.0.0.1", 0, 4096))
  for _ = 1, tonumber(arg[1]) do
    start(compute)
  end
  print((select(2, server:getsockname())))
  io.stdout:flush()
  while true do
    local client, err = server:accept()
    start(serve, client or error(err))
  end
end
