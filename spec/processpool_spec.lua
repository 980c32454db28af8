-- Pools of processes.

local _thread = require "threading._thread"
local compiler = require "spec.support.compiler"
local files = require "spec.support.files"
local futures = require "threading.futures"
local pools = require "spec.support.pools"
local socket = require "threading.socket"
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"
local tio = require "threading.io"

-- The globals of what is sent are Lua's, not those that busted has made.
local describe, it, assert = describe, it, assert
local _ENV = package.loaded._G

local new = futures.ProcessPoolExecutor
local double = pools.double

local function pid()
  local file <close> = assert(io.open "/proc/self/stat")
  return tonumber((file:read "a":match "^%d+"))
end

-- A process that a signal can still be sent to.
local function lives(id)
  return (os.execute("kill -0 " .. id .. " 2>/dev/null"))
end

local function kill(signal, id)
  assert(os.execute(("kill -%s %d"):format(signal, id)))
end

-- A call that never ends, and has begun.
local function start_busy(pool)
  local name = os.tmpname()
  os.remove(name)
  local f = pool:submit(function()
    assert(io.open(name, "w")):close()
    while true do end
  end)
  support.wait_until(function()
    return os.remove(name)
  end)
  return f
end

-- Its state, as ps shows it; nil: it is gone.
local function state(id)
  local file <close> = io.open(("/proc/%d/stat"):format(id))
  return file and file:read "a":match "^.*%) (%a)"
end

-- How many processes this one has started, and not forgotten yet: of each of
-- its threads.
local function count_children()
  local n = 0
  local ls <close> = io.popen("ls /proc/" .. pid() .. "/task")
  local threads = ls:read "a"
  ls:close()
  for thread in threads:gmatch "%d+" do
    local file <close> = io.open(("/proc/self/task/%s/children"):format(thread))
    for _ in (file and file:read "a" or ""):gmatch "%d+" do
      n = n + 1
    end
  end
  return n
end

-- Does Lua know `-l global=module`, as it does since 5.4.4?
local function knows_globals()
  return (os.execute(support.lua_command() .. " -l g=math -e '' 2>/dev/null"))
end

local is_linux = io.open "/proc/self/stat" ~= nil

