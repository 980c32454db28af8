local futures = require "threading.futures"
local queue = require "threading.queue"
local support = require "spec.support"
local threading = require "threading"

describe("is_timeout", function()
  it("knows the second result of calls that time out", function()
    local _, why = queue.Queue():get(true, 0.001)
    assert.equal("empty", why) -- as a try says
    assert.is_false(threading.is_timeout(why))
    local pool <close> = futures.ThreadPoolExecutor { max_workers = 1 }
    local event = threading.Event()
    local f = pool:submit(event.wait, event)
    assert.is_true(threading.is_timeout(select(2, f:result(0.001))))
    event:set()
  end)

  it("knows the errors of map and as_completed", function()
    local pool <close> = futures.ThreadPoolExecutor { max_workers = 1 }
    local event = threading.Event()
    local f = pool:submit(event.wait, event)
    local ok, err = pcall(function()
      for _ in futures.as_completed({ f }, 0.001) do
        error "done"
      end
    end)
    assert.is_false(ok)
    assert.is_true(threading.is_timeout(err), err)
    ok, err = pcall(function()
      for _ in pool:map(math.abs, { -1 }, { timeout = 0.001 }) do
        error "done"
      end
    end)
    assert.is_false(ok)
    assert.is_true(threading.is_timeout(err), err)
    event:set()
  end)

  it("takes nothing else for one", function()
    for _, value in ipairs { "timeouts", "a timeout", "x: timeout y", "", 5,
        true, {}, print } do
      assert.is_false(threading.is_timeout(value))
    end
    assert.is_false(threading.is_timeout())
  end)
end)

describe("is_broken_barrier", function()
  it("knows the error of a barrier that is broken", function()
    local barrier = threading.Barrier(2)
    local ok, err = pcall(barrier.wait, barrier, 0.001)
    assert.is_false(ok)
    assert.is_true(threading.is_broken_barrier(err), err)
    local _, again = pcall(function()
      barrier:wait()
    end)
    assert.matches("^%S+:%d+: ", again)
    assert.is_true(threading.is_broken_barrier(again), again)
  end)

  it("takes nothing else for one", function()
    local barrier = threading.Barrier(1, function()
      error "the action"
    end)
    local _, err = pcall(barrier.wait, barrier)
    assert.is_false(threading.is_broken_barrier(err))
    for _, value in ipairs { "unbroken barrier", "broken barriers", "", 5,
        true, {}, print } do
      assert.is_false(threading.is_broken_barrier(value))
    end
    assert.is_false(threading.is_broken_barrier())
  end)
end)

describe("C's names of types", function()
  local sized = {
    double = "float64", float = "float32", int8_t = "int8",
    int16_t = "int16", int32_t = "int32", int64_t = "int64",
    uint8_t = "uint8", uint16_t = "uint16", uint32_t = "uint32",
    uint64_t = "uint64", ["signed char"] = "int8",
    ["unsigned char"] = "uint8",
  }

  it("are those of a Value and an Array of fixed size", function()
    for name, type in pairs(sized) do
      assert.equal(type, threading.Value(name).type)
      assert.equal(type, threading.Array(name, 2).type)
    end
    assert.matches("Array float64", tostring(threading.Array("double", 3)), 1,
      true)
  end)

  it("have the size that they have here", function()
    local letters = {
      short = "h", int = "i", long = "l", ["long long"] = "j",
      size_t = "T", ["unsigned short"] = "H", ["unsigned int"] = "I",
      unsigned = "I", ["unsigned long"] = "L", ["unsigned long long"] = "J",
      ptrdiff_t = "T", intptr_t = "T", uintptr_t = "T",
    }
    for name, letter in pairs(letters) do
      local type = threading.Value(name).type
      assert.equal(8 * string.packsize(letter), tonumber(type:match "%d+$"),
        name)
      assert.equal(name:find "^u" ~= nil or name == "size_t",
        type:find "^u" ~= nil, name)
    end
    assert.matches("^u?int8$", threading.Value("char").type)
  end)

  it("refuse what is no such name", function()
    for _, name in ipairs { "doubles", "void", "bool", "Double", "long double",
        "" } do
      assert.matches("unknown type '" .. name .. "'",
        support.message(threading.Value, name), 1, true)
    end
  end)
end)
