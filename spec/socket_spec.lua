-- threading.socket against LuaSocket itself: its names, results and objects.

local sockets = require "spec.support.sockets"
local support = require "spec.support"

if not sockets then
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

local luasocket = require "socket"
local socket = require "threading.socket"
local HOST <const> = "127.0.0.1"
local PATIENCE <const> = support.PATIENCE
local listen, waiting = sockets.listen, sockets.waiting

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
    ["all, cut off by a reset"] = function(a, b)
      a:send "one\ntwo"
      local line = b:receive()
      a:setoption("linger", { on = true, timeout = 0 })
      a:close()
      return line, table.unpack(table.pack(b:receive("*a", "<")), 1, 3)
    end,
    ["all that is left in a closed socket"] = function(a, b)
      a:send "one\ntwo"
      local line = b:receive()
      b:close()
      return line, table.unpack(table.pack(b:receive "*a"), 1, 3)
    end,
    ["a prefix that is enough"] = function(_, b)
      return table.pack(b:receive(2, "ab")).n, b:receive(1, "ab")
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
    ["a descriptor that is no socket"] = function(a, b)
      local fd = a:getfd()
      local other = luasocket.udp4()
      local lowest = other:getfd()
      other:close()
      local file <close> = assert(io.open "/dev/null") -- has that number now
      a:setfd(lowest)
      local data, err, partial = a:receive(5)
      local last, why, sent = a:send("abc", 2)
      a:setfd(fd)
      return file and b:send "x", data, err, partial, last, why, sent,
        a:receive(1)
    end,
    ["a descriptor that is closed"] = function(a, b)
      local fd = a:getfd()
      a:setfd(1 << 20)
      local data, err, partial = a:receive()
      local last, why, sent = a:send "abc"
      a:setfd(fd)
      return data, err, partial, last, why, sent, b:close()
    end,
    ["nothing to send"] = function(a)
      local first = a:send ""
      a:close()
      return first, a:send "", a:send("abc", 9), a:send("abc", 1 << 62)
    end,
    ["bytes of zero, and above"] = function(a, b)
      local text = "\0\1\r\255\n"
      a:send(text .. text .. text)
      return b:receive(5), b:receive(), b:receive(4)
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
    ["datagrams, and nobody there"] = function(lib)
      local s, other = lib.udp4(), lib.udp4()
      other:setsockname(HOST, 0)
      local ip, port = other:getsockname()
      other:close()
      s:setpeername(ip, port)
      local sent = s:send "x"
      local data, err = s:receive()
      s:close()
      return sent, data, err, s:send "x"
    end,
    ["datagrams of a size"] = function(lib)
      local s = lib.udp4()
      s:setsockname(HOST, 0)
      local ip, port = s:getsockname()
      local results = {}
      for i, size in ipairs { 0, 8191, 8193, 60000 } do
        s:sendto(("x"):rep(60000), ip, port)
        results[i] = #s:receive(size)
      end
      s:sendto(("x"):rep(9000), ip, port)
      local got, from = s:receivefrom()
      return #got, from == ip, table.unpack(results)
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

  it("takes over what the object has received", function()
    local server <close>, port = listen()
    local it = assert(luasocket.connect(HOST, port))
    it:settimeout(PATIENCE)
    local peer <close> = server:accept()
    peer:send "one\ntwo\nthree"
    assert.equal("one", (it:receive()))
    local s = socket.wrap(it)
    assert.is_true(s:dirty())
    assert.equal(s, socket.select({ s }, nil, 0)[1])
    assert.equal(4, (s:getstats()))
    assert.equal("two", (s:receive()))
    assert.equal(8, (s:getstats()))
    peer:close()
    assert.equal("three", (s:receive "*a"))
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
    client = socket.wrap(unix.stream())
    client:connect(path)
    client:send "there"
    client:close()
    peer = server:accept()
    peer:settimeout(0)
    assert.equal("there", peer:receive "*a") -- with no time to wait
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
