-- Sockets that cross to another interpreter, with a duplicate of the
-- descriptor.

local interpreters = require "threading.interpreters"
local sockets = require "spec.support.sockets"
local support = require "spec.support"

if not sockets then
  describe("threading.socket", function()
    pending "needs LuaSocket"
  end)
  return
end

local _thread = require "threading._thread"
local socket = require "threading.socket"

local describe, it, assert = describe, it, assert
local setup, teardown = setup, teardown
local listen, pair = sockets.listen, sockets.pair
local _ENV = package.loaded._G -- not that of the specs, which would be copied

describe("a socket in another interpreter", function()
  local i

  setup(function()
    i = interpreters.create()
  end)

  teardown(function()
    i:close()
  end)

  local function refused(text, value)
    assert.equal(text, support.message(_thread._encode, value))
  end

  it("is connected to the same peer, with the same timeouts", function()
    local a, b = pair()
    b:settimeout(7, "t")
    a:send "question\n"
    assert.equal("question", i:call(function(s)
      local line = s:receive()
      s:send "answer\n"
      local block, total = s:gettimeout()
      s:close()
      return line, block, total
    end, b))
    assert.equal("answer", a:receive())
    a:close()
    b:close()
  end)

  it("ends the connection with the last that is closed", function()
    local a, b = pair()
    i:call(function(s)
      _G.kept = s
    end, b)
    b:close()
    a:settimeout(0)
    assert.equal("timeout", select(2, a:receive()))
    i:exec "kept:close()"
    a:settimeout(10)
    assert.equal("closed", select(2, a:receive()))
    a:close()
  end)

  it("takes connections, side by side with here", function()
    local server <close>, port = listen()
    local client = assert(socket.connect("127.0.0.1", port))
    i:call(function(s)
      local peer <close> = s:accept()
      peer:send "there\n"
    end, server)
    assert.equal("there", client:receive())
    client:close()
    client = assert(socket.connect("127.0.0.1", port))
    local peer <close> = assert(server:accept())
    peer:send "here\n"
    assert.equal("here", client:receive())
    client:close()
  end)

  it("may be one for datagrams, and one without an address", function()
    local u <close> = socket.udp()
    assert(u:setsockname("127.0.0.1", 0))
    assert.same({ u:getsockname() }, { i:call(function(s)
      return s:getsockname()
    end, u) })
    local sender <close> = socket.udp()
    assert(sender:setpeername(u:getsockname()))
    i:call(function(s)
      s:send "datagram"
    end, sender)
    assert.equal("datagram", u:receive())
    local fresh <close> = socket.tcp()
    local server, port = listen()
    assert.equal(1, i:call(function(s, p)
      return s:connect("127.0.0.1", p)
    end, fresh, port))
    server:close()
  end)

  it("is one for a message, however often that has it", function()
    local a, b = pair()
    assert.is_true(i:call(function(s, list)
      return s == list[1]
    end, a, { a }))
    a:close()
    b:close()
  end)

  it("is refused when it is closed, or has what nobody has asked for",
    function()
      local a, b = pair()
      a:send "one\ntwo\n"
      assert.equal("one", b:receive())
      refused("args[1]: threading.TCP cannot cross: it has received what was "
        .. "not asked for yet, which would be lost: receive that here, and "
        .. "pass it, too", b)
      assert.equal("two", b:receive())
      assert.equal(1, i:call(function(s)
        return s:close()
      end, b))
      a:close()
      refused("args[1]: threading.TCP cannot cross: it is closed", a)
      b:close()
    end)

  it("of LuaSocket's own kind is refused", function()
    refused("args[1]: tcp{master} cannot cross: wrap it by threading.socket",
      require "socket".tcp())
  end)
end)
