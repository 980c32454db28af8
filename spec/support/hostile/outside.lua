-- Threads that Lua did not start, objects in C's hands: see ../hostile.lua.

local outside = require "outside"
local threading = require "threading"

local cases = {}

local function nothing() end

local function alone()
  assert(threading.active_count() == 1, "a thread is left")
end

-- Calls fn on `n` threads of C's, `times` times; `stay`: they stay attached.
local function attach(...)
  local ok, failed, refused, message = outside.threads(...)
  if refused > 0 then
    error("not enough memory", 0)
  elseif failed > 0 then
    error(message, 0)
  end
  return ok
end

for name, stay in pairs { ["attach"] = false, ["attach and stay"] = true } do
  cases[name] = function()
    local n = 0
    return function()
      n = 0
      return attach(1, 2, function()
        n = n + #{ threading.current_thread().name }
      end, stay)
    end, alone, function(ok)
      assert(ok == 2 and n == 2)
      alone()
    end, "everywhere"
  end
end

cases["attach a thread of Lua's"] = function()
  local n = 0
  return function()
    n = 0
    local ok = outside.again(function()
      n = n + 1
    end)
    if not ok then
      error("not enough memory", 0)
    end
  end, alone, function()
    assert(n == 3)
    alone()
  end
end

cases["a wait of C's"] = function()
  local lock = threading.Lock()
  lock:acquire()
  return function()
    return outside.wait(lock, 1e-4)
  end, function()
    assert(lock:locked())
  end, function(got)
    assert(got == 0)
  end
end

cases["retain"] = function()
  local lock = threading.Lock()
  return function()
    if not outside.retainable(lock) then
      error("not enough memory", 0)
    end
  end, nothing, nothing
end

cases["keep"] = function()
  local numbers = threading.Array("float64", { 1, 2, 3 })
  return function()
    return outside.keep(numbers) or error("not enough memory", 0)
  end, nothing, function(sum)
    assert(sum() == 6)
  end
end

return cases
