-- threading.socket: what ends a call before its time.

local io = require "threading.io"
local sockets = require "spec.support.sockets"
local support = require "spec.support"
local threading = require "threading"

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
local listen, pair, waiting = sockets.listen, sockets.pair, sockets.waiting

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
      { "bad argument #1 to 'receive' (threading.TCP expected, got table); "
        .. "use `sock:receive(...)`", a.receive, {} },
      { "bad argument #1 to 'send' (threading.TCP expected, got threading.UDP)"
        .. "; use `sock:send(...)`", a.send, socket.udp4(), "x" },
      { "bad argument 'self' to 'receive' (tcp{client} expected)",
        a.receive, socket.tcp() },
      { "bad argument 'self' to 'receive' (tcp{client} expected)",
        a.receive, socket.tcp(), 1, "prefix" },
      { "bad argument 'prefix' to 'receive' (string expected, got boolean)",
        a.receive, a, "*l", true },
      { "bad argument 'data' to 'send' (string expected, got nil)",
        a.send, a },
      { "bad argument 'i' to 'send' (integer expected, got 1.5)",
        a.send, a, "x", 1.5 },
      { "bad argument 'self' to 'send' (udp{connected} expected)",
        socket.udp4().send, socket.udp4(), "x" },
      { "bad argument 'size' to 'receive' (integer of at least 0 expected, "
        .. "got -1)", socket.udp4().receive, socket.udp4(), -1 },
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
