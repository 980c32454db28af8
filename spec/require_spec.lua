-- A module that several threads require is loaded once; else `require` is
-- Lua's own.

local _thread = require "threading._thread"
local compiler = require "spec.support.compiler"
local files = require "spec.support.files"
local support = require "spec.support"
local threading = require "threading"

local NAME <const> = "spec.a_module"

-- Modules of a loader each, which are gone when the function returns.
local function with_modules(loaders, fn)
  for name, loader in pairs(loaders) do
    package.preload[name] = loader
  end
  local ok, err = xpcall(fn, debug.traceback)
  for name in pairs(loaders) do
    package.preload[name], package.loaded[name] = nil, nil
  end
  assert(ok, err)
end

-- A loader that lets others run into it, and how often it was called.
local function slow_loader(waiters)
  local loads = support.counter()
  return function()
    loads(1)
    support.wait_parked(waiters, "module")
    return {}
  end, loads
end

describe("Several threads that require a module", function()
  it("get one table, of one load", function()
    local loader, loads = slow_loader(3)
    with_modules({ [NAME] = loader }, function()
      local got = {}
      support.join(support.start_many(4, function(i)
        got[i] = require(NAME)
      end))
      assert.equal(1, loads())
      for i = 1, 4 do
        assert.equal(got[1], got[i])
      end
      assert.equal("table", type(got[1]))
    end)
  end)

  -- What a program has put around require before, and must see called.
  local wrappers = {
    "",
    "local f = require function require(...) C() return f(...) end",
    "local f = require local function g(...) return f(...) end "
      .. "function require(...) C() return g(...) end",
    "local t = { require } "
      .. "function require(...) C() return t[1](...) end",
  }

  local ways = [[
    function C() end
    WRAPPER
    local threading = require "threading"
    local _thread = require "threading._thread"
    local time = require "threading.time"
    local calls = threading.Value("int64")
    function C() calls:fetch_add(1) end
    local function await(n) -- until so many wait for a module
      repeat
        time.sleep(0)
        local count = 0
        for _, what in pairs(_thread._parked()) do
          count = count + (what == "module" and 1 or 0)
        end
      until count >= n
    end
    local function try(require, name)
      LOADS, calls.value = 0, 0
      local got, list = {}, {}
      for i = 1, 3 do
        list[i] = threading.Thread { target = function()
          got[i] = require(name)
        end }
        list[i]:start()
      end
      for i = 1, 3 do list[i]:join() end
      print(LOADS, got[1] == got[2] and got[2] == got[3], calls.value)
    end
    function LOADER() LOADS = LOADS + 1 await(2) return {} end
    package.preload.by_preload = LOADER
    try(require, "by_preload")
    table.insert(package.searchers, 1, function(name)
      return name:find "^by_searcher" and LOADER
    end)
    try(require, "by_searcher")
    local ours = require
    try(function(...) return ours(...) end, "by_searcher_2")
    local name = os.tmpname()
    local f <close> = assert(io.open(name, "w"))
    f:write "return LOADER()"
    f:close()
    package.path = name:gsub("[^/]*$", "?") .. ";" .. package.path
    try(require, (name:match "[^/]*$"))
    os.remove(name)
    pcall(require, "luarocks.loader") -- puts a searcher in front
    try(require, "by_searcher_3")
  ]]

  for i, wrapper in ipairs(wrappers) do
    it("get it once, however it is found, through wrapper " .. i, function()
      local calls = wrapper == "" and 0 or 3
      assert.equal(("1\ttrue\t%d\n"):format(calls):rep(5),
        (support.output_of((ways:gsub("WRAPPER", wrapper)))))
    end)
  end

  it("do so also where a program has put Lua's own require back", function()
    assert.equal("false\ttrue\n", (support.output_of [[
      local stock = require
      local first = require "threading"
      require = stock -- as a framework of tests does, which then forgets:
      package.loaded.threading = nil
      package.loaded["threading._thread"] = nil
      require "threading"
      local ours = require
      package.loaded["threading._thread"] = nil
      require "threading._thread"
      print(require == stock, require == ours)
    ]]))
  end)

  it("load different ones side by side", function()
    local both = threading.Barrier(2)
    local function loader(name)
      both:wait(support.PATIENCE)
      return name
    end
    with_modules({ ["spec.x"] = loader, ["spec.y"] = loader }, function()
      local t = support.start(require, "spec.x")
      assert.equal("spec.y", (require "spec.y"))
      support.join { t }
    end)
  end)

  it("see the loader's error in the one that ran it, and try again",
    function()
      local go = threading.Event()
      local loads = support.counter()
      with_modules({ [NAME] = function()
        if loads(1) == 1 then
          go:wait()
          error "not yet"
        end
        return "loaded"
      end }, function()
        local first = support.start(function()
          assert.matches("not yet$", support.message(require, NAME))
        end)
        support.wait_thread_parked(first, "Event")
        local second = support.start(function()
          assert.equal("loaded", (require(NAME)))
        end)
        support.wait_thread_parked(second, "module")
        go:set()
        support.join { first, second }
        assert.equal(2, loads())
      end)
    end)
end)

