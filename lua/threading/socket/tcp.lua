--- TCP sockets. The methods are LuaSocket's, with its arguments and results;
-- what waits blocks the calling thread alone. A to-be-closed variable closes
-- its socket at the end of the block.
--
-- Several threads may use one socket: one receives while another sends, and
-- those who do the same take turns, a whole call at a time. Each of those who
-- accept gets a connection of its own. `close` ends the calls of others that
-- wait with `nil, "closed"`. What a call has received that is then ended by an
-- error, such as a cancellation, is there for the next one.
--
-- As in LuaSocket, `nil, message` tells of what went wrong outside of the
-- program: "timeout", "closed", "connection refused", ...
-- @classmod threading.TCP

local complain = require "threading.complain"
local check = require "threading.check"
local dns = require("socket").dns
local object = require "threading.socket.object"
local standard = require "threading.standard"
local math, string, table = standard.math, standard.string, standard.table
local getmetatable, ipairs, tonumber = getmetatable, ipairs, tonumber
local type = type

local KIND <const> = "threading.TCP"
-- At most so much in one step, during which no other thread can run.
local STEP <const> = 1 << 18

local TCP = object.class(KIND)

local await, call, turn = object.await, object.call, object.turn

local function own(self)
  return object.own(self, KIND)
end

-- How many bytes a pattern asks for: nil for a line, math.huge for all.
local function wanted_by(pattern)
  local n = tonumber(pattern)
  local word = pattern == nil and "*l" or not n and pattern
  if n and n >= 0 then
    return n // 1
  elseif type(word) ~= "string" or not string.find(word, "^%*[la]") then
    complain("bad argument 'pattern' to 'receive' (invalid receive pattern)")
  elseif string.find(word, "^%*a") then
    return math.huge
  end
end

-- What has been received, but not yet returned, is in `_parts`.

