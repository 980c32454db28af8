--- A small site for the programs of pages: put in front of a program, on its
-- first line, it starts a server there, and makes `arg` the addresses of two
-- pages, of 3 and of 2000 words.
return ([[
do
  local socket = require "threading.socket"
  local server = assert(socket.bind("127.0.0.1", 0))
  local function serve()
    for connection in server.accept, server do
      local client <close> = connection
      local words = tonumber(client:receive():match "^GET /(%d+)")
      repeat until client:receive() == ""
      client:send("HTTP/1.0 200 OK\r\n\r\n" .. ("word "):rep(words))
    end
  end
  require("threading").Thread { target = serve, daemon = true }:start()
  local _, port = server:getsockname()
  arg = {}
  for i, words in ipairs { 3, 2000 } do
    arg[i] = ("http://127.0.0.1:%d/%d"):format(port, words)
  end
end ]]):gsub("\n%s*", " ")
