--- HTTPS for threads: the names of LuaSec's `ssl.https`. What waits blocks the
-- calling thread alone, and the server's certificate is checked, unless the
-- request has `verify = "none"`. `https.TIMEOUT`, by default 60, is how many
-- seconds each wait may last.
-- @module threading.ssl.https
-- @usage
-- local https = require "threading.ssl.https"
-- local body, status = https.request "https://www.example.org/"
-- if not body then
--   print(status) -- "certificate verify failed: ...", for instance
-- end

local call = require "threading.socket.call"
local check = require "threading.private.check"
local http = require "threading.socket.http"
local socket = require "threading.socket"
local ssl = require "threading.ssl"
local standard = require "threading.private.standard"
local ltn12, parse = require "ltn12", require("socket.url").parse
local string, table = standard.string, standard.table
local ipairs, next, pairs = ipairs, next, pairs
local setmetatable, type = setmetatable, type

local https = { TIMEOUT = 60, PORT = 443 }

-- What of a request is for newcontext. (A password is the key's if there is
-- one, else that of the URL.)
local FOR_CONTEXT <const> = {
  "protocol", "options", "verify", "verifyext", "depth", "cafile", "capath",
  "certificate", "certificates", "key", "ciphers", "ciphersuites", "curve",
  "curveslist", "dhparam", "alpn", "dane", "hostname",
}

local function context_params(params)
  local p = {}
  for _, name in ipairs(FOR_CONTEXT) do
    p[name] = params[name]
  end
  local is_default = next(p) == nil
  p.mode, p.password = "client", p.key and params.password
  return p, is_default
end

local default -- the context of all requests without parameters

-- Makes a function that returns the context for these parameters. To read the
-- authorities' certificates takes milliseconds, so there is one for all.
local function contexts(params)
  local p, is_default = context_params(params)
  local own
  return function()
    local err
    local context = is_default and default or own
    if not context then
      context, err = ssl.newcontext(p)
      own, default = context, is_default and context or default
    end
    return context, err
  end
end

-- What LuaSocket's modules use as a connection: a socket that is encrypted once
-- it is connected.
local Client = {}
Client.__index = Client

-- As LuaSocket's sockets say it.
local function plainly(result, err, ...)
  if err == "wantread" or err == "wantwrite" then
    err = "timeout"
  end
  return result, err, ...
end

for _, name in ipairs {
  "close", "dirty", "getfd", "getpeername", "getsockname", "getstats",
  "receive", "send", "setstats",
} do
  Client[name] = function(self, ...)
    local it = self.socket
    return plainly(it[name](it, ...))
  end
end

function Client:settimeout()
  return self.socket:settimeout(https.TIMEOUT)
end

local function encrypt(self, host)
  local context, connection, ok, err
  context, err = self.context()
  if context then
    connection, err = ssl.wrap(self.socket, context)
  end
  if not connection then
    return nil, err
  end
  self.socket = call.keep(connection)
  if self.hostname == nil then
    connection:sni(host)
  end
  ok, err = plainly(connection:dohandshake())
  return ok and 1 or nil, err
end

function Client:connect(host, port)
  if http.PROXY or self.proxy then
    return nil, "proxy not supported"
  end
  local ok, err = self.socket:connect(host, port)
  if ok then
    ok, err = encrypt(self, host)
  end
  if not ok then
    self.socket:close()
  end
  return ok, err
end

--- Makes a `create` for requests, and for other modules of LuaSocket's, such as
-- @{threading.socket.smtp}: a function that makes connections, which are
-- encrypted from their beginning. They have one context: that saves time.
-- @tparam[opt] table params what @{threading.ssl.newcontext} takes, but `mode`
-- @treturn function
-- @raise if params is not a table
function https.tcp(params)
  if params ~= nil and type(params) ~= "table" then
    check.bad("params", "tcp", "table", params)
  end
  params = params or {}
  local context, hostname = contexts(params), params.hostname
  return function()
    local it, err = socket.tcp()
    if not it then
      return nil, err
    end
    return setmetatable({
      socket = call.keep(it),
      context = context,
      hostname = hostname,
      proxy = params.proxy,
    }, Client)
  end
end

-- The request as http takes it; and the list of what is received, if a string
-- is asked for.
local function request_of(url, body)
  local request, parts = {}, nil
  if type(url) == "table" then
    for name, value in pairs(url) do
      request[name] = value
    end
  else
    parts = {}
    request.url, request.sink = url, ltn12.sink.table(parts)
    if body then
      request.method, request.source = "POST", ltn12.source.string(body)
      request.headers = {
        ["content-length"] = #body,
        ["content-type"] = "application/x-www-form-urlencoded",
      }
    end
  end
  return request, parts
end

--- Makes a request, as LuaSec's `https.request` does. It follows redirections
-- to other URLs with "https"; there is no proxy.
-- @tparam string|table url the URL, or a table with `url`, `sink`, `method`,
-- `headers`, `source`, `redirect`, ..., and what @{threading.ssl.newcontext}
-- takes, but `mode`
-- @tparam[opt] string body what is posted, with a string for a URL
-- @treturn ?string|number the body, or 1 if it went into a sink; nil if there
-- is no answer
-- @treturn number|string the status; or why there is no answer
-- @treturn ?table the headers of the answer
-- @treturn ?string the line with the status
-- @raise if an argument is of the wrong type; a cancellation; "interrupted!" on
-- Ctrl-C
function https.request(url, body)
  if type(url) ~= "string" and type(url) ~= "table" then
    check.bad("url", "request", "string or table", url)
  end
  check.string(body, "body", "request")
  local request, parts = request_of(url, body)
  local parsed = request.url and parse(request.url) or { scheme = "https" }
  if parsed.scheme ~= "https" then
    return nil, string.format("'%s' does not begin with https:", request.url)
  end
  request.scheme = "https"
  request.port = request.port or parsed.port or https.PORT
  request.create = request.create or https.tcp(request)
  local ok, status, headers, line = http.request(request)
  if not ok then
    return nil, status
  end
  return parts and table.concat(parts) or ok, status, headers, line
end

return https
