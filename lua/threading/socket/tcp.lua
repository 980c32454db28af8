--- TCP sockets. The methods are LuaSocket's, with its arguments and results;
-- what waits blocks the calling thread alone. A to-be-closed variable closes
-- its socket at the end of the block.
--
-- Several threads may use one socket: one receives while another sends, and
-- threads that do the same take turns, a whole call at a time. Each thread that
-- accepts gets a connection of its own. `close` ends the calls of others that
-- wait with `nil, "closed"`. What a call has received that is then ended by an
-- error, such as a cancellation, is there for the next one.
--
-- As in LuaSocket, `nil, message` reports what went wrong outside of the
-- program: "timeout", "closed", "connection refused", ...
-- @classmod threading.TCP

local complain = require "threading.private.complain"
local check = require "threading.private.check"
local checkpoint = require("threading._thread").checkpoint
local dns = require("socket").dns
local inbox = require "threading.socket.inbox"
local object = require "threading.socket.base"
local standard = require "threading.private.standard"
local math, string = standard.math, standard.string
local getmetatable, ipairs, tonumber = getmetatable, ipairs, tonumber
local type = type

local KIND <const> = "threading.TCP"
-- At most so much in one step, during which no other thread can run.
local STEP <const> = 1 << 18
local LINE <const> = 1 << 13 -- the same, for most lines
local RETURN <const> = string.byte "\r"

local TCP = object.class(KIND)

local await, call, turn = object.await, object.call, object.turn

local function own(self)
  return object.own(self, KIND)
end

-- Calls a method of a connected object. That it is one is known once a call has
-- raised no error; and then none does.
local function transfer(self, name, ...)
  if self._connected then
    local it = self._object
    return it[name](it, ...)
  end
  local a, b, c = call(self, name, ...)
  self._connected = true
  return a, b, c
end

-- How many bytes a pattern asks for: nil for a line, math.huge for all.
local function wanted_by(pattern)
  if pattern == nil or pattern == "*l" then
    return nil
  end
  local n = tonumber(pattern)
  local word = not n and pattern
  if n and n >= 0 then
    return math.tointeger(n // 1) or n
  elseif type(word) ~= "string" or not string.find(word, "^%*[la]") then
    complain("bad argument 'pattern' to 'receive' (invalid receive pattern)")
  elseif string.find(word, "^%*a") then
    return math.huge
  end
end

-- Receives at most so many bytes; what is wrong if it is less.
local function receive_part(self, most)
  local box = self._inbox
  local err = box.err
  if err then
    box.err = nil
    return err
  end
  local data, why, partial = transfer(self, "receive", most)
  box:add(data or partial)
  box.ahead = 0
  return why
end

-- Why a call ends that lacks data; nil if it goes on, when it has waited for
-- what `err` asks for.
local function why_ended(self, mode, err, began, done)
  if err then
    return await(self, err, mode, began)
  end
  checkpoint() -- while data flow, nothing else would meet a cancellation
  return object.is_over(self, began, done) and "timeout" or nil
end

-- LuaSocket's lines are without any.
local function without_returns(text)
  return string.find(text, "\r", 1, true) and string.gsub(text, "\r", "")
    or text
end

-- Is a line of so many bytes, to which more may come, too long? One more may be
-- the "\r" of its end.
local function is_too_long(box, bytes, limit)
  local over = limit and bytes - limit or 0
  return over > 1 or over == 1 and box:nth(bytes) ~= RETURN
end

local function receive_line(self, limit, began)
  local box, most = self._inbox, LINE
  local n = box:line()
  while not n and not is_too_long(box, box.size, limit) do
    local err = receive_part(self, most)
    n = box:line()
    if n then -- an error is the next call's
      box.err = not object.WAITS[err] and err or nil
    elseif not is_too_long(box, box.size, limit) then
      local why = why_ended(self, "r", err, began, box.size)
      if why then
        return nil, why, without_returns(box:take(box.size))
      end
      most = STEP
    end
  end
  if is_too_long(box, n and n - 1 or box.size, limit) then
    return nil, "line too long", without_returns(box:take(math.max(limit, 0)))
  end
  return without_returns(box:take(n, true))
end

local function receive_bytes(self, wanted, began)
  local box = self._inbox
  local lacks = box.size < wanted or box.size == 0
  while lacks do
    local err = receive_part(self, math.min(wanted - box.size, STEP))
    lacks = err or box.size < wanted
    local why = lacks and why_ended(self, "r", err, began, box.size)
    if why then
      local text = box:take(box.size)
      if err == "closed" and wanted == math.huge and text ~= "" then
        return text
      end
      return nil, why, text
    end
  end
  return box:take(wanted)
end

--- Receives data.
-- @tparam[opt="*l"] string|number pattern "*l", a line without its end; "*a",
-- everything until the peer closes; or a number of bytes
-- @tparam[opt=""] string|number prefix what the result begins with; it counts
-- for the number of bytes, and for the length of a line
-- @treturn ?string the data; nil if there is not enough
-- @treturn ?string "timeout", "closed", "line too long" (see `setmaxline`), or
-- another message
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
  local data, err, partial
  if wanted then
    data, err, partial = receive_bytes(self, wanted, began)
  else
    local limit = self._longest
    data, err, partial = receive_line(self, limit and limit - #prefix, began)
  end
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
  local first = i
  while true do
    local last, err, sent =
      transfer(self, "send", data, i, math.min(j, i + STEP))
    if last and last >= j then
      return last, nil, nil
    end
    sent = last or sent
    err = why_ended(self, "w", err, began, sent - first)
    if err then
      return nil, err, sent
    end
    i = sent + 1
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
      client = object.new(getmetatable(self), client)
      client._longest = self._longest
      return client
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
    result[1] = host -- LuaSocket reports what is wrong with it
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
  self._inbox = inbox.new() -- of a connection before this one
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
  local received, sent, age = call(own(self), "getstats")
  return received - self._inbox.ahead, sent, age
end

--- Sets what `getstats` returns.
-- @tparam[opt] number received bytes
-- @tparam[opt] number sent bytes
-- @tparam[opt] number age seconds
-- @treturn number 1
-- @raise if an argument is not a number, or the socket not connected
function TCP:setstats(received, sent, age)
  own(self)
  check.number(received, "received", "setstats")
  check.number(sent, "sent", "setstats")
  check.number(age, "age", "setstats")
  if received then
    received = received + self._inbox.ahead
  end
  return call(self, "setstats", received, sent, age)
end

--- Is there something that `receive` returns without waiting?
-- @treturn boolean
function TCP:dirty()
  local box = own(self)._inbox
  return box.size > 0 or call(self, "dirty")
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

--- Sets how long a line may be that `receive` takes, and those that `accept`
-- returns from now on. What is longer it refuses with `nil, "line too long"`
-- and as many bytes of it; the rest is there for the next call. Without it a
-- peer decides how much memory a line takes.
-- @tparam[opt] integer bytes the end of the line not counted; nil: as long as
-- it gets
-- @treturn number 1
-- @raise if bytes is not a positive integer
function TCP:setmaxline(bytes)
  own(self)._longest = check.positive(bytes, "bytes", "setmaxline")
  return 1
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
