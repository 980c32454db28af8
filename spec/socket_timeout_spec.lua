-- threading.socket: how long a call may take.

local sockets = require "spec.support.sockets"
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"

if not sockets then
  describe("threading.socket", function()
    pending "needs LuaSocket"
  end)
  return
end

local socket = require "threading.socket"
local HOST <const> = "127.0.0.1"
local PATIENCE <const> = support.PATIENCE
local HUGE <const> = sockets.HUGE
local arrived, crowd, drip, imitate =
  sockets.arrived, sockets.crowd, sockets.drip, sockets.imitate
local listen, pair, waiting = sockets.listen, sockets.pair, sockets.waiting

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

  it("that is set while a call waits is the next one's", function()
    local a, b = pair()
    b:settimeout()
    local t, results = waiting(b.receive, b)
    b:settimeout(0.001)
    a:send "part"
    support.wait_until(function()
      return b:getstats() == 4
    end)
    support.wait_thread_parked(t, "descriptor")
    b:settimeout(0)
    a:send "ly\n"
    support.join(t)
    assert.equal("partly", results[2])
    assert.same({ n = 3, nil, "timeout", "" }, table.pack(b:receive()))
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
