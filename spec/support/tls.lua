--- Certificates and servers for the specs of TLS. `why` says why there are
-- none.

local files = require "spec.support.files"
local sockets = require "spec.support.sockets"
local support = require "spec.support"
local threading = require "threading"

local has_ssl, ssl = pcall(require, "threading.ssl")

local tls = {}

local folder = files.folder()

--- The name of a file of a certificate's.
-- @tparam string name "ca", or what `issue` was called with
-- @tparam[opt="pem"] string kind "pem" or "key"
function tls.file(name, kind)
  return ("%s/%s.%s"):format(folder, name, kind or "pem")
end

local function openssl(command, ...)
  local said, ok = files.shell("openssl " .. command, ...)
  return assert(ok, said)
end

-- A key, and what a certificate for it is asked for with.
local function new_key(name, common_name)
  openssl("req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
    .. "-subj '/CN=%s' -keyout %s -out %s", common_name,
    tls.file(name, "key"), tls.file(name, "csr"))
end

--- Makes a certificate that the authority "ca" has signed, or the owner itself.
-- @tparam string name its file's
-- @tparam[opt] string alternative such as "DNS:localhost,IP:127.0.0.1"
-- @tparam[opt] table options `days` how long it is valid; `self` signed by
-- itself
function tls.issue(name, alternative, options)
  options = options or {}
  new_key(name, name == "ca" and "an authority" or "localhost")
  local extensions = tls.file(name, "ext")
  files.write(extensions, (alternative and "subjectAltName=" .. alternative
    or "basicConstraints=CA:" .. (name == "ca" and "TRUE" or "FALSE")) .. "\n")
  openssl("x509 -req -in %s -out %s -days %d -extfile %s -sha256 %s",
    tls.file(name, "csr"), tls.file(name), options.days or 2, extensions,
    options.self and "-signkey " .. tls.file(name, "key")
    or ("-CA %s -CAkey %s -set_serial %d"):format(tls.file "ca",
      tls.file("ca", "key"), math.random(1 << 30)))
  return true
end

local function make_all()
  tls.issue("ca", nil, { self = true })
  tls.issue("good", "DNS:localhost,IP:127.0.0.1,IP:::1")
  tls.issue("other", "DNS:other.example,DNS:*.wild.example,DNS:*.top")
  tls.issue("self", "DNS:localhost", { self = true })
  tls.issue "unnamed"
  tls.has_expired = pcall(tls.issue, "expired", "DNS:localhost", { days = -1 })
end

if not sockets or not has_ssl then
  tls.why = "needs LuaSocket and LuaSec"
else
  local made, err = pcall(make_all)
  tls.why = not made and "needs the program openssl: " .. tostring(err) or nil
end

--- Removes the certificates.
function tls.clean()
  os.execute("rm -r " .. folder)
end

--- Puts what `more` has, if it is given, into the table.
-- @return the table
function tls.with(more, params)
  for key, value in pairs(more or {}) do
    params[key] = value
  end
  return params
end

--- Parameters of a server with this certificate.
function tls.server(name, more)
  return tls.with(more, {
    mode = "server", certificate = tls.file(name), key = tls.file(name, "key"),
  })
end

--- Parameters of a client that trusts the authority.
function tls.client(more)
  return tls.with(more, { mode = "client", cafile = tls.file "ca" })
end

--- Starts a server, with a thread for each connection, in which `serve` is
-- called with it.
-- @return for a to-be-closed variable, which closes the server
-- @treturn string its port
function tls.serve(params, serve)
  local server, port = sockets.listen()
  local context = params and assert(ssl.newcontext(params))
  local function connected(client)
    local conn <close> = context and ssl.wrap(client, context) or client
    if not context or conn:dohandshake() then
      serve(conn)
    end
  end
  local t = threading.Thread { daemon = true, target = function()
    for client in server.accept, server do
      threading.Thread {
        daemon = true, target = connected, args = { client },
      }:start()
    end
  end }
  t:start()
  return server, port
end

--- Reads a request of HTTP.
-- @treturn ?string its first line; nil at the end
-- @treturn table its headers
function tls.read_request(conn)
  local first, headers = conn:receive(), {}
  local line = first
  while line and line ~= "" do
    line = conn:receive()
    local name, value = (line or ""):match "^(.-): *(.*)$"
    if name then
      headers[name:lower()] = value
    end
  end
  return first, headers
end

--- Answers it.
function tls.answer(conn, body, status, more)
  return conn:send(("HTTP/1.1 %s\r\nContent-Length: %d\r\n%s\r\n%s"):format(
    status or "200 OK", #body, more or "", body))
end

--- Both ends of a connection; a call that would wait for ever fails.
-- @return the client's socket, not encrypted yet; the same of the server
function tls.pair(client_params, server_params)
  local a, b = sockets.pair()
  return assert(ssl.wrap(a, client_params)), assert(ssl.wrap(b, server_params))
end

--- The two shake hands.
-- @treturn table what the client's dohandshake has returned
-- @treturn table the server's
function tls.shake(client, peer)
  local theirs
  local t = support.start(function()
    theirs = table.pack(peer:dohandshake())
  end)
  local ours = table.pack(client:dohandshake())
  if not ours[1] then
    client:close()
  end
  support.join(t)
  return ours, theirs
end

return tls
