--- What all pools have in common, of threads, of interpreters and of processes,
-- as specs.
--
-- The globals here are Lua's, not busted's: functions of this file can cross.

local assert = require "luassert"
local support = require "spec.support"
local threading = require "threading"

local pools = {}

function pools.double(x)
  return 2 * x
end

function pools.wait_for(event)
  return event:wait()
end

--- Calls fn(pool, go, busy) with a pool of one worker that is busy with the
-- call `busy` until the event `go` is set, and sets it in the end.
-- @tparam function new makes a pool
function pools.with_busy(new, fn)
  local pool <close> = new { max_workers = 1 }
  local go = threading.Event()
  local busy = pool:submit(pools.wait_for, go)
  support.wait_until(function()
    return busy:running()
  end)
  local ok, err = pcall(fn, pool, go, busy)
  go:set()
  assert(ok, err)
end

--- A thread with that in its name; nil if there is none.
function pools.worker_of(prefix)
  for _, t in ipairs(threading.enumerate()) do
    if t.name:find(prefix, 1, true) then
      return t
    end
  end
end

--- Specifies a pool; `it` is busted's.
-- @tparam function new makes one, of the options
-- @tparam string class its name in threading.futures
function pools.specify(it, new, class)
  local double = pools.double

  it("a call that exits its thread ends only itself", function()
    local pool <close> = new { max_workers = 1 }
    for _, exit in ipairs { threading.exit, function()
      require("threading").exit()
    end } do
      local f = pool:submit(exit)
      assert.equal("threading.exit", tostring(f:exception()))
      assert.equal(4, pool:submit(double, 2):result())
    end
  end)

  it("makes the calls that wait when it is shut down, and no others",
    function()
      local list, pool = {}, new { max_workers = 1 }
      for i = 1, 50 do
        list[i] = pool:submit(double, i)
      end
      pool:shutdown()
      for i, f in ipairs(list) do
        assert.is_true(f:done())
        assert.equal(2 * i, f:result())
      end
      for _ = 1, 2 do
        assert.equal("cannot schedule new futures after shutdown",
          support.message(pool.submit, pool, double))
        assert.equal("cannot schedule new futures after shutdown",
          support.message(pool.map, pool, double, { 1 }))
        for _ in pool:map(double, {}) do
          error "there is none"
        end
        pool:shutdown()
      end
    end)

  it("is broken by an initializer that fails, and says so", function()
    local r = support.run(([[
      local futures = require "threading.futures"
      local pool = futures.%s { initializer = function()
        error "oh"
      end }
      local f = pool:submit(print, "called")
      print((f:exception()))
      print(pcall(pool.submit, pool, print))
      pool:shutdown()
    ]]):format(class))
    local broken =
      "a thread initializer failed, the pool is not usable any more"
    assert.matches("^" .. broken .. "\nfalse\t[^\n]*" .. broken .. "\n$", r.out)
    assert.matches("^Exception in initializer:\n[^\n]*: oh\nstack traceback:",
      r.err)
    assert.equal(0, r.code)
  end)
end

--- Specifies a pool whose calls are made in other Lua states.
-- @tparam string calls Lua code that has `pool` write "done " four times
function pools.specify_elsewhere(it, new, class, calls)
  it("makes calls, with all arguments and results", function()
    local pool <close> = new { max_workers = 1 }
    assert.equal(256.0, pool:submit(math.tointeger, 256):result() + 0.0)
    local n = 5
    local f = pool:submit(function(...)
      return select("#", ...) + n, ...
    end, nil, 1, nil)
    assert.same({ n = 4, 8, nil, 1, nil }, table.pack(f:result()))
    assert.same({ n = 4, 8, nil, 1, nil }, table.pack(f:result()))
    assert.same({ n = 0 }, table.pack(pool:submit(function() end):result()))
    assert.same({ x = { 1 } }, pool:submit(function(t)
      return t
    end, { x = { 1 } }):result())
  end)

  it("raises a call's error, whatever it is, with its traceback", function()
    local pool <close> = new { max_workers = 1 }
    for _, object in ipairs { "text", { 1, { 2 } }, false, 5 } do
      local f = pool:submit(function(value)
        error(value, 0)
      end, object)
      for _ = 1, 2 do
        local ok, err = pcall(f.result, f)
        assert.is_false(ok)
        assert.same(object, err)
      end
      local err, traceback = f:exception()
      assert.same(object, err)
      assert.matches("stack traceback:.*support/pools.lua:%d+:", traceback)
      if object == "text" then
        assert.matches("^text\nstack", traceback)
      end
    end
    assert.same({ n = 1 },
      table.pack(pool:submit(pools.double, 1):exception()))
  end)

  it("a result that cannot cross is an error of its future", function()
    local pool <close> = new { max_workers = 1 }
    local f = pool:submit(function()
      return coroutine.create(print)
    end)
    assert.matches("^results%[1%]: coroutine cannot cross",
      support.message(f.result, f))
    assert.equal(4, pool:submit(pools.double, 2):result())
  end)

  for name, ending in pairs {
    ["the end"] = "", ["a shutdown"] = "pool:shutdown(false)",
    ["os.exit"] = "os.exit(0, true)", ["an error"] = "error 'oh'",
    ["being dropped"] = "pool = nil; KEPT = nil",
  } do
    it("is done with its calls at " .. name .. " of the program", function()
      local r = support.run(([[
        local pool = require("threading.futures").%s { max_workers = 2 }
        KEPT = pool
      ]]):format(class) .. calls .. ending)
      assert.equal("done done done done ", r.out)
      assert.equal(name == "an error" and 1 or 0, r.code)
    end)
  end
end

return pools
