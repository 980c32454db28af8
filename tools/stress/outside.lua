--- Threads that Lua did not start: they attach, call, and detach. Needs the
-- specs' C module; without it there is nothing to do.

local threading = require "threading"

return function(world)
  local found, outside = pcall(require, "outside")
  if not found then
    return {}
  end
  local deeds, calls = {}, threading.Value "int64"
  local lock = threading.Lock() -- the module keeps one function for all

  function deeds.attach(doer)
    local n, times, stay = doer.random(2), doer.random(3), doer.random(2) == 1
    doer.safely(threading.shield, function()
      local _ <close> = lock:guard()
      local ok, failed, refused = outside.threads(n, times, function()
        calls:fetch_add(1)
        threading.current_thread()
      end, stay)
      assert(ok == n * times and failed == 0 and refused == 0, "attach")
      doer.count("calls", ok)
    end)
  end

  return deeds, function()
    assert(calls.value == world:total "calls", "calls from outside")
  end
end
