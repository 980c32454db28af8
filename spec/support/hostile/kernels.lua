-- Kernels: see ../hostile.lua. Their compiler is a script that gives back what
-- the true one has made of the first kernel, see hostile_spec.lua.

local threading = require "threading"

local COMPILER <const> = os.getenv "HOSTILE_COMPILER"
local SOURCE <const> = [[
  double sum(const double *a, size_t n) {
    double s = 0;
    for (size_t i = 0; i < n; i++) s += a[i];
    return s;
  }
]]

local cases = {}

local function nothing() end

local function compile(comment)
  return threading.kernel(SOURCE .. comment, { cc = COMPILER })
end

local function adds(k)
  assert(k.sum(threading.Array("float64", { 1, 2 }), 2) == 3)
end

local made = 0

cases["kernel"] = function()
  made = made + 1
  local comment = ("// %d"):format(made)
  return function()
    return compile(comment)
  end, nothing, adds
end

cases["kernel out of the cache"] = function()
  compile ""
  return function()
    return compile ""
  end, nothing, adds
end

cases["a call of a kernel"] = function()
  local k, a = compile "", threading.Array("float64", { 1, 2 })
  return function()
    return k.sum(a, 2)
  end, nothing, function(sum)
    assert(sum == 3)
  end
end

cases["a wrong call of a kernel"] = function()
  local k, a = compile "", threading.Array("float32", 2)
  return function()
    local ok, err = pcall(k.sum, a, 2)
    assert(not ok)
    if not err:find("float64 Array expected", 1, true) then
      error(err, 0)
    end
  end, nothing, nothing
end

cases["parallel_for with a kernel"] = function()
  local k, a = compile "", threading.Array("float64", 100):fill(1)
  local sums
  return function()
    sums = {}
    threading.parallel_for(1, 100, function(lo, hi)
      sums[lo] = k.sum(a, hi - lo + 1)
    end, 2)
  end, function()
    assert(threading.active_count() == 1)
  end, function()
    local all = 0
    for _, sum in pairs(sums) do
      all = all + sum
    end
    assert(all == 100)
  end
end

return cases
