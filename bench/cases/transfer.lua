-- A gigabyte through a connection, from one thread to another: bytes a second.
local probe = require "probe"
local threading = require "threading"
local socket = require "threading.socket"

local ALL <const>, BLOCK <const> = 1 << 30, 1 << 16
local server = assert(socket.bind("127.0.0.1", 0))
local ip, port = server:getsockname()
local a = assert(socket.connect(ip, port))
local b = assert(server:accept())

local sender = threading.Thread { target = function()
  local block = ("x"):rep(BLOCK)
  for _ = 1, ALL // BLOCK do
    assert(a:send(block))
  end
  a:close()
end }

local from = probe.now()
sender:start()
local got = 0
for block in function() return b:receive(BLOCK) end do
  got = got + #block
end
sender:join()
assert(got == ALL)
print(("%.9g"):format(ALL / (probe.now() - from)))