local function keep(self, piece)
  local parts = self._parts or {}
  parts[#parts + 1] = piece
  self._parts = parts
end

local function take(self)
  local text = table.concat(self._parts or {})
  self._parts = nil
  return text
end

-- Takes what is wanted out of what an earlier call has left; nil if that is not
-- enough.
local function take_left(self, wanted)
  local text = take(self)
  local last = wanted or string.find(text, "\n", 1, true) or math.huge
  local rest = last <= #text and string.sub(text, last + 1) or text
  self._parts = rest ~= "" and { rest } or nil
  if last <= #text then
    return wanted and string.sub(text, 1, last)
      or (string.gsub(string.sub(text, 1, last - 1), "\r", ""))
  end
end

local function receive_part(self, left)
  local data, err, partial =
    call(self, "receive", left and math.min(left, STEP) or "*l")
  return data or partial, err
end

-- The data so far, with `why` unless everything was wanted and has come.
local function give_up(self, wanted, err, why)
  local text = take(self)
  if err == "closed" and wanted == math.huge and text ~= "" then
    return text
  end
  return nil, why, text
end

local function gather(self, wanted, began)
  local data = self._parts and take_left(self, wanted)
  if data then
    return data
  end
  local left = wanted and wanted - (self._parts and #self._parts[1] or 0)
  while true do
    local piece, err = receive_part(self, left)
    left = left and left - #piece
    local done = not err and (not left or left <= 0)
    if done and not self._parts then
      return piece
    end
    keep(self, piece)
    if done then
      return take(self)
    end
    local why = err and await(self, err, "r", began)
    if why then
      return give_up(self, wanted, err, why)
    end
  end
end

--- Receives data.
-- @tparam[opt="*l"] string|number pattern "*l", a line without its end; "*a",
-- everything until the peer closes; or a number of bytes
-- @tparam[opt=""] string|number prefix what the result begins with; it counts
-- for the number of bytes
-- @treturn ?string the data; nil if there is not enough
-- @treturn ?string "timeout", "closed", or another message
-- @treturn ?string then: what has come so far
-- @raise if an argument is of the wrong type, or the socket not connected
function TCP:receive(pattern, prefix)
  local wanted = wanted_by(own(self) and pattern)
  prefix = prefix == nil and "" or check.text(prefix, "prefix", "receive")
  if wanted and prefix ~= "" then
    if wanted <= #prefix then
      return prefix
    end
    wanted = wanted - #prefix
  end
  local began = object.now(self)
  local reading <close> = turn(self, "_reading", began)
  if not reading then
    return nil, "timeout", prefix
  end
  local data, err, partial = gather(self, wanted, began)
  if prefix == "" then
    return data, err, partial
  end
  return data and prefix .. data, err, partial and prefix .. partial
end

-- Where a send begins and ends, counted from 1.
local function range(data, i, j)
  i, j = i or 1, j or -1
  i = i < 0 and math.max(#data + i + 1, 1) or math.max(i, 1)
  return i, j < 0 and #data + j + 1 or math.min(j, #data)
end

--- Sends data, all of it.
-- @tparam string|number data
-- @tparam[opt=1] integer i the place of the first byte
-- @tparam[opt=-1] integer j the place of the last one
-- @treturn ?number the place of the last byte; nil if it was not sent
-- @treturn ?string "timeout", "closed", or another message
-- @treturn ?number then: the place of the last byte that was sent
-- @raise if an argument is of the wrong type, or the socket not connected
function TCP:send(data, i, j)
  data = check.text(own(self) and data, "data", "send")
  i, j = range(data, check.integer(i, "i", "send"),
    check.integer(j, "j", "send"))
  local began = object.now(self)
  local writing <close> = turn(self, "_writing", began)
  if not writing then
    return nil, "timeout", i - 1
  end
  while true do
    local last, err, sent = call(self, "send", data, i, math.min(j, i + STEP))
    if last and last >= j then
      return last, nil, nil
    end
    err = err and await(self, err, "w", began)
    if err then
      return nil, err, sent
    end
    i = (last or sent) + 1
  end
end

--- Waits for a connection.
-- @treturn ?TCP the other end; nil if there is none
-- @treturn ?string "timeout", "closed", or another message
-- @raise if the socket does not listen
function TCP:accept()
  local began = object.now(own(self))
  while true do
    local client, err = object.make(self, "accept")
    if client then
      return object.new(getmetatable(self), client)
    end
    err = await(self, err, "r", began)
    if err then
      return nil, err
    end
  end
end

-- The numeric addresses of a host, of the family of a socket that has one.
local function addresses(self, host)
  local list, err = dns.getaddrinfo(host)
  local it, result = self._object, {}
  local family = it:getfd() >= 0 and string.gsub(it:getfamily(), "4", "")
  for _, found in ipairs(list or {}) do
    if not family or found.family == family then
      result[#result + 1] = found.addr
    end
  end
  if list and not result[1] then
    result[1] = host -- LuaSocket shall tell what is wrong with it
  end
  return result, err
end

--- Connects the socket. A timeout holds for each address of the host.
-- @tparam string|number address a name, which is looked up while all threads
-- wait, or a number
-- @tparam string|number port a number, or the name of a service
-- @treturn ?number 1; nil if it is not connected
-- @treturn ?string "timeout", "connection refused", or another message
-- @raise if an argument is of the wrong type
function TCP:connect(address, port)
  address = check.text(own(self) and address, "address", "connect")
  port = check.text(port, "port", "connect")
  local writing <close> = turn(self, "_writing", object.now(self))
  if not writing then
    return nil, "timeout"
  end
  self._parts = nil -- of a connection before this one
  local list, err = addresses(self, address)
  for _, numeric in ipairs(list) do
    local ok
    ok, err = object.connect(self, numeric, port)
    if ok or err == "closed" or self._block == 0 or self._total == 0 then
      return ok, err
    end
  end
  return nil, err
end

--- The same as `connect`.
-- @function setpeername
-- @tparam string|number address
-- @tparam string|number port
-- @treturn ?number 1
-- @treturn ?string why not
-- @raise if an argument is of the wrong type
TCP.setpeername = TCP.connect

--- Gives the socket an address.
-- @tparam string|number address a number, a name, or "*" for all of the machine
-- @tparam string|number port 0 for any
-- @treturn ?number 1
-- @treturn ?string why not
-- @raise if an argument is of the wrong type, or the socket connected
function TCP:bind(address, port)
  return object.make(own(self), "bind", check.text(address, "address", "bind"),
    check.text(port, "port", "bind"))
end

--- The same as `bind`.
-- @function setsockname
-- @tparam string|number address
-- @tparam string|number port
-- @treturn ?number 1
-- @treturn ?string why not
-- @raise if an argument is of the wrong type, or the socket connected
TCP.setsockname = TCP.bind

--- Lets the socket take connections.
-- @tparam[opt=32] integer backlog how many may wait to be accepted
-- @treturn ?number 1
-- @treturn ?string why not
-- @raise if backlog is not an integer, or the socket connected
function TCP:listen(backlog)
  return call(own(self), "listen",
    check.integer(backlog, "backlog", "listen"))
end

--- Ends one direction, or both.
-- @tparam[opt="both"] string mode "receive", "send" or "both"
-- @treturn ?number 1
-- @treturn ?string why not
-- @raise if there is no such mode, or the socket is not connected
function TCP:shutdown(mode)
  return call(own(self), "shutdown", mode)
end

--- What was received and sent.
-- @treturn number bytes received
-- @treturn number bytes sent
-- @treturn number seconds since the socket was made
-- @raise if the socket is not connected
function TCP:getstats()
  return call(own(self), "getstats")
end

--- Sets what `getstats` returns.
-- @tparam[opt] number received bytes
-- @tparam[opt] number sent bytes
-- @tparam[opt] number age seconds
-- @treturn number 1
-- @raise if an argument is not a number, or the socket not connected
function TCP:setstats(received, sent, age)
  check.number(received, "received", "setstats")
  check.number(sent, "sent", "setstats")
  check.number(age, "age", "setstats")
  return call(own(self), "setstats", received, sent, age)
end

--- Is there something that `receive` returns without waiting?
-- @treturn boolean
function TCP:dirty()
  return own(self)._parts ~= nil or call(self, "dirty")
end

--- Closes the socket. Calls of other threads that wait for it return
-- `nil, "closed"`.
-- @treturn number 1
function TCP:close()
  return object.retire(own(self), "close")
end

--- Sets how long a call may wait.
-- @tparam[opt] number value seconds; nil or less than 0: for ever; 0: not at
-- all
-- @tparam[opt="b"] string mode "b" for each wait, "t" for a call in all
-- @treturn number 1
-- @raise if value is not a number, or there is no such mode
function TCP:settimeout(value, mode)
  return object.settimeout(own(self), value, mode)
end

--- How long a call may wait.
-- @treturn number seconds for each wait; -1: for ever
-- @treturn number seconds for a call in all; -1: for ever
function TCP:gettimeout()
  return object.gettimeout(own(self))
end

--- The socket's own address.
-- @treturn ?string the number
-- @treturn ?string the port; without an address, why
-- @treturn ?string "inet" or "inet6"
function TCP:getsockname()
  return call(own(self), "getsockname")
end

--- The address of the other end.
-- @treturn ?string the number
-- @treturn ?string the port; without an address, why
-- @treturn ?string "inet" or "inet6"
-- @raise if the socket was never connected
function TCP:getpeername()
  return call(own(self), "getpeername")
end

--- "inet4" or "inet6".
-- @treturn string
function TCP:getfamily()
  return call(own(self), "getfamily")
end

--- An option of the socket.
-- @tparam string option
-- @return its value; nil and why, if there is none
-- @raise if there is no such option
function TCP:getoption(option)
  return call(own(self), "getoption", option)
end

--- Sets an option of the socket.
-- @tparam string option
-- @param value
-- @treturn ?number 1
-- @treturn ?string why not
-- @raise if there is no such option, or not with such a value
function TCP:setoption(option, value)
  return call(own(self), "setoption", option, value)
end

--- The descriptor.
-- @treturn number -1 if there is none
function TCP:getfd()
  return call(own(self), "getfd")
end

--- Sets the descriptor, without closing the one before. Calls that wait for
-- that return `nil, "closed"`.
-- @tparam integer fd -1 for none
-- @raise if fd is not an integer
function TCP:setfd(fd)
  object.setfd(own(self), fd)
end

return TCP
