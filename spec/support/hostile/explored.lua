-- A schedule that is explored, and a copy of the process: see ../hostile.lua.

local _thread = require "threading._thread"

local cases = {}

local function nothing() end

local NAME <const> = "=program"

local program = assert(load([[
  local threading = require "threading"
  local lock, n = threading.Lock(), 0
  local function add()
    local _ <close> = lock:guard()
    n = n + 1
  end
  local a = threading.Thread { target = add }
  local b = threading.Thread { target = add }
  a:start()
  b:start()
  a:join()
  b:join()
  return n
]], NAME))

local function is_split(source)
  return source == NAME
end

local function holds()
  return true
end

-- What the program raises, or that there was no memory for the schedule.
local function explored(options)
  return function()
    local result = _thread._explore_run(options, program)
    if not result.ok then
      error(result.stop and "not enough memory" or result.value, 0)
    end
    return result.value, result.points
  end, function()
    assert(not _thread._is_explored())
    assert(not debug.gethook())
  end, function(n, points)
    assert(n == 2 and points > 0)
  end
end

cases["explore: a random schedule"] = function()
  return explored { strategy = "random", seed = 3, alternatives = true,
    trace = true, is_split = is_split }
end

cases["explore: a schedule by priorities"] = function()
  return explored { strategy = "pct", seed = 3, depth = 5, length = 100,
    is_split = is_split }
end

cases["explore: a schedule that is replayed, and looked at"] = function()
  return explored { strategy = "replay", plan = { 1, 20, 2, 3, 1, 4 },
    holds = holds, is_split = is_split }
end

cases["a copy of the process"] = function()
  return function()
    local text, code = _thread._explore_apart(function()
      return ("x"):rep(5000)
    end)
    if code ~= 0 then -- the chance was the copy's
      assert(text:find "not enough memory" or text == "", text)
      text = ("x"):rep(5000)
    end
    return text
  end, nothing, function(text)
    assert(text == ("x"):rep(5000))
  end
end

return cases
