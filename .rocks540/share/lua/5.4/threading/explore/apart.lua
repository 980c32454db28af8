-- A schedule in a copy of the process: what it leaves behind, in variables of
-- the file say, is not there for the next one, and a crash is a failure.

local _thread = require "threading._thread"
local schedule = require "threading.explore.schedule"
local standard = require "threading.private.standard"
local string, table = standard.string, standard.table
local error, load, next, type = error, load, next, type

local PLAIN <const> = { ["nil"] = true, boolean = true, number = true,
  string = true }

-- A result as Lua's source. What has no literal is left out: the value that was
-- raised may be anything.
local function write(value, out)
  if type(value) ~= "table" then
    out[#out + 1] = string.format("%q", value)
    return
  end
  out[#out + 1] = "{"
  for key, field in next, value do
    if type(field) == "table" or PLAIN[type(field)] then
      out[#out + 1] = "[" .. string.format("%q", key) .. "]="
      write(field, out)
      out[#out + 1] = ","
    end
  end
  out[#out + 1] = "}"
end

local function text_of(result)
  local value = result.failure and result.failure.value
  if value ~= nil and not PLAIN[type(value)] then
    result.failure.value = nil
  end
  local out = {}
  write(result, out)
  return table.concat(out)
end

local function crashed(code)
  local message = code >= 128
    and string.format("the process was ended by signal %d", code - 128)
    or string.format("the process has ended with status %d", code)
  return { segments = {}, alternatives = {}, names = {}, left = {}, points = 0,
    switches = 0, preemptions = 0, hash = 0,
    failure = { kind = "crash", message = message } }
end

-- As schedule.run. A copy does not know what another one has told of the order
-- of locks: the first one tells.
return function(fn, o, how)
  how.quiet, o.is_told = o.is_told, true
  local text, code = _thread._explore_apart(function()
    return "return " .. text_of(schedule.run(fn, o, how))
  end)
  if code == 1 then
    error(text, 0)
  end
  local chunk = code == 0 and load(text, "=schedule", "t", {})
  return chunk and chunk() or crashed(code)
end
