-- Answers GET with keep-alive, a thread for each connection, beside threads
-- that compute: httpserver.lua N.
local threading = require "threading"
local socket = require "threading.socket"
local server = assert(socket.bind("127.0.0.1", 0, 4096))

local ANSWER <const> = table.concat({ "HTTP/1.1 200 OK",
  "Content-Type: text/plain", "Content-Length: 6", "", "hello\n" }, "\r\n")

local function compute()
  local x = 0
  while true do
    x = x ~ 1
  end
end

-- The headers of a request; nil at the end of the connection.
local function headers_of(client)
  local headers = {}
  for line in function() return client:receive() end do
    local name, value = line:match "^([^:]+):%s*(.-)%s*$"
    if name then
      headers[name:lower()] = value
    elseif line == "" then
      return headers
    end
  end
end

local function serve(connection)
  local client <close> = connection
  client:setoption("tcp-nodelay", true)
  for line in function() return client:receive() end do
    local method = line:match "^(%u+) %S+ HTTP/1%.1$"
    local headers = headers_of(client)
    if method ~= "GET" or not headers then
      break
    end
    client:send(ANSWER)
    if headers.connection == "close" then
      break
    end
  end
end

local function start(target, ...)
  threading.Thread { target = target, args = { ... }, daemon = true }:start()
end

for _ = 1, tonumber(arg[1]) do
  start(compute)
end
print((select(2, server:getsockname())))
io.stdout:flush()
for client in server.accept, server do
  start(serve, client)
end
