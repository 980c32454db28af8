--- LuaSocket for threads: the same names, arguments and results, but what waits
-- blocks the calling thread alone. Ctrl-C, cancellation and the end of the
-- program reach a thread that waits for a socket.
--
-- It needs LuaSocket (Debian's lua-socket, the rock luasocket), of which it has
-- the names that do not wait, too, such as `newtry`, `source` and `sink`. Host
-- names are looked up while other threads run. LuaSocket's modules on top of it
-- are @{threading.socket.http}, @{threading.socket.smtp} and
-- @{threading.socket.ftp}; those of others become friendly to threads when they
-- are loaded after `package.loaded.socket = require "threading.socket"`.
-- @module threading.socket
-- @usage
-- local socket = require "threading.socket"
-- local server = assert(socket.bind("127.0.0.1", 8080))
-- while true do
--   local client = server:accept()
--   threading.Thread { target = function()
--     local client <close> = client
--     client:send("hello, " .. client:receive() .. "\n")
--   end }:start()
-- end

local _thread = require "threading._thread"

local need = require "threading.private.need"
local luasocket = need("socket", "threading.socket", "LuaSocket", "lua-socket",
  "luasocket")

local check = require "threading.private.check"
local base = require "threading.socket.base"
local names = require "threading.socket.names"
local select = require "threading.socket.select"
local wrap = require "threading.socket.wrap"
local standard = require "threading.private.standard"
local math = standard.math
local ipairs = ipairs

local sleep, TIMEOUT_MAX = _thread.time.sleep, _thread.TIMEOUT_MAX

local socket = setmetatable({}, { __index = luasocket })

local function make(name)
  local it, err = _thread._own(luasocket[name])
  return it and wrap(it), err
end

--- Makes a TCP socket, of the family of the first address that it gets.
-- @treturn ?TCP
-- @treturn ?string why there is none
function socket.tcp()
  return make "tcp"
end

--- Makes a TCP socket for IPv4.
-- @treturn ?TCP
-- @treturn ?string why there is none
function socket.tcp4()
  return make "tcp4"
end

--- Makes a TCP socket for IPv6.
-- @treturn ?TCP
-- @treturn ?string why there is none
function socket.tcp6()
  return make "tcp6"
end

--- Makes a UDP socket, of the family of the first address that it gets.
-- @treturn ?UDP
-- @treturn ?string why there is none
function socket.udp()
  return make "udp"
end

--- Makes a UDP socket for IPv4.
-- @treturn ?UDP
-- @treturn ?string why there is none
function socket.udp4()
  return make "udp4"
end

--- Makes a UDP socket for IPv6.
-- @treturn ?UDP
-- @treturn ?string why there is none
function socket.udp6()
  return make "udp6"
end

-- At one address of the host.
local function listen(address, port, backlog)
  local s, err = make(address.family == "inet" and "tcp4" or "tcp6")
  if not s then
    return nil, err
  end
  local ok
  s:setoption("reuseaddr", true)
  ok, err = s:bind(address.addr, port)
  if ok then
    ok, err = s:listen(backlog)
  end
  if ok then
    return s
  end
  s:close()
  return nil, err
end

--- Makes a TCP socket that listens.
-- @tparam string|number host a number, a name, or "*" for all of the machine
-- @tparam string|number port 0 for any
-- @tparam[opt=32] integer backlog how many may wait to be accepted
-- @treturn ?TCP
-- @treturn ?string why there is none
-- @raise if an argument is of the wrong type
function socket.bind(host, port, backlog)
  host = check.text(host, "host", "bind")
  port = check.text(port, "port", "bind")
  backlog = check.integer(backlog, "backlog", "bind")
  local list, err = socket.dns.getaddrinfo(host == "*" and "0.0.0.0" or host)
  for _, address in ipairs(list or {}) do
    local s
    s, err = listen(address, port, backlog)
    if s then
      return s
    end
  end
  return nil, err or "no info on address"
end

local makers = { inet = socket.tcp4, inet6 = socket.tcp6, unspec = socket.tcp }

local function connect(family, address, port, locaddr, locport)
  local s, ok, err
  s, err = makers[family]()
  if not s then
    return nil, err
  end
  ok = true
  if locaddr then
    ok, err = s:bind(locaddr, locport or 0)
  end
  if ok then
    ok, err = s:connect(address, port)
  end
  if not ok then
    s:close()
    return nil, err
  end
  return s
end

local function own_address(locaddr, locport, where)
  return locaddr ~= nil and check.text(locaddr, "locaddr", where),
    locport ~= nil and check.text(locport, "locport", where)
end

--- Makes a TCP socket that is connected.
-- @tparam string|number address a name, or a number
-- @tparam string|number port a number, or the name of a service
-- @tparam[opt] string|number locaddr its own address
-- @tparam[opt] string|number locport its own port
-- @tparam[opt="unspec"] string family "inet", "inet6" or "unspec"
-- @treturn ?TCP
-- @treturn ?string "connection refused", or another message
-- @raise if an argument is of the wrong type
function socket.connect(address, port, locaddr, locport, family)
  if not makers[family == nil and "unspec" or family] then
    check.bad("family", "connect", "'inet', 'inet6' or 'unspec'", family)
  end
  return connect(family or "unspec",
    check.text(address, "address", "connect"),
    check.text(port, "port", "connect"),
    own_address(locaddr, locport, "connect"))
end

--- Makes a TCP socket that is connected over IPv4.
-- @tparam string|number address a name, or a number
-- @tparam string|number port a number, or the name of a service
-- @tparam[opt] string|number locaddr its own address
-- @tparam[opt] string|number locport its own port
-- @treturn ?TCP
-- @treturn ?string "connection refused", or another message
-- @raise if an argument is of the wrong type
function socket.connect4(address, port, locaddr, locport)
  return socket.connect(address, port, locaddr, locport, "inet")
end

--- Makes a TCP socket that is connected over IPv6.
-- @tparam string|number address a name, or a number
-- @tparam string|number port a number, or the name of a service
-- @tparam[opt] string|number locaddr its own address
-- @tparam[opt] string|number locport its own port
-- @treturn ?TCP
-- @treturn ?string "connection refused", or another message
-- @raise if an argument is of the wrong type
function socket.connect6(address, port, locaddr, locport)
  return socket.connect(address, port, locaddr, locport, "inet6")
end

--- Makes a socket of an object that LuaSocket or LuaSec has made; of LuaSec's
-- `wrap`, for instance. It has the methods of that object, and takes over
-- its timeouts. The object must not be used itself any more.
-- @param object LuaSocket's, or LuaSec's
-- @treturn TCP|UDP of one object always the same
-- @raise if it is no such object
-- @usage
-- local conn = socket.connect("127.0.0.1", 443)
-- conn = socket.wrap(ssl.wrap(conn, { mode = "client", protocol = "any" }))
-- conn:dohandshake()
function socket.wrap(object)
  return wrap(object)
end

--- Lets the other threads run for this long.
-- @tparam number secs seconds; less than 0: none
-- @raise if secs is no number; "interrupted!" on Ctrl-C
function socket.sleep(secs)
  if not base.is_limit(secs) then
    check.bad("secs", "sleep", "number", secs)
  end
  sleep(math.max(0, math.min(secs, TIMEOUT_MAX)))
end

--- Seconds since 1970.
-- @function gettime
-- @treturn number
socket.gettime = luasocket.gettime

--- LuaSocket's functions that look up names: `toip`, `tohostname` and
-- `getaddrinfo`, while other threads run; `getnameinfo`, while all wait; and
-- `gethostname`.
-- @field dns
socket.dns = names.dns

--- Waits until one of several sockets is ready, or closed.
-- @tparam[opt] table recvt a list of those that shall have something to receive
-- @tparam[opt] table sendt a list of those that shall take something
-- @tparam[opt] number timeout seconds; nil or less than 0: for ever
-- @treturn table those of the first list; each also as a key
-- @treturn table those of the second list; each also as a key
-- @treturn ?string "timeout" if there is none
-- @raise if an argument is of the wrong type
function socket.select(recvt, sendt, timeout)
  return select(recvt, sendt, timeout)
end

require "threading.socket.crossing" -- by which sockets can

return socket
