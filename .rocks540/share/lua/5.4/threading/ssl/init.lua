--- TLS for threads: LuaSec's names, with connections that are sockets of
-- `threading.socket`: what waits blocks the calling thread alone. A client
-- checks the server's certificate, and that it is for the host it wants,
-- unless it is told not to.
--
-- It needs LuaSec (Debian's lua-sec, the rock luasec), of which it has the
-- other names, too, such as `loadcertificate` and `config`. A handshake, and
-- what encrypts, is computed in LuaSec's C code, while all threads wait: about
-- a millisecond for a handshake.
--
-- Where a send has ended with "wantwrite", the next one must go on with the
-- same data, as TLS has a part of it under way.
-- @module threading.ssl
-- @usage
-- local socket, ssl = require "threading.socket", require "threading.ssl"
-- local tcp = assert(socket.connect("www.example.org", 443))
-- local conn <close> = assert(ssl.wrap(tcp, { mode = "client" }))
-- conn:sni "www.example.org"
-- assert(conn:dohandshake())
-- conn:send "GET / HTTP/1.0\r\nHost: www.example.org\r\n\r\n"
-- print(conn:receive())

local _thread = require "threading._thread"

local need = require "threading.private.need"
local luasec = need("ssl", "threading.ssl", "LuaSec", "lua-sec", "luasec")

local authorities = require "threading.ssl.authorities"
local check = require "threading.private.check"
local connection = require "threading.ssl.connection"
local object = require "threading.socket.base"
local standard = require "threading.private.standard"
local tls = require "threading.socket.tls"
local wrap = require "threading.socket.wrap"
local open, table = standard.io.open, standard.table
local ipairs, pairs, setmetatable = ipairs, pairs, setmetatable
local type = type

local ssl = setmetatable({}, { __index = luasec })

-- Where `options` are not given: what LuaSec's ssl.https has.
local OPTIONS <const> = { "all", "no_sslv2", "no_sslv3", "no_tlsv1" }
local CONTINUE <const> = "lsec_continue"

-- Of our contexts: how the other end is checked; see connection.lua.
local checks = setmetatable({}, { __mode = "k" })

-- A parameter that is a word or a list of them, as a list.
local function list_of(value)
  return type(value) == "table" and table.move(value, 1, #value, 1, {})
    or { value }
end

local function has(list, word)
  for _, it in ipairs(list) do
    if it == word then
      return true
    end
  end
  return false
end

local function check_params(params, where)
  if type(params) ~= "table" then
    check.bad("params", where, "table", params)
  end
  local mode, hostname = params.mode, params.hostname
  if mode ~= "client" and mode ~= "server" then
    check.bad("params.mode", where, "'client' or 'server'", mode)
  elseif hostname and (type(hostname) ~= "string" or hostname == "") then
    check.bad("params.hostname", where, "name of a host, or false", hostname)
  end
end

-- LuaSec does not say which file it cannot read.
local function look_at_files(params)
  for _, name in ipairs { "cafile", "certificate", "key" } do
    local path = params[name]
    local file, err = true, nil
    if type(path) == "string" then
      file, err = open(path, "rb")
    end
    if not file then
      return nil, "cannot read '" .. name .. "': " .. err
    elseif file ~= true then
      file:close()
    end
  end
  return true
end

-- Completes the parameters of a client that checks the certificate. OpenSSL
-- tells what is wrong with it only once it has gone on with the handshake; with
-- a certificate of its own a client shall not show that to just anybody.
local function complete(p)
  if not (p.cafile or p.capath) then
    p.cafile, p.capath = authorities()
  end
  if not (p.cafile or p.capath) then
    return nil, "found no certificates of authorities on this system: pass "
      .. "their 'cafile' or 'capath'"
  end
  if not (p.certificate or p.certificates or p.dane) then
    p.verifyext = list_of(p.verifyext)
    p.verifyext[#p.verifyext + 1] = CONTINUE
  end
  return {
    hostname = p.hostname or nil,
    peer = true,
    names = p.hostname ~= false and not p.dane, -- that looks at names itself
  }
end

--- Makes a context: what connections have in common. To make one of them for
-- many connections saves time.
--
-- What LuaSec requires has defaults here: `protocol` is "any", `options` are
-- "all", "no_sslv2", "no_sslv3" and "no_tlsv1"; and for a client `verify` is
-- "peer", with the authorities that the system trusts for `cafile` and
-- `capath`, or those of OpenSSL's environment variables SSL_CERT_FILE and
-- SSL_CERT_DIR. `verify = "none"` trusts anybody. A list in `verifyext` with
-- "lsec_continue" leaves all checks to the program, as in LuaSec.
-- @tparam table params LuaSec's: `mode`, which is "client" or "server",
-- `protocol`, `key`, `certificate`, `password`, `cafile`, `capath`, `verify`,
-- `verifyext`, `options`, `ciphers`, `alpn`, `dane`, ...; and `hostname`, for
-- whom the certificate must be: by default what `sni` is called with; false:
-- for anybody
-- @return a context, or nil
-- @treturn ?string why there is none
-- @raise if a parameter is of the wrong type
function ssl.newcontext(params)
  check_params(params, "newcontext")
  local ok, err = look_at_files(params)
  if not ok then
    return nil, err
  end
  local p, checked = {}, nil
  for name, value in pairs(params) do
    p[name] = value
  end
  p.protocol, p.options = p.protocol or "any", p.options or OPTIONS
  if p.mode == "client" then
    checked = { hostname = p.hostname or nil }
    p.verify = p.verify or "peer"
    if has(list_of(p.verify), "peer")
      and not has(list_of(p.verifyext), CONTINUE) then
      checked, err = complete(p)
      if not checked then
        return nil, err
      end
    end
  end
  local context
  context, err = luasec.newcontext(p)
  if context then
    checks[context] = checked
    tls.note(context)
  end
  return context or nil, err
end

local function check_socket(sock)
  if not (object.is(sock) or type(sock) == "userdata") or not sock.getfd then
    check.bad("sock", "wrap", "TCP socket", sock)
  end
end

local function limits(sock)
  if sock.gettimeout then
    return sock:gettimeout()
  end
end

--- Encrypts a connection. It is made of the socket, which has no descriptor any
-- more then, and takes over its timeouts, and the longest line that it takes.
-- `dohandshake` is to be called first.
-- @tparam TCP sock a connection
-- @tparam table|context params what `newcontext` takes, or a context
-- @treturn ?Connection
-- @treturn ?string why there is none
-- @raise if an argument is of the wrong type
function ssl.wrap(sock, params)
  check_socket(sock)
  local context, err = params, nil
  if type(params) == "table" then
    context, err = ssl.newcontext(params)
  elseif type(params) ~= "userdata" then
    check.bad("params", "wrap", "table or context", params)
  end
  if not context then
    return nil, err
  elseif sock:getfd() < 0 then
    return nil, "closed"
  elseif object.is(sock) and sock:dirty() then
    return nil, "the socket has received data that no call has taken"
  end
  local block, total = limits(sock)
  local it
  it, err = _thread.shield(luasec.wrap, sock, context)
  if not it then
    return nil, err
  end
  local conn = wrap(it)
  conn:settimeout(block, "b")
  conn:settimeout(total, "t")
  if object.is(sock) then
    conn[1]:setlongest(sock[1]:longest())
  end
  return connection(conn, context, checks[context])
end

return ssl
