-- Error objects as text: of a table, its fields.

local _thread = require "threading._thread"
local standard = require "threading.private.standard"
local math, string, table = standard.math, standard.string, standard.table
local getmetatable, ipairs, next, pcall = getmetatable, ipairs, next, pcall
local rawget, rawlen, tostring, type = rawget, rawlen, tostring, type

local FIELDS <const> = 16 -- of a table that are shown
local DEPTH <const> = 3 -- of tables in tables
local LENGTH <const> = 100 -- of a text in a table

local function quoted(text)
  if #text > LENGTH then
    text = string.sub(text, 1, LENGTH) .. "..."
  end
  return (string.gsub(string.format("%q", text), "\\\n", "\\n"))
end

local function plain(value)
  local ok, text = pcall(tostring, value)
  return ok and text or "(error object is a " .. type(value) .. " value)"
end

local function name_of(key)
  if type(key) == "string" then
    return string.find(key, "^[%a_][%w_]*$") and key
      or "[" .. quoted(key) .. "]"
  end
  return "[" .. plain(key) .. "]"
end

-- Names in the order of the alphabet, what else there is behind them.
local function is_before(a, b)
  local of_a, of_b = type(a) == "string", type(b) == "string"
  if of_a ~= of_b then
    return of_a
  end
  return of_a and a < b or not of_a and plain(a) < plain(b)
end

-- The keys that are no positions of a list of n.
local function keys_of(t, n)
  local keys = {}
  for key in next, t do
    if not (math.type(key) == "integer" and key >= 1 and key <= n) then
      keys[#keys + 1] = key
    end
  end
  table.sort(keys, is_before)
  return keys
end

local show

local function fields(t, depth)
  local n, list = rawlen(t), {}
  for i = 1, math.min(n, FIELDS + 1) do
    list[i] = show(rawget(t, i), depth)
  end
  for _, key in ipairs(keys_of(t, n)) do
    if #list <= FIELDS then
      list[#list + 1] = name_of(key) .. " = " .. show(rawget(t, key), depth)
    end
  end
  if #list > FIELDS then
    list[FIELDS + 1] = "..."
  end
  return #list == 0 and "{}" or "{ " .. table.concat(list, ", ") .. " }"
end

-- What a metatable says that there is to show; nil: the fields.
local function own_text(value)
  local meta = getmetatable(value)
  if meta ~= nil and (type(meta) ~= "table"
      or rawget(meta, "__tostring") ~= nil) then
    return plain(value)
  end
end

function show(value, depth)
  if type(value) == "string" then
    return quoted(value)
  elseif type(value) ~= "table" then
    return plain(value)
  end
  local text = own_text(value)
  if text then
    return text
  end
  local meta = getmetatable(value)
  local name = meta and rawget(meta, "__name")
  return (type(name) == "string" and name .. " " or "")
    .. (depth == 0 and "{...}" or fields(value, depth - 1))
end

-- @param value an error object
-- @treturn string
local function shown(value)
  if type(value) == "table" then
    return show(value, DEPTH)
  end
  return plain(value)
end

_thread._show_by(shown)

return shown
