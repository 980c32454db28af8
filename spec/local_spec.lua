local support = require "spec.support"
local threading = require "threading"

-- Makes n objects that threads own in Locals, and tells how many live.
local function counted()
  local weak = setmetatable({}, { __mode = "k" })
  local function new()
    local object = {}
    weak[object] = true
    return object
  end
  local function living()
    collectgarbage()
    collectgarbage()
    local n = 0
    for _ in pairs(weak) do
      n = n + 1
    end
    return n
  end
  return new, living
end

describe("Local", function()
  it("shows each thread its own fields", function()
    local own, seen = threading.Local(), {}
    own.x = "main"
    local barrier = threading.Barrier(5)
    support.join(support.start_many(5, function(i)
      local before = own.x
      own.x = i
      barrier:wait() -- all have written
      seen[i] = { before, own.x }
    end))
    for i = 1, 5 do
      assert.same({ nil, i }, seen[i])
    end
    assert.equal("main", own.x)
  end)

  it("two of them do not share fields", function()
    local one, two = threading.Local(), threading.Local()
    one.x = 1
    assert.is_nil(two.x)
  end)

  it("fields may be false, removed, and of any key", function()
    local own, key = threading.Local(), {}
    own.flag = false
    own[key] = 1
    own[1] = "one"
    assert.is_false(own.flag)
    assert.equal(1, own[key])
    assert.equal("one", own[1])
    own.flag = nil
    assert.is_nil(own.flag)
    assert.is_false(pcall(function()
      own[nil] = 1
    end))
  end)

  it("pairs walks the fields of the calling thread", function()
    local own = threading.Local()
    own.a, own.b = 1, 2
    local function copy()
      local t = {}
      for key, value in pairs(own) do
        t[key] = value
      end
      return t
    end
    assert.same({ a = 1, b = 2 }, copy())
    assert.same({ c = 3 }, support.in_thread(function()
      own.c = 3
      return copy()
    end))
    assert.same({ a = 1, b = 2 }, copy())
  end)

  it("the fields of a thread are freed when it ends", function()
    for _, n in ipairs { 2, 20, 100 } do
      local own = threading.Local()
      local new, living = counted()
      support.join(support.start_many(n, function()
        own.object = new()
        own.this = own -- a circle through itself
      end))
      own.object = new()
      assert.equal(1, living())
      assert.is_table(own.object)
    end
  end)

  it("all fields are freed when it is dropped, though the threads live",
    function()
      local own = threading.Local()
      local new, living = counted()
      local all_set, over = threading.Barrier(4), threading.Event()
      local function use(object)
        object.object = new()
        object.this = object
      end
      local list = support.start_many(3, function()
        use(own)
        all_set:wait()
        over:wait()
      end)
      use(own)
      all_set:wait()
      assert.equal(4, living())
      own = nil
      assert.equal(0, living())
      over:set()
      support.join(list)
      assert.is_nil(own)
    end)

  it("threads that were not started through Thread have fields too",
    function()
      local own, done, seen = threading.Local(), threading.Event(), nil
      local new, living = counted()
      require("threading._thread").start_new_thread(function()
        own.object = new()
        seen = own.object ~= nil
        done:set()
      end)
      done:wait(support.PATIENCE)
      assert.is_true(seen)
      support.wait_until(function()
        return living() == 0
      end)
    end)

  it("coroutines of one thread share them", function()
    local own = threading.Local()
    own.x = 1
    assert.equal(1, coroutine.wrap(function()
      local x = own.x
      own.x = 2
      return x
    end)())
    assert.equal(2, own.x)
  end)

  it("is found in finalisers at the end of the program", function()
    assert.equal("kept\n", support.output_of [[
      local own = require("threading").Local()
      own.x = "kept"
      setmetatable({}, { __gc = function() print(own.x) end })
    ]])
  end)

  it("plain ones take no arguments", function()
    assert.matches("^Initialization arguments are not supported; they",
      support.message(threading.Local, 1))
    assert.matches("^Initialization arguments are not supported; they",
      support.message(threading.Local, nil))
    assert.matches("^Initialization arguments are not supported; they",
      support.message(threading.Local:extend "Derived", 1))
  end)

  it("its metatable is not to be had", function()
    local own = threading.Local()
    assert.is_false(getmetatable(own))
    assert.is_false(pcall(setmetatable, own, {}))
  end)
end)

describe("A class derived from Local", function()
  it("init runs once in each thread, on the first use, with the arguments",
    function()
      local Derived, runs = threading.Local:extend "Derived", {}
      function Derived:init(...)
        local name = threading.current_thread().name
        runs[name] = (runs[name] or 0) + 1
        self.args = table.pack(...)
      end
      local own = Derived(1, nil, 3, nil)
      assert.same({}, runs)
      assert.same({ 1, nil, 3, nil, n = 4 }, own.args)
      assert.equal(4, own.args.n)
      assert.same({ MainThread = 1 }, runs)
      local list = support.start_many(3, function()
        assert(own.args[3] == 3)
        own.args = nil
        assert(own.args == nil)
      end)
      support.join(list)
      local expected = { MainThread = 1 }
      for _, t in ipairs(list) do
        expected[t.name] = 1
      end
      assert.same(expected, runs)
      assert.equal(3, own.args[3])
    end)

  it("a write is a first use too", function()
    local Derived = threading.Local:extend "Derived"
    function Derived:init()
      self.x, self.y = "init", "init"
    end
    local own = Derived()
    own.x = "written"
    assert.same({ "written", "init" }, { own.x, own.y })
  end)

  it("fields of the class are defaults and methods", function()
    local Derived = threading.Local:extend "Derived"
    Derived.default = 7
    function Derived:double()
      return 2 * self.default
    end
    local own = Derived()
    assert.equal(14, own:double())
    own.default = 10
    assert.equal(20, own:double())
    assert.equal(14, support.in_thread(own.double, own))
    own.default = nil
    assert.equal(7, own.default)
  end)

  it("a class may be derived further", function()
    local Base = threading.Local:extend "Base"
    function Base:init(x)
      self.x = x
    end
    local Derived = Base:extend "Derived"
    function Derived:init(x, y)
      Base.init(self, x)
      self.y = y
    end
    local own = Derived(1, 2)
    local function both()
      return { own.x, own.y }
    end
    assert.same({ 1, 2 }, both())
    assert.same({ 1, 2 }, support.in_thread(both))
  end)

  it("an init that fails runs again on the next use", function()
    local Derived, runs, object = threading.Local:extend "Derived", 0, {}
    function Derived:init()
      runs = runs + 1
      self.half = true
      if runs == 1 then
        error(object)
      end
      self.whole = true
    end
    local own = Derived()
    local ok, err = pcall(function()
      return own.whole
    end)
    assert.is_false(ok)
    assert.equal(object, err)
    assert.is_true(own.whole)
    assert.equal(2, runs)
  end)

  it("its arguments are freed with it", function()
    local Derived = threading.Local:extend "Derived"
    function Derived:init(x)
      self.x = x
    end
    local new, living = counted()
    local own = Derived(new())
    assert.is_table(own.x)
    own = nil
    assert.equal(0, living())
    assert.is_nil(own)
  end)

  it("is named with a string", function()
    assert.matches("bad argument 'name' to 'extend'",
      support.message(threading.Local.extend, threading.Local, 1), 1, true)
  end)
end)
