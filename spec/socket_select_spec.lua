-- Waiting for one of several sockets.

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
local fill, listen, pair, waiting =
  sockets.fill, sockets.listen, sockets.pair, sockets.waiting

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
