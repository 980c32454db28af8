-- What the programs of this folder share.
local threading = require "threading"

local support = {}

-- Starts a thread for each function, and waits for all of them.
function support.together(...)
  local threads = {}
  for i, fn in ipairs { ... } do
    threads[i] = threading.Thread { target = fn }
    threads[i]:start()
  end
  for _, t in ipairs(threads) do
    t:join()
  end
end

-- The function, called under the lock; itself, where there is none.
function support.guarded(lock, fn)
  if not lock then
    return fn
  end
  return function(...)
    local _ <close> = lock:guard()
    return fn(...)
  end
end

return support
