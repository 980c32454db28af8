-- threading.socket: several threads, at one socket and at several.

local sockets = require "spec.support.sockets"
local support = require "spec.support"
local time = require "threading.time"

if not sockets then
  describe("threading.socket", function()
    pending "needs LuaSocket"
  end)
  return
end

local socket = require "threading.socket"
local HOST <const> = "127.0.0.1"
local HUGE <const> = sockets.HUGE
local listen, pair, waiting = sockets.listen, sockets.pair, sockets.waiting

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
