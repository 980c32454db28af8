-- threading.socket: a close while other threads use the socket.

local io = require "threading.io"
local sockets = require "spec.support.sockets"
local support = require "spec.support"

if not sockets then
  describe("threading.socket", function()
    pending "needs LuaSocket"
  end)
  return
end

local luasocket = require "socket"
local socket = require "threading.socket"
local HOST <const> = "127.0.0.1"
local PATIENCE <const> = support.PATIENCE
local HUGE <const> = sockets.HUGE
local arrived, crowd, listen, pair =
  sockets.arrived, sockets.crowd, sockets.listen, sockets.pair
local waiting = sockets.waiting

describe("a socket that another thread closes", function()
  local function accepting()
    local server = listen()
    return server, server.accept
  end

  local cases = {
    accept = accepting,
    receive = function()
      local a, b = pair()
      a:send "part"
      arrived(b)
      return b, b.receive, "part", a
    end,
    ["receive of all"] = function()
      local a, b = pair()
      a:send "part"
      arrived(b)
      return b, function(s)
        return s:receive "*a"
      end, "part", a
    end,
    send = function()
      local a, b = pair()
      return a, function(s)
        local last, err = s:send(HUGE)
        return last, err
      end, nil, b
    end,
    ["UDP receive"] = function()
      local u = socket.udp4()
      u:setsockname(HOST, 0)
      return u, u.receive
    end,
    ["UDP receivefrom"] = function()
      local u = socket.udp4()
      u:setsockname(HOST, 0)
      return u, u.receivefrom
    end,
  }

  for name, make in pairs(cases) do
    for _, timeout in ipairs { -1, PATIENCE } do
      it(("ends %s, with a timeout of %d"):format(name, timeout), function()
        local s, method, partial, _other = make()
        s:settimeout(timeout)
        local t, results = waiting(method, s)
        assert.equal(1, s:close())
        support.join(t)
        assert.same({ true, nil, "closed", partial }, {
          results[1], results[2], results[3], results[4] })
      end)
    end
  end

  it("ends connect", function()
    local server, port = listen(socket, 0)
    crowd(port)
    local s = socket.tcp4()
    local t, results = waiting(s.connect, s, HOST, port)
    s:close()
    support.join(t)
    assert.same({ true, nil, "closed", n = 3 }, results)
    server:close()
  end)

  it("ends all calls of all threads", function()
    local a, b = pair()
    local ts, all = {}, {}
    b:settimeout()
    ts[1], all[1] = waiting(b.receive, b)
    for i = 2, 4 do
      all[i] = {}
      ts[i] = support.start(function()
        all[i][1], all[i][2], all[i][3] = true, b:receive()
      end)
      support.wait_thread_parked(ts[i], "Lock")
    end
    b:close()
    support.join(ts)
    for i = 1, 4 do
      assert.equal("closed", all[i][3])
    end
    a:close()
  end)

  it("ends io.wait_fd", function()
    local _a, b = pair()
    local t, results = waiting(io.wait_fd, b, "r")
    b:close()
    support.join(t)
    assert.same({ true, nil, "closed", n = 3 }, results)
    assert.same({ nil, "closed" }, { io.wait_fd(b, "r") })
  end)

  -- The socket of b asks for its number while `act(b)` is under way.
  local function disturbed(b, act)
    local it, begun = b._object, false
    local proxy = {}
    function proxy.getfd()
      local fd = it:getfd()
      if not begun then
        begun = true
        act(b, fd)
      end
      return fd
    end
    b._object = setmetatable(proxy, { __index = function(_, name)
      return function(_, ...)
        return it[name](it, ...)
      end
    end })
  end

  -- Closes it in another thread, as far as that comes. Where it is closed, its
  -- number becomes that of a socket that will not be ready, which is returned.
  local function close_beside(b)
    local t, turns = support.start(b.close, b), 0
    support.wait_until(function()
      turns = b[1]:is_closing() and turns + 1 or 0
      return turns > 100 or not t:is_alive()
    end)
    return not t:is_alive() and luasocket.udp4() or nil
  end

  it("when the wait is about to begin: it does not", function()
    local _a, b = pair()
    local stranger
    disturbed(b, function()
      stranger = close_beside(b)
    end)
    assert.same({ n = 3, nil, "closed", "" }, table.pack(b:receive()))
    assert.is_nil(stranger)
  end)

  it("when a select is about to begin: it is in its lists", function()
    local _a, b = pair()
    local c, d = pair()
    local stranger
    disturbed(b, function(_, fd)
      stranger = close_beside(b)
      if stranger then -- b's again, with the same number
        stranger:setfd(-1)
        b._object:setfd(fd)
      end
    end)
    local r, w, err = socket.select({ b, d }, nil, PATIENCE)
    assert.same({ 1, 0 }, { #r, #w })
    assert.is_true(r[1] == b and err == nil)
    c:close()
  end)

  it("of LuaSocket's when a select is about to begin: likewise", function()
    local it, stranger = luasocket.udp4(), nil
    local object = {}
    function object.getfd()
      local fd = it:getfd()
      if not stranger then
        it:close()
        stranger = luasocket.udp4()
        assert.equal(fd, stranger:getfd())
      end
      return fd
    end
    local r = socket.select({ object }, nil, PATIENCE)
    assert.equal(object, r[1])
    stranger:close()
  end)

  it("while data flow in both directions", function()
    for _ = 1, 10 do
      local a, b = pair()
      local list = {}
      for _, s in ipairs { a, b } do
        s:settimeout()
        list[#list + 1] = support.start(function()
          while s:send(HUGE) do end
        end)
        list[#list + 1] = support.start(function()
          while s:receive(1 << 16) do end
        end)
      end
      arrived(b)
      b:close()
      local c, d = pair() -- one of them with the same number
      c:send "mine\n"
      assert.equal("mine", (d:receive()))
      support.join(list)
      a:close()
    end
  end)

  it("gives its number to nobody who still waits", function()
    for _ = 1, 20 do
      local a, b = pair()
      b:settimeout()
      local list = support.start_many(3, function()
        while select(2, b:receive()) ~= "closed" do end
      end)
      b:close()
      local c, d = pair() -- with the same number
      c:send "mine\n"
      assert.equal("mine", (d:receive()))
      c:close()
      d:close()
      support.join(list)
      a:close()
    end
  end)

  -- Calls f(s), in which s is closed after n instructions. Was it that long?
  local function closed_within(n, f, s)
    local left = n
    debug.sethook(function()
      left = left - 1
      if left == 0 then
        debug.sethook()
        s:close()
      end
    end, "", 1)
    pcall(f, s)
    debug.sethook()
    return left <= 0
  end

  it("within a call that may make a descriptor: it has none", function()
    local server <close>, port = listen()
    for _, case in ipairs {
      { socket.udp4, "setpeername", HOST, 9 },
      { socket.udp4, "setsockname", HOST, 0 },
      { socket.udp, "sendto", "x", HOST, 9 },
      { socket.tcp4, "connect", HOST, port },
    } do
      local n = 0
      repeat
        local s = case[1]()
        s:settimeout(0)
        n = n + 1
        local again = closed_within(n, function()
          s[case[2]](s, table.unpack(case, 3))
        end, s)
        local stranger = socket.udp4() -- has the number, if it is free
        if s:getfd() < 0 then
          local ok, _, err = pcall(s.receive, s)
          assert.is_true(not ok or err == "closed", case[2] .. " " .. n)
        end
        stranger:close()
        s:close()
      until not again
    end
    assert.is_truthy(server)
  end)

  it("ends a select, and is in its lists", function()
    local a, b = pair()
    local c, d = pair()
    local t, results = waiting(socket.select, { b, d })
    b:close()
    support.join(t)
    assert.is_true(results[1])
    assert.equal(1, #results[2])
    assert.equal(b, results[2][1])
    assert.is_nil(results[4])
    for _, s in ipairs { a, c, d } do
      s:close()
    end
  end)

  it("by setfd: the calls end, the descriptor lives", function()
    local a, b = pair()
    local fd = b:getfd()
    local t, results = waiting(b.receive, b)
    b:setfd(-1)
    support.join(t)
    assert.same({ nil, "closed" }, { results[2], results[3] })
    b:setfd(fd)
    a:send "there\n"
    assert.equal("there", (b:receive()))
  end)

  it("as a to-be-closed variable", function()
    local a, b = pair()
    do
      local _ <close> = a
    end
    assert.equal(-1, a:getfd())
    assert.same({ n = 3, nil, "closed", "" }, table.pack(b:receive()))
  end)
end)
