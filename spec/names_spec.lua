-- Looking up names: LuaSocket's results, while other threads run. A resolver
-- that takes its time is preloaded into programs of their own.

local compiler = require "spec.support.compiler"
local files = require "spec.support.files"
local support = require "spec.support"

if not require "spec.support.sockets" then
  pending "needs LuaSocket"
  return
end

local luasocket = require "socket"
local socket = require "threading.socket"

describe("dns", function()
  it("returns what LuaSocket's does", function()
    local hosts = {
      "localhost", "127.0.0.1", "::1", "127.1", "no.such.host.invalid", "",
      "two words", ("x"):rep(300), 127, luasocket.dns.gethostname(),
    }
    for _, name in ipairs { "getaddrinfo", "toip", "tohostname" } do
      for _, host in ipairs(hosts) do
        assert.same({ luasocket.dns[name](host) }, { socket.dns[name](host) })
      end
      assert.matches("bad argument", support.message(socket.dns[name], {}))
      assert.matches("bad argument", support.message(socket.dns[name]))
    end
    assert.equal(luasocket.dns.gethostname(), socket.dns.gethostname())
  end)

  it("is what sockets get of hosts without an address", function()
    for _, make in ipairs { "tcp", "tcp4", "tcp6" } do
      for _, host in ipairs { "no.such.host.invalid", "", "two words" } do
        for _, method in ipairs { "connect", "bind" } do
          local theirs, ours = luasocket[make](), socket[make]()
          assert.same({ theirs[method](theirs, host, 1) },
            { ours[method](ours, host, 1) })
        end
      end
    end
    for _, host in ipairs { "no.such.host.invalid", "localhost", "*" } do
      for _, method in ipairs { "setpeername", "setsockname" } do
        local theirs, ours = luasocket.udp4(), socket.udp4()
        assert.same({ theirs[method](theirs, host, 0) },
          { ours[method](ours, host, 0) })
        theirs:close()
        ours:close()
      end
    end
  end)
end)

describe("a resolver that hangs", function()
  local dir = files.folder()
  local there = pcall(compiler.module, "spec/support/resolver.c", dir, "-ldl")

  teardown(function()
    os.execute("rm -r " .. dir)
  end)

  if not there then
    pending "needs a linker that can preload"
    return
  end

  -- What the program prints. `go` lets the resolver go on.
  local function output_of(program)
    return support.output_of(([[
      local threading = require "threading"
      local time = require "threading.time"
      local socket = require "threading.socket"
      local support = require "spec.support"
      local resolver = %q
      local function go() assert(io.open(resolver, "w")):close() end
      local function hangs(fn, ...)
        local t = threading.Thread { target = fn, args = { ... } }
        t:start()
        support.wait_thread_parked(t, "name")
        return t
      end
      %s
    ]]):format(dir .. "/go", program), {
      before = ("rm -f %s/go*; export LD_PRELOAD=%s/resolver.so RESOLVER=%s/go")
        :format(dir, dir, dir),
    })
  end

  it("lets the other threads run", function()
    assert.equal([[
getaddrinfo 1
toip 127.0.0.1
tohostname 127.0.0.1
]], output_of [[
      local result, list = {}, {}
      for _, name in ipairs { "getaddrinfo", "toip", "tohostname" } do
        list[#list + 1] = hangs(function()
          result[name] = socket.dns[name] "host.slow"
        end)
      end
      go()
      for _, t in ipairs(list) do t:join() end
      print("getaddrinfo " .. #result.getaddrinfo)
      print("toip " .. result.toip)
      print("tohostname " .. result.tohostname)
    ]])
  end)

  it("keeps no thread of those that connect and bind", function()
    assert.equal("1\n1\n1\n1\n", output_of [[
      local server = socket.bind("127.0.0.1", 0)
      local _, port = server:getsockname()
      local result, list = {}, {}
      local function call(s, name, ...)
        local args = table.pack(...)
        list[#list + 1] = hangs(function()
          local ok, err = s[name](s, table.unpack(args))
          result[#result + 1] = ok or err
        end)
      end
      call(socket.tcp(), "connect", "host.slow", port)
      call(socket.tcp4(), "bind", "host.slow", 0)
      call(socket.udp(), "setpeername", "host.slow", port)
      call(socket.udp4(), "setsockname", "host.slow", 0)
      go()
      for _, t in ipairs(list) do t:join() end
      for i = 1, 4 do print(math.tointeger(result[i])) end
    ]])
  end)

  it("ends with the socket's timeout", function()
    assert.equal("nil\ttimeout\nnil\ttimeout\n", output_of [[
      for _, mode in ipairs { "b", "t" } do
        local s = socket.tcp()
        s:settimeout(0.01, mode)
        print(s:connect("host.slow", 1))
      end
    ]])
  end)

  it("is waited for by a socket that never waits", function()
    assert.equal("nil\tconnection refused\n", output_of [[
      local s = socket.tcp4()
      s:settimeout(0)
      local result
      local t = hangs(function()
        result = table.pack(s:connect("host.slow", 1))
      end)
      go()
      t:join()
      if result[2] == "timeout" then result[2] = "connection refused" end
      print(table.unpack(result, 1, 2))
    ]])
  end)

  it("is left by a thread that is cancelled", function()
    assert.equal("true\n", output_of [[
      local err
      local t = hangs(function()
        err = select(2, pcall(socket.dns.toip, "host.slow"))
      end)
      t:cancel()
      t:join()
      print(threading.is_cancelled(err))
    ]])
  end)

  it("is left at Ctrl-C, and at the end", function()
    assert.equal("false\tinterrupted!\n", output_of [[
      local _thread = require "threading._thread"
      threading.Thread { daemon = true, target = function()
        support.wait_thread_parked(threading.main_thread(), "name")
        _thread.interrupt_main()
      end }:start()
      threading.Thread { daemon = true, target = function()
        socket.dns.toip "host.slow"
      end }:start()
      print(pcall(socket.connect, "host.slow", 1))
    ]])
  end)

  it("is told that another thread closes the socket", function()
    assert.equal("nil\tclosed\n", output_of [[
      local s = socket.tcp4()
      local t = hangs(function()
        print(s:connect("host.slow", 1))
      end)
      s:close()
      go()
      t:join()
    ]])
  end)
end)
