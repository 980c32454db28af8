-- Arguments of the Lua functions: errors that name them.

local complain = require "threading.private.complain"
local TIMEOUT_MAX <const> = require("threading._thread").TIMEOUT_MAX
local standard = require "threading.private.standard"
local math, string, table = standard.math, standard.string, standard.table
local getmetatable, pairs, tostring, type = getmetatable, pairs, tostring, type

local check = {}

-- What the caller has given: a number, or the type.
local function got(value)
  return math.type(value) and tostring(value) or type(value)
end

function check.bad(name, where, expected, value)
  complain("bad argument '%s' to '%s' (%s expected, got %s)", name, where,
    expected, got(value))
end

-- Raises unless ok; `usage` says what to write instead.
function check.expect(ok, name, expected, value, usage)
  if not ok then
    complain("bad argument '%s' (%s expected, got %s)%s", name, expected,
      got(value), usage and "; " .. usage or "")
  end
end

-- Arguments for a call: nil, or a table in which `n` may count trailing nils.
function check.args(args, name, where)
  if args ~= nil and type(args) ~= "table" then
    check.bad(name, where, "table", args)
  end
  local n = args and args.n
  local count = math.type(n) and math.tointeger(n)
  if n ~= nil and not (count and count >= 0 and count < 1000000) then
    check.bad(name .. ".n", where, "integer from 0 to 999999", n)
  end
end

function check.is_callable(value)
  if type(value) == "function" then
    return true
  end
  local meta = getmetatable(value)
  return type(meta) == "table" and meta.__call ~= nil
end

function check.callable(value, name, where)
  if not check.is_callable(value) then
    check.bad(name, where, "callable", value)
  end
end

-- Has it a method `write`, as files have?
function check.is_writer(value)
  local meta = getmetatable(value)
  return (type(value) == "table" or type(meta) == "table" and meta.__index)
    and value.write ~= nil
end

-- Seconds that a wait may last: not NaN, and what is negative counts as 0.
function check.is_timeout(value)
  return math.type(value) ~= nil
    and (value <= TIMEOUT_MAX or value == math.huge)
end

function check.timeout(value, name, where)
  if value ~= nil and not check.is_timeout(value) then
    check.bad(name, where, "number of seconds", value)
  end
end

-- A check for an argument of this type, or nil.
local function optional(expected)
  return function(value, name, where)
    if value ~= nil and type(value) ~= expected then
      check.bad(name, where, expected, value)
    end
  end
end

check.boolean, check.number = optional "boolean", optional "number"
check.string, check.table = optional "string", optional "table"

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

function check.positive(value, name, where)
  local n = check.integer(value, name, where)
  if n and n < 1 then
    complain("bad argument '%s' to '%s' (must be greater than 0)", name, where)
  end
  return n
end

-- Of a method of a class, such as `extend`.
function check.class(ok, class, where, self)
  if not ok then
    complain("bad argument 'self' to '%s' (class %s expected, got %s); use "
      .. "`%s:%s(...)`", where, class, got(self), class, where)
  end
end

-- The names of what is known, for an error.
function check.list(known)
  local names = {}
  for name in pairs(known) do
    names[#names + 1] = name
  end
  table.sort(names)
  return table.concat(names, ", ")
end

local function unexpected(name, known, where, example)
  local hint = ""
  if type(name) ~= "string" then
    hint = example and string.format("; write `%s`", example)
      or ", each by its name"
  end
  complain("unexpected keyword argument '%s' to '%s'; it takes %s%s",
    tostring(name), where, check.list(known), hint)
end

-- A table of options, or nil: returns a table.
-- @param options
-- @tparam table known a set of names
-- @tparam string where the function that takes them
-- @tparam[opt] string example what is right, for who gives no such table
function check.options(options, known, where, example)
  if options ~= nil and type(options) ~= "table" then
    complain("bad argument 'options' to '%s' (table expected, got %s)%s", where,
      got(options), example and string.format("; write `%s`", example) or "")
  end
  for name in pairs(options or {}) do
    if not known[name] then
      unexpected(name, known, where, example)
    end
  end
  return options or {}
end

return check
