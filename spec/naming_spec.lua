-- The names of objects: how they are given, and where they are shown.

local interpreters = require "threading.interpreters"
local queue = require "threading.queue"
local support = require "spec.support"
local threading = require "threading"

-- Type -> makes an object: with a table of options, and with one behind the
-- arguments, or in the place of some.
local makers = {
  Lock = { threading.Lock },
  RLock = { threading.RLock },
  Condition = { threading.Condition, function(options)
    return threading.Condition(threading.Lock(), options)
  end, function(options)
    return threading.Condition(nil, options)
  end },
  Semaphore = { threading.Semaphore, function(options)
    return threading.Semaphore(3, options)
  end },
  BoundedSemaphore = { threading.BoundedSemaphore, function(options)
    return threading.BoundedSemaphore(3, options)
  end },
  Event = { threading.Event },
  Barrier = { function(options)
    return threading.Barrier(2, options)
  end, function(options)
    return threading.Barrier(2, print, options)
  end, function(options)
    return threading.Barrier(2, nil, nil, options)
  end },
  Value = { function(options)
    return threading.Value("int64", options)
  end, function(options)
    return threading.Value("int64", 7, options)
  end },
  Array = { function(options)
    return threading.Array("float64", 2, options)
  end, function(options)
    return threading.Array("float64", { 1, 2 }, options)
  end },
  Queue = { queue.Queue, function(options)
    return queue.Queue(10, options)
  end },
  LifoQueue = { queue.LifoQueue, function(options)
    return queue.LifoQueue(10, options)
  end },
  PriorityQueue = { queue.PriorityQueue, function(options)
    return queue.PriorityQueue(10, options)
  end },
  SimpleQueue = { queue.SimpleQueue },
  ["interpreters.Queue"] = { interpreters.create_queue, function(options)
    return interpreters.create_queue(10, options)
  end },
}

local function each(fn)
  for kind, ways in pairs(makers) do
    for i, make in ipairs(ways) do
      fn(kind, make, i)
    end
  end
end

describe("the name", function()
  each(function(kind, make, i)
    local title = ("of %s %s, way %d, "):format(
      kind:find "^[aeiouABE]" and "an" or "a", kind, i)

    it(title .. "is shown by tostring, and returned", function()
      local object = make { name = "accounts" }
      assert.equal("accounts", object:get_name())
      assert.matches('^<l?o?c?k?e?d?u?n?l?o?c?k?e?d? ?threading%.'
        .. kind:gsub("%.", "%%.") .. ' "accounts"', tostring(object))
    end)

    it(title .. "is not needed", function()
      for _, object in ipairs { make {}, make(), make(nil) } do
        assert.is_nil(object:get_name())
        assert.is_nil(tostring(object):find('"', 1, true))
      end
    end)

    it(title .. "is text that can be shown", function()
      for _, name in ipairs { 5, true, {}, print } do
        local message = support.message(make, { name = name })
        assert.matches("name: string expected, got", message, 1, true)
      end
      assert.matches("name: must not be empty",
        support.message(make, { name = "" }), 1, true)
      for _, c in ipairs { "\n", "\0", "\27", "\127" } do
        assert.matches("name: must not have control characters",
          support.message(make, { name = "a" .. c }), 1, true)
      end
      assert.equal("Stra\u{df}e", make({ name = "Stra\u{df}e" }):get_name())
    end)

    it(title .. "may be long", function()
      local name = ("x"):rep(1000)
      assert.equal(name, make({ name = name }):get_name())
    end)

    it(title .. "is told of where an option is unknown", function()
      assert.matches("unexpected keyword argument 'nmae' to '.+'; it takes .*"
        .. "name$", support.message(make, { nmae = "accounts" }))
      assert.matches("unexpected keyword argument '1' to '.+'; it takes .*"
        .. "name, each by its name$", support.message(make, { "accounts" }))
    end)
  end)
end)

describe("options", function()
  it("may have the arguments, too", function()
    local lock = threading.Lock()
    local condition = threading.Condition { lock = lock, name = "c" }
    lock:acquire()
    condition:notify()
    assert.matches("value=3>", tostring(threading.Semaphore { value = 3 }))
    assert.equal(2, threading.Barrier({ parties = 2, name = "b" }).parties)
    local q = queue.Queue { maxsize = 1, name = "q" }
    q:put(1)
    assert.is_true(q:full())
  end)

  it("give nothing twice", function()
    for _, case in ipairs {
      { threading.Semaphore, 3, { value = 3 } },
      { threading.Condition, threading.Lock(), { lock = threading.Lock() } },
      { threading.Barrier, 2, { parties = 2 } },
      { threading.Value, "int64", 1, { initial = 1 } },
      { queue.Queue, 3, { maxsize = 3 } },
      { interpreters.create_queue, 3, { maxsize = 3 } },
    } do
      assert.matches("got multiple values for argument '%w+'",
        support.message(table.unpack(case)))
    end
  end)

  it("are a table", function()
    for _, case in ipairs {
      { threading.Lock, "accounts" }, { threading.Semaphore, 3, "slots" },
      { threading.Condition, threading.Lock(), "c" }, { queue.Queue, 3, "q" },
      { threading.Barrier, 2, nil, nil, "b" },
      { threading.Value, "int64", 1, "v" },
      { threading.Array, "int64", 1, "a" }, { queue.SimpleQueue, "q" },
    } do
      assert.matches("options: table expected, got string",
        support.message(table.unpack(case, 1, 5)))
    end
  end)

  it("are no objects of the program's", function()
    local calls = 0
    local action = setmetatable({}, { __call = function()
      calls = calls + 1
    end })
    threading.Barrier(1, action):wait()
    assert.equal(1, calls)
    local own = { acquire = print, release = print, name = 7 }
    assert.matches("^<threading.Condition%(table: ",
      tostring(threading.Condition(own)))
    assert.matches("lock: object with acquire and release expected",
      support.message(threading.Condition, setmetatable({}, {})), 1, true)
  end)
end)

describe("a Condition", function()
  it("gives its name to the lock that it makes", function()
    assert.matches('^<threading.Condition "c"%(<unlocked threading.RLock "c"',
      tostring(threading.Condition { name = "c" }))
    assert.is_nil(tostring(threading.Condition(threading.Lock(),
      { name = "c" })):find('Lock "c"', 1, true))
  end)
end)

describe("an object with a name", function()
  local crossing = {
    "Lock", "RLock", "Condition", "Semaphore", "Event", "Value", "Array",
    "interpreters.Queue",
  }
  for _, kind in ipairs(crossing) do
    it("has it in other interpreters: " .. kind, function()
      local object = makers[kind][1] { name = "accounts" }
      local i <close> = interpreters.create()
      local name, text = i:call(function(o)
        return o:get_name(), tostring(o)
      end, object)
      assert.equal("accounts", name)
      assert.equal(tostring(object), text)
      local back = i:call(function()
        return require "threading".Lock { name = "theirs" }
      end)
      i:close()
      assert.equal("theirs", back:get_name())
    end)
  end
end)

