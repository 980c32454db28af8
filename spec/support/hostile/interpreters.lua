--- Other interpreters: see ../hostile.lua.

local interpreters = require "threading.interpreters"
local threading = require "threading"

local cases = {}

local function nothing() end

-- What is dropped is closed by the next that is made.
local function count_afresh()
  collectgarbage()
  collectgarbage()
  interpreters.create():close()
  return #interpreters.list_all()
end

cases["an interpreter"] = function()
  local before = count_afresh()
  return function()
    local i = interpreters.create()
    i:close()
    return i
  end, nothing, function(i)
    assert(tostring(i):find "closed")
    assert(count_afresh() == before)
  end
end

cases["an interpreter that begins with init"] = function()
  local before = count_afresh()
  return function()
    interpreters.create({ init = function() end }):close()
  end, nothing, function()
    assert(count_afresh() == before)
  end
end

-- Name -> what is done in an interpreter that has loaded nothing.
local operations = {
  ["a first call"] = function(i)
    assert(i:call(math.max, 2, 8) == 8)
  end,
  ["code"] = function(i)
    i:exec "x = { 'x' }"
  end,
  ["an error"] = function(i)
    local ok, err = pcall(i.call, i, error, "boom", 0)
    if not tostring(err):find "boom" then
      error(err, 0)
    end
    assert(not ok)
  end,
  ["an object that crosses"] = function(i)
    i:prepare_main { event = threading.Event(), me = i }
  end,
  ["the library there"] = function(i)
    i:exec "require 'threading'"
  end,
  ["a list of all"] = function()
    assert(#interpreters.list_all() >= 2)
  end,
}

for name, operate in pairs(operations) do
  cases[name .. ", in an interpreter"] = function()
    local i = interpreters.create()
    return function()
      local ok, err = pcall(operate, i)
      if not ok then
        if interpreters.is_execution_failed(err) then
          err = tostring(err.value)
        end
        error(err, 0)
      end
    end, function()
      assert(i:call(math.max, 2, 8) == 8)
      assert(not i:is_running())
    end, nothing
  end
end

cases["a call in a thread, in an interpreter"] = function()
  local i = interpreters.create()
  return function()
    local t = i:call_in_thread(nothing)
    t:join()
  end, nothing, function()
    i:close()
  end
end

return cases
