-- Answers GET with keep-alive, beside threads that compute: httpserver.lua N.
local ANSWER <const> = table.concat({ "HTTP/1.1 200 OK",
  "Content-Type: text/plain", "Content-Length: 6", "", "hello\n" }, "\r\n")

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

dofile "bench/serving.lua" (function(connection)
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
end)
