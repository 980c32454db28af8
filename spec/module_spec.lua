local files = require "spec.support.files"
local futures = require "threading.futures"
local keys = require "tools.keys"
local queue = require "threading.queue"
local support = require "spec.support"
local threading = require "threading"

describe("require", function()
  it("adds nothing to _G and replaces only what waits", function()
    assert.equal("true\n", support.output_of [[
      local before, next = {}, next
      local waits = { print = true, require = true }
      for key, value in next, _G do
        before[key] = value
      end
      local threading = require "threading"
      require "threading._thread"
      require "threading.time"
      require "threading.loops"
      local t = threading.Thread { target = print }
      t.run = function() end
      t:start()
      t:join()
      threading.Lock():guard():release()
      for key, value in next, _G do
        assert(rawequal(before[key], value) == not waits[key], key)
        before[key] = nil
      end
      assert(next(before) == nil)
      print(getmetatable(_G) == nil)
    ]])
  end)

  it("refuses a second copy, and tells where the first is", function()
    local dir = files.folder()
    local function copied(path, name)
      local from = assert(package.searchpath(name, path))
      files.shell("mkdir -p %s/threading && cp '%s' '%s/%s'", dir, from, dir,
        from:match "[^/]*/[^/]*$")
      return from
    end
    local first = copied(package.cpath, "threading._thread")
    local lua = package.searchpath("threading", package.path)
    files.shell("cp -r '%s' %s", lua:gsub("/[^/]*$", ""), dir)
    assert.equal("true\nfalse\tthreading is loaded already, from " .. first
      .. ": a Lua state can have one copy of it, see that package.path and "
      .. "package.cpath find the same one everywhere\ntrue\n",
      support.output_of([[
        local first = require "threading"
        local function forget()
          for name in pairs(package.loaded) do
            if name:find "^threading" then package.loaded[name] = nil end
          end
        end
        forget()
        print(pcall(require, "threading._thread") and first.Lock():acquire())
        forget()
        package.path = arg[1] .. "/?.lua;" .. arg[1] .. "/?/init.lua"
        package.cpath = arg[1] .. "/?.so"
        print(pcall(require, "threading"))
        local t = first.Thread { target = print, args = { true } }
        t:start()
        t:join()
      ]], { args = { dir } }))
    files.shell("rm -r %s", dir)
  end)

  it("loads modules of this name only", function()
    local out = support.output_of [[
      local before = {}
      for key in pairs(package.loaded) do
        before[key] = true
      end
      require "threading"
      require "threading.time"
      require "threading.loops"
      local list = {}
      for key in pairs(package.loaded) do
        if not before[key] then
          list[#list + 1] = key
        end
      end
      table.sort(list)
      print(table.concat(list, "\n"))
    ]]
    local seen = {}
    for name in out:gmatch "[^\n]+" do
      seen[name] = true
      assert.matches("^threading%f[.\0]", name)
    end
    for _, name in ipairs {
      "threading", "threading._thread", "threading.time", "threading.loops",
    } do
      assert.is_true(seen[name], name)
    end
  end)

  it("works in any order, and in a coroutine", function()
    for _, program in ipairs {
      'require "threading.loops" require "threading"',
      'require "threading.time" require "threading"',
      'require "threading._thread" require "threading"',
      'coroutine.wrap(function() require "threading" end)()',
      'require "threading" package.loaded.threading = nil require "threading"',
    } do
      assert.equal("LoopThread\n", support.output_of(program .. [[

        local threading = require "threading"
        local t = threading.Thread { name = "LoopThread", target = function()
          print(threading.current_thread().name)
        end }
        t:start()
        t:join()
      ]]))
    end
  end)

  it("a program that loads it and does nothing ends well", function()
    assert.equal("", support.output_of 'require "threading"')
  end)

  it("works where the standard libraries are few", function()
    assert.equal("true\n", support.output_of [[
      package.loaded.debug, package.loaded.coroutine = nil, nil
      local _thread = require "threading._thread"
      local lock = _thread.allocate_lock()
      print(lock:acquire())
    ]])
  end)
end)

describe("the module", function()
  it("has the names of issue 2", function()
    for _, name in ipairs {
      "Thread", "Lock", "Value", "current_thread", "main_thread", "enumerate",
      "active_count", "get_ident", "get_native_id", "cpu_count", "stack_size",
      "excepthook", "exit", "interrupt_main", "getswitchinterval",
      "setswitchinterval", "shutdown",
    } do
      assert.is_not_nil(threading[name], name)
    end
    assert.equal("string", type(threading._VERSION))
    assert.equal(9223372036.0, threading.TIMEOUT_MAX)
  end)

  it("threading._thread has the low-level names", function()
    local _thread = require "threading._thread"
    for _, name in ipairs {
      "start_new_thread", "allocate_lock", "get_ident", "get_native_id",
      "exit", "interrupt_main", "stack_size",
    } do
      assert.equal("function", type(_thread[name]), name)
    end
    assert.equal(9223372036.0, _thread.TIMEOUT_MAX)
  end)

  it("threading.time has these names, and no others", function()
    assert.same({
      "monotonic", "perf_counter", "process_time", "sleep", "thread_time",
      "time",
    }, keys(require "threading.time"))
  end)

  it("threading.loops has these names, and no others", function()
    assert.same({ "change", "spin" }, keys(require "threading.loops"))
  end)

  it("a Thread has these methods", function()
    local t = threading.Thread()
    for _, name in ipairs { "start", "run", "join", "is_alive" } do
      assert.equal("function", type(t[name]), name)
    end
  end)

  it("a Lock has these methods", function()
    local lock = threading.Lock()
    for _, name in ipairs {
      "acquire", "release", "locked", "guard", "with",
    } do
      assert.equal("function", type(lock[name]), name)
    end
  end)

  it("the metatables of objects cannot be reached", function()
    for _, object in ipairs { threading.Lock(), threading.Value "int64" } do
      assert.is_false(getmetatable(object))
    end
  end)

  it("defaults are as in Python", function()
    assert.equal("0.005\t0\tfalse\n", support.output_of [[
      local threading = require "threading"
      print(threading.getswitchinterval(), threading.stack_size(),
        threading.main_thread().daemon)
    ]])
  end)

  it("what is a keyword in Python may be a field of a table", function()
    local event, barrier = threading.Event(), threading.Barrier(2)
    local condition = threading.Condition():guard()
    local q = queue.Queue { maxsize = 1 }
    q:put(1)
    local go = threading.Event()
    local t = support.start(go.wait, go)
    local pool <close> = futures.ThreadPoolExecutor { max_workers = 1 }
    local f = pool:submit(go.wait, go)
    local now = { timeout = 0 }
    assert.is_false(event:wait(now))
    assert.is_false(condition:wait(now))
    assert.is_false(condition:wait_for(function()
      return false
    end, now))
    assert.equal(0, select("#", condition:notify { n = 2 }))
    assert.equal("broken barrier",
      support.message(barrier.wait, barrier, now))
    assert.is_false(q:join(now))
    assert.is_false(t:join(now))
    assert.same({ nil, "timeout" }, { f:result(now) })
    assert.same({ nil, "timeout" }, { f:exception(now) })
    assert.matches("1 (of 1) futures unfinished", support.message(function()
      for _ in futures.as_completed({ f }, now) do end
    end), 1, true)
    go:set()
    support.join(t)
  end)
end)
