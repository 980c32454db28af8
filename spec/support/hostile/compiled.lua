-- Compiled Lua functions: see ../hostile.lua. They are all of one text, and out
-- of the cache: the way through the compiler is the kernels'. The compiler is a
-- script, see hostile_spec.lua.

local threading = require "threading"

local COMPILER <const> = os.getenv "HOSTILE_COMPILED"

local cases = {}
local divisor = 2

local function nothing() end

local function divide(a, b)
  return a // b + a % divisor
end

local function compile(eager)
  return threading.compile(divide, { cc = COMPILER, eager = eager })
end

local function divides(f)
  assert(f(7, 2) == 4 and #f:versions() == 1)
end

cases["compile"] = function()
  compile { "integer", "integer" }
  return function()
    return compile { "integer", "integer" }
  end, nothing, divides
end

cases["the first call of a compiled function"] = function()
  local f = compile()
  return function()
    assert(f(7, 2) == 4)
  end, function()
    assert(#f:versions() <= 1)
  end, function()
    divides(f)
  end
end

cases["a call of a compiled function"] = function()
  local f = compile { "integer", "integer" }
  return function()
    return f(7, 2)
  end, nothing, function(result)
    assert(result == 4)
    divides(f)
  end
end

cases["a call of a compiled function that raises"] = function()
  local f = compile { "integer", "integer" }
  local _, expected = pcall(divide, 7, 0)
  return function()
    local ok, err = pcall(f, 7, 0)
    assert(not ok)
    if err ~= expected then
      error(err, 0)
    end
  end, nothing, nothing
end

cases["versions of a compiled function"] = function()
  local f = compile { "integer", "integer" }
  return function()
    return f:versions()
  end, nothing, function(versions)
    assert(#versions == 1 and versions[1].types == "integer, integer")
  end
end

cases["parallel_for with a compiled function"] = function()
  local f = compile { "integer", "integer" }
  return function()
    threading.parallel_for(1, 100, f, 2)
  end, function()
    assert(threading.active_count() == 1)
  end, nothing
end

return cases
