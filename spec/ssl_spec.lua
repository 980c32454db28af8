-- threading.ssl: what it adds to LuaSec. spec/socket_ssl_spec.lua has LuaSec's
-- own objects.

local sockets = require "spec.support.sockets"
local support = require "spec.support"
local tls = require "spec.support.tls"
local time = require "threading.time"

describe("threading.ssl", function()
  teardown(tls.clean)

  if tls.why then
    pending(tls.why)
    return
  end

  local luasec = require "ssl"
  local names = require "threading.ssl.names"
  local socket = require "threading.socket"
  local ssl = require "threading.ssl"
  local client_of, file, server_of = tls.client, tls.file, tls.server
  local PATIENCE <const> = support.PATIENCE

  -- A client that wants to talk to `host`, before a server with this
  -- certificate.
  local function try(certificate, host, params)
    local client, peer = tls.pair(client_of(params), server_of(certificate))
    if host then
      client:sni(host)
    end
    local ours, theirs = tls.shake(client, peer)
    return client, peer, ours, theirs
  end

  local function is_refused(why, ...)
    local client, peer, ours = try(...)
    assert.equal(false, ours[1])
    assert.matches("^certificate verify failed: ", ours[2])
    assert.matches(why, ours[2], 1, true)
    assert.matches("verify = \"none\"", ours[2], 1, true)
    assert.equal(-1, client:getfd())
    assert.same({ nil, "closed", 0 }, { client:send "secret" })
    assert.is_nil(peer:receive(1))
    peer:close()
  end

  local function is_trusted(...)
    local client, peer, ours, theirs = try(...)
    assert.same({ true, n = 1 }, ours)
    assert.is_true(theirs[1])
    client:send "hello\n"
    assert.equal("hello", (peer:receive()))
    client:close()
    peer:close()
  end

  describe("checks a server's certificate:", function()
    it("for a name, for a number", function()
      is_trusted("good", "localhost")
      is_trusted("good", "LOCALHOST.")
      is_trusted("good", "127.0.0.1")
      is_trusted("good", "::1")
      is_trusted("good", "[0:0:0:0:0:0:0:1]")
      is_trusted("other", "a.wild.example")
    end)

    it("one for another host", function()
      is_refused("it is for other.example, *.wild.example, *.top, not for "
        .. "localhost", "other", "localhost")
      is_refused("not for 127.0.0.2", "good", "127.0.0.2")
    end)

    it("one for no host, whatever its common name", function()
      is_refused("names no host", "unnamed", "localhost")
    end)

    it("one that it has signed itself", function()
      is_refused("self", "self", "localhost")
    end)

    it("one whose issuer is not known", function()
      is_refused("issuer", "good", "localhost", { cafile = file "self" })
    end)

    it("one that has expired", function()
      if not tls.has_expired then
        pending "this openssl makes none"
        return
      end
      is_refused("certificate has expired", "expired", "localhost")
    end)

    it("with the authorities of the system", function()
      local client = tls.pair({ mode = "client" }, server_of "good")
      client:close()
      is_refused("issuer", "good", "localhost",
        { cafile = false, capath = false })
    end)

    it("with what OpenSSL's environment variables say", function()
      for said, expected in pairs {
        ["SSL_CERT_FILE=file"] = "file\tnil\n",
        ["SSL_CERT_FILE= SSL_CERT_DIR=folder"] = "nil\tfolder\n",
        ["SSL_CERT_FILE=file SSL_CERT_DIR=folder"] = "file\tfolder\n",
      } do
        assert.equal(expected, support.output_of([[
          local authorities = require "threading.ssl.authorities"
          local file, folder = authorities()
          print(file, folder)
        ]], {
          before = "unset SSL_CERT_FILE SSL_CERT_DIR; export " .. said,
        }))
      end
    end)

    it("not, where it is told so", function()
      is_trusted("self", "127.0.0.3", { verify = "none" })
      is_trusted("other", nil, { hostname = false })
      is_trusted("other", "localhost", { hostname = "other.example" })
      is_trusted("self", nil, { verifyext = { "lsec_continue" } })
    end)

    it("of a certificate for another `hostname` than sni has", function()
      is_refused("not for other.example", "good", "localhost",
        { hostname = "other.example" })
    end)

    it("it has to know for whom", function()
      local client, peer = tls.pair(client_of(), server_of "good")
      assert.equal("no name to check the certificate for: call sni(name) "
        .. "before 'dohandshake', or pass hostname = false",
        support.message(client.dohandshake, client))
      client:close()
      peer:close()
    end)

    it("contexts of LuaSec's own are used as they are", function()
      local a, b = sockets.pair()
      local context = assert(luasec.newcontext {
        mode = "client", protocol = "any", verify = "none",
      })
      local client = assert(ssl.wrap(a, context))
      local peer = assert(ssl.wrap(b, server_of "self"))
      assert.same({ true, n = 1 }, (tls.shake(client, peer)))
      client:close()
      peer:close()
    end)

    it("a client's own is not shown to just anybody", function()
      local own = { certificate = file "good", key = file("good", "key") }
      local asks = { verify = { "peer", "fail_if_no_peer_cert" },
        cafile = file "ca" }
      local client, peer = tls.pair(client_of(own), server_of("good", asks))
      client:sni "localhost"
      local ours, theirs = tls.shake(client, peer)
      assert.is_true(ours[1] and theirs[1])
      assert.is_not_nil(peer:getpeercertificate())
      client:close()
      peer:close()
      client, peer = tls.pair(client_of(own), server_of("self", asks))
      client:sni "localhost"
      ours, theirs = tls.shake(client, peer)
      assert.is_false(ours[1])
      assert.matches("^certificate verify failed: ", ours[2])
      assert.is_false(theirs[1])
      peer:close()
    end)
  end)

  -- What a certificate says is for whom.
  it("compares names as RFC 9525 does", function()
    local certificate = function(dns, numbers)
      return { extensions = function()
        return { ["2.5.29.17"] = { dNSName = dns, iPAddress = numbers } }
      end }
    end
    local function matches(pattern, host)
      return names.check(certificate { pattern }, host) == true
    end
    for _, case in ipairs {
      { "a.example", "a.example" }, { "A.Example.", "a.exaMPLE" },
      { "*.b.example", "a.b.example" }, { "*.b.example", "A.B.example." },
    } do
      assert.is_true(matches(case[1], case[2]), case[2])
    end
    for _, case in ipairs {
      { "a.example", "b.example" }, { "a.example", "x.a.example" },
      { "*.b.example", "b.example" }, { "*.b.example", "x.a.b.example" },
      { "*.b.example", ".b.example" }, { "*.example", "a.example" },
      { "*", "localhost" }, { "*.*.example", "a.b.example" },
      { "a*.b.example", "ax.b.example" }, { "a.*.example", "a.b.example" },
      { "a.example\0.evil.example", "a.example" }, { "", "a.example" },
      { "*.0.0.1", "127.0.0.1" }, { "127.0.0.1", "127.0.0.1" },
      { "*.168.0.1", "192.168.0.1" }, { "::1", "::1" },
    } do
      assert.is_false(matches(case[1], case[2]), case[1])
    end
    assert.is_true(names.check(certificate({}, { "127.0.0.1" }), "127.0.0.1"))
    assert.is_nil(names.check(certificate({}, { "10.0.0.1" }), "10.0.0.1.x"))
    assert.equal("it is for a?b, c, d, e, f, ..., not for x", select(2,
      names.check(certificate { "a\nb", "c", "d", "e", "f", "g" }, "x")))
  end)

  it("tells the server a name, not a number", function()
    for host, told in pairs {
      localhost = "localhost", ["127.0.0.1"] = false,
    } do
      local client, peer, ours = try("good", host)
      assert.is_true(ours[1])
      assert.equal(told or nil, (peer:getsniname()))
      client:close()
      peer:close()
    end
  end)

  it("has LuaSec's other names", function()
    assert.equal(luasec.config, ssl.config)
    local f <close> = assert(io.open(file "good"))
    local certificate = ssl.loadcertificate(f:read "a")
    assert.is_true(certificate:validat(os.time()))
  end)

  it("takes over timeouts, and how long a line may be", function()
    local a, b = sockets.pair()
    a:settimeout(3)
    a:settimeout(4, "t")
    b:setmaxline(5)
    local client = assert(ssl.wrap(a, client_of { verify = "none" }))
    local peer = assert(ssl.wrap(b, server_of "good"))
    assert.equal(-1, a:getfd())
    assert.is_true(tls.shake(client, peer)[1])
    client:send "123456789\n"
    assert.same({ nil, "line too long", "12345" }, { peer:receive() })
    client:settimeout(0.01)
    client:settimeout(nil, "t")
    assert.same({ nil, "wantread", "" }, { client:receive() })
    client:close()
    peer:close()
  end)

  it("refuses what is wrong", function()
    local a, b = sockets.pair()
    b:send "early\nmore\n"
    a:receive()
    assert.same({ nil, "the socket has received data that no call has taken" },
      { ssl.wrap(a, client_of()) })
    a:receive()
    assert.same({ nil, "cannot read 'cafile': none/such: No such file or "
      .. "directory" }, { ssl.wrap(a, { mode = "client",
      cafile = "none/such" }) })
    assert.same({ nil, "cannot read 'key': none/such: No such file or "
      .. "directory" }, { ssl.newcontext { mode = "server",
      key = "none/such" } })
    assert.is_true(a:getfd() >= 0)
    for message, f in pairs {
      ["bad argument 'sock' to 'wrap' (TCP socket expected, got 1)"] =
        function() ssl.wrap(1, client_of()) end,
      ["bad argument 'params' to 'wrap' (table or context expected, got nil)"] =
        function() ssl.wrap(a) end,
      ["bad argument 'params' to 'newcontext' (table expected, got nil)"] =
        function() ssl.newcontext() end,
      ["bad argument 'params.mode' to 'newcontext' ('client' or 'server' "
        .. "expected, got nil)"] = function() ssl.newcontext {} end,
      ["bad argument 'params.hostname' to 'newcontext' (name of a host, or "
        .. "false expected, got 1)"] = function()
          ssl.newcontext { mode = "client", hostname = 1 }
        end,
    } do
      assert.equal(message, support.message(f))
    end
    a:close()
    assert.same({ nil, "closed" }, { ssl.wrap(a, client_of()) })
    b:close()
  end)

  it("a closed connection does what it can", function()
    local client, peer = try("good", "localhost")
    client:close()
    peer:close()
    for _, name in ipairs {
      "getalpn", "getfinished", "getpeercertificate", "getpeerchain",
      "getpeerfinished", "getsniname", "info", "receive", "send", "want",
    } do
      assert.equal("closed", (select(2, client[name](client, 1))), name)
    end
    assert.equal("closed", (select(2, client:sni "x")))
    assert.equal("closed", (select(2, client:dohandshake())))
    assert.is_false(client:dirty())
  end)

  it("several requests on one connection, received in parts", function()
    local client, peer = try("good", "localhost")
    local t = support.start(function()
      for first in tls.read_request, peer do
        tls.answer(peer, first:match "^GET (%S+)")
      end
    end)
    for i = 1, 5 do
      client:send(("GET /%d HTTP/1.1\r\nHo"):format(i))
      time.sleep(0)
      client:send "st: localhost\r\n\r\n"
      repeat
        local line = client:receive()
      until line == ""
      assert.equal("/", (client:receive(1)))
      assert.equal(i .. "", (client:receive(1)))
    end
    client:close()
    support.join(t)
    peer:close()
  end)

  describe("a handshake", function()
    it("that is not answered times out, both ways", function()
      for _, mode in ipairs { "b", "t" } do
        local client, peer = tls.pair(client_of(), server_of "good")
        client:sni "localhost"
        client:settimeout(0.01, mode)
        assert.same({ false, "wantread" }, { client:dohandshake() })
        client:settimeout(3, mode)
        assert.is_true(tls.shake(client, peer)[1]) -- nothing is lost
        client:close()
        peer:close()
      end
    end)

    it("that is cancelled goes on with the next call", function()
      local client, peer = tls.pair(client_of(), server_of "good")
      client:sni "localhost"
      local t, results = sockets.waiting(client.dohandshake, client)
      t:cancel "enough"
      support.join(t)
      assert.is_false(results[1])
      assert.is_true(tls.shake(client, peer)[1])
      client:close()
      peer:close()
    end)

    it("ends when another thread closes the connection", function()
      local client, peer = tls.pair(client_of(), server_of "good")
      client:sni "localhost"
      local t, results = sockets.waiting(client.dohandshake, client)
      client:close()
      support.join(t)
      assert.same({ true, false, "closed", n = 3 }, results)
      peer:close()
    end)

    it("is interrupted by Ctrl-C", function()
      assert.matches("interrupted!\n$", support.output_of [[
        local socket = require "threading.socket"
        local ssl = require "threading.ssl"
        local threading, time = require "threading", require "threading.time"
        local _thread = require "threading._thread"
        local server = socket.bind("127.0.0.1", 0)
        local _, port = server:getsockname()
        local conn = assert(ssl.wrap(socket.connect("127.0.0.1", port),
          { mode = "client", verify = "none" }))
        local main = threading.get_ident()
        threading.Thread { daemon = true, target = function()
          while _thread._parked()[main] ~= "descriptor" do time.sleep(0) end
          io.popen("kill -INT $PPID"):close()
        end }:start()
        print(select(2, pcall(conn.dohandshake, conn)))
      ]])
    end)

    it("that fails with a word of OpenSSL's", function()
      local client, peer = sockets.pair()
      client = assert(ssl.wrap(client, client_of()))
      client:sni "localhost"
      local t = support.start(function()
        peer:send "HTTP/1.0 400 Bad Request\r\n\r\n"
      end)
      local ok, err = client:dohandshake()
      assert.is_false(ok)
      assert.equal("wrong version number", err)
      support.join(t)
      client:close()
      peer:close()
    end)

    -- LuaSec calls the function in the Lua state that a context has noted last.
    it("of several threads with functions that wait", function()
      local params = server_of("good", {
        alpn = function(list)
          time.sleep(0)
          collectgarbage()
          return list
        end,
      })
      local default, named
      support.in_thread(function() -- whose state is collected then
        default = assert(ssl.newcontext(params))
        named = assert(ssl.newcontext(params))
      end)
      collectgarbage()
      local server <close>, port = sockets.listen()
      local clients = support.start_many(8, function(i)
        local a = assert(socket.connect("127.0.0.1", port))
        local conn = assert(ssl.wrap(a, client_of { alpn = { "p" .. i } }))
        conn:sni "localhost"
        assert(conn:dohandshake())
        assert(conn:getalpn() == "p" .. i)
        assert(conn:receive() == "hello")
        conn:close()
      end)
      local calls = support.excepthook_calls(function()
        local unnamed = setmetatable({}, {
          __index = function() -- called before the one for ALPN
            time.sleep(0)
          end,
        })
        local list = support.start_many(8, function(i)
          local conn <close> = assert(ssl.wrap(server:accept(), default))
          conn:sni(i % 2 == 0 and { localhost = named } or unnamed)
          assert(conn:dohandshake())
          conn:send "hello\n"
        end)
        support.join(list)
        support.join(clients)
      end)
      assert.same({}, calls)
    end)
  end)

  describe("a peer that takes nothing", function()
    it("does not hold up close by another thread", function()
      local client, peer = try("good", "localhost")
      sockets.fill(client)
      local t, results = sockets.waiting(client.send, client, sockets.HUGE)
      client:close()
      support.join(t)
      assert.equal("closed", results[3])
      peer:close()
    end)

    -- In a program of its own, which is killed when all of it blocks. OpenSSL
    -- has nothing under way, so that it would try to send its last word: what
    -- fills the buffers goes past it.
    local function ended_by(how)
      assert.equal("over\n", support.output_of(([[
        local luasocket = require "socket"
        local socket = require "threading.socket"
        local ssl = require "threading.ssl"
        local threading = require "threading"
        local server = socket.bind("127.0.0.1", 0)
        local _, port = server:getsockname()
        local plain = luasocket.connect("127.0.0.1", port)
        local peer = assert(ssl.wrap(server:accept(), {
          mode = "server", certificate = %q, key = %q,
        }))
        local t = threading.Thread {
          target = peer.dohandshake, args = { peer },
        }
        t:start()
        local client = assert(ssl.wrap(plain, {
          mode = "client", verify = "none",
        }))
        assert(client:dohandshake())
        t:join()
        local block = ("x"):rep(1 << 25)
        plain:setfd(client:getfd())
        plain:settimeout(0)
        repeat
          while plain:send(block) do end
        until select(3, luasocket.select(nil, { plain }, 0.05))
        while plain:send "." do end -- there may be room for as much
        plain:setfd(-1)
        %s
        print "over"
        os.exit(0)
      ]]):format(tls.file "good", tls.file("good", "key"), how), {
        seconds = PATIENCE,
      }))
    end

    it("holds up close for as long as the timeout says", function()
      ended_by "client:settimeout(0.01) client:close()"
    end)

    it("does not hold up the collector", function()
      ended_by [[
        local kept = setmetatable({ client }, { __mode = "v" })
        client = nil
        repeat collectgarbage() until not kept[1]
        collectgarbage()
      ]]
    end)
  end)
end)
