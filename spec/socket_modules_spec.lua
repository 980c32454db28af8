-- LuaSocket's modules on our sockets: threading.socket.http, smtp, ftp, and
-- threading.ssl.https.

local sockets = require "spec.support.sockets"
local support = require "spec.support"
local threading = require "threading"
local tls = require "spec.support.tls"

teardown(tls.clean)

if not sockets then
  describe("threading.socket.http", function()
    pending "needs LuaSocket"
  end)
  return
end

local ltn12 = require "ltn12"
local socket = require "threading.socket"
local ftp = require "threading.socket.ftp"
local http = require "threading.socket.http"
local smtp = require "threading.socket.smtp"

-- The request's first line is answered; and what it posts.
local function echo(conn)
  local first, headers = tls.read_request(conn)
  if not first then
    return -- one that does not trust the server
  end
  local length = tonumber(headers["content-length"]) or 0
  local posted = length > 0 and conn:receive(length) or ""
  tls.answer(conn, first .. "\n" .. posted)
end

-- Answers none before it has four requests.
local function slow()
  local barrier = threading.Barrier(4)
  return function(conn)
    tls.read_request(conn)
    barrier:wait(support.PATIENCE)
    tls.answer(conn, "late")
  end
end

local function four_clients(request)
  local bodies, note = support.shared_list()
  support.join(support.start_many(4, function()
    note((request()))
  end))
  assert.same({ "late", "late", "late", "late" }, bodies)
end

