--- What the specs of cancellations share.

local assert = require "luassert"
local support = require "spec.support"
local threading = require "threading"

local cancelling = {}

--- Starts a thread that calls fn under pcall. Returns it, and a table in which
-- `ok` and `value` will stand.
function cancelling.start(fn, ...)
  local result = {}
  local t = support.start(function(...)
    result.ok, result.value = pcall(fn, ...)
  end, ...)
  return t, result
end

--- The thread, which start has started, has ended by a cancellation.
function cancelling.assert_cancelled(result, message)
  assert.is_false(result.ok)
  assert.is_true(threading.is_cancelled(result.value),
    tostring(result.value))
  assert.equal(message, result.value.message)
end

--- A lock that is held by a thread until over is set; for calls that wait.
function cancelling.held(new)
  local lock, taken, over = new(), threading.Event(), threading.Event()
  local t = support.start(function()
    local _ <close> = lock:guard()
    taken:set()
    over:wait()
  end)
  taken:wait(support.PATIENCE)
  return lock, function()
    over:set()
    support.join(t)
  end
end

return cancelling
