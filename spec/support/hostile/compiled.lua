-- Compiled Lua functions: see ../hostile.lua. Their compiler is a script that
-- gives back what the true one has made of the first, see hostile_spec.lua:
-- they are all of one text.

local threading = require "threading"

local COMPILER <const> = os.getenv "HOSTILE_COMPILED"

local cases = {}
local divisor = 2

local function nothing() end

local function divide(a, b)
  return a // b + a % divisor
end

-- The flag makes it another one for the cache.
local function compile(flag, eager)
  return threading.compile(divide, { cc = COMPILER, flags = flag,
    eager = eager })
end

local function divides(f)
  assert(f(7, 2) == 4 and #f:versions() == 1)
end

local made = 0

cases["compile"] = function()
  made = made + 1
  local flag = ("-DEAGER%d"):format(made)
  return function()
    return compile(flag, { "integer", "integer" })
  end, nothing, divides
end

cases["compile, out of the cache"] = function()
  compile(nil, { "integer", "integer" })
  return function()
    return compile(nil, { "integer", "integer" })
  end, nothing, divides
end

cases["the first call of a compiled function"] = function()
  made = made + 1
  local f = compile(("-DFIRST%d"):format(made))
  return function()
    assert(f(7, 2) == 4)
  end, function()
    assert(#f:versions() <= 1)
  end, function()
    divides(f)
  end
end

cases["a call of a compiled function"] = function()
  local f = compile(nil, { "integer", "integer" })
  return function()
    return f(7, 2)
  end, nothing, function(result)
    assert(result == 4)
    divides(f)
  end
end

cases["a call of a compiled function that raises"] = function()
  local f = compile(nil, { "integer", "integer" })
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
  local f = compile(nil, { "integer", "integer" })
  return function()
    return f:versions()
  end, nothing, function(versions)
    assert(#versions == 1 and versions[1].types == "integer, integer")
  end
end

cases["parallel_for with a compiled function"] = function()
  local f = compile(nil, { "integer", "integer" })
  return function()
    threading.parallel_for(1, 100, f, 2)
  end, function()
    assert(threading.active_count() == 1)
  end, nothing
end

return cases
