-- Sockets: see ../hostile.lua.

local found, socket = pcall(require, "threading.socket")
local _thread = require "threading._thread"
local threading = require "threading"

local HOST <const> = "127.0.0.1"

local cases = {}

if not found then
  return cases
end

local function nothing() end

local function listen()
  local server = assert(socket.bind(HOST, 0))
  return server, select(2, server:getsockname())
end

local function pair()
  local server <close>, port = listen()
  local client = assert(socket.connect(HOST, port))
  return client, assert(server:accept())
end

for name, make in pairs { tcp = socket.tcp, udp = socket.udp } do
  cases["socket." .. name] = function()
    return function()
      local s <close> = assert(make())
      return s:settimeout(1)
    end, nothing, function(ok)
      assert(ok == 1)
    end
  end
end

cases["socket.bind"] = function()
  return function()
    local s <close> = assert(socket.bind(HOST, 0))
    return s:getsockname()
  end, nothing, function(host)
    assert(host == HOST)
  end
end

-- Not accept: where LuaSocket has no memory for the object of a connection, it
-- loses its descriptor.
cases["connect"] = function()
  local server, port = listen()
  return function()
    local client <close> = assert(socket.connect(HOST, port))
    return client:getpeername()
  end, nothing, function(host)
    assert(host == HOST)
    server:close()
  end
end

cases["send, receive"] = function()
  local client, peer = pair()
  return function()
    assert(client:send "line\n12345")
    return assert(peer:receive()), assert(peer:receive(5))
  end, function() -- what was under way is lost
    client:close()
    peer:close()
    client, peer = pair()
  end, function(line, rest)
    assert(line == "line" and rest == "12345")
    client:close()
    peer:close()
  end
end

for pattern, text in pairs { ["*l"] = "line", [4] = "line" } do
  cases["receive, and nothing is lost: " .. pattern] = function()
    local client, peer = pair()
    client:send "line\n"
    return function()
      return assert(peer:receive(pattern))
    end, nothing, function(result)
      assert(result == text)
      client:close()
      peer:close()
    end
  end
end

cases["a receive that times out"] = function()
  local client, peer = pair()
  client:settimeout(1e-4)
  return function()
    return client:receive()
  end, nothing, function(line, err)
    assert(line == nil and err == "timeout")
    client:close()
    peer:close()
  end
end

cases["sendto, receivefrom"] = function()
  local s = assert(socket.udp())
  assert(s:setsockname(HOST, 0))
  local _, port = s:getsockname()
  return function()
    assert(s:sendto("datagram", HOST, port))
    return s:receivefrom()
  end, nothing, function(datagram, host)
    assert(datagram == "datagram" and host == HOST)
    s:close()
  end
end

cases["select"] = function()
  local client, peer = pair()
  client:send "x"
  return function()
    return socket.select({ client, peer }, { client }, 1)
  end, nothing, function(recv, send, err)
    assert(recv[1] == peer and not recv[2] and send[1] == client and not err)
    client:close()
    peer:close()
  end
end

cases["a pollset"] = function()
  local client, peer = pair()
  return function()
    local set <close> = _thread._pollset()
    set:add {
      [math.tointeger(client:getfd())] = "rw",
      [math.tointeger(peer:getfd())] = "r",
    }
    return client, set:ready()
  end, nothing, function(it, recv, send)
    assert(next(recv) == nil and send[it:getfd()])
    it:close()
    peer:close()
  end
end

cases["close, under one who waits"] = function()
  local client, peer = pair()
  local result
  local t = threading.Thread { target = function()
    result = select(2, client:receive())
  end }
  t:start()
  while not next(_thread._parked()) do
    socket.sleep(0)
  end
  return function()
    client:close()
  end, nothing, function()
    t:join()
    assert(result == "closed")
    peer:close()
  end
end

return cases
