--- Values, Arrays, the loops in C, kernels: no addition is lost.

local loops = require "threading.loops"
local threading = require "threading"

local SOURCE <const> = [[
  void add(_Atomic int64_t *v, int64_t n, int64_t times) {
    for (int64_t i = 0; i < times; i++) *v += n;
  }
  double sum(const double *x, int64_t n) {
    double s = 0;
    for (int64_t i = 0; i < n; i++) s += x[i];
    return s;
  }
  void exchange(threading_lock *l, int32_t *x, int64_t n) {
    threading_lock_acquire(l);
    for (int64_t i = 0; i < n; i++) {
      x[i]++;
      x[n - 1 - i]--;
    }
    threading_lock_release(l);
  }
]]
local kernel = os.getenv "STRESS_KERNEL" ~= "0" and threading.kernel(SOURCE)

return function(world)
  local deeds = {}
  local sum, swapped = threading.Value "int64", threading.Value("float64", 0)
  local balance, lock = threading.Value "int64", threading.Lock()
  local cells = threading.Array("int32", 2 * world.random(50))

  function deeds.fetch_add(doer)
    doer.safely(function()
      local n = doer.random(100) - 50
      sum:fetch_add(n)
      doer.count("sum", n)
    end)
  end

  function deeds.compare_exchange(doer)
    doer.safely(function()
      repeat
        local old = swapped.value
      until swapped:compare_exchange(old, old + 1)
      doer.count "swapped"
    end)
  end

  function deeds.change(doer)
    doer.safely(loops.change, balance, doer.random(9), doer.random(300), lock)
  end

  function deeds.spin(doer)
    loops.spin(doer.random(4) * 1e-4)
  end

  function deeds.array(doer)
    local a = threading.Array("float64", doer.random(200))
    a:fill(2)
    local list = a:copy():totable()
    assert(#list == #a and list[#list] == 2, "copy")
    if kernel then
      assert(kernel.sum(a, #a) == 2 * #a, "sum")
    end
  end

  function deeds.parallel(doer)
    local n, times = doer.random(40), threading.Value "int64"
    doer.safely(threading.shield, threading.parallel_for, 1, n,
      function(first, last)
        times:fetch_add(last - first + 1)
      end, doer.random(3))
    assert(times.value == n, "parallel_for")
  end

  if kernel then
    function deeds.kernel(doer)
      local n, times = doer.random(9), doer.random(500)
      doer.safely(function()
        threading.shield(kernel.add, sum, n, times)
        doer.count("sum", n * times)
      end)
    end

    function deeds.kernel_lock()
      kernel.exchange(lock, cells, #cells)
    end
  end

  return deeds, function()
    assert(sum.value == world:total "sum", "an addition was lost")
    assert(swapped.value == world:total "swapped", "an exchange was lost")
    assert(balance.value == 0 and not lock:locked(), "balance")
    for i = 1, #cells do
      assert(cells[i] == 0, "cells")
    end
  end
end
