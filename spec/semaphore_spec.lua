local contracts = require "spec.support.contracts"
local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"

local counter = support.counter

local function value_of(semaphore)
  return tonumber(tostring(semaphore):match "value=(%d+)")
end

-- What a semaphore of either kind does.
local function permits(new)
  local function try(semaphore, n)
    local list = {}
    for i = 1, n do
      list[i] = semaphore:acquire(false)
    end
    return list
  end

  it("has one permit by default", function()
    assert.same({ true, false }, try(new(), 2))
  end)

  it("lets as many in as its value says", function()
    local semaphore = new(2)
    assert.same({ true, true, false }, try(semaphore, 3))
    semaphore:release()
    assert.same({ true, false }, try(semaphore, 2))
  end)

  it("may begin with none, and is told the value by name too", function()
    assert.same({ false }, try(new(0), 1))
    assert.same({ true, true, true, false }, try(new { value = 3 }, 4))
  end)

  it("threads share the permits", function()
    local semaphore, got, refused = new(4), counter(), counter()
    semaphore:acquire()
    support.join(support.start_many(5, function()
      for _, one in ipairs(try(semaphore, 2)) do
        local add = one and got or refused
        add(1)
      end
    end))
    assert.same({ 3, 7 }, { got(), refused() })
  end)

  -- release(1) so many times, or release(n) once
  for _, at_once in ipairs { false, true } do
    it("admits one thread for each permit, released "
      .. (at_once and "at once" or "one by one"), function()
      local semaphore, passed, results = new(7), counter(), {}
      semaphore:acquire()
      local list = support.start_many(10, function()
        for _ = 1, 2 do
          local result = semaphore:acquire()
          results[passed(1)] = result
        end
      end)
      local function release(n)
        if at_once then
          semaphore:release(n)
        else
          for _ = 1, n do
            semaphore:release()
          end
        end
      end
      local function admitted(n)
        support.wait_until(function()
          return passed() == n
        end)
      end
      admitted(6)
      support.wait_parked(7, "Semaphore") -- 14 to come, 2 for each
      assert.equal(6, passed())
      release(7)
      admitted(13)
      release(6)
      admitted(19)
      assert.is_false(semaphore:acquire(false))
      support.wait_parked(1, "Semaphore")
      assert.equal(19, passed())
      semaphore:release()
      support.join(list)
      assert.equal(20, #results)
      for _, result in ipairs(results) do
        assert.is_true(result)
      end
      assert.equal(0, value_of(semaphore))
    end)
  end

  it("a timeout returns false, not before its time, and takes nothing",
    function()
      local semaphore, start = new(0), time.monotonic()
      assert.is_false(semaphore:acquire(true, 0.02))
      assert.is_false(semaphore:acquire { timeout = 0.02 })
      assert.is_true(time.monotonic() - start >= 0.04)
      assert.is_false(semaphore:acquire(true, 0))
      assert.equal(0, value_of(semaphore))
    end)

  it("a wait with a timeout ends with the release", function()
    local semaphore, got = new(1)
    semaphore:acquire()
    local t = support.start(function()
      got = semaphore:acquire { timeout = support.PATIENCE }
    end)
    support.wait_thread_parked(t, "Semaphore")
    semaphore:release()
    support.join(t)
    assert.is_true(got)
    assert.equal(0, value_of(semaphore))
  end)

  it("waiters that time out beside waiters that do not lose no permit",
    function()
      local N <const> = 200
      local semaphore, got = new(N), counter()
      for _ = 1, N do
        semaphore:acquire()
      end
      local list = support.start_many(6, function(i)
        while got() < N do
          if semaphore:acquire(true, i * 1e-5) then
            got(1)
          end
        end
      end)
      for _ = 1, N do
        semaphore:release()
      end
      support.join(list)
      assert.equal(N, got())
      assert.equal(0, value_of(semaphore))
    end)

  it("takes no timeout with a mere try", function()
    local semaphore = new()
    for _, timeout in ipairs { 1, 0, -1, 0.5 } do
      assert.equal("can't specify timeout for non-blocking acquire",
        support.message(semaphore.acquire, semaphore, false, timeout))
    end
    assert.equal(1, value_of(semaphore))
  end)

  it("a negative timeout is a try, whatever the value", function()
    for value = 0, 1 do
      local semaphore = new(value)
      assert.equal(value == 1, semaphore:acquire(true, -1))
      assert.equal(0, value_of(semaphore))
    end
  end)

  it("releases at least one", function()
    local semaphore = new(3)
    semaphore:acquire()
    for _, n in ipairs { 0, -1, math.mininteger } do
      assert.matches("(n: must be one or more)",
        support.message(semaphore.release, semaphore, n), 1, true)
    end
    assert.equal(2, value_of(semaphore))
    semaphore:release { n = 1 }
    assert.equal(3, value_of(semaphore))
  end)

  it("cannot begin below none", function()
    for _, value in ipairs { -1, math.mininteger, -0.5 } do
      assert.equal("semaphore initial value must be >= 0",
        support.message(new, value))
    end
  end)

  it("a guard inside a guard finds one permit less", function()
    local semaphore = new(1)
    do
      local guard <close> = semaphore:guard()
      assert.equal(semaphore, guard)
      assert.is_false(semaphore:acquire(false))
    end
    assert.equal(1, value_of(semaphore))
  end)

  it("is released by any thread", function()
    local semaphore = new()
    semaphore:acquire()
    support.in_thread(semaphore.release, semaphore)
    assert.equal(1, value_of(semaphore))
  end)
end

for name, new in pairs {
  Semaphore = threading.Semaphore,
  BoundedSemaphore = threading.BoundedSemaphore,
} do
  describe(name .. "(1) as a lock", function()
    contracts.mutual_exclusion(it, new, { minus_one = false })
    contracts.waitable(it, new, "Semaphore")
    contracts.guardable(it, new)
  end)

  describe(name, function()
    permits(new)
  end)
end

describe("Semaphore", function()
  it("may be released beyond its initial value", function()
    local semaphore = threading.Semaphore(0)
    assert.equal(0, select("#", semaphore:release()))
    semaphore:release(41)
    assert.equal(42, value_of(semaphore))
    assert.matches("^<threading%.Semaphore at 0x%x+: value=42>$",
      tostring(semaphore))
  end)

  it("counts as far as it says, and says when it cannot", function()
    local semaphore = threading.Semaphore(math.maxinteger // 4)
    assert.equal("Semaphore released too many times",
      support.message(semaphore.release, semaphore))
    assert.equal(math.maxinteger // 4, value_of(semaphore))
    assert.matches("value: must be at most",
      support.message(threading.Semaphore, math.maxinteger), 1, true)
  end)

  it("limits how many are inside", function()
    local semaphore, inside, most = threading.Semaphore(3), counter(), {}
    support.join(support.start_many(10, function(i)
      most[i] = 0
      for _ = 1, 5 do
        local _ <close> = semaphore:guard()
        most[i] = math.max(most[i], inside(1))
        time.sleep(0)
        inside(-1)
      end
    end))
    assert.is_true(math.max(table.unpack(most)) <= 3)
    assert.equal(3, value_of(semaphore))
  end)
end)

describe("BoundedSemaphore", function()
  it("is not released beyond its initial value", function()
    local message = "Semaphore released too many times"
    for limit = 1, 9 do
      local semaphore = threading.BoundedSemaphore(limit)
      local function all(method)
        support.join(support.start_many(limit, function()
          semaphore[method](semaphore)
        end))
      end
      all "acquire"
      assert.equal(0, value_of(semaphore))
      all "release"
      assert.equal(message, support.message(semaphore.release, semaphore))
      assert.equal(limit, value_of(semaphore))
    end
  end)

  it("a release of too many at once changes nothing", function()
    local semaphore = threading.BoundedSemaphore(3)
    semaphore:acquire()
    assert.equal("Semaphore released too many times",
      support.message(semaphore.release, semaphore, 2))
    assert.equal(2, value_of(semaphore))
    semaphore:release()
    assert.matches("^<threading%.BoundedSemaphore at 0x%x+: value=3/3>$",
      tostring(semaphore))
  end)
end)
