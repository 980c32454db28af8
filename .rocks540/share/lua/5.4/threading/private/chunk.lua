-- Several calls of a map that one worker makes as one. A module, so that its
-- function goes by name to wherever the worker makes its calls.

local _thread = require "threading._thread"
local error, pcall, select = error, pcall, select

local chunk = {}

-- A call has one result nearly always: what has not is kept as {n =, ...}.
local function keep(done, i, ...)
  local n = select("#", ...)
  if n == 1 then
    done.results[i] = ...
  else
    done.results[i] = { n = n, ... }
    done.packed = done.packed or {}
    done.packed[i] = true
  end
  done.n = i
end

local function call_each(fn, items, n, done)
  for i = 1, n do
    keep(done, i, fn(items[i]))
  end
end

-- Calls fn with each of n items.
-- @treturn table `results` of `n` calls, and which are `packed`; after an error
-- also `failed`, and the `err` of the call behind them
function chunk.call(fn, items, n)
  local done = { results = {}, n = 0 }
  local ok, err = pcall(call_each, fn, items, n, done)
  if not ok then
    if _thread._is_asked(err) then
      error(err, 0) -- the worker's end, and no call's
    end
    done.failed, done.err = true, err
  end
  return done
end

return chunk
