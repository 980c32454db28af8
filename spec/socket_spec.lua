-- threading.socket against LuaSocket itself, and with threads.

local _thread = require "threading._thread"
local io = require "threading.io"
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"

local found, luasocket = pcall(require, "socket")
if not found then
  describe("threading.socket", function()
    it("says that LuaSocket is missing", function()
      assert.matches("^threading%.socket needs LuaSocket, which cannot be "
        .. "loaded %(Debian: lua%-socket; LuaRocks: luasocket%)\n",
        support.message(require, "threading.socket"))
    end)
    pending "needs LuaSocket"
  end)
  return
end

local socket = require "threading.socket"
local HOST <const> = "127.0.0.1"
local PATIENCE <const> = support.PATIENCE

local function listen(lib, backlog)
  local server = assert((lib or socket).bind(HOST, 0, backlog))
  local _, port = server:getsockname()
  return server, port
end

-- Two ends of a connection. A call that would wait for ever fails.
local function pair(lib)
  local server <close>, port = listen()
  local client = assert((lib or socket).connect(HOST, port))
  local peer = assert(server:accept())
  client:settimeout(PATIENCE)
  peer:settimeout(PATIENCE)
  return client, peer
end

-- Calls fn in a thread that is then known to wait for a descriptor; returns
-- the thread and the list in which the results of fn will stand.
local function waiting(fn, ...)
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

-- Sends until nothing more can be taken, also when what is under way has come
-- as far as it can.
local function fill(s)
  s:settimeout(0)
  repeat
    while s:send(HUGE) do end
  until select(3, socket.select(nil, { s }, 0.05))
  s:settimeout(PATIENCE)
end