describe("A thread that waits for a module", function()
  -- fn is given a thread that loads NAME until `go` is set, and its event.
  local function while_loading(fn)
    local go = threading.Event()
    with_modules({ [NAME] = function()
      go:wait()
      return "loaded"
    end }, function()
      local loader = support.start(function()
        pcall(require, NAME)
      end)
      support.wait_thread_parked(loader, "Event")
      local _ <close> = setmetatable({}, { __close = function()
        go:set()
      end })
      fn(loader, go)
      go:set()
      support.join { loader }
    end)
  end

  it("can be cancelled, and leaves no trace", function()
    while_loading(function(_, go)
      local waiter = support.start(function()
        local ok, err = pcall(require, NAME)
        assert(not ok and threading.is_cancelled(err))
        go:set()
        assert.equal("loaded", (require(NAME)))
      end)
      support.wait_thread_parked(waiter, "module")
      waiter:cancel()
      support.join { waiter }
    end)
  end)

  it("can be interrupted", function()
    while_loading(function()
      local main = threading.main_thread()
      local t = support.start(function()
        support.wait_thread_parked(main, "module")
        threading.interrupt_main()
      end)
      assert.matches("interrupted!$", support.message(require, NAME))
      support.join { t }
    end)
  end)

  it("loads it itself when the other was cancelled", function()
    while_loading(function(loader)
      local waiter = support.start(function()
        package.preload[NAME] = function()
          return "by the waiter"
        end
        assert.equal("by the waiter", (require(NAME)))
      end)
      support.wait_thread_parked(waiter, "module")
      loader:cancel()
      support.join { waiter }
    end)
  end)

  it("is in the dump", function()
    while_loading(function(loader)
      loader.name = "a loader"
      local waiter = support.start(function()
        pcall(require, NAME)
      end)
      support.wait_thread_parked(waiter, "module")
      assert.matches("waits for module 'spec.a_module' at spec/.-, loaded by "
        .. "a loader\n", _thread._dump())
      waiter:cancel()
      support.join { waiter }
    end)
  end)

  it("may be in a finaliser, and a coroutine", function()
    while_loading(function(_, go)
      local waiter = support.start(function()
        coroutine.wrap(function()
          local got
          setmetatable({}, { __gc = function()
            got = require(NAME)
          end })
          repeat
            collectgarbage()
          until got
          assert.equal("loaded", got)
        end)()
      end)
      support.wait_thread_parked(waiter, "module")
      go:set()
      support.join { waiter }
    end)
  end)
end)

