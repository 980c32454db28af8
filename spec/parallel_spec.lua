local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"

local parallel_for = threading.parallel_for

-- The parts that fn is called with, in order, as "lo-hi".
local function parts_of(first, last, ...)
  local list, append = support.shared_list()
  parallel_for(first, last, function(lo, hi)
    append { lo, hi }
  end, ...)
  table.sort(list, function(a, b)
    return a[1] < b[1]
  end)
  for i, part in ipairs(list) do
    list[i] = ("%d..%d"):format(part[1], part[2])
  end
  return list
end

describe("parallel_for", function()
  it("cuts the range into parts of equal length, but for one", function()
    assert.same({ "1..4", "5..7", "8..10" }, parts_of(1, 10, 3))
    assert.same({ "1..10" }, parts_of(1, 10, 1))
    assert.same({ "-1..0", "1..2" }, parts_of(-1, 2, 2))
    assert.same({ "1..1", "2..2" }, parts_of(1, 2, 8))
    assert.same({ "1..1", "2..2" }, parts_of(1, 2, math.maxinteger))
    assert.same({ "1..1", "2..2" },
      parts_of(1, 2, 2, { parts = math.maxinteger }))
    assert.same({ "7..7" }, parts_of(7, 7, 4))
    assert.same({ "1..2", "3..4" }, parts_of(1.0, 4.0, 2.0))
    assert.same({ "1..3", "4..6", "7..8" }, parts_of(1, 8, { parts = 3 }))
    for n = 1, 40 do
      for threads = 1, 9 do
        local at, least, most = 1, math.huge, 0
        for _, part in ipairs(parts_of(1, n, 2, { parts = threads })) do
          local lo, hi = part:match "^(%d+)%.%.(%d+)$"
          assert.equal(at, math.tointeger(lo))
          at = hi + 1
          least, most = math.min(least, at - lo), math.max(most, at - lo)
        end
        assert.equal(n + 1, at)
        assert.is_true(most - least <= 1)
      end
    end
  end)

  it("uses as many threads as processors by default", function()
    local n = threading.cpu_count()
    assert.equal(n, #parts_of(1, 1000 * n))
    assert.equal(n, #parts_of(1, 1000 * n, nil))
    assert.equal(n, #parts_of(1, 1000 * n, {}))
    assert.equal(3, #parts_of(1, 1000, { nthreads = 3 }))
    assert.equal(3, #parts_of(1, 1000, 3, {}))
  end)

  it("calls nothing for an empty range", function()
    local function never()
      error "called"
    end
    for _, range in ipairs {
      { 1, 0 }, { 5, -5 }, { math.maxinteger, math.mininteger },
    } do
      assert.equal(0, select("#", parallel_for(range[1], range[2], never, 2,
        { progress = never })))
    end
  end)

  it("takes ranges longer than the largest integer", function()
    local least, most = math.mininteger, math.maxinteger
    local function ranges(...)
      local list = {}
      for i, bounds in ipairs { ... } do
        list[i] = ("%d..%d"):format(bounds[1], bounds[2])
      end
      return list
    end
    assert.same(ranges({ least, most }), parts_of(least, most, 1))
    assert.same(ranges({ least, -1 }, { 0, most }), parts_of(least, most, 2))
    local bound = 3074457345618258603 -- 2^64 = 3 * 6148914691236517205 + 1
    assert.same(ranges({ least, -bound }, { 1 - bound, bound - 1 },
      { bound, most }), parts_of(least, most, 3))
    assert.same(ranges({ most - 1, most - 1 }, { most, most }),
      parts_of(most - 1, most, 4))
    assert.same(ranges({ least, least }, { least + 1, least + 1 }),
      parts_of(least, least + 1, 4))
    local last
    parallel_for(least, most, function() end, 1, {
      progress = function(done, total)
        last = { done, total }
      end,
    })
    assert.equal(0x1p64, last[2])
    assert.is_true(math.abs(last[1] / last[2] - 1) < 1e-12)
  end)

  it("runs the parts in threads of their own, at the same time", function()
    local barrier, idents = threading.Barrier(4), {}
    parallel_for(1, 4, function(lo)
      barrier:wait(support.PATIENCE)
      idents[lo] = threading.get_ident()
    end, 4)
    local seen = { [threading.get_ident()] = true }
    for i = 1, 4 do
      assert.is_nil(seen[idents[i]])
      seen[idents[i]] = true
    end
    assert.same({ threading.main_thread() }, threading.enumerate())
  end)

  it("calls anything callable, and returns nothing", function()
    local sum = threading.Value "int64"
    local object = setmetatable({}, {
      __call = function(_, lo, hi)
        sum:fetch_add(lo + hi)
        return true
      end,
    })
    assert.equal(0, select("#", parallel_for(1, 10, object, 1)))
    assert.equal(11, sum.value)
  end)

  it("works inside itself", function()
    local sum = threading.Value "int64"
    parallel_for(1, 3, function(lo, hi)
      parallel_for(lo * 10, hi * 10 + 9, function(a, b)
        for i = a, b do
          sum:fetch_add(i)
        end
      end, 2)
    end, 3)
    assert.equal((10 + 39) * 30 // 2, sum.value)
  end)

  describe("progress", function()
    it("counts the elements up to the total, one call at a time", function()
      local seen, inside = {}, false
      parallel_for(1, 1000, function() end, 3, {
        parts = 10,
        progress = function(done, total)
          assert(not inside)
          inside = true
          time.sleep(0)
          inside = false
          seen[#seen + 1] = done
          assert(total == 1000)
        end,
      })
      assert.equal(10, #seen)
      for i, done in ipairs(seen) do
        assert.equal(100 * i, done)
      end
    end)

    it("is told of a hundred parts by default", function()
      local n = 0
      parallel_for(1, 12345, function() end, { progress = function()
        n = n + 1
      end })
      assert.equal(100, n)
    end)

    it("that raises ends the loop", function()
      local object, calls = {}, threading.Value "int64"
      local ok, err = pcall(parallel_for, 1, 1000, function()
        calls:fetch_add(1)
      end, 2, { parts = 1000, progress = function()
        error(object)
      end })
      assert.is_false(ok)
      assert.equal(object, err)
      assert.is_true(calls.value < 1000)
    end)
  end)

  describe("an error", function()
    it("is raised as it is, when the others are cancelled", function()
      for _, object in ipairs { {}, "text", 5, false } do
        local reached, closed = threading.Value "int64", threading.Value "int64"
        local ok, err = pcall(parallel_for, 1, 4, function(lo)
          reached:fetch_add(1)
          if lo == 3 then
            support.wait_until(function()
              return reached.value == 4
            end)
            error(object, 0)
          end
          local _ <close> = setmetatable({}, { __close = function()
            closed:fetch_add(1)
          end })
          time.sleep(support.PATIENCE * 10)
        end, 4)
        assert.is_false(ok)
        assert.equal(object, err)
        assert.equal(3, closed.value)
        assert.same({ threading.main_thread() }, threading.enumerate())
      end
    end)

    it("ends a kernel that asks whether to stop", function()
      local k = threading.kernel [[
        void spin(_Atomic int64_t *on) {
          *on = 1;
          while (!threading_stopping()) {}
        }
      ]]
      local on = threading.Value "int64"
      assert.equal("enough", support.message(parallel_for, 1, 2, function(lo)
        if lo == 1 then
          k.spin(on)
        end
        support.wait_until(function()
          return on.value == 1
        end)
        error "enough"
      end, 2))
    end)

    it("nil is one too", function()
      local ok, err = pcall(parallel_for, 1, 2, function()
        error(nil)
      end)
      assert.is_false(ok)
      assert.equal(select(2, pcall(error)), err) -- of Lua 5.5 a string
    end)

    it("lets no further part begin", function()
      local calls = 0
      assert.equal("stop", support.message(parallel_for, 1, 100, function(lo)
        calls = calls + 1
        if lo == 10 then
          error "stop"
        end
      end, 1, { parts = 100 }))
      assert.equal(10, calls)
    end)

    it("is not printed", function()
      assert.same({}, support.excepthook_calls(function()
        pcall(parallel_for, 1, 10, error, 3)
      end))
    end)
  end)

  it("a cancelled caller cancels its threads and waits for them", function()
    local closed, err = threading.Value "int64", nil
    local t = support.start(function()
      local _
      _, err = pcall(parallel_for, 1, 3, function()
        local _ <close> = setmetatable({}, { __close = function()
          closed:fetch_add(1)
        end })
        time.sleep(support.PATIENCE * 10)
      end, 3)
    end)
    support.wait_parked(3, "sleep")
    support.wait_thread_parked(t)
    t:cancel "enough"
    support.join(t)
    assert.is_true(threading.is_cancelled(err))
    assert.equal("enough", err.message)
    assert.equal(3, closed.value)
    assert.same({ threading.main_thread() }, threading.enumerate())
  end)

  it("Ctrl-C ends it with its threads", function()
    local out = support.output_of [[
      local threading, time = require "threading", require "threading.time"
      local _thread = require "threading._thread"
      local main = threading.main_thread()
      threading.Thread { daemon = true, target = function()
        local n = 0
        repeat
          n = 0
          for _ in pairs(_thread._parked()) do n = n + 1 end
          time.sleep(0)
        until n >= 3 and _thread._parked()[main.ident]
        assert(io.popen "kill -INT $PPID":close())
      end }:start()
      local ok, err = pcall(threading.parallel_for, 1, 2, function()
        time.sleep(1000)
      end, 2)
      print(ok, err, #threading.enumerate() <= 2)
    ]]
    assert.matches("^false\t[^\n]*interrupted!\ttrue\n$", out)
  end)

  it("threads that others cancel are not passed over", function()
    local message = support.message(function()
      parallel_for(1, 2, function()
        threading.current_thread():cancel "from outside"
        threading.checkpoint()
      end, 2)
    end)
    assert.equal("cancelled: from outside", message)
  end)

  it("a thread that the system refuses ends it, and blames the caller",
    function()
      local too_much = string.packsize "T" == 8 and 1 << 46 or 0xf0000000
      local before = threading.stack_size(too_much) -- cannot be mapped
      local ok, err = pcall(function()
        parallel_for(1, 10, print, 3)
      end)
      threading.stack_size(before)
      assert.is_false(ok)
      assert.matches("^[^\n]*parallel_spec.lua:%d+: can't start new thread: ",
        err)
      assert.same({ threading.main_thread() }, threading.enumerate())
    end)

  it("wrong arguments are errors that blame the caller", function()
    local function noop() end
    for _, it in ipairs {
      { { nil, 1, noop }, "'first' %(integer expected, got nil%)" },
      { { 1, "2", noop }, "'last' %(integer expected, got string%)" },
      { { 1, 2.5, noop }, "'last' %(integer expected, got 2.5%)" },
      { { 0 / 0, 2, noop }, "'first' %(integer expected, got %-?nan%)" },
      { { 1, math.huge, noop }, "'last' %(integer expected, got inf%)" },
      { { 1, 2 }, "'fn' %(callable expected, got nil%)" },
      { { 1, 2, {} }, "'fn' %(callable expected, got table%)" },
      { { 1, 2, noop, 0 }, "'nthreads' %(must be greater than 0%)" },
      { { 1, 2, noop, -1 }, "'nthreads' %(must be greater than 0%)" },
      { { 1, 2, noop, 1.5 }, "'nthreads' %(integer expected, got 1.5%)" },
      { { 1, 2, noop, "2" }, "'nthreads' %(integer expected" },
      { { 1, 2, noop, 2, 5 }, "'options' %(table expected, got 5%)" },
      { { 1, 2, noop, { threads = 2 } },
        "unexpected keyword argument 'threads'" },
      { { 1, 2, noop, { parts = 0 } }, "'parts' %(must be greater than 0%)" },
      { { 1, 2, noop, { progress = 5 } }, "'progress' %(callable expected" },
    } do
      local ok, err = pcall(function()
        parallel_for(table.unpack(it[1], 1, 5))
      end)
      assert.is_false(ok)
      assert.matches("^[^\n]*parallel_spec.lua:%d+: .*'parallel_for'", err)
      assert.matches(it[2], (err:gsub(" to 'parallel_for'", "")))
    end
  end)
end)
