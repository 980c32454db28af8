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
-- @usage
-- local threading = require "threading"
-- local socket = require "threading.socket"
--
-- local server <close> = assert(socket.bind("127.0.0.1", 0))
--
-- local answer = threading.Thread {
--   target = function()
--     local client <close> = server:accept()
--     client:send("you said " .. client:receive() .. "\n")
--   end,
-- }
-- answer:start()
--
-- local ip, port = server:getsockname()
-- local client <close> = assert(socket.connect(ip, port))
-- client:send "hello\n"
-- print((client:receive())) --> you said hello
-- answer:join()

local _thread = require "threading._thread"
local check = require "threading.private.check"
local names = require "threading.socket.names"
local object = require "threading.socket.base"
local getmetatable = getmetatable

local KIND <const> = "threading.TCP"

local TCP = object.class(KIND)

local await, call, turn = object.await, object.call, object.turn

local function own(self)
  return object.own(self, KIND)
end

--- Receives data.
-- @function receive
-- @tparam[opt="*l"] string|number pattern "*l", a line without its end; "*a",
-- everything until the peer closes; or a number of bytes
-- @tparam[opt=""] string|number prefix what the result begins with; it counts
-- for the number of bytes, and for the length of a line
-- @treturn ?string the data; nil if there is not enough
-- @treturn ?string "timeout", "closed", "line too long" (see `setmaxline`), or
-- another message
-- @treturn ?string then: what has come so far
-- @raise if an argument is of the wrong type, or the socket not connected
TCP.receive = _thread._receive

--- Sends data, all of it.
-- @function send
-- @tparam string|number data
-- @tparam[opt=1] integer i the place of the first byte
-- @tparam[opt=-1] integer j the place of the last one
-- @treturn ?number the place of the last byte; nil if it was not sent
-- @treturn ?string "timeout", "closed", or another message
-- @treturn ?number then: the place of the last byte that was sent
-- @raise if an argument is of the wrong type, or the socket not connected
TCP.send = _thread._send

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
      client[1]:setlongest(self[1]:longest())
      return client
    end
    err = await(self, err, "r", began)
    if err then
      return nil, err
    end
  end
end

-- Connects to one address. No other one is tried where the outcome is not known
-- yet.
local function connect(self, address, port)
  local ok, err = object.connect(self, address, port)
  return ok, err, err == "closed" or self[1]:waits_never()
end

--- Connects the socket. A timeout holds for the lookup of the host's name, and
-- for each address of the host.
-- @tparam string|number address a name, or a number
-- @tparam string|number port a number, or the name of a service
-- @treturn ?number 1; nil if it is not connected
-- @treturn ?string "timeout", "connection refused", or another message
-- @raise if an argument is of the wrong type
function TCP:connect(address, port)
  address = check.text(own(self) and address, "address", "connect")
  port = check.text(port, "port", "connect")
  local writing <close> = turn(self, "sending", object.now(self))
  if not writing then
    return nil, "timeout"
  end
  self[1]:forget() -- what a connection before this one has left
  return names.each(self, address, connect, port)
end

--- The same as `connect`.
-- @function setpeername
-- @tparam string|number address as there
-- @tparam string|number port as there
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
  return names.make(own(self), "bind", check.text(address, "address", "bind"),
    check.text(port, "port", "bind"))
end

--- The same as `bind`.
-- @function setsockname
-- @tparam string|number address as there
-- @tparam string|number port as there
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
  local more_received, more_sent = self[1]:getstats()
  return received + more_received, sent + more_sent, age
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
  local result = call(self, "setstats", received, sent, age)
  if received then
    self[1]:setstats "received"
  end
  if sent then
    self[1]:setstats "sent"
  end
  return result
end

--- Is there something that `receive` returns without waiting?
-- @treturn boolean
function TCP:dirty()
  return own(self)[1]:dirty() or call(self, "dirty")
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
  own(self)[1]:setlongest(check.positive(bytes, "bytes", "setmaxline"))
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
-- @tparam string option its name, as LuaSocket has it
-- @return its value; nil and why, if there is none
-- @raise if there is no such option
function TCP:getoption(option)
  return call(own(self), "getoption", option)
end

--- Sets an option of the socket.
-- @tparam string option its name, as LuaSocket has it
-- @param value as LuaSocket takes it
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
