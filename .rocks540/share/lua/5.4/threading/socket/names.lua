-- Looking up names, while the other threads run. The functions of `dns` are
-- LuaSocket's, with its arguments and results.

local _thread = require "threading._thread"
local check = require "threading.private.check"
local luasocket = require "socket"
local object = require "threading.socket.base"
local standard = require "threading.private.standard"
local math, string = standard.math, standard.string
local setmetatable = setmetatable

local names = {}

-- What is not here, LuaSocket's does: it is about this machine, or it looks up
-- while all threads wait (getnameinfo).
names.dns = setmetatable({
  getaddrinfo = function(host)
    return _thread._addresses(check.text(host, "host", "getaddrinfo"))
  end,
  tohostname = function(address)
    return _thread._host_name(check.text(address, "address", "tohostname"))
  end,
  toip = function(address)
    return _thread._host_ip(check.text(address, "address", "toip"))
  end,
}, { __index = luasocket.dns })

-- How long a socket's call waits for the resolver: what its timeouts say, but
-- for one that never waits, which would never get an address.
local function limit(self)
  local block, total = self[1]:gettimeout()
  local least = math.huge
  if block > 0 then
    least = block
  end
  if total > 0 then
    least = math.min(least, total)
  end
  return least
end

-- The numeric addresses of a host, of the family of a socket that has one; or
-- nil and why there is none.
local function addresses(self, host)
  local it = self._object
  local made = it:getfd() >= 0
  local family = made and string.gsub(it:getfamily(), "4", "") or nil
  local list, err = _thread._addresses(host, family, limit(self))
  if made and it:getfd() < 0 then
    return nil, "closed" -- by another thread, meanwhile
  end
  return list, err
end

-- Calls fn(address, ...) with each numeric address of a host, until it returns
-- no error that another address could mend.
function names.each(self, host, fn, ...)
  local list, err = addresses(self, host)
  for i = 1, list and #list or 0 do
    local ok, last
    ok, err, last = fn(self, list[i].addr, ...)
    if ok then
      return ok
    elseif last then
      return nil, err
    end
  end
  return nil, err
end

-- Calls a method of a socket's object with each address of the host. "*" is
-- all of this machine, or no peer.
local function make(self, address, name, port)
  return object.make(self, name, address, port)
end

function names.make(self, name, host, port)
  if host == "*" then
    return make(self, host, name, port)
  end
  return names.each(self, host, make, name, port)
end

return names