describe("a pool of processes", function()
  pools.specify(it, new, "ProcessPoolExecutor")
  pools.specify_elsewhere(it, new, "ProcessPoolExecutor", [[
    for i = 1, 4 do
      pool:submit(io.write, "done ")
    end
  ]])

  it("copies Arrays there and back", function()
    local pool <close> = new { max_workers = 1 }
    local array = threading.Array("int32", { 1, 2, 3 })
    local back = pool:submit(function(a)
      a[1] = 7
      return a
    end, array):result()
    assert.same({ 1, 2, 3 }, array:totable())
    assert.same({ 7, 2, 3 }, back:totable())
  end)

  it("sends what is large", function()
    local pool <close> = new { max_workers = 1 }
    local text = ("0123456789"):rep(300000)
    local array = threading.Array("float64", 500000):fill(0.5)
    local s, a, b = pool:submit(function(...)
      return ...
    end, text, array, array):result()
    assert.equal(text, s)
    assert.equal(a, b)
    assert.equal(0.5, a[500000])
  end)

  it("keeps what a process has in globals and classes", function()
    local pool <close> = new { max_workers = 1 }
    local Point = {}
    Point.__index = Point
    function Point:sum()
      return self[1] + self[2]
    end
    local p, same = pool:submit(function(point)
      _G.first = point
      return point, point:sum()
    end, setmetatable({ 1, 2 }, Point)):result()
    assert.equal(Point, getmetatable(p))
    assert.equal(3, same)
    assert.is_true(pool:submit(function(point)
      return getmetatable(point) == getmetatable(_G.first)
    end, p):result())
  end)

  it("has tracebacks of the call, and of nothing below it", function()
    local pool <close> = new { max_workers = 1 }
    for _, object in ipairs { "text", { 1, { 2 } }, false, 5 } do
      local _, traceback = pool:submit(function(value)
        error(value, 0)
      end, object):exception()
      assert.matches("stack traceback:.*processpool_spec.lua:%d+:", traceback)
      assert.is_nil(traceback:find("_thread._answer", 1, true))
      assert.is_nil(traceback:find("command line", 1, true))
    end
    local function get_answer(depth)
      return depth == 0 and error "no" or { get_answer(depth - 1) }
    end
    local _, traceback = pool:submit(get_answer, 3):exception()
    assert.is_true(select(2, traceback:gsub("get_answer", "")) >= 3)
  end)

  it("tells an error object that cannot go there by its text", function()
    local pool <close> = new { max_workers = 1 }
    local f = pool:submit(function()
      error(coroutine.create(print))
    end)
    assert.matches("^thread: ", (f:exception()))
    assert.equal(4, pool:submit(double, 2):result())
  end)

  it("tells the caller what cannot go there, and where it is", function()
    local pool <close> = new { max_workers = 1 }
    local lock = threading.Lock()
    local server <close> = assert(socket.bind("127.0.0.1", 0))
    assert.matches("^args%[2%]%.list%[1%]: threading.Lock cannot cross: ",
      support.message(pool.submit, pool, print, 1, { list = { lock } }))
    assert.matches("^fn: upvalue 'lock': threading.Lock cannot cross: ",
      support.message(pool.submit, pool, function()
        return lock
      end))
    assert.matches("^args%[1%]: threading.socket cannot cross: pass host and",
      support.message(pool.submit, pool, print, server))
    assert.matches("threading.Lock cannot cross", support.message(pool.map,
      pool, print, { lock }))
    assert.matches("^initargs%[1%]: threading.Lock cannot cross",
      support.message(new, { initializer = print, initargs = { lock } }))
    assert.matches("0/1 workers, 0 waiting", tostring(pool), 1, true)
  end)

  it("refuses what is wrong", function()
    assert.equal("unexpected keyword argument 'thread_name_prefix' to "
      .. "'ProcessPoolExecutor'; it takes initargs, initializer, lua, "
      .. "max_tasks_per_child, max_workers",
      support.message(new, { thread_name_prefix = "x" }))
    assert.matches("'max_tasks_per_child' to 'ProcessPoolExecutor' %(must be",
      support.message(new, { max_tasks_per_child = 0 }))
    assert.equal("bad argument 'lua' to 'ProcessPoolExecutor' (there is no "
      .. "program '/nowhere/lua')", support.message(new,
      { lua = "/nowhere/lua" }))
    assert.equal("bad argument 'lua' to 'ProcessPoolExecutor' (string "
      .. "expected, got 1)", support.message(new, { lua = 1 }))
  end)

  it("maps, in chunks or not, an error at its place", function()
    local pool <close> = new { max_workers = 2 }
    local list, sum = {}, 0
    for i = 1, 1000 do
      list[i] = i
    end
    for i, x in pool:map(double, list, { chunksize = 64 }) do
      assert.equal(2 * i, x)
      sum = sum + x
    end
    assert.equal(1001000, sum)
    local seen = 0
    local ok, err = pcall(function()
      for i in pool:map(function(x)
        if x == 40 then
          error { at = x }
        end
        return x
      end, list, { chunksize = 7 }) do
        seen = i
      end
    end)
    assert.is_false(ok)
    assert.same({ at = 40 }, err)
    assert.equal(39, seen)
  end)

  it("calls the initializer first, in each process", function()
    local pool <close> = new {
      max_workers = 1, initargs = { "a", nil, 3, n = 3 },
      initializer = function(...)
        _G.given = table.pack(...)
      end,
      max_tasks_per_child = 1,
    }
    for _ = 1, 2 do
      assert.same({ n = 3, "a", nil, 3 }, pool:submit(function()
        return _G.given
      end):result())
    end
  end)

  it("finds modules as its parent does, and has those of -l", function()
    local folder = os.tmpname()
    os.remove(folder)
    assert(os.execute("mkdir " .. folder))
    files.write(folder .. "/ours.lua", "return { name = 'found' }")
    local global, option = "ours", "ours"
    if knows_globals() then
      global, option = "g", "g=ours"
    end
    local program = files.new(([[
      package.path = %q .. package.path
      package.preload.preloaded = function() return { x = 6 } end
      table.insert(package.searchers, 2, function(name)
        return name == "searched" and function() return 7 end or nil
      end)
      local futures = require "threading.futures"
      local pool <close> = futures.ProcessPoolExecutor(1)
      print(pool:submit(function()
        return require "ours".name, require "preloaded".x, require "searched",
          %s and %s.name
      end):result())
    ]]):format(folder .. "/?.lua;", global, global))
    local pipe <close> = io.popen(("LUA_PATH=%q %s -l %s %s 2>&1"):format(
      folder .. "/?.lua;" .. package.path,
      support.lua_command():gsub("LUA_PATH%S*=%S+", ""), option, program))
    assert.equal("found\t6\t7\tfound\n", pipe:read "a")
    os.execute("rm -r " .. folder)
    os.remove(program)
  end)

  it("finds modules by the searcher of a module, such as LuaRocks'", function()
    local folder = files.folder()
    files.write(folder .. "/finder.lua", [[
      local finder = {}
      function finder.search(name)
        return name == "hidden" and function() return 5 end or nil
      end
      table.insert(package.searchers, 1, finder.search)
      return finder
    ]])
    assert.equal("5\t1\n", support.output_of(([[
      package.path = %q .. package.path
      local finder = require "finder"
      local futures = require "threading.futures"
      local pool <close> = futures.ProcessPoolExecutor(1)
      print(pool:submit(function()
        local n = 0
        for _, it in ipairs(package.searchers) do
          n = it == finder.search and n + 1 or n
        end
        return require "hidden", n
      end):result())
    ]]):format(folder .. "/?.lua;")))
    os.execute("rm -r " .. folder)
  end)

  it("of a program with Lua in it must be told which runs Lua", function()
    local folder = files.folder()
    local host, lua = folder .. "/host", _thread._executable()
    assert.is_true(os.execute(("cp %s %s"):format(lua, host)))
    local program = files.new(([[
      arg = nil -- as such a program has it
      local futures = require "threading.futures"
      print(pcall(futures.ProcessPoolExecutor, 1))
      local pool <close> = futures.ProcessPoolExecutor {
        max_workers = 1, lua = %q,
      }
      print(pool:submit(math.max, 1, 2):result())
    ]]):format(lua))
    local command = support.lua_command():gsub("%S+$", host)
    assert.matches("^false\t.*ProcessPoolExecutor cannot tell by which program "
      .. "Lua code is run here; say it: { lua = \"/usr/bin/lua\" }\n2$",
      (files.shell("%s %s", command, program)))
    os.execute("rm -r " .. folder)
    os.remove(program)
  end)

  it("its output comes before its result", function()
    assert.equal("one\ntwo\nthree\n", support.output_of [[
      local futures = require "threading.futures"
      io.write "one\n"
      io.flush()
      local pool <close> = futures.ProcessPoolExecutor(1)
      pool:submit(print, "two"):result()
      local f = pool:submit(os.execute, "kill -9 $PPID")
      assert(futures.is_broken_pool(f:exception()))
      print "three"
    ]])
  end)

  it("lets its processes end in order", function()
    for _ = 1, 10 do
      assert.equal("ended", support.output_of [[
        local futures = require "threading.futures"
        local pool <close> = futures.ProcessPoolExecutor(1)
        pool:submit(function()
          KEPT = setmetatable({}, { __gc = function()
            for i = 1, 100000 do end
            io.write "ended"
          end })
        end):result()
      ]])
    end
  end)

  it("makes pools in its processes", function()
    assert.equal("12\n", support.output_of [[
      local futures = require "threading.futures"
      local pool <close> = futures.ProcessPoolExecutor(1)
      print(pool:submit(function()
        local futures = require "threading.futures"
        local inner <close> = futures.ProcessPoolExecutor(1)
        return inner:submit(function(x) return 2 * x end, 6):result()
      end):result())
    ]])
  end)

  it("with -l of a program that makes one says so, and starts no more",
    function()
      local r = support.run([[
        local futures = require "threading.futures"
        package.path = "./?.lua;" .. package.path
        local pool <close> = futures.ProcessPoolExecutor(1)
        print(pcall(function()
          return pool:submit(function()
            local worker = require "threading.private.worker"
            worker.starting = true
            return require "threading.futures".ProcessPoolExecutor(1)
          end):result()
        end))
      ]])
      assert.matches("a worker process makes no pool while it starts", r.out)
    end)
end)

