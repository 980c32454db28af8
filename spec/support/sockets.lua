--- What the specs of sockets share. Without LuaSocket it is false.

local assert = require "luassert"
local support = require "spec.support"
local time = require "threading.time"

if not pcall(require, "socket") then
  return false
end

local sockets = {}

local socket = require "threading.socket"
local HOST <const> = "127.0.0.1"
local PATIENCE <const> = support.PATIENCE

function sockets.listen(lib, backlog)
  local server = assert((lib or socket).bind(HOST, 0, backlog))
  local _, port = server:getsockname()
  return server, port
end

-- Two ends of a connection. A call that would wait for ever fails.
function sockets.pair(lib)
  local server <close>, port = sockets.listen()
  local client = assert((lib or socket).connect(HOST, port))
  local peer = assert(server:accept())
  client:settimeout(PATIENCE)
  peer:settimeout(PATIENCE)
  return client, peer
end

-- Calls fn in a thread that is then known to wait for a descriptor; returns
-- the thread and the list in which the results of fn will stand.
function sockets.waiting(fn, ...)
  local results = {}
  local t = support.start(function(...)
    local list = table.pack(pcall(fn, ...))
    table.move(list, 1, list.n, 1, results)
    results.n = list.n
  end, ...)
  support.wait_thread_parked(t, "descriptor")
  return t, results
end

-- More than any buffers hold.
local HUGE <const> = ("x"):rep(1 << 25)
sockets.HUGE = HUGE

-- Sends until nothing more can be taken, also when what is under way has come
-- as far as it can.
function sockets.fill(s)
  s:settimeout(0)
  repeat
    while s:send(HUGE) do end
  until select(3, socket.select(nil, { s }, 0.05))
  s:settimeout(PATIENCE)
end

-- Connects until there is no room in front of accept.
function sockets.crowd(port)
  local clients = {}
  repeat
    local s = socket.tcp4()
    s:settimeout(0.05)
    clients[#clients + 1] = s
  until not s:connect(HOST, port) or #clients > 20
  assert(#clients <= 20)
end

-- Waits until there is something to receive.
function sockets.arrived(s)
  assert.equal(s, socket.select({ s }, nil, PATIENCE)[1])
end

-- Sends a byte at a time until that fails.
function sockets.drip(s)
  while s:send "." do
    time.sleep(0)
  end
end

-- In the place of LuaSocket's object: what it does by functions of ours.
function sockets.imitate(s, methods)
  local it = s._object
  s._object = setmetatable(methods, { __index = function(_, name)
    return function(_, ...)
      return it[name](it, ...)
    end
  end })
end

return sockets
