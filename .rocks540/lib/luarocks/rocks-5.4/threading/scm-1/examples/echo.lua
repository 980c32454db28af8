-- One idea: a server is a loop that accepts, and starts a thread for each
-- client. Who waits for a client blocks its own thread alone.
--
--   lua echo.lua PORT   serves until Ctrl-C
--   lua echo.lua        talks to three clients of its own

local socket = require "threading.socket"
local threading = require "threading"

local server = assert(socket.bind("127.0.0.1", arg[1] or 0))
local ip, port = server:getsockname()

local function serve(connection)
  local client <close> = connection
  for line in function() return client:receive() end do
    client:send(line .. "\n")
  end
end

local function accept()
  for client in server.accept, server do
    threading.Thread {
      target = serve, args = { client }, daemon = true,
    }:start()
  end
end

local function talk(i, answers)
  local client <close> = assert(socket.connect(ip, port))
  client:send(("client %d says hello\n"):format(i))
  answers[i] = client:receive()
end

local function talk_to_clients()
  threading.Thread { target = accept, daemon = true }:start()
  local clients, answers = {}, {}
  for i = 1, 3 do
    clients[i] = threading.Thread { target = talk, args = { i, answers } }
    clients[i]:start()
  end
  for i, client in ipairs(clients) do
    client:join()
    print(answers[i])
  end
end

if arg[1] then
  print(("listening on %s port %s"):format(ip, port))
  io.stdout:flush()
  local _, message = pcall(accept)
  print(message)
else
  talk_to_clients()
end
