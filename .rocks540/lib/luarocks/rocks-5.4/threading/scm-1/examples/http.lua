-- One idea: a pool of threads answers as many requests at once as it has
-- workers, however many clients there are.
--
--   lua http.lua PORT [FOLDER]   serves the files until Ctrl-C
--   lua http.lua                 asks itself for some

local futures = require "threading.futures"
local socket = require "threading.socket"
local threading = require "threading"

local WORKERS <const>, PATIENCE <const> = 8, 10 -- seconds for a client

local folder = arg[2] or "."
local server = assert(socket.bind("127.0.0.1", arg[1] or 0, 128))
local ip, port = server:getsockname()

local types = {
  html = "text/html", txt = "text/plain", lua = "text/plain",
  md = "text/plain", gz = "application/gzip",
}

local function answer(status, body, kind)
  return table.concat({
    "HTTP/1.0 " .. status, "Content-Type: " .. (kind or "text/plain"),
    "Content-Length: " .. #body, "Connection: close", "", body,
  }, "\r\n")
end

-- "/a%20b?c" -> "a b"; nil for what is not in the folder.
local function path_of(target)
  local path = target:gsub("[?#].*", ""):gsub("%%(%x%x)", function(hex)
    return string.char(tonumber(hex, 16))
  end)
  path = path:gsub("/$", "/index.html"):match "^/(.*)$"
  if path and not path:find "%z" and not ("/" .. path .. "/"):find "/%.%./" then
    return path
  end
end

local function get(target)
  local path = path_of(target)
  local file <close> = path and io.open(folder .. "/" .. path, "rb")
  local body = file and file:read "a" -- nil for a folder
  if not body then
    return answer("404 Not Found", "there is no " .. target .. "\n")
  end
  return answer("200 OK", body, types[path:match "%.(%w+)$"]
    or "application/octet-stream")
end

local function handle(connection)
  local client <close> = connection
  client:settimeout(PATIENCE, "t")
  local request = client:receive()
  repeat -- the headers are of no interest
    local line = client:receive()
  until not line or line == ""
  local method, target = (request or ""):match "^(%u+) (%S+) HTTP/1%.[01]$"
  if method == "GET" then
    client:send(get(target))
  elseif request then
    client:send(answer("400 Bad Request", "only GET is understood\n"))
  end
end

local function serve(pool)
  for client in server.accept, server do
    pool:submit(handle, client)
  end
end

local function ask_itself()
  local http = require "socket.http"
  for _, name in ipairs { "README.md", "LICENSE", "none/such" } do
    local body, status = http.request {
      url = ("http://%s:%s/%s"):format(ip, port, name),
      create = socket.tcp,
    }
    print(name, status, body and "answered")
  end
end

local pool <close> = futures.ThreadPoolExecutor { max_workers = WORKERS }
if arg[1] then
  print(("listening on %s port %s"):format(ip, port))
  io.stdout:flush()
  local _, message = pcall(serve, pool)
  print(message)
else
  threading.Thread { target = serve, args = { pool }, daemon = true }:start()
  ask_itself()
end
