--- Encrypted connections. Besides those below they have the methods of TCP
-- sockets `receive`, `send`, `close`, `settimeout`, `setmaxline`, `dirty`,
-- `getfd`, `getstats` and `setstats`, and LuaSec's `info`,
-- `getpeercertificate`, `getpeerchain`, `getpeerverification`, `getalpn`,
-- `getsniname`, `getfinished`, `getpeerfinished`, `want`, `setdane` and
-- `settlsa`. In the place of "timeout" stands, as in LuaSec, "wantread" or
-- "wantwrite". Once a connection is closed they return `nil, "closed"`.
--
-- `close` sends a last word, and waits for the peer to take it as long as the
-- timeout says; not where another thread waits for the connection.
-- @classmod threading.Connection
-- @usage
-- local socket = require "threading.socket"
-- local ssl = require "threading.ssl"
--
-- local tcp = assert(socket.connect("example.org", 443))
-- local connection <close> = assert(ssl.wrap(tcp, {
--   mode = "client", verify = "peer", capath = "/etc/ssl/certs",
-- }))
-- connection:sni "example.org"
-- assert(connection:dohandshake())
-- connection:send "GET / HTTP/1.0\r\nHost: example.org\r\n\r\n"
-- print((connection:receive())) -- HTTP/1.0 200 OK

local check = require "threading.private.check"
local complain = require "threading.private.complain"
local names = require "threading.ssl.names"
local object = require "threading.socket.base"
local standard = require "threading.private.standard"
local tls = require "threading.socket.tls"
local string, table = standard.string, standard.table
local getmetatable, next, pairs = getmetatable, next, pairs
local setmetatable, type = setmetatable, type

local call_open = object.call_open

-- `_contexts` are those of LuaSec's that the connection uses, `_checks` what is
-- known of the one that `newcontext` has made: is the other end checked
-- (`peer`), and for whom its certificate is (`names`)? It must be for
-- `_hostname`, which is the `hostname` there or what sni was called with.
local Connection = {}

local FAILED <const> = "certificate verify failed" -- OpenSSL's words

local function failed(why)
  return string.format("%s: %s; pass its issuer as 'cafile' if you trust that,"
    .. " or verify = \"none\" to trust anybody", FAILED, why)
end

-- The complaints about all certificates of a chain, by their depths.
local function list_errors(errors)
  if type(errors) ~= "table" then
    return errors
  end
  local depths, list = {}, {}
  for depth in pairs(errors) do
    depths[#depths + 1] = depth
  end
  table.sort(depths)
  for _, depth in next, depths do
    list[#list + 1] = table.concat(errors[depth], ", ")
  end
  return table.concat(list, ", ")
end

-- True; or nil and why the other end is not to be trusted.
local function verify(self)
  local checks = self._checks
  local ok, errors = call_open(self, "getpeerverification")
  if not ok then
    return nil, failed(list_errors(errors))
  elseif not checks.names then
    return true
  end
  local certificate = call_open(self, "getpeercertificate", 1)
  if not certificate then
    return nil, failed "there is none"
  end
  local why
  ok, why = names.check(certificate, self._hostname)
  if not ok then
    return nil, string.format("%s: %s; pass hostname = the name that it is "
      .. "for, if you trust that, or verify = \"none\" to trust anybody",
      FAILED, why)
  end
  return true
end

-- What has not been found to be trusted is closed, also where an error comes
-- between the handshake and the look at the certificate.
local unchecked_meta = {
  __close = function(unchecked)
    if unchecked.connection then
      unchecked.connection:close()
    end
  end,
}

local function step(self)
  local unchecked <close> = setmetatable({ connection = self }, unchecked_meta)
  local ok, err = tls.step(self)
  if ok then
    ok, err = verify(self)
  elseif err == FAILED then
    err = failed "OpenSSL says no more"
  end
  if ok or err == "wantread" or err == "wantwrite" then
    unchecked.connection = nil
  end
  return ok or false, err
end

--- Makes the two ends agree on how to encrypt, and checks the other one. Where
-- it is not trusted the connection is closed.
-- @treturn boolean true; or false
-- @treturn ?string then: "wantread", "wantwrite", "closed", "certificate verify
-- failed: ..." with the reason, or another message
-- @raise if it is to be checked whom the certificate is for, and `sni` was not
-- called
function Connection:dohandshake()
  local checks = self._checks
  if not (checks and checks.peer) then
    return tls.shake(self, tls.step)
  elseif checks.names and not self._hostname then
    complain("no name to check the certificate for: call sni(name) before "
      .. "'dohandshake', or pass hostname = false")
  end
  return tls.shake(self, step)
end

local function name_host(self, name)
  if type(name) ~= "string" or name == "" then
    check.bad("name", "sni", "name of a host", name)
  end
  local checks = self._checks
  if not (checks and checks.hostname) then
    self._hostname = name
  end
  if names.address(name) then
    return -- a server is not told a number
  end
  return call_open(self, "sni", names.plain(name))
end

--- Before a handshake. For a client: which host it wants to talk to. The
-- server is told, and its certificate is to be for that, unless `wrap` was told
-- for whom.
-- For a server: which names it has.
-- @tparam string|table name the host's name or number; of a server, a context
-- for each name
-- @tparam[opt=false] boolean strict whether a server refuses other names
-- @raise if name is of the wrong type
function Connection:sni(name, strict)
  if type(name) ~= "table" then
    return name_host(self, name)
  end
  local contexts = self._contexts
  for _, context in pairs(name) do
    contexts[#contexts + 1] = context
  end
  return call_open(self, "sni", name, strict)
end

local classes = setmetatable({}, { __mode = "k" }) -- LuaSec's -> the one here

local function class_of(base)
  local class = classes[base]
  if not class then
    class = setmetatable({}, getmetatable(base))
    for name, value in pairs(base) do
      class[name] = value
    end
    for name, value in pairs(Connection) do
      class[name] = value
    end
    class.__index = class
    classes[base] = class
  end
  return class
end

-- Makes what `ssl.wrap` returns of a socket around LuaSec's object.
return function(self, context, checks)
  self._contexts, self._checks = { context }, checks
  setmetatable(self, class_of(getmetatable(self)))
  if checks and checks.hostname then
    name_host(self, checks.hostname)
    self._hostname = checks.hostname
  end
  return self
end