describe("A circle of modules over several threads", function()
  it("is told as a deadlock is", function()
    local both = threading.Barrier(2)
    local function loader(other)
      return function()
        local ok = pcall(both.wait, both, support.PATIENCE)
        return ok and require(other) or "in vain"
      end
    end
    local errors, add = support.shared_list()
    with_modules({ ["spec.x"] = loader "spec.y",
      ["spec.y"] = loader "spec.x" }, function()
      local function try(name)
        local ok, err = pcall(require, name)
        both:abort()
        if not ok then
          add(err)
        end
      end
      local list = { support.start(try, "spec.x"),
        support.start(try, "spec.y") }
      support.join(list)
    end)
    assert.equal(1, #errors)
    assert.matches("deadlock: threads wait for each other in a circle\n"
      .. "    Thread%-%d+ waits for module 'spec%.[xy]' at .*, "
      .. "loaded by Thread%-%d+\n"
      .. "    Thread%-%d+ waits for module 'spec%.[xy]' at .*, "
      .. "loaded by Thread%-%d+$", errors[1])
  end)

  it("may have a join in it", function()
    with_modules({ [NAME] = function()
      local t = support.start(function()
        return pcall(require, NAME)
      end)
      t:join()
      return "loaded"
    end }, function()
      local ok, err = pcall(require, NAME)
      assert(ok or tostring(err):find "deadlock: .* waits for module")
    end)
  end)
end)

describe("The thread that loads a module", function()
  it("may require it again, also in a coroutine: Lua's own answer",
    function()
      local depth = 0
      with_modules({ [NAME] = function()
        depth = depth + 1
        if depth == 3 then
          return "inner"
        elseif depth == 1 then
          return require(NAME) .. " once"
        end
        return coroutine.wrap(function()
          return require(NAME) .. " twice"
        end)()
      end }, function()
        assert.equal("inner twice once", (require(NAME)))
        assert.equal("inner twice once", (require(NAME)))
        assert.equal(3, depth)
      end)
    end)

  it("leaves nothing in a coroutine that dies of the loader's error",
    function()
      local go = threading.Event()
      with_modules({ [NAME] = function()
        go:wait()
        package.preload[NAME] = function()
          return "again"
        end
        error "at first"
      end }, function()
        local kept
        local loader = support.start(function()
          local co = coroutine.create(require)
          assert(not coroutine.resume(co, NAME))
          kept = co -- with its variables, which nobody closes
        end)
        support.wait_thread_parked(loader, "Event")
        local waiter = support.start(function()
          assert.equal("again", (require(NAME)))
        end)
        support.wait_thread_parked(waiter, "module")
        go:set()
        support.join { loader, waiter }
        assert.equal("dead", coroutine.status(kept))
      end)
    end)

  it("leaves the others to it at the end of the program", function()
    assert.equal("end\n", (support.output_of [[
      local threading = require "threading"
      local _thread = require "threading._thread"
      local time = require "threading.time"
      package.preload.x = function() threading.Event():wait() end
      for i = 1, 2 do
        threading.Thread { daemon = true, target = require, args = { "x" } }
          :start()
      end
      local n
      repeat
        time.sleep(0)
        n = 0
        for _ in pairs(_thread._parked()) do n = n + 1 end
      until n == 2
      print "end"
    ]]))
  end)

  it("is forgotten in the child of a fork", function()
    local dir = files.folder()
    compiler.module("spec/support/forker.c", dir)
    assert.equal("7\n", (support.output_of(([[
      package.cpath = "%s/?.so;" .. package.cpath
      local forker = require "forker"
      local threading = require "threading"
      local _thread = require "threading._thread"
      local time = require "threading.time"
      local go = threading.Event()
      package.preload.x = function() go:wait() return 5 end
      local t = threading.Thread { target = require, args = { "x" } }
      t:start()
      while not next(_thread._parked()) do time.sleep(0) end
      local pid = forker.fork()
      if pid == 0 then
        package.preload.x = function() return 7 end
        forker.exit(require "x")
      end
      print(forker.wait(pid))
      go:set()
      t:join()
    ]]):format(dir))))
    os.execute("rm -r " .. dir)
  end)
end)

-- What Lua's own require does, in a Lua state without the library; and ours,
-- once before its end and once in a finaliser after it.
describe("require", function()
  local battery = [[
    local function try(...)
      local t = table.pack(pcall(...))
      for i = 1, t.n do
        t[i] = type(t[i]) == "table" and "table" or tostring(t[i])
      end
      print((table.concat(t, " | "):gsub("lua_%w+", "FILE")
        :gsub("\n\tno file [^\n]*", "")))
    end
    local function battery()
      for _, name in ipairs { "spec.a", "spec.b" } do
        package.preload[name], package.loaded[name] = nil, nil
      end
      local function via(...) require(...) end
      try(require)
      try(via)
      try(require, {})
      try(via, "spec.none")
      try(require, "spec.none")
      try(require, 12)
      try(require, "string")
      try(require, "string", "more")
      package.preload["spec.a"] = function(...)
        print("loader", ...)
        for level = 1, 4 do
          local info = debug.getinfo(level, "Sn")
          print(info.what, info.name)
        end
        return ...
      end
      try(require, "spec.a")
      try(require, "spec.a")
      for _, result in ipairs { false, true, 1 } do
        package.loaded["spec.b"] = nil
        package.preload["spec.b"] = function() return result end
        try(require, "spec.b")
        try(require, "spec.b")
      end
      package.loaded["spec.b"] = nil
      package.preload["spec.b"] = function() end
      try(require, "spec.b")
      package.loaded["spec.b"] = nil
      package.preload["spec.b"] = function(name)
        package.loaded[name] = "set"
      end
      try(require, "spec.b")
      for level = 0, 4 do
        package.loaded["spec.b"] = nil
        package.preload["spec.b"] = function() error("raised", level) end
        try(require, "spec.b")
        try(via, "spec.b")
      end
      package.preload["spec.b"] = function() coroutine.yield() end
      try(coroutine.wrap(via), "spec.b")
      local searchers = package.searchers
      package.searchers = {
        function(name) return "no " .. name end, function() end,
        function() return 7 end, function() return {} end,
        setmetatable({}, { __call = function() return "called" end }),
      }
      try(via, "spec.b")
      package.searchers[6] = function(name)
        return function(...) print("found", ...) end, name .. " data"
      end
      try(via, "spec.b")
      package.loaded["spec.b"] = nil
      try(require, "spec.b")
      package.loaded["spec.b"] = nil
      package.searchers[2] = function() error "in a searcher" end
      try(via, "spec.b")
      package.searchers = 5
      try(via, "spec.none")
      package.searchers = searchers
      local getinfo = debug.getinfo(require, "S")
      print(getinfo.what, getinfo.short_src)
    end
  ]]
  battery = battery:gsub("\n%s*", " ")

  local function lines_of(program)
    return (support.output_of(program .. "\n"))
  end

  it("is Lua's own, but for the threads that wait", function()
    local plain = lines_of(battery .. " battery()")
    assert.matches("loader\tspec.a\t:preload:\n", plain, 1, true)
    assert.equal(plain, lines_of(battery
      .. ' require "threading" battery()'))
    assert.equal(plain, lines_of(battery
      .. " local keep = setmetatable({}, { __gc = battery })"
      .. ' require "threading"'))
  end)
end)
