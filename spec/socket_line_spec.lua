-- threading.socket: lines, and what comes with them.

local sockets = require "spec.support.sockets"

if not sockets then
  describe("threading.socket", function()
    pending "needs LuaSocket"
  end)
  return
end

local socket = require "threading.socket"
local support = require "spec.support"
local time = require "threading.time"
local HOST <const> = "127.0.0.1"
local arrived, imitate, listen, pair =
  sockets.arrived, sockets.imitate, sockets.listen, sockets.pair

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

  it("keeps a peer from taking memory", function()
    local a, b = pair()
    b:setmaxline(1 << 16)
    local t = support.start(function()
      a:settimeout()
      for _ = 1, 32 do
        a:send(sockets.HUGE) -- a gigabyte, if it comes to that
      end
    end)
    assert.equal("line too long", select(2, b:receive()))
    b:close()
    support.join(t)
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

describe("a line", function()
  it("may be long", function()
    local a, b = pair()
    local text = sockets.HUGE
    local t = support.start(a.send, a, text .. "\r\n" .. text)
    assert.is_true(b:receive() == text)
    assert.is_true(b:receive(#text) == text)
    support.join(t)
  end)

  it("may come in pieces, beside others", function()
    local a, b = pair()
    local text = ("one\r\ntwo\n\n"):rep(3)
    local t = support.start(function()
      for i = 1, #text do
        a:send(text:sub(i, i))
        time.sleep(0)
      end
    end)
    for _ = 1, 3 do
      for _, line in ipairs { "one", "two", "" } do
        assert.equal(line, (b:receive()))
      end
    end
    support.join(t)
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
