--- UDP sockets. The methods are LuaSocket's, with its arguments and results;
-- what waits blocks the calling thread alone. Each datagram goes to one of the
-- threads that receive. `close` ends the calls of others that wait with
-- `nil, "closed"`. A to-be-closed variable closes its socket at the end of the
-- block.
-- @classmod threading.UDP
-- @usage
-- local socket = require "threading.socket"
--
-- local here, there = assert(socket.udp()), assert(socket.udp())
-- here:setsockname("127.0.0.1", 0)
-- here:settimeout(5)
--
-- local ip, port = here:getsockname()
-- there:sendto("hello", ip, port)
-- print((here:receive())) --> hello
-- here:close()
-- there:close()

local _thread = require "threading._thread"
local check = require "threading.private.check"
local names = require "threading.socket.names"
local object = require "threading.socket.base"

local KIND <const> = "threading.UDP"

local UDP = object.class(KIND)

local call, insist = object.call, object.insist

local function own(self)
  return object.own(self, KIND)
end

--- Sends a datagram to the peer.
-- @function send
-- @tparam string|number datagram
-- @treturn ?number how many bytes were sent
-- @treturn ?string "timeout", "refused", "closed", or another message
-- @raise if datagram is of the wrong type, or the socket has no peer
UDP.send = _thread._send_datagram

--- Sends a datagram.
-- @tparam string|number datagram
-- @tparam string|number address a number; names are not looked up
-- @tparam string|number port of the receiver
-- @treturn ?number how many bytes were sent
-- @treturn ?string "timeout", "closed", or another message
-- @raise if an argument is of the wrong type, or the socket has a peer
function UDP:sendto(datagram, address, port)
  datagram = check.text(own(self) and datagram, "datagram", "sendto")
  address = check.text(address, "address", "sendto")
  port = check.text(port, "port", "sendto")
  if self._object:getfd() < 0 then -- this makes it
    local sent, err = object.make(self, "sendto", datagram, address, port)
    if err ~= "timeout" then
      return sent, err
    end
  end
  return insist(self, "sendto", "w", datagram, address, port)
end

--- Receives a datagram.
-- @function receive
-- @tparam[opt] integer size at most so many bytes of it; by default 8192
-- @treturn ?string the datagram
-- @treturn ?string "timeout", "closed", or another message
-- @raise if size is not an integer of at least 0
UDP.receive = _thread._receive_datagram

--- Receives a datagram, with the address of its sender.
-- @function receivefrom
-- @tparam[opt] integer size at most so many bytes of it; by default 8192
-- @treturn ?string the datagram
-- @treturn ?string the sender's address; without a datagram, why
-- @treturn ?integer the sender's port
-- @raise if size is not an integer of at least 0, or the socket has a peer
UDP.receivefrom = _thread._receive_from

--- Sets the peer.
-- @tparam string|number address a name, or a number; "*": no peer
-- @tparam[opt] string|number port of the peer
-- @treturn ?number 1
-- @treturn ?string why not
-- @raise if an argument is of the wrong type
function UDP:setpeername(address, port)
  address = check.text(own(self) and address, "address", "setpeername")
  if port ~= nil then
    port = check.text(port, "port", "setpeername")
  end
  return names.make(self, "setpeername", address, port)
end

--- Gives the socket an address.
-- @tparam string|number address a number, a name, or "*" for all of the machine
-- @tparam string|number port 0 for any
-- @treturn ?number 1
-- @treturn ?string why not
-- @raise if an argument is of the wrong type, or the socket has a peer
function UDP:setsockname(address, port)
  return names.make(own(self), "setsockname",
    check.text(address, "address", "setsockname"),
    check.text(port, "port", "setsockname"))
end

--- Always false.
-- @treturn boolean
function UDP:dirty()
  return call(own(self), "dirty")
end

--- Closes the socket. Calls of other threads that wait for it return
-- `nil, "closed"`.
-- @treturn number 1
function UDP:close()
  return object.retire(own(self), "close")
end

--- Sets how long a call may wait.
-- @tparam[opt] number value seconds; nil or less than 0: for ever; 0: not at
-- all
-- @tparam[opt="b"] string mode "b" for each wait, "t" for a call in all
-- @treturn number 1
-- @raise if value is not a number, or there is no such mode
function UDP:settimeout(value, mode)
  return object.settimeout(own(self), value, mode)
end

--- How long a call may wait.
-- @treturn number seconds for each wait; -1: for ever
-- @treturn number seconds for a call in all; -1: for ever
function UDP:gettimeout()
  return object.gettimeout(own(self))
end

--- The socket's own address.
-- @treturn ?string the number
-- @treturn ?string the port; without an address, why
-- @treturn ?string "inet" or "inet6"
function UDP:getsockname()
  return call(own(self), "getsockname")
end

--- The address of the other end.
-- @treturn ?string the number
-- @treturn ?string the port; without an address, why
-- @treturn ?string "inet" or "inet6"
-- @raise if the socket was never connected
function UDP:getpeername()
  return call(own(self), "getpeername")
end

--- "inet4" or "inet6".
-- @treturn string
function UDP:getfamily()
  return call(own(self), "getfamily")
end

--- An option of the socket.
-- @tparam string option its name, as LuaSocket has it
-- @return its value; nil and why, if there is none
-- @raise if there is no such option
function UDP:getoption(option)
  return call(own(self), "getoption", option)
end

--- Sets an option of the socket.
-- @tparam string option its name, as LuaSocket has it
-- @param value as LuaSocket takes it
-- @treturn ?number 1
-- @treturn ?string why not
-- @raise if there is no such option, or not with such a value
function UDP:setoption(option, value)
  return call(own(self), "setoption", option, value)
end

--- The descriptor.
-- @treturn number -1 if there is none
function UDP:getfd()
  return call(own(self), "getfd")
end

--- Sets the descriptor, without closing the one before. Calls that wait for
-- that return `nil, "closed"`.
-- @tparam integer fd -1 for none
-- @raise if fd is not an integer
function UDP:setfd(fd)
  object.setfd(own(self), fd)
end

return UDP