describe("a shared Array", function()
  local function add(a, times)
    for _ = 1, times do
      a:fetch_add(1, 1)
      a:fetch_add(2, 0.5)
    end
    return a
  end

  it("is the same memory in each process, and comes back as itself", function()
    local pool <close> = new { max_workers = 2 }
    local a = threading.Array("float64", 1000, { shared = true })
    local list = {}
    for i = 1, 4 do
      list[i] = pool:submit(add, a, 1000)
    end
    for _, f in ipairs(list) do
      assert.equal(a, f:result())
    end
    assert.same({ 4000.0, 2000.0, 0.0 }, a:totable(1, 3))
    assert.equal(9, pool:submit(function(b, c)
      b[3] = 9
      return rawequal(b, c) and math.tointeger(c[3])
    end, a, a):result())
    assert.equal(9, a[3])
  end)

  it("that a process has made is shared with it", function()
    local pool <close> = new { max_workers = 1 }
    local a = pool:submit(function()
      _G.kept = require "threading".Array("int32", { 1, 2 }, { shared = true })
      return _G.kept
    end):result()
    a[2] = 7
    assert.equal(7, pool:submit(function()
      return _G.kept[2]
    end):result())
    local copy = a:copy()
    copy[1] = 5
    assert.equal(1, a[1])
  end)

  it("comes with many others, empty and large ones", function()
    local pool <close> = new { max_workers = 1 }
    local list = {}
    for i = 1, 60 do
      list[i] = threading.Array("int16", i % 3 * 100000,
        { shared = i % 2 == 0 }):fill(i)
    end
    local back = pool:submit(function(l)
      for _, a in ipairs(l) do
        a:fill(#a > 0 and a[1] + 1 or 0)
      end
      return l
    end, list):result()
    for i, a in ipairs(list) do
      assert.equal(i % 2 == 0, a == back[i])
      assert.equal(#a > 0 and i + 1 or nil, back[i][1])
    end
  end)

  it("has as many as there may be descriptors", function()
    local r = support.run([[
      local threading = require "threading"
      local list = {}
      print(pcall(function()
        for i = 1, 100 do
          list[i] = threading.Array("int8", 1, { shared = true })
        end
      end))
    ]], { before = "ulimit -n 40" })
    assert.matches("Too many open files for an Array of n = 1 int8", r.out)
  end)

  it("is not of another machine", function()
    assert.matches("args%[1%]%[1%]: a shared Array cannot cross: it is of one",
      support.message(_thread._pack, "args[]",
        { threading.Array("int8", 1, { shared = true }) }))
  end)
end)

if is_linux then
  describe("a worker process", function()
    it("has no descriptor of its parent's but three", function()
      local file <close> = assert(io.open "/dev/zero")
      local other <close> = assert(io.open "/dev/zero")
      local pool <close> = new(1)
      local list = pool:submit(function()
        local list = {}
        for fd = 0, 200 do
          local at <close> = io.open("/proc/self/fdinfo/" .. fd)
          list[#list + 1] = at and fd or nil
        end
        return table.concat(list, " ")
      end):result()
      -- 3 is the link; what is above is what the list takes, or the library.
      assert.matches("^0 1 2 3", list)
      local links = pool:submit(function()
        local ls <close> = io.popen "ls -l /proc/$PPID/fd"
        return (ls:read "a")
      end):result()
      assert.is_nil(links:find("/dev/zero", 1, true))
      assert.matches(" 0 %-> /dev/null", links)
      assert.is_not_nil(file and other)
    end)

    it("drops the Arrays that it was sent", function()
      local pool <close> = new(1)
      local function most()
        local file <close> = io.open "/proc/self/status"
        return tonumber((file:read "a":match "VmHWM:%s*(%d+) kB"))
      end
      local array = threading.Array("int8", 8000000)
      local before = pool:submit(most):result()
      for _ = 1, 20 do
        pool:submit(rawlen, { array }):result()
      end
      local used = pool:submit(most):result() - before
      assert.is_true(used < 60000 or support.is_instrumented(), used .. " KiB")
    end)

    it("that waits takes no time of a processor", function()
      local pool <close> = new(1)
      local function used()
        return require "threading.time".process_time()
      end
      local before = pool:submit(used):result()
      time.sleep(0.2)
      assert.is_true(pool:submit(used):result() - before < 0.05)
    end)
  end)
end

describe("a worker process that ends", function()
  it("is an error of its call, and of no other", function()
    local pool <close> = new { max_workers = 1 }
    local f = pool:submit(os.exit, 3)
    local g = pool:submit(double, 4)
    local ok, err = pcall(f.result, f)
    assert.is_false(ok)
    assert.is_true(futures.is_broken_pool(err))
    assert.matches("^worker process %d+ has ended with exit status 3 while it "
      .. "made the call$", tostring(err))
    assert.equal(8, g:result())
    assert.is_false(futures.is_broken_pool(tostring(err)))
  end)

  if is_linux then
    it("by kill -9 says by which signal", function()
      local pool <close> = new { max_workers = 1 }
      local id = pool:submit(pid):result()
      local f = start_busy(pool)
      kill("KILL", id)
      assert.equal("worker process " .. id .. " was ended by signal 9 "
        .. "(Killed) while it made the call", tostring(f:exception()))
      assert.is_true(futures.is_broken_pool(f:exception()))
      assert.not_equal(id, pool:submit(pid):result())
    end)

    it("between calls is replaced, and nothing is told", function()
      local pool <close> = new { max_workers = 1 }
      for _ = 1, 3 do
        local id = pool:submit(pid):result()
        kill("KILL", id)
        support.wait_until(function()
          return state(id) == "Z" -- until it is asked for
        end)
        assert.not_equal(id, pool:submit(pid):result())
      end
    end)

    it("leaves no zombie", function()
      local before = count_children()
      do
        local pool <close> = new { max_workers = 2, max_tasks_per_child = 1 }
        for _ = 1, 4 do
          pool:submit(pid):result()
        end
        local f = pool:submit(os.exit, 1)
        assert.is_false(pcall(f.result, f))
        assert.equal(before, count_children())
      end
      assert.equal(before, count_children())
    end)

    it("after as many calls as it may make is another one", function()
      local pool <close> = new { max_workers = 1, max_tasks_per_child = 2 }
      local seen = {}
      for i = 1, 6 do
        seen[i] = pool:submit(pid):result()
      end
      assert.equal(seen[1], seen[2])
      assert.not_equal(seen[2], seen[3])
      assert.equal(seen[3], seen[4])
      assert.not_equal(seen[4], seen[5])
    end)

    it("is ended where the thread that waits for it is cancelled", function()
      local pool <close> = new { max_workers = 1 }
      local id = pool:submit(pid):result()
      local f = start_busy(pool)
      local worker = pools.worker_of "ProcessPoolExecutor"
      worker:cancel()
      support.join(worker)
      assert.is_true(threading.is_cancelled(f:exception()))
      support.wait_until(function()
        return not lives(id) or state(id) == "Z"
      end)
      assert.equal(4, pool:submit(double, 2):result())
    end)
  end

  it("in its initializer breaks the pool", function()
    local pool <close> = new { max_workers = 1, initializer = os.exit,
      initargs = { 4 } }
    local f = pool:submit(double, 1)
    local err = f:exception()
    assert.is_true(futures.is_broken_pool(err))
    assert.matches("^worker process %d+ has ended with exit status 4 in its "
      .. "initializer$", tostring(err))
    local ok, again = pcall(pool.submit, pool, double, 1)
    assert.is_false(ok)
    assert.is_true(futures.is_broken_pool(again))
  end)

  it("before it is ready breaks the pool", function()
    local pool <close> = new { max_workers = 1, lua = "true" }
    local err = pool:submit(double, 1):exception()
    assert.is_true(futures.is_broken_pool(err))
    assert.matches("^a worker process could not be started: worker process "
      .. "%d+ has ended with exit status 0 before it was ready$",
      tostring(err))
  end)

  it("that speaks another language breaks the pool", function()
    local script = os.tmpname()
    files.write(script, "#!/bin/sh\nexec yes >&3 2>/dev/null\n")
    os.execute("chmod +x " .. script)
    local pool <close> = new { max_workers = 1, lua = script }
    assert.matches("^a worker process could not be started: .* was ended: what "
      .. "it has sent is no message", tostring(pool:submit(double, 1)
        :exception()))
    os.remove(script)
  end)
end)

if not is_linux then
  return
end

describe("the processes of a program", function()
  -- Runs it until its two workers compute, and returns its own id and theirs.
  local program = [[
    local futures = require "threading.futures"
    local time = require "threading.time"
    local pool = futures.ProcessPoolExecutor(2)
    local function tell(file)
      local stat <close> = io.open "/proc/self/stat"
      local id = stat:read "a":match "^%%d+"
      local out <close> = io.open(file .. id, "w")
      while true do end
    end
    pool:submit(tell, %q)
    pool:submit(tell, %q)
    local stat <close> = io.open "/proc/self/stat"
    print((stat:read "a":match "^%%d+"))
    io.flush()
    %s
  ]]

  -- Calls fn(id of the program, ids of its workers) while it runs.
  local function with_program(ending, fn)
    local base = os.tmpname()
    local name = files.new(program:format(base .. ".", base .. ".", ending))
    local pipe <close> = assert(io.popen("setsid " .. support.lua_command()
      .. " " .. name .. " 2>&1"))
    local id = tonumber((tio.read(pipe)))
    local workers = {}
    support.wait_until(function()
      workers = {}
      local ls <close> = io.popen("ls " .. base .. ".* 2>/dev/null")
      for file in ls:lines() do
        workers[#workers + 1] = tonumber(file:match "%d+$")
      end
      return #workers == 2
    end)
    local ok, err = pcall(fn, id, workers, pipe)
    if not ok then
      os.execute("kill -KILL " .. id)
      error(err, 0)
    end
    support.wait_until(function()
      return not lives(workers[1]) and not lives(workers[2])
    end)
    local rest = pipe:read "a"
    os.execute("rm -f " .. base .. "* " .. name)
    return rest
  end

  it("end with it, though it is ended by kill -9", function()
    with_program("time.sleep(1000)", function(id)
      kill("KILL", id)
    end)
  end)

  it("end with it, though a fork of it lives on", function()
    local folder = files.folder()
    compiler.module("spec/support/forker.c", folder)
    local child
    with_program(([[
      package.cpath = "%s/?.so;" .. package.cpath
      local forker = require "forker"
      local pid = forker.fork()
      if pid == 0 then
        pool = nil -- whose processes are not the fork's to end
        collectgarbage()
        time.sleep(1000)
      end
      print(pid)
      io.flush()
      time.sleep(1000)
    ]]):format(folder), function(id, workers, pipe)
      child = tonumber((tio.read(pipe)))
      assert.is_truthy(lives(workers[1]) and lives(workers[2]))
      kill("KILL", id)
      support.wait_until(function()
        return not lives(workers[1]) and not lives(workers[2])
      end)
      assert.is_truthy(lives(child))
      kill("KILL", child)
    end)
    os.execute("rm -r " .. folder)
  end)

  it("end with it when it ends by os.exit", function()
    with_program("time.sleep(0.5) os.exit(0)", function() end)
  end)

  it("end with it at a second Ctrl-C, and say nothing at the first", function()
    local said = with_program("print(pcall(time.sleep, 1000))",
      function(id, _, pipe)
        os.execute("kill -INT -" .. id)
        local line = tio.read(pipe)
        assert.matches("false\t.*interrupted!", line)
        while lives(id) do
          os.execute("kill -INT -" .. id .. " 2>/dev/null; sleep 0.05")
        end
      end)
    assert.is_nil(said:find("stack traceback", 1, true))
  end)
end)
