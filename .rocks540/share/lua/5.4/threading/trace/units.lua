-- Times and shares as people read them.

local standard = require "threading.private.standard"
local string = standard.string

local M = {}

-- Three digits.
local function short(value, unit)
  local digits = value < 9.995 and 2 or value < 99.95 and 1 or 0
  return string.format("%." .. digits .. "f %s", value, unit)
end

-- @tparam number ns
-- @treturn string such as "12.3 ms"
function M.duration(ns)
  if ns < 999.5 then
    return string.format("%.0f ns", ns)
  elseif ns < 999500 then
    return short(ns / 1e3, "µs")
  elseif ns < 999500000 then
    return short(ns / 1e6, "ms")
  end
  return short(ns / 1e9, "s")
end

-- @tparam number part
-- @tparam number whole
-- @treturn string such as "71 %"
function M.share(part, whole)
  local percent = whole > 0 and 100 * part / whole or 0
  return string.format(percent > 0 and percent < 9.95 and "%.1f %%"
    or "%.0f %%", percent)
end

return M