describe("threading.socket.http", function()
  it("makes requests", function()
    local server <close>, port = tls.serve(nil, echo)
    local url = ("http://127.0.0.1:%s/"):format(port)
    local body, status, headers, line = http.request(url .. "a?b")
    assert.equal("GET /a?b HTTP/1.1\n", body)
    assert.equal(200, status)
    assert.equal("18", headers["content-length"])
    assert.equal("HTTP/1.1 200 OK", line)
    assert.equal("POST / HTTP/1.1\nx=1", (http.request(url, "x=1")))
    local parts = {}
    local ok
    ok, status = http.request {
      method = "PUT", url = url, sink = ltn12.sink.table(parts),
      source = ltn12.source.string "content",
      headers = { ["content-length"] = 7 },
    }
    assert.same({ 1, 200 }, { ok, status })
    assert.equal("PUT / HTTP/1.1\ncontent", table.concat(parts))
    server:close()
    assert.same({ nil, "connection refused" }, { http.request(url) })
  end)

  it("four clients of a slow server wait together", function()
    local server <close>, port = tls.serve(nil, slow())
    four_clients(function()
      return http.request(("http://127.0.0.1:%s/"):format(port))
    end)
    assert.is_true(server:getfd() >= 0)
  end)

  it("requests one after the other on one connection", function()
    local server <close>, port = tls.serve(nil, function(conn)
      for _ = 1, 3 do
        echo(conn)
      end
    end)
    local h = http.open("127.0.0.1", port, socket.tcp)
    for i = 1, 3 do
      h:sendrequestline("GET", "/" .. i)
      h:sendheaders { ["content-length"] = "0" }
      assert.equal(200, (h:receivestatusline()))
      local parts = {}
      h:receivebody(h:receiveheaders(), (ltn12.sink.table(parts)))
      assert.equal("GET /" .. i .. " HTTP/1.1\n", table.concat(parts))
    end
    h:close()
    assert.is_true(server:getfd() >= 0)
  end)

  it("that times out, or is cancelled, leaves no connection open", function()
    local ended, note = support.shared_list()
    local server <close>, port = tls.serve(nil, function(conn)
      tls.read_request(conn)
      note(select(2, conn:receive()))
    end)
    local url = ("http://127.0.0.1:%s/"):format(port)
    local t, results = sockets.waiting(http.request, url)
    t:cancel "enough"
    support.join(t)
    assert.is_false(results[1])
    support.wait_until(function() return #ended == 1 end)
    http.TIMEOUT = 0.05
    assert.same({ nil, "timeout" }, { http.request(url) })
    http.TIMEOUT = 60
    support.wait_until(function() return #ended == 2 end)
    assert.same({ "closed", "closed" }, ended)
    assert.is_true(server:getfd() >= 0)
  end)

  it("a request in the middle of another", function()
    local server <close>, port = tls.serve(nil, echo)
    local url = ("http://127.0.0.1:%s/"):format(port)
    local inner, outer = nil, {}
    local co = coroutine.wrap(function()
      http.request { url = url .. "outer", sink = function(chunk)
        coroutine.yield()
        if chunk then
          inner = http.request(url .. "inner")
          outer[#outer + 1] = chunk
        end
        return 1
      end }
      return "done"
    end)
    repeat until co() == "done"
    assert.equal("GET /inner HTTP/1.1\n", inner)
    assert.equal("GET /outer HTTP/1.1\n", table.concat(outer))
    assert.is_true(server:getfd() >= 0)
  end)

  it("leaves the program's own modules alone", function()
    assert.equal("true\n", support.output_of [[
      local globals, loaded = {}, {}
      for name in pairs(_G) do globals[name] = true end
      local own = require "socket"
      local threading = require "threading"
      local socket = require "threading.socket"
      local http = require "threading.socket.http"
      require "threading.socket.smtp"
      require "threading.socket.ftp"
      pcall(require, "threading.ssl.https")
      for name in pairs(_G) do assert(globals[name], name) end
      assert(package.loaded.socket == own)
      for _, name in ipairs { "http", "smtp", "ftp", "tp" } do
        assert(package.loaded["socket." .. name] == nil, name)
        assert(own[name] == nil, name)
        assert(rawget(socket, name) == nil, name)
      end
      assert(package.loaded["ssl.https"] == nil)
      local theirs = require "socket.http"
      assert(theirs ~= http and theirs == own.http)
      http.TIMEOUT = 1
      print(theirs.TIMEOUT == 60)
    ]])
  end)

  it("says what it needs", function()
    local r = support.run [[
      require "threading.socket"
      local search = package.searchpath
      package.searchpath = function(name, ...)
        if name == "socket.http" then return nil, "\n\tno such file" end
        return search(name, ...)
      end
      require "threading.socket.http"
    ]]
    assert.equal(1, r.code)
    assert.matches("threading.socket.http needs LuaSocket's socket.http, which "
      .. "package.path does not lead to", r.err, 1, true)
  end)
end)

-- A server for one conversation: answers each line that it knows.
local function converse(answers, note)
  return function(conn)
    conn:send "220 hello\r\n"
    local line = conn:receive()
    while line do
      note(line)
      local verb = line:match "^%a+"
      conn:send((answers[verb and verb:lower()] or "250 well") .. "\r\n")
      if line == "DATA" then
        repeat
          line = conn:receive()
          note(line)
        until line == "." or not line
        conn:send "250 taken\r\n"
      end
      line = conn:receive()
    end
  end
end

local mail_answers = { ehlo = "250-here\r\n250 AUTH PLAIN", data = "354 go on",
  quit = "221 bye" }

local function mail(more)
  return tls.with(more, {
    server = "127.0.0.1", user = "me", password = "secret",
    from = "<a@example.org>", rcpt = { "<b@example.org>", "<c@example.org>" },
    source = smtp.message {
      headers = { subject = "hello", date = "today" }, body = "one\r\n.\r\ntwo",
    },
  })
end

local function check_mail(lines)
  local text = table.concat(lines, "\n")
  assert.matches("^EHLO [^\n]*\nAUTH PLAIN [^\n]*\nMAIL FROM:<a@example.org>\n"
    .. "RCPT TO:<b@example.org>\nRCPT TO:<c@example.org>\nDATA\n", text)
  assert.matches("\none\n%.%.\ntwo\n%.\nQUIT$", text)
  assert.matches("\nSubject: hello\n", text)
end

describe("threading.socket.smtp", function()
  it("sends a message", function()
    local lines, note = support.shared_list()
    local server <close>, port = tls.serve(nil, converse(mail_answers, note))
    assert.equal(1, (smtp.send(mail { port = port })))
    check_mail(lines)
    assert.is_true(server:getfd() >= 0)
  end)

  it("tells what the server says", function()
    local _, note = support.shared_list()
    local server <close>, port = tls.serve(nil, converse({
      ehlo = "250 here", mail = "550 not from you",
    }, note))
    assert.same({ nil, "550 not from you" },
      { smtp.send(mail { port = port, user = false }) })
    assert.is_true(server:getfd() >= 0)
  end)
end)

describe("threading.socket.ftp", function()
  it("fetches and stores a file", function()
    local data <close>, data_port = sockets.listen()
    local stored
    local function serve(conn)
      conn:send "220 hello\r\n"
      local line = conn:receive()
      while line do
        local verb = line:match("^%a+"):lower()
        if verb == "epsv" then
          conn:send(("229 here (|||%s|)\r\n"):format(data_port))
        elseif verb == "retr" or verb == "stor" then
          conn:send "150 it comes\r\n"
          local it = data:accept()
          if verb == "retr" then
            it:send("file " .. line:match " (.*)$")
          else
            stored = it:receive "*a"
          end
          it:close()
          conn:send "226 done\r\n"
        else
          conn:send "230 well\r\n"
        end
        line = conn:receive()
      end
    end
    local server <close>, port = tls.serve(nil, serve)
    local url = ("ftp://127.0.0.1:%s/a.txt"):format(port)
    assert.equal("file a.txt", (ftp.get(url)))
    assert.equal(7, (ftp.put(url, "content")))
    assert.equal("content", stored)
    assert.is_true(server:getfd() >= 0)
  end)
end)

describe("threading.ssl.https", function()
  if tls.why then
    pending(tls.why)
    return
  end

  local https = require "threading.ssl.https"
  local trusted = { cafile = tls.file "ca" }

  local function with(more, url)
    return tls.with(more, { url = url })
  end

  it("makes requests, of a server that it trusts", function()
    local server <close>, port = tls.serve(tls.server "good", echo)
    local url = ("https://localhost:%s/a"):format(port)
    local body, why = https.request(url)
    assert.is_nil(body)
    assert.matches("^certificate verify failed: ", why)
    local parts = {}
    local request = with({ cafile = trusted.cafile,
      sink = ltn12.sink.table(parts) }, url)
    for _ = 1, 2 do -- the table is as before
      local ok, status = https.request(request)
      assert.same({ 1, 200 }, { ok, status })
    end
    assert.equal(("GET /a HTTP/1.1\n"):rep(2), table.concat(parts))
    assert.is_nil(request.create)
    assert.equal(1, (http.request(request)))
    body, why = https.request(with(trusted, url:gsub("localhost", "127.0.0.2")))
    assert.same({ nil, "connection refused" }, { body, why })
    assert.is_true(server:getfd() >= 0)
  end)

  it("of one for another host, or of anybody", function()
    local server <close>, port = tls.serve(tls.server "other", echo)
    local url = ("https://localhost:%s/"):format(port)
    local body, why = https.request(with(trusted, url))
    assert.is_nil(body)
    assert.matches("not for localhost", why)
    assert.equal(1, (https.request { url = url, verify = "none" }))
    assert.is_true(server:getfd() >= 0)
  end)

  it("with SSL_CERT_FILE, as a string, posting", function()
    assert.equal("POST /a HTTP/1.1 x=1\t200\n", support.output_of(([[
      local https = require "threading.ssl.https"
      local socket, ssl = require "threading.socket", require "threading.ssl"
      local server = socket.bind("127.0.0.1", 0)
      require("threading").Thread { target = function()
        local conn <close> = ssl.wrap(server:accept(), {
          mode = "server", certificate = %q, key = %q,
        })
        conn:dohandshake()
        local first = conn:receive()
        repeat until conn:receive() == ""
        conn:send("HTTP/1.0 200 OK\r\n\r\n" .. first .. " "
          .. conn:receive(3))
      end }:start()
      local _, port = server:getsockname()
      local body, status = https.request("https://localhost:" .. port .. "/a",
        "x=1")
      print(body, status)
    ]]):format(tls.file "good", tls.file("good", "key")), {
      before = "unset SSL_CERT_DIR; export SSL_CERT_FILE=" .. tls.file "ca",
    }))
  end)

  it("four clients of a slow server wait together", function()
    local server <close>, port = tls.serve(tls.server "good", slow())
    local create = https.tcp(trusted)
    four_clients(function()
      local parts = {}
      assert(https.request {
        url = ("https://localhost:%s/"):format(port), create = create,
        sink = ltn12.sink.table(parts),
      })
      return table.concat(parts)
    end)
    assert.is_true(server:getfd() >= 0)
  end)

  it("a redirection is followed, and checked as well", function()
    local good <close>, good_port = tls.serve(tls.server "good", echo)
    local bad <close>, bad_port = tls.serve(tls.server "self", echo)
    local plain <close>, port = tls.serve(nil, function(conn)
      local first = tls.read_request(conn)
      tls.answer(conn, "", "302 Found", ("Location: https://localhost:%s/b\r\n")
        :format(first:find "good" and good_port or bad_port))
    end)
    local url = ("http://127.0.0.1:%s/"):format(port)
    local body, status = http.request(url .. "bad")
    assert.is_true(body == nil or body == "")
    assert.matches("^certificate verify failed: ", status)
    body, status = http.request(url .. "good")
    assert.is_true(body == nil or body == "")
    assert.matches("^certificate verify failed: ", status)
    assert.is_true(good:getfd() >= 0 and bad:getfd() >= 0
      and plain:getfd() >= 0)
  end)

  it("a server that does not answer: timeout, cancellation", function()
    local ended, note = support.shared_list()
    local server <close>, port = tls.serve(tls.server "good", function(conn)
      tls.read_request(conn)
      note(select(2, conn:receive()))
    end)
    local request = with(trusted, ("https://localhost:%s/"):format(port))
    local t, results = sockets.waiting(https.request, request)
    t:cancel "enough"
    support.join(t)
    assert.is_false(results[1])
    https.TIMEOUT = 0.05
    assert.same({ nil, "timeout" }, { https.request(request) })
    https.TIMEOUT = 60
    support.wait_until(function() return #ended >= 1 end)
    assert.equal("closed", ended[1])
    assert.is_true(server:getfd() >= 0)
  end)

  it("sends mail", function()
    local lines, note = support.shared_list()
    local server <close>, port = tls.serve(tls.server "good",
      converse(mail_answers, note))
    assert.equal(1, (smtp.send(mail {
      server = "localhost", port = port, create = https.tcp(trusted),
    })))
    check_mail(lines)
    local sent, why = smtp.send(mail {
      server = "localhost", port = port, create = https.tcp(),
    })
    assert.is_nil(sent)
    assert.matches("^certificate verify failed: ", why)
    assert.is_true(server:getfd() >= 0)
  end)

  it("refuses what is wrong", function()
    assert.same({ nil, "'http://localhost/' does not begin with https:" },
      { https.request "http://localhost/" })
    assert.equal("bad argument 'url' to 'request' (string or table expected, "
      .. "got nil)", support.message(https.request))
    assert.equal("bad argument 'body' to 'request' (string expected, got 1)",
      support.message(https.request, "https://localhost/", 1))
    assert.equal("bad argument 'params' to 'tcp' (table expected, got 1)",
      support.message(https.tcp, 1))
    assert.same({ nil, "proxy not supported" }, { https.request {
      url = "https://localhost/", proxy = "http://localhost:1",
    } })
  end)

end)
