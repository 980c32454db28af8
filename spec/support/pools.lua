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

return pools
