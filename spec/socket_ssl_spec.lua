-- threading.socket with LuaSec's objects.

local sockets = require "spec.support.sockets"
local support = require "spec.support"

if not sockets then
  describe("threading.socket", function()
    pending "needs LuaSocket"
  end)
  return
end

local socket = require "threading.socket"
local PATIENCE <const> = support.PATIENCE
local arrived, pair, waiting = sockets.arrived, sockets.pair, sockets.waiting

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
