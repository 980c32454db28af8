-- threading.compile where the compiler, the cache or the process is not as
-- usual.

local compiler = require "spec.support.compiler"
local files = require "spec.support.files"
local futures = require "threading.futures"
local support = require "spec.support"
local threading = require "threading"

local Array, compile = threading.Array, threading.compile

local function add(a, b)
  return a + b
end

local folder

-- A compiler that is a script; $REAL is the true one.
local function script(text)
  files.write(folder .. "/cc", ("REAL='%s'\n"):format(os.getenv "CC" or "cc")
    .. text)
  return { "sh", folder .. "/cc" }
end

describe("compile", function()
  before_each(function()
    folder = files.folder()
  end)
  after_each(function()
    files.shell("chmod -R u+w %s; rm -r %s", folder, folder)
  end)

  it("ends a compiler that hangs, after the timeout", function()
    local f = compile(add, { timeout = 0.2, cc = script [[
      while :; do sleep 1; done
    ]] })
    for _ = 1, 2 do
      assert.matches("the C compiler 'sh' has not ended after 0.2 seconds",
        support.message(f, 1, 2), 1, true)
    end
    assert.same({}, f:versions())
  end)

  it("with eager, raises what the compiler says", function()
    assert.matches("fails:\nno luck", support.message(compile, add, {
      eager = { "integer" }, cc = script "echo no luck; exit 1\n" }), 1, true)
  end)

  it("raises where the compiler makes rubbish, or nothing", function()
    for text, says in pairs {
      [ [[
        for word in "$@"; do
          [ "$last" = -o ] && echo rubbish >"$word"
          last=$word
        done]] ] = "cannot be loaded: ",
      ["exit 0"] = "the C compiler 'sh' has made nothing",
    } do
      local f = compile(add, { cc = script(text) })
      assert.matches(says, support.message(f, 1, 2), 1, true)
      assert.same({}, f:versions())
    end
  end)

  it("works by the cache's side where it cannot be written", function()
    local r = support.run([[
      local f = require "threading".compile(function(a) return a + 1 end)
      print(f(1), f(1.5))
    ]], { before = ("mkdir -m 500 %s/threading; export XDG_CACHE_HOME=%s "
      .. "THREADING_DEBUG=1"):format(folder, folder) })
    assert.equal("2\t2.5\n", r.out, r.err)
  end)

  it("says so where nothing can be written", function()
    local r = support.run([[
      local f = require "threading".compile(function(a) return a + 1 end)
      print(pcall(f, 1))
      print(#f:versions())
    ]], { before = ("touch %s/file; export XDG_CACHE_HOME=%s/file "
      .. "TMPDIR=%s/file"):format(folder, folder, folder) })
    assert.matches("a kernel cannot be compiled: neither the cache folder nor "
      .. folder .. "/file can be written: ", r.out, 1, true)
    assert.matches("\n0\n$", r.out)
  end)

  it("makes anew what is damaged in the cache", function()
    local program = [[
      local f = require "threading".compile(function(a) return a + 5 end)
      print(f(1))
    ]]
    local options = { before = "export XDG_CACHE_HOME=" .. folder }
    assert.equal("6\n", support.output_of(program, options))
    local name = files.shell("ls %s/threading/*.so", folder)
    local sound = files.read(name)
    for _, damage in ipairs { "", "rubbish", sound:sub(1, #sound // 2),
      sound:sub(1, 99) .. "\0" .. sound:sub(101) } do
      files.write(name, damage)
      assert.equal("6\n", support.output_of(program, options))
      assert.equal(#sound, #files.read(name))
    end
  end)

  it("in the child of a fork while another thread compiles", function()
    compiler.module("spec/support/forker.c", folder)
    local cc = script(([[
      [ -e %s/go ] || touch %s/on
      while [ ! -e %s/go ]; do sleep 0.01; done
      exec $REAL "$@"
    ]]):format(folder, folder, folder))
    assert.equal("7 7\n", support.output_of(([[
      package.cpath = "%s/?.so;" .. package.cpath
      local forker, time = require "forker", require "threading.time"
      local threading = require "threading"
      local f = threading.compile(function(a, b)
        return a + b
      end, { cc = { "sh", %q } })
      local result
      local t = threading.Thread { target = function()
        result = f(3, 4)
      end }
      t:start()
      while not io.open "%s/on" do
        time.sleep(0.01)
      end
      local pid = forker.fork()
      io.open("%s/go", "w"):close()
      if pid == 0 then
        forker.exit(f(3, 4))
      end
      t:join()
      print(result .. " " .. forker.wait(pid))
    ]]):format(folder, cc[2], folder, folder)))
  end)

  it("of several functions at once", function()
    local results, add_result = support.shared_list()
    support.join(support.start_many(4, function()
      for i = 1, 3 do
        local f = load(("return function(a) return a + %d end"):format(i))()
        add_result(compile(f, { flags = "-DATONCE" })(0))
      end
    end))
    table.sort(results)
    assert.same({ 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3 }, results)
  end)
end)

describe("a compiled function", function()
  it("is the body of parallel_for", function()
    local a = Array("int64", 1000)
    local fill = compile(function(lo, hi)
      for i = lo, hi do
        a[i] = a[i] + i
      end
    end)
    threading.parallel_for(1, #a, fill, 4)
    for i = 1, #a do
      assert.equal(i, a[i])
    end
  end)

  it("raises its error out of parallel_for", function()
    local divide = compile(function(lo, hi)
      return lo // (hi - hi)
    end)
    assert.equal(support.message(divide, 1, 1),
      support.message(threading.parallel_for, 1, 10, divide, 2))
  end)

  it("is mapped by a pool", function()
    local pool <close> = futures.ThreadPoolExecutor(2)
    local list = {}
    local square = compile(function(x)
      return x * x
    end)
    for i, result in pool:map(square, { 1, 2, 1.5 }) do
      list[i] = result
    end
    assert.same({ 1, 4, 2.25 }, list)
    assert.matches("arithmetic on a nil value", support.message(function()
      return pool:submit(compile(add), 1):result()
    end), 1, true)
  end)
end)