-- Connects until there is no room in front of accept.
local function crowd(port)
  local clients = {}
  repeat
    local s = socket.tcp4()
    s:settimeout(0.05)
    clients[#clients + 1] = s
  until not s:connect(HOST, port) or #clients > 20
  assert(#clients <= 20)
end

-- Waits until there is something to receive.
local function arrived(s)
  assert.equal(s, socket.select({ s }, nil, PATIENCE)[1])
end

-- Sends a byte at a time until that fails.
local function drip(s)
  while s:send "." do
    time.sleep(0)
  end
end

describe("threading.socket", function()
  it("has the names of LuaSocket", function()
    for name, value in pairs(luasocket) do
      assert.equal(type(value), type(socket[name]), name)
    end
  end)

  it("has objects with the methods of LuaSocket's", function()
    for _, name in ipairs { "tcp", "tcp4", "udp", "udp4" } do
      local s, theirs = socket[name](), luasocket[name]()
      for method, f in pairs(getmetatable(theirs).__index) do
        if type(f) == "function" then
          assert.equal("function", type(s[method]), method)
        end
      end
      assert.equal(tostring(theirs):match "^[^:]+", tostring(s):match "^[^:]+")
      s:close()
      theirs:close()
    end
  end)

  it("says that LuaSocket is missing, if it is", function()
    local out = support.output_of [[
      package.preload.socket = function()
        error "it is not there"
      end
      print(select(2, pcall(require, "threading.socket")))
    ]]
    assert.matches("^threading%.socket needs LuaSocket, which cannot be loaded "
      .. "%(Debian: lua%-socket; LuaRocks: luasocket%)\n.*it is not there", out)
  end)

  it("serves the modules on top of LuaSocket", function()
    assert.equal("hello\t200\nconnection refused\n", support.output_of [[
      local threading = require "threading"
      local socket = require "threading.socket"
      package.loaded.socket = socket
      local http = require "socket.http"
      local server = assert(socket.bind("127.0.0.1", 0))
      local _, port = server:getsockname()
      local t = threading.Thread { target = function()
        local client <close> = server:accept()
        repeat
          local line = client:receive()
        until line == ""
        client:send "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"
      end }
      t:start()
      local body, code = http.request(("http://127.0.0.1:%s/"):format(port))
      t:join()
      print(body, code)
      print(select(2, http.request "http://127.0.0.1:1/"))
    ]])
  end)
end)

-- What does not wait, once by LuaSocket and once by us.
describe("results like LuaSocket's:", function()
  -- name -> what is done with both ends of a connection; returns anything
  local scenarios = {
    ["lines"] = function(a, b)
      a:send "one\r\ntwo\nth"
      a:send "ree\n"
      return b:receive(), b:receive "*l", b:receive("*l", "prefix ")
    end,
    ["numbers of bytes"] = function(a, b)
      a:send "0123456789"
      return b:receive(3), b:receive("2"), b:receive(4, "ab"),
        b:receive(1, "x"), b:receive(1.9)
    end,
    ["no bytes"] = function(a, b)
      a:send "x"
      return b:receive(0), b:receive(0, "prefix"), b:receive(1)
    end,
    ["all"] = function(a, b)
      a:send "one\r\ntwo"
      a:close()
      return b:receive("*a", "<"),
        table.unpack(table.pack(b:receive "*a"), 1, 3)
    end,
    ["a line that ends too early"] = function(a, b)
      a:send "on"
      a:close()
      return table.unpack(table.pack(b:receive "*l"), 1, 3)
    end,
    ["bytes that end too early"] = function(a, b)
      a:send "on"
      a:close()
      return table.unpack(table.pack(b:receive(3, "x")), 1, 3)
    end,
    ["nothing, and no time"] = function(a, b)
      b:settimeout(0)
      return a and table.unpack(table.pack(b:receive "*l"), 1, 3)
    end,
    ["nothing, and no time for all"] = function(a, b)
      b:settimeout(0, "t")
      return a and table.unpack(table.pack(b:receive("*a", "x")), 1, 3)
    end,
    ["ranges to send"] = function(a, b)
      local results = {}
      for _, range in ipairs {
        { 1, -1 }, { 3 }, { -2 }, { 2, 3 }, { -3, -2 }, { 0, 99 }, { 3, 2 },
        { 9 }, { -99, 1 },
      } do
        results[#results + 1] = a:send("abcd", range[1], range[2])
      end
      a:send(42)
      a:close()
      results[#results + 1] = b:receive "*a"
      return table.unpack(results)
    end,
    ["statistics"] = function(a, b)
      a:send "12345"
      b:receive(3)
      local received, sent = b:getstats()
      local _, sent_by_a = a:getstats()
      return received, sent, sent_by_a, a:setstats(1, 2, 3),
        table.unpack(table.pack(a:getstats()), 1, 2)
    end,
    ["what is left over"] = function(a, b)
      local before = b:dirty()
      a:send "12345\n6"
      return before, b:receive(2), b:dirty(), b:receive "*l"
    end,
    ["options"] = function(a)
      return a:setoption("tcp-nodelay", true), a:getoption "tcp-nodelay",
        a:setoption("linger", { on = true, timeout = 2 }),
        a:getoption("linger").timeout, a:getoption "keepalive"
    end,
    ["timeouts"] = function(a)
      return a:settimeout(2), a:settimeout(3, "t"), a:gettimeout()
    end,
    ["timeouts for ever"] = function(a)
      return a:settimeout(2), a:settimeout(), a:settimeout(-1, "r"),
        a:gettimeout()
    end,
    ["addresses"] = function(a, b)
      local ip, port, family = a:getsockname()
      local ip_seen, port_seen = b:getpeername()
      return ip, family, ip_seen, math.tointeger(port) == port_seen
        or port == tostring(port_seen), a:getfamily()
    end,
    ["shutdown"] = function(a, b)
      local ok = a:shutdown "send"
      local data, err, partial = b:receive()
      b:send "x\n"
      return ok, data, err, partial, a:receive()
    end,
    ["a closed socket"] = function(a)
      local first, second = a:close(), a:close()
      local data, err, partial = a:receive()
      local last, why, sent = a:send("abc", 2)
      return first, second, data, err, partial, last, why, sent, a:getfd(),
        a:dirty(), a:getsockname()
    end,
    ["a peer that resets"] = function(a, b)
      a:send "not read"
      b:settimeout(5)
      b:receive(1)
      b:setoption("linger", { on = true, timeout = 0 })
      b:close()
      local data, err, partial = a:receive(100)
      local last, why = a:send "x"
      return data, err, partial, last, why
    end,
  }

  local function scenario_of(lib, fn)
    local server = assert(lib.bind(HOST, 0))
    local _, port = server:getsockname()
    local a = assert(lib.connect(HOST, port))
    local b = assert(server:accept())
    local results = table.pack(fn(a, b))
    for _, s in ipairs { a, b, server } do
      s:close()
    end
    return results
  end

  for name, fn in pairs(scenarios) do
    it(name, function()
      assert.same(scenario_of(luasocket, fn), scenario_of(socket, fn))
    end)
  end

  local calls = {
    ["connection refused"] = function(lib)
      return lib.connect(HOST, 1)
    end,
    ["connection refused, by a name"] = function(lib)
      return lib.connect("localhost", 1)
    end,
    ["a service that nobody knows"] = function(lib)
      return lib.connect(HOST, "none such")
    end,
    ["an address of the other family"] = function(lib)
      return lib.tcp6():connect(HOST, 1)
    end,
    ["connect of a family, refused"] = function(lib)
      return lib.connect4(HOST, 1)
    end,
    ["bind to what is not ours"] = function(lib)
      return lib.bind("192.0.2.1", 0)
    end,
    ["its own address"] = function(lib)
      local server, port = listen(lib)
      local client = lib.connect(HOST, port, "127.0.0.1", 0)
      local ip = client:getsockname()
      client:close()
      server:close()
      return ip
    end,
    ["accept without a connection"] = function(lib)
      local server = listen(lib)
      server:settimeout(0)
      local client, err = server:accept()
      server:close()
      return client, err
    end,
    ["another connection after close"] = function(lib)
      local server, port = listen(lib)
      local client = lib.tcp()
      client:connect(HOST, port)
      client:close()
      local ok = client:connect(HOST, port)
      local sent = client:send "again"
      client:close()
      server:accept():close()
      local data = server:accept():receive "*a"
      server:close()
      return ok, sent, data
    end,
    ["datagrams"] = function(lib)
      local to, from = lib.udp(), lib.udp4()
      local bound = to:setsockname(HOST, 0)
      local ip, port = to:getsockname()
      local sent = from:sendto("hello", ip, port)
      local got, ip_from, port_from = to:receivefrom()
      local _, port_of_it = from:getsockname()
      local peer = from:setpeername(ip, port)
      local empty = from:send ""
      local nothing = to:receive()
      from:send "cut off"
      local cut = to:receive(3)
      to:settimeout(0)
      local _, err = to:receive()
      local _, wrong = to:sendto("x", "no number", 1)
      return bound, sent, got, ip_from,
        tostring(port_from) == tostring(port_of_it), peer, empty, nothing, cut,
        err, wrong, from:dirty(), to:getfamily(), from:setpeername "*",
        to:close(), from:close()
    end,
    ["select"] = function(lib)
      local server, port = listen(lib)
      local none, no, err = lib.select({ server }, { server }, 0)
      local client = lib.connect(HOST, port)
      local r, w, fine = lib.select({ server, client }, { client }, PATIENCE)
      local result = {
        #none, #no, err, #r, r[1] == server, r[server], #w, w[1] == client,
        w[client], fine, select("#", lib.select(nil, nil, 0)),
        (select(3, lib.select({}, nil, 0.01))),
      }
      client:close()
      server:close()
      result[#result + 1] = select(3, lib.select({ server }, {}, 0))
      return table.unpack(result, 1, 13)
    end,
  }

  for name, fn in pairs(calls) do
    it(name, function()
      assert.same(table.pack(fn(luasocket)), table.pack(fn(socket)))
    end)
  end
end)

describe("a socket blocks one thread alone:", function()
  it("an echo between threads", function()
    local server <close>, port = listen()
    local t = waiting(function()
      local peer <close> = server:accept()
      for line in function() return peer:receive() end do
        peer:send(line .. "!\n")
      end
    end)
    local client = assert(socket.connect("127.0.0.1", port))
    for i = 1, 50 do
      assert.equal(2, client:send(i % 10 .. "\n"))
      assert.equal(i % 10 .. "!", (client:receive()))
    end
    client:close()
    support.join(t)
  end)

  it("a thread receives what comes while it waits", function()
    local a, b = pair()
    for _, case in ipairs {
      { "*l", "on", "e\n", "one" }, { 5, "123", "45", "12345" },
    } do
      local t, results = waiting(b.receive, b, case[1])
      a:send(case[2])
      a:send(case[3])
      support.join(t)
      assert.same({ true, case[4], n = 4 }, results)
    end
    local t, results = waiting(b.receive, b, "*a", "all: ")
    a:send "one"
    a:send "two"
    a:close()
    support.join(t)
    assert.same({ true, "all: onetwo", n = 4 }, results)
  end)

  it("a thread that cannot send waits until it can", function()
    local a, b = pair()
    local t, results = waiting(a.send, a, HUGE .. "the end\n")
    assert.is_true(b:receive(#HUGE) == HUGE)
    assert.equal("the end", (b:receive()))
    support.join(t)
    assert.same({ true, #HUGE + 8, n = 4 }, results)
  end)

  it("much data, in both directions at once", function()
    local a, b = pair()
    local block = {}
    for i = 1, 100000 do
      block[i] = ("%07d\n"):format(i)
    end
    block = table.concat(block)
    local sent, received = {}, {}
    local list = {}
    for i, s in ipairs { a, b } do
      list[#list + 1] = support.start(function()
        for _ = 1, 3 do
          sent[i] = s:send(block)
        end
        s:shutdown "send"
      end)
      list[#list + 1] = support.start(function()
        received[i] = s:receive "*a"
      end)
    end
    support.join(list)
    assert.same({ #block, #block }, sent)
    for i = 1, 2 do
      assert.is_true(received[i] == block:rep(3))
    end
  end)

  it("datagrams", function()
    local u = socket.udp4()
    u:setsockname(HOST, 0)
    local t, results = waiting(u.receivefrom, u)
    local v = socket.udp4()
    v:setpeername(u:getsockname())
    v:send "hello"
    support.join(t)
    local _, port = v:getsockname()
    assert.same({ true, "hello", HOST, math.tointeger(port), n = 4 }, results)
  end)
end)

describe("several threads at one socket:", function()
  it("each that accepts gets a connection", function()
    local server <close>, port = listen()
    local t1, results1 = waiting(server.accept, server)
    local t2, results2 = waiting(server.accept, server)
    local a <close> = socket.connect(HOST, port)
    local b <close> = socket.connect(HOST, port)
    support.join { t1, t2 }
    a:send "x"
    b:send "x"
    assert.equal("x", (results1[2]:receive(1)))
    assert.equal("x", (results2[2]:receive(1)))
  end)

  it("what one sends is not torn apart", function()
    local a, b = pair()
    local size <const> = 300000
    local list = support.start_many(3, function(i)
      for _ = 1, 2 do
        a:send(tostring(i):rep(size))
      end
    end)
    local counts = { 0, 0, 0 }
    for _ = 1, 6 do
      local block = b:receive(size)
      local digit = block:sub(1, 1)
      assert.is_true(block == digit:rep(size))
      counts[tonumber(digit)] = counts[tonumber(digit)] + 1
    end
    support.join(list)
    assert.same({ 2, 2, 2 }, counts)
  end)

  it("each gets whole lines", function()
    local a, b = pair()
    local lines = {}
    local list = support.start_many(4, function(i)
      lines[i] = {}
      for line in function() return b:receive() end do
        table.insert(lines[i], line)
      end
    end)
    for i = 1, 300 do
      local line = ("%d "):format(i):rep(20)
      a:send(line)
      a:send "\n"
    end
    a:close()
    support.join(list)
    local seen = {}
    for i = 1, 4 do
      local last = 0
      for _, line in ipairs(lines[i]) do
        local n = tonumber(line:match "^%d+")
        assert.equal(("%d "):format(n):rep(20), line)
        assert.is_true(n > last)
        last = n
        seen[#seen + 1] = n
      end
    end
    assert.equal(300, #seen)
  end)

  it("who waits for a turn waits no longer than its timeout", function()
    local a, b = pair()
    b:settimeout()
    local t = waiting(b.receive, b)
    b:settimeout(0.02)
    local from = time.monotonic()
    assert.same({ n = 3, nil, "timeout", "so far" },
      table.pack(b:receive("*l", "so far")))
    assert.is_true(time.monotonic() - from >= 0.02)
    a:send "\n"
    support.join(t)
  end)

  it("a timeout of 0 does not wait for a turn", function()
    local a, b = pair()
    b:settimeout()
    local t, results = waiting(b.receive, b)
    b:settimeout(0)
    assert.same({ n = 3, nil, "timeout", "" }, table.pack(b:receive()))
    b:settimeout()
    a:send "line\n"
    support.join(t)
    assert.equal("line", results[2])
  end)
end)

describe("a timeout", function()
  it("is not over before its time, and keeps what has come", function()
    for _, mode in ipairs { "b", "t" } do
      local a, b = pair()
      b:settimeout()
      b:settimeout(0.03, mode)
      a:send "part"
      arrived(b)
      local from = time.monotonic()
      assert.same({ n = 3, nil, "timeout", "part" },
        table.pack(b:receive "*l"))
      assert.is_true(time.monotonic() - from >= 0.03)
      a:send "ly\n"
      assert.equal("partly", (b:receive("*l", "part")))
      a:close()
      b:close()
    end
  end)

  it("holds for all waits of a call together", function()
    for _, mode in ipairs { "b", "t" } do
      local a, b = pair()
      b:settimeout()
      b:settimeout(0.05, mode)
      local t = support.start(drip, a)
      arrived(b)
      local data, err, partial = b:receive "*l"
      assert.is_nil(data)
      assert.equal("timeout", err)
      assert.matches("^%.+$", partial)
      b:close()
      support.join(t)
    end
  end)

  it("of both kinds: whichever is over first", function()
    local _, b = pair()
    for _, block in ipairs { 0.01, PATIENCE } do
      b:settimeout(block)
      b:settimeout(PATIENCE + 0.01 - block, "t")
      assert.equal("timeout", select(2, b:receive()))
    end
  end)

  it("tells how much was sent", function()
    local a, b = pair()
    a:settimeout(0.01)
    local last, err, sent = a:send(HUGE, 11)
    assert.is_nil(last)
    assert.equal("timeout", err)
    local _, counted = a:getstats()
    assert.equal(10 + counted, sent)
    assert.is_true(sent > 10 and sent < #HUGE)
    a:close()
    b:close()
  end)

  it("ends accept, connect, and datagrams", function()
    local server <close>, port = listen(socket, 0)
    server:settimeout(0.01)
    assert.same({ n = 2, nil, "timeout" }, table.pack(server:accept()))
    crowd(port)
    local s <close> = socket.tcp()
    s:settimeout(0.01)
    assert.same({ n = 2, nil, "timeout" }, table.pack(s:connect(HOST, port)))
    local u = socket.udp4()
    u:setsockname(HOST, 0)
    u:settimeout(0.01)
    assert.same({ n = 2, nil, "timeout" }, table.pack(u:receive()))
    assert.same({ n = 2, nil, "timeout" }, table.pack(u:receivefrom(10)))
    u:close()
  end)

  it("less than 0 is none", function()
    local a, b = pair()
    b:settimeout(-1)
    b:settimeout(-0.5, "t")
    local t, results = waiting(b.receive, b)
    a:send "\n"
    support.join(t)
    assert.same({ true, "", n = 4 }, results)
  end)

  it("may be longer than any", function()
    local a, b = pair()
    b:settimeout(math.huge)
    local t, results = waiting(b.receive, b)
    a:send "x\n"
    support.join(t)
    assert.same({ true, "x", n = 4 }, results)
  end)
end)

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
      turns = b._closing and turns + 1 or 0
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

describe("an error that ends a call", function()
  it("a cancellation: nothing is lost", function()
    for _, case in ipairs {
      { "*l", "on", "e\n", "one" }, { 5, "12", "345", "12345" },
      { "*a", "12", "", "12" },
    } do
      local a, b = pair()
      b:settimeout()
      local t, results = waiting(b.receive, b, case[1])
      a:send(case[2])
      support.wait_until(function()
        return b:getstats() == #case[2]
      end)
      support.wait_thread_parked(t, "descriptor")
      t:cancel()
      support.join(t)
      assert.is_true(threading.is_cancelled(results[2]))
      assert.is_true(b:dirty())
      a:send(case[3])
      a:close()
      assert.equal(case[4], (b:receive(case[1])))
      assert.is_false(b:dirty())
      b:close()
    end
  end)

  it("a cancellation: what was left is taken by any pattern", function()
    local function left_by_cancel(text)
      local a, b = pair()
      b:settimeout()
      local t = waiting(b.receive, b, #text + 1)
      a:send(text)
      support.wait_until(function()
        return b:getstats() == #text
      end)
      t:cancel()
      support.join(t)
      b:settimeout(PATIENCE)
      return a, b
    end
    local a, b = left_by_cancel "one\r\ntwo\nthree"
    assert.equal("one", (b:receive()))
    assert.equal("tw", (b:receive(2)))
    assert.equal("o", (b:receive "*l"))
    assert.equal("", (b:receive(0)))
    assert.equal("th", (b:receive(3, "x"):sub(2)))
    b:settimeout(0) -- what comes is there already
    assert.same({ n = 3, nil, "timeout", "ree" }, table.pack(b:receive(9)))
    assert.is_false(b:dirty())
    a:close()
    a, b = left_by_cancel "rest"
    a:send "!"
    a:close()
    assert.equal("rest!", (b:receive "*a"))
    assert.equal("closed", select(2, b:receive "*a"))
  end)

  it("a cancellation: the next one has its turn", function()
    local a, b = pair()
    b:settimeout()
    local t = waiting(b.receive, b)
    local other = support.start(b.receive, b)
    support.wait_thread_parked(other, "Lock")
    t:cancel()
    support.join(t)
    support.wait_thread_parked(other, "descriptor")
    a:send "\n"
    support.join(other)
  end)

  it("cancellations reach every call", function()
    local a, b = pair()
    local c, d = pair()
    local server <close> = listen()
    local u = socket.udp4()
    u:setsockname(HOST, 0)
    for _, call in ipairs {
      { server.accept, server }, { c.receive, c }, { a.send, a, HUGE },
      { u.receive, u }, { u.receivefrom, u },
      { socket.select, { u, server } },
    } do
      local t, results = waiting(table.unpack(call))
      t:cancel()
      support.join(t)
      assert.is_false(results[1])
      assert.is_true(threading.is_cancelled(results[2]))
    end
    for _, s in ipairs { a, b, c, d, u } do
      s:close()
    end
  end)
end)

describe("Ctrl-C and the end of the program", function()
  local prelude = [[
    local _thread = require "threading._thread"
    local threading = require "threading"
    local socket = require "threading.socket"
    local time = require "threading.time"
    local server = assert(socket.bind("127.0.0.1", 0))
    local main = threading.main_thread()
    local function wait_parked(t)
      while not _thread._parked()[t.ident] do time.sleep(0) end
    end
  ]]

  it("Ctrl-C is raised where the main thread waits", function()
    assert.equal("interrupted!\nclient\n", support.output_of(prelude .. [[
      local t = threading.Thread { target = function()
        wait_parked(main)
        threading.interrupt_main()
      end }
      t:start()
      local _, message = pcall(server.accept, server)
      print(message:match "interrupted!")
      t:join()
      local _, port = server:getsockname()
      local client = socket.connect("127.0.0.1", port)
      print(server:accept() and client and "client")
    ]]))
  end)

  it("a daemon that waits is stopped, and its variables closed", function()
    assert.equal("closed\n", support.output_of(prelude .. [[
      local t = threading.Thread { daemon = true, target = function()
        local _ <close> = setmetatable({}, { __close = function()
          print "closed"
        end })
        server:accept()
      end }
      t:start()
      wait_parked(t)
    ]]))
  end)

  it("other threads are waited for", function()
    assert.equal("hello\n", support.output_of(prelude .. [[
      local _, port = server:getsockname()
      local t = threading.Thread { target = function()
        print((server:accept():receive()))
      end }
      t:start()
      wait_parked(t)
      socket.connect("127.0.0.1", port):send "hello\n"
    ]]))
  end)
end)

-- In the place of LuaSocket's object: what it does by functions of ours.
local function imitate(s, methods)
  local it = s._object
  s._object = setmetatable(methods, { __index = function(_, name)
    return function(_, ...)
      return it[name](it, ...)
    end
  end })
end

describe("a peer whose data have no end", function()
  local BLOCK <const> = ("x"):rep(1 << 16)

  -- A socket that always has more, and can always take more.
  local function endless(block)
    local _, b = pair()
    b:settimeout()
    imitate(b, {
      receive = function(_, wanted)
        assert(math.type(wanted)) -- LuaSocket's line would not end
        return block or BLOCK:sub(1, wanted)
      end,
      send = function(_, _, _, j)
        return j
      end,
    })
    return b
  end

  it("the timeout of a call holds", function()
    for _, pattern in ipairs { "*l", "*a", 1 << 60 } do
      local b = endless "some"
      b:settimeout(0.001, "t")
      local data, err, partial = b:receive(pattern, "begin ")
      assert.same({ nil, "timeout" }, { data, err })
      assert.matches("^begin some", partial)
    end
    local b = endless()
    b:settimeout(1e-9, "t")
    local last, err, sent = b:send(HUGE)
    assert.same({ nil, "timeout" }, { last, err })
    assert.is_true(sent > 0 and sent < #HUGE)
  end)

  it("a call that shall not wait takes what any system keeps", function()
    for _, mode in ipairs { "b", "t" } do
      for _, pattern in ipairs { "*l", "*a", 1 << 60 } do
        local b = endless()
        b:settimeout(0, mode)
        local data, err, partial = b:receive(pattern)
        assert.same({ nil, "timeout" }, { data, err })
        assert.is_true(#partial >= 1 << 23 and #partial < 1 << 24)
      end
    end
  end)

  it("a call can be cancelled, and others run", function()
    for _, pattern in ipairs { "*l", "*a", 1 << 60 } do
      local b = endless "some"
      local begun, err = threading.Event(), nil
      local t = support.start(function()
        begun:set()
        err = select(2, pcall(b.receive, b, pattern))
      end)
      begun:wait()
      t:cancel()
      support.join(t)
      assert.is_true(threading.is_cancelled(err))
    end
  end)

  it("from a real one, too", function()
    local a, b = pair()
    local t = support.start(function()
      a:settimeout()
      while a:send(HUGE) do end
    end)
    b:settimeout(0.01, "t")
    local data, err, partial = b:receive()
    assert.same({ nil, "timeout" }, { data, err })
    assert.matches("^x*$", partial)
    b:setmaxline(1000)
    b:settimeout()
    assert.same({ n = 3, nil, "line too long", ("x"):rep(1000) },
      table.pack(b:receive()))
    b:close()
    support.join(t)
  end)
end)

describe("a longest line", function()
  it("may be as long as that", function()
    local a, b = pair()
    assert.equal(1, b:setmaxline(5))
    a:send "12345\n12345\r\n\n1\r2\r\n"
    for _, line in ipairs { "12345", "12345", "", "12" } do
      assert.equal(line, (b:receive()))
    end
    a:send "5\n"
    assert.equal("12345", (b:receive("*l", "1234")))
    assert.equal(1, b:setmaxline())
    a:send "123456\n"
    assert.equal("123456", (b:receive()))
  end)

  it("may not be longer, whether its end has come or not", function()
    for _, rest in ipairs { "", "\n", "\r\n" } do
      local a, b = pair()
      b:setmaxline(5)
      a:send("1234567" .. rest)
      assert.same({ n = 3, nil, "line too long", "12345" },
        table.pack(b:receive()))
      a:send "8\n" -- the rest is the next line
      assert.equal("67" .. (rest == "" and "8" or ""), (b:receive()))
      a:close()
      b:close()
    end
  end)

  it("counts a prefix", function()
    local a, b = pair()
    b:setmaxline(5)
    a:send "456\n7"
    assert.same({ n = 3, nil, "line too long", "12345" },
      table.pack(b:receive("*l", "123")))
    assert.same({ n = 3, nil, "line too long", "1234567" },
      table.pack(b:receive("*l", "1234567")))
    assert.equal("6", (b:receive()))
    assert.equal("7", (b:receive(1)))
  end)

  it("is that of the connections that are accepted", function()
    local server <close>, port = listen()
    server:setmaxline(3)
    local a <close> = assert(socket.connect(HOST, port))
    local b <close> = server:accept()
    a:send "1234\n"
    assert.same({ n = 3, nil, "line too long", "123" },
      table.pack(b:receive()))
  end)
end)

describe("what came with a line", function()
  it("is there for every pattern, and was not received yet", function()
    local a, b = pair()
    local text = "one\ntwo\n345six\nthe end"
    a:send(text)
    arrived(b)
    assert.equal("one", (b:receive()))
    assert.equal(4, (b:getstats()))
    b:setstats(100)
    assert.equal(100, (b:getstats()))
    assert.equal("two", (b:receive()))
    assert.equal("345", (b:receive(3)))
    assert.is_true(b:dirty())
    assert.equal("six", (b:receive()))
    a:close()
    assert.equal("the end", (b:receive "*a"))
    assert.equal(100 + #text - 4, (b:getstats()))
    assert.is_false(b:dirty())
  end)

  it("is not there for another connection", function()
    local server <close>, port = listen()
    local a <close> = assert(socket.connect(HOST, port))
    local first = server:accept()
    first:send "line\nrest\n"
    assert.equal("line", (a:receive()))
    a:close()
    assert.equal(1, a:connect(HOST, port))
    server:accept():send "new\n"
    assert.equal("new", (a:receive()))
  end)

  it("is given before an error that came with it", function()
    local _, b = pair()
    local results = { { nil, "broken", "a\nb" }, { "c\n" } }
    imitate(b, { receive = function()
      return table.unpack(table.remove(results, 1), 1, 3)
    end })
    assert.equal("a", (b:receive()))
    assert.same({ n = 3, nil, "broken", "b" }, table.pack(b:receive()))
    assert.equal("c", (b:receive()))
  end)
end)

describe("what goes wrong outside:", function()
  it("a peer that resets ends the calls that wait", function()
    for _, case in ipairs {
      { "receive", 1 << 20 }, { "send", ("x"):rep(1 << 22) },
    } do
      local a, b = pair()
      b:send "not read"
      local t, results = waiting(a[case[1]], a, case[2])
      b:setoption("linger", { on = true, timeout = 0 })
      b:close()
      support.join(t)
      assert.is_true(results[1])
      assert.is_nil(results[2])
      assert.equal("closed", results[3])
      a:close()
    end
  end)

  it("a descriptor that something else has closed", function()
    local a, b = pair()
    local thief = luasocket.tcp()
    thief:setfd(b:getfd())
    thief:close()
    for _, method in ipairs { "receive", "send", "getsockname" } do
      local ok, err = b[method](b, method == "send" and "x" or nil)
      assert.is_nil(ok)
      assert.equal("string", type(err))
    end
    local ok, message = pcall(socket.select, { b })
    assert.is_false(ok)
    assert.matches("descriptor %d+: Bad file descriptor", message)
    b:setfd(-1)
    assert.same({ n = 3, nil, "closed", "" }, table.pack(b:receive()))
    assert.same({ n = 3, nil, "closed", "" }, table.pack(a:receive()))
  end)

  it("a descriptor that is no socket", function()
    local s = socket.tcp4()
    local fd = s:getfd()
    s:setfd(0) -- standard input
    local ok, err = s:connect(HOST, 1)
    assert.is_nil(ok)
    assert.equal("string", type(err))
    s:setfd(fd)
    assert.same({ nil, "connection refused" }, { s:connect(HOST, 1) })
    s:close()
  end)

  it("arguments of a method that the object refuses", function()
    local server <close> = listen()
    local a = pair()
    for _, case in ipairs {
      { "bad argument 'self' to 'receive' (tcp{client} expected)",
        server.receive, server },
      { "bad argument 'self' to 'send' (tcp{client} expected)",
        server.send, server, "x" },
      { "bad argument 'self' to 'accept' (tcp{server} expected)",
        a.accept, a },
      { "bad argument 'option' to 'setoption' (unsupported option `x')",
        a.setoption, a, "x", 1 },
      { "bad argument 'pattern' to 'receive' (invalid receive pattern)",
        a.receive, a, "*x" },
      { "bad argument 'pattern' to 'receive' (invalid receive pattern)",
        a.receive, a, -1 },
      { "bad self (threading.TCP expected, got table)", a.receive, {} },
      { "bad argument 'recvt' to 'select' (list of sockets expected, got 5)",
        socket.select, { 5 } },
      { "bad argument 'sendt' to 'select' (list of sockets expected, got "
        .. "table)", socket.select, nil, { {} } },
      { "bad argument 'object' to 'wrap' (object of LuaSocket or LuaSec "
        .. "expected, got userdata)", socket.wrap, io.stdout },
    } do
      -- The range: a list with a nil in it has no certain length.
      local ok, message = pcall(table.unpack(case, 2, 5))
      assert.is_false(ok)
      assert.equal(case[1], (message:gsub("^[^ ]*:%d+: ", "")))
    end
  end)
end)

describe("threading.socket.select", function()
  it("waits for what comes first", function()
    local a, b = pair()
    local c, d = pair()
    for _, case in ipairs { { a, b }, { c, d } } do
      local t, results = waiting(socket.select, { b, d }, {})
      case[1]:send "x"
      support.join(t)
      assert.same({ true, 1, case[2], 1 }, { results[1], #results[2],
        results[2][1], results[2][case[2]] })
      assert.equal("x", (case[2]:receive(1)))
    end
    fill(a)
    local t, results = waiting(socket.select, {}, { a, a })
    local _, sent = a:getstats()
    b:receive(sent - 1)
    support.join(t)
    assert.equal(a, results[3][1])
    for _, s in ipairs { a, b, c, d } do
      s:close()
    end
  end)

  it("knows of what was received before", function()
    local a, b = pair()
    a:send "one\ntwo\n"
    b:receive() -- of what came with one send
    local r = socket.select({ b }, nil, 0)
    assert.equal(b, r[1])
  end)

  it("takes LuaSocket's objects, and leaves out what is closed", function()
    local server = luasocket.bind(HOST, 0)
    local a = pair()
    a:close()
    local r, w, err = socket.select({ server, a }, { a }, 0.01)
    assert.same({ 0, 0, "timeout" }, { #r, #w, err })
    server:close()
  end)

  it("takes more than 1024", function()
    local list = {}
    for i = 1, 1100 do
      list[i] = socket.udp4()
    end
    if #list < 1100 then
      pending "the limit of open files"
    else
      local last = list[1100]
      last:setsockname(HOST, 0)
      local ip, port = last:getsockname()
      local t, results = waiting(socket.select, list)
      list[1]:sendto("x", ip, port)
      support.join(t)
      assert.same({ 1, last }, { #results[2], results[2][1] })
    end
    for _, s in ipairs(list) do
      s:close()
    end
  end)
end)

describe("io.wait_fd", function()
  it("takes LuaSocket's objects, and ours", function()
    for _, lib in ipairs { luasocket, socket } do
      local server, port = listen(lib)
      assert.same({ nil, "timeout" }, { io.wait_fd(server, "r", 0.001) })
      local client = assert(lib.connect(HOST, port))
      assert.same({ true }, { io.wait_fd(server, "r", PATIENCE) })
      assert.same({ true, "w" }, { io.wait_fd(client, "rw") })
      local peer = server:accept()
      client:send "one\ntwo\n"
      assert.same({ true }, { io.wait_fd(peer, "r") })
      assert.equal("one", (peer:receive()))
      assert.same({ true }, { io.wait_fd(peer, "r", 0) }) -- in its buffer
      for _, s in ipairs { client, peer, server } do
        s:close()
        assert.same({ nil, "closed" }, { io.wait_fd(s, "r") })
      end
    end
  end)
end)

describe("a program", function()
  -- Is there one that has the descriptor of a socket?
  local function inherits(s)
    return (os.execute(("test -e /dev/fd/%d"):format(s:getfd())))
  end

  it("inherits no socket", function()
    local raw = luasocket.tcp4()
    if not inherits(raw) then
      pending "LuaSocket sees to it, or the system has no /dev/fd"
      return
    end
    local server <close> = listen()
    local ip, port = server:getsockname()
    local client = assert(socket.connect(ip, port))
    local list = { server, client, server:accept(), socket.wrap(raw),
      socket.tcp4(), socket.tcp(), socket.udp4(), socket.udp(), socket.udp(),
      socket.udp() }
    list[6]:bind(ip, 0)
    list[8]:setsockname(ip, 0)
    list[9]:setpeername(ip, port)
    list[10]:sendto("x", ip, port)
    for i, s in ipairs(list) do
      assert.is_true(s:getfd() >= 0)
      assert.is_falsy(inherits(s), i)
    end
    client:close()
    client:connect(ip, port)
    assert.is_falsy(inherits(client))
    for _, s in ipairs(list) do
      s:close()
    end
  end)
end)

describe("threading.socket.wrap", function()
  it("makes one socket of an object, with its timeouts", function()
    local it = luasocket.tcp4()
    it:settimeout(2)
    it:settimeout(3, "t")
    local s = socket.wrap(it)
    assert.equal(s, socket.wrap(it))
    assert.equal(s, socket.wrap(s))
    assert.same({ 2, 3 }, { s:gettimeout() })
    assert.is_not.equal(s, socket.wrap(luasocket.tcp()))
    s:close()
  end)

  it("forgets objects that nobody has", function()
    local weak = setmetatable({ socket.tcp(), socket.wrap(luasocket.udp()) },
      { __mode = "v" })
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(weak))
  end)

  it("serves LuaSocket's sockets with a path", function()
    local unix = require "socket.unix"
    local path = os.tmpname()
    os.remove(path)
    local server = socket.wrap(unix.stream())
    assert(server:bind(path))
    assert(server:listen())
    local t, results = waiting(server.accept, server)
    local client = socket.wrap(unix.stream())
    assert.equal(1, client:connect(path))
    support.join(t)
    local peer = results[2]
    t, results = waiting(peer.receive, peer, "*a")
    client:send "hello"
    client:close()
    support.join(t)
    assert.equal("hello", results[2])
    assert.matches("^unixstream", tostring(server))
    peer:close()
    server:close()
    os.remove(path)
    local to, from = socket.wrap(unix.dgram()), socket.wrap(unix.dgram())
    assert(to:bind(path))
    t, results = waiting(to.receive, to)
    from:sendto("datagram", path)
    support.join(t)
    assert.equal("datagram", results[2])
    to:close()
    os.remove(path)
  end)
end)

-- An encrypted connection is made in two threads: each end waits for the other.
describe("LuaSec's objects", function()
  local has_ssl, ssl = pcall(require, "ssl")
  local name = os.tmpname()
  local made = has_ssl and os.execute(("openssl req -x509 -newkey ec -pkeyopt "
    .. "ec_paramgen_curve:prime256v1 -nodes -keyout %s.key -out %s -days 2 "
    .. "-subj /CN=localhost >/dev/null 2>&1"):format(name, name))

  teardown(function()
    os.remove(name)
    os.remove(name .. ".key")
  end)

  local function encrypted(s, mode)
    return socket.wrap(assert(ssl.wrap(s, {
      mode = mode, protocol = "tlsv1_2", verify = "none",
      key = mode == "server" and name .. ".key" or nil,
      certificate = mode == "server" and name or nil,
    })))
  end

  -- Both ends, and what the descriptors were wrapped in before.
  local function encrypted_pair()
    local a, b = pair()
    local client, peer = encrypted(a, "client"), encrypted(b, "server")
    local t, results = waiting(peer.dohandshake, peer)
    assert.is_true(client:dohandshake())
    support.join(t)
    assert.same({ true, true, n = 2 }, results)
    return client, peer, a
  end

  if not made then
    pending "no LuaSec, or no openssl"
    return
  end

  it("shake hands, send and receive", function()
    local client, peer, before = encrypted_pair()
    assert.equal(-1, before:getfd())
    local t, results = waiting(peer.receive, peer)
    client:send "hello\n"
    support.join(t)
    assert.equal("hello", results[2])
    assert.equal("TLSv1.2", client:info "protocol")
    assert.equal("function", type(client.getpeercertificate))
    t, results = waiting(client.receive, client, "*a")
    peer:send "bye"
    peer:close()
    support.join(t)
    assert.equal("bye", results[2])
    client:close()
  end)

  it("much data, in both directions at once", function()
    local client, peer = encrypted_pair()
    local block = ("0123456789"):rep(100000)
    local received, list = {}, {}
    for i, s in ipairs { client, peer } do
      list[#list + 1] = support.start(function()
        s:send(block)
      end)
      list[#list + 1] = support.start(function()
        received[i] = s:receive(#block)
      end)
    end
    support.join(list)
    assert.is_true(received[1] == block and received[2] == block)
    client:close()
    peer:close()
  end)

  it("timeouts are told in LuaSec's words, and keep what has come", function()
    local client, peer = encrypted_pair()
    client:settimeout(0.01)
    peer:send "part"
    arrived(client)
    assert.same({ n = 3, nil, "wantread", "part" },
      table.pack(client:receive(5)))
    client:settimeout(PATIENCE)
    peer:send "!"
    assert.equal("part!", (client:receive(5, "part")))
    client:close()
    peer:close()
  end)

  it("a handshake that is not answered times out, or is ended", function()
    local a, b = pair()
    local client = encrypted(a, "client")
    client:settimeout(0.01)
    assert.same({ n = 2, false, "wantread" }, table.pack(client:dohandshake()))
    client:settimeout()
    local t, results = waiting(client.dohandshake, client)
    client:close()
    support.join(t)
    assert.same({ true, false, "closed", n = 3 }, results)
    assert.same({ n = 2, false, "closed" }, table.pack(client:dohandshake()))
    assert.same({ n = 3, nil, "closed", "" }, table.pack(client:receive()))
    b:close()
  end)

  it("a cancellation: nothing is lost", function()
    local client, peer = encrypted_pair()
    local t = waiting(client.receive, client)
    peer:send "one "
    support.wait_until(function()
      return client:getstats() == 4
    end)
    t:cancel()
    support.join(t)
    peer:send "line\n"
    assert.equal("one line", (client:receive()))
    client:close()
    peer:close()
  end)
end)
