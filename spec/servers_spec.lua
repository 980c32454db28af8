-- The examples with sockets, and the one that compresses a folder, under real
-- clients and tools: curl, wrk, gzip.

local compiler = require "spec.support.compiler"
local files = require "spec.support.files"
local support = require "spec.support"

local has, read, write = files.has, files.read, files.write
local has_sockets = pcall(require, "socket")

-- What a command prints.
local function shell(command, ...)
  local pipe <close> = assert(io.popen(command:format(...)))
  return pipe:read "a"
end

-- Runs an example as a server (whose ident is Lua's: timeout would send it two
-- signals for one); returns its port, and a function that ends it by
-- Ctrl-C and returns what it has printed since.
local function serve(name, ...)
  local words = { name, 0, ... }
  local pipe = assert(io.popen(("exec timeout -s KILL 300 "
    .. "sh -c 'echo $$; exec \"$@\"' sh %s examples/%s"):format(
    support.lua_command(), table.concat(words, " "))))
  local pid = pipe:read "n"
  pipe:read "l"
  local port = pipe:read("l"):match "^listening on 127%.0%.0%.1 port (%d+)$"
  return assert(port), function()
    os.execute("kill -INT " .. pid)
    local rest = pipe:read "a"
    pipe:close()
    return rest
  end
end

describe("example", function()
  if not has_sockets then
    pending "needs LuaSocket"
    return
  end

  it("echo.lua talks to its own clients", function()
    assert.equal("client 1 says hello\nclient 2 says hello\n"
      .. "client 3 says hello\n", support.output_of "examples/echo.lua")
  end)

  it("echo.lua serves curl, twice at once", function()
    if not has "curl" then
      pending "needs curl"
      return
    end
    local port, stop = serve "echo.lua"
    local clients = {}
    for i = 1, 2 do
      -- curl has all of its input: while it waits for more, which it does 100
      -- ms after the last, it does not look whether there is an answer.
      clients[i] = assert(io.popen(("exec curl -sN --max-time 60 "
        .. "telnet://127.0.0.1:%s <<.\nhello from %d\n.\n"):format(port, i)))
    end
    for i = 2, 1, -1 do
      assert.equal(("hello from %d"):format(i), clients[i]:read "l")
    end
    assert.matches("interrupted!", stop())
    for i = 1, 2 do
      clients[i]:close()
    end
  end)

  it("http.lua asks itself", function()
    assert.equal("README.md\t200\tanswered\nLICENSE\t200\tanswered\n"
      .. "none/such\t404\tanswered\n",
      support.output_of "examples/http.lua")
  end)

  it("http.lua serves curl", function()
    if not has "curl" then
      pending "needs curl"
      return
    end
    local port, stop = serve("http.lua", "examples")
    local function curl(options, path)
      return shell("curl -s --max-time 30 --path-as-is %s "
        .. "'http://127.0.0.1:%s%s'", options, port, path)
    end
    assert.equal(read "examples/http.lua", curl("", "/http.lua?query"))
    assert.equal(read "examples/embed/host.c",
      curl("", "/embed/%68ost.c"))
    local head = curl("-o /dev/null -D -", "/lock.lua")
    assert.matches("^HTTP/1.0 200 OK\r\n", head)
    assert.matches("\r\nContent%-Type: text/plain\r\n", head)
    for _, path in ipairs {
      "/none", "/../README.md", "/%2e%2e/README.md", "/embed", "/embed/",
      "/http.lua%00",
    } do
      assert.equal("404", curl("-o /dev/null -w '%{http_code}'", path), path)
    end
    assert.equal("400", curl("-o /dev/null -d x -w '%{http_code}'", "/"))
    local urls = {}
    for i = 1, 40 do -- more than there are workers
      urls[i] = ("-o /dev/null http://127.0.0.1:%s/lock.lua"):format(port)
    end
    assert.equal(("200 "):rep(40), shell("curl -sZ --parallel-max 20 "
      .. "--max-time 30 -w '%%{http_code} ' %s 2>/dev/null",
      table.concat(urls, " ")))
    assert.matches("interrupted!", stop())
  end)

  it("http.lua serves wrk", function()
    if not has "wrk" then
      pending "needs wrk"
      return
    end
    local port, stop = serve("http.lua", "examples")
    local out = shell("wrk -t1 -c16 -d1s http://127.0.0.1:%s/lock.lua", port)
    assert.is_true(tonumber(out:match "(%d+) requests in") > 0, out)
    assert.is_nil(out:find "Non%-2xx")
    assert.is_nil(out:find "connect [1-9]")
    assert.matches("interrupted!", stop())
  end)

  it("crawler.lua finds all pages of its own site", function()
    assert.matches("^http://127%.0%.0%.1:%d+/none: 404\n"
      .. "31 pages, 61 links, 1 dead\n$",
      support.output_of "examples/crawler.lua")
  end)

  it("crawler.lua finds all pages of http.lua's", function()
    local dir = files.folder()
    assert(os.execute("mkdir " .. dir .. "/sub"))
    write(dir .. "/index.html", '<a href="a.html">a</a> <a href="sub/">b</a>')
    write(dir .. "/a.html", '<a href="/">up</a> <a href="missing.html">c</a>')
    write(dir .. "/sub/index.html", '<a href="../a.html#there">a</a>'
      .. '<a href="http://192.0.2.1/elsewhere">not to be followed</a>')
    local port, stop = serve("http.lua", dir)
    local out = support.output_of("examples/crawler.lua", {
      args = { ("http://127.0.0.1:%s/"):format(port) },
    })
    assert.equal(("http://127.0.0.1:%s/missing.html: 404\n"
      .. "3 pages, 6 links, 1 dead\n"):format(port), out)
    stop()
    os.execute("rm -r " .. dir)
  end)
end)

describe("example gzip.lua", function()
  local dir = files.folder()
  local cpath = package.cpath
  assert(os.execute("mkdir -p '" .. dir .. "/a folder/it'"))
  local built = has "gzip" and pcall(compiler.module,
    "examples/cmodule/zfiles.c", dir, "-O2 -Icsrc/include -lz")

  setup(function()
    package.cpath = dir .. "/?.so;" .. cpath
  end)

  teardown(function()
    package.cpath = cpath
    os.execute("rm -r " .. dir)
  end)

  if not built then
    pending "no zlib.h, or no gzip"
    return
  end

  it("compresses all files of a folder", function()
    local names = { "one", "it's", "it/two", "it/nothing" }
    for i, name in ipairs(names) do
      names[i] = dir .. "/a folder/" .. name
      write(names[i], name:find "nothing" and "" or name:rep(100000))
    end
    for _ = 1, 2 do -- what is compressed is left alone
      local out = support.output_of("examples/gzip.lua", {
        args = { dir .. "/a folder" },
      })
      local _, lines = out:gsub("\n", "")
      assert.equal(#names + 1, lines)
      assert.matches("\n1300000 bytes to %d+, in %d+%.%d+ s; CPU use %d+ %%\n$",
        out)
    end
    for _, name in ipairs(names) do
      assert.equal(read(name), shell('gzip -dc "%s.gz"', name))
    end
  end)

  it("tells what it cannot compress", function()
    write(dir .. "/a folder/x", "x")
    assert(os.execute(("mkdir '%s/a folder/x.gz'"):format(dir)))
    local r = support.run("examples/gzip.lua", {
      args = { dir .. "/a folder" },
    })
    assert.equal(1, r.code)
    assert.matches("x%.gz: ", r.err)
  end)
end)
