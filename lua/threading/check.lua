-- Arguments of the Lua functions: errors that name them.

local complain = require "threading.complain"
local thread = require "threading.thread"
local TIMEOUT_MAX <const> = require("threading._thread").TIMEOUT_MAX

local check = {}

function check.bad(name, where, expected, value)
  complain("bad argument '%s' to '%s' (%s expected, got %s)", name, where,
    expected, math.type(value) and tostring(value) or type(value))
end

function check.callable(value, name, where)
  if not thread.callable(value) then
    check.bad(name, where, "callable", value)
  end
end

function check.seconds(value, name, where)
  if value ~= nil and not (math.type(value) and value >= 0
      and value <= TIMEOUT_MAX) then
    check.bad(name, where, "non-negative number of seconds", value)
  end
end

function check.boolean(value, name, where)
  if value ~= nil and type(value) ~= "boolean" then
    check.bad(name, where, "boolean", value)
  end
end

-- An argument that is text, or a number as text.
function check.text(value, name, where)
  if type(value) ~= "string" and type(value) ~= "number" then
    check.bad(name, where, "string", value)
  end
  return tostring(value)
end

-- An argument that is an integer, or nil; returns it as one.
function check.integer(value, name, where)
  local n = math.type(value) and math.tointeger(value)
  if value ~= nil and not n then
    check.bad(name, where, "integer", value)
  end
  return n
end

function check.number(value, name, where)
  if value ~= nil and type(value) ~= "number" then
    check.bad(name, where, "number", value)
  end
end

function check.positive(value, name, where)
  local n = check.integer(value, name, where)
  if n and n < 1 then
    complain("bad argument '%s' to '%s' (must be greater than 0)", name, where)
  end
  return n
end

function check.options(options, known, where)
  if options ~= nil and type(options) ~= "table" then
    check.bad("options", where, "table", options)
  end
  for name in pairs(options or {}) do
    if not known[name] then
      complain("unexpected keyword argument '%s' to '%s'", tostring(name),
        where)
    end
  end
  return options or {}
end

return check
