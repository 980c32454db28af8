-- JSON: values out of a text, from a position on, and texts of values.
--
-- A text may be cut off: reading returns nothing where no whole value is. An
-- object that has no objects in it is read once for all places where the text
-- has it: traces say the same of many events. Nobody may change it.

local standard = require "threading.private.standard"
local string, table, math = standard.string, standard.table, standard.math
local utf8 = standard.utf8
local find, match, sub = string.find, string.match, string.sub
local ipairs, next, pairs, tonumber, tostring, type =
  ipairs, next, pairs, tonumber, tostring, type

local M = {}

-- What null is read as: a field of an object that is null is not there.
local NULL <const> = {}

local SPACE <const> = "^[ \t\r\n]*()"

local escapes <const> = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

-- What stands for a half of a character: U+FFFD.
local function character(digits)
  local code = tonumber(digits, 16) or 0xFFFD
  return utf8.char(code >= 0xD800 and code <= 0xDFFF and 0xFFFD or code)
end

local function unescaped(s)
  return (string.gsub(s, "\\(.)(%x?%x?%x?%x?)", function(c, digits)
    return c == "u" and character(digits) or (escapes[c] or c) .. digits
  end))
end

-- After the opening quote; returns the string, and where the text goes on.
local function read_string(text, pos)
  local s, after = match(text, '^([^"\\]*)"()', pos)
  if s then
    return s, after
  end
  local last = pos
  repeat
    last = find(text, '["\\]', last)
    if not last then
      return nil
    end
    local quote = sub(text, last, last) == '"'
    last = last + (quote and 1 or 2)
  until quote
  return unescaped(sub(text, pos, last - 2)), last
end

local read

local function read_list(text, pos)
  local list = {}
  pos = match(text, SPACE, pos)
  if sub(text, pos, pos) == "]" then
    return list, pos + 1
  end
  while true do
    local value, after = read(text, pos)
    if not after then
      return nil
    end
    list[#list + 1] = value
    local comma, rest = match(text, "^[ \t\r\n]*([,%]])()", after)
    if not comma then
      return nil
    elseif comma == "]" then
      return list, rest
    end
    pos = match(text, SPACE, rest)
  end
end

local KEY <const> = '^[ \t\r\n]*"([^"\\]*)"[ \t\r\n]*:[ \t\r\n]*()'

local function read_fields(text, pos, known)
  local object = {}
  local empty = match(text, "^[ \t\r\n]*}()", pos)
  if empty then
    return object, empty
  end
  while true do
    local key, at = match(text, KEY, pos)
    if not key then
      return nil
    end
    local value, after = read(text, at, known)
    if not after then
      return nil
    end
    if value ~= NULL then
      object[key] = value
    end
    local comma, rest = match(text, "^[ \t\r\n]*([,}])()", after)
    if not comma then
      return nil
    elseif comma == "}" then
      return object, rest
    end
    pos = rest
  end
end

-- An object inside of an object: the one of before, where the same text is.
local function read_inner(text, pos, known)
  local own = match(text, "^{[^{}]*}", pos)
  if not own then
    return read_fields(text, pos + 1, known)
  end
  local object = known[own]
  if object then
    return object, pos + #own
  end
  local after
  object, after = read_fields(text, pos + 1, known)
  if after == pos + #own then -- no brace was in a string
    known[own] = object
  end
  return object, after
end

local words <const> = { ["true"] = true, ["false"] = false, null = NULL }

function read(text, pos, known)
  local c = sub(text, pos, pos)
  if c == '"' then
    return read_string(text, pos + 1)
  elseif c == "{" then
    return read_inner(text, pos, known or {})
  elseif c == "[" then
    return read_list(text, pos + 1)
  end
  local number, after = match(text, "^(-?%d[%d.eE+-]*)()", pos)
  if number then
    return tonumber(number), after
  end
  local word, rest = match(text, "^(%l+)()", pos)
  if words[word] ~= nil then
    return words[word], rest
  end
  return nil
end

-- The objects of a list, one after the other.
-- @tparam string text a list of objects, which may be cut off
-- @treturn[1] function an iterator: each object that is whole
-- @return[2] nil: the text is no list
function M.objects(text)
  local pos = match(text, "^[ \t\r\n]*%[()", 1)
  if not pos then
    return nil
  end
  local known = {}
  return function()
    local at = match(text, "^[ \t\r\n,]*{()", pos)
    local object
    if at then
      object, pos = read_fields(text, at, known)
    end
    return at and pos and object or nil
  end
end

local function escape(c)
  return string.format("\\u%04x", string.byte(c))
end

-- A string; without "<", so that it can stand in a script of a page.
function M.string(s)
  return '"' .. string.gsub(s, '[%c"\\<\127]', escape) .. '"'
end

local function is_list(t)
  return #t > 0 or next(t) == nil
end

-- A value as JSON. Tables are lists, or objects whose keys are sorted.
function M.encode(value)
  if type(value) == "string" then
    return M.string(value)
  elseif type(value) ~= "table" then
    return math.type(value) == "float" and string.format("%.17g", value)
      or tostring(value)
  end
  local parts = {}
  if is_list(value) then
    for i, v in ipairs(value) do
      parts[i] = M.encode(v)
    end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  for k, v in pairs(value) do
    parts[#parts + 1] = M.string(tostring(k)) .. ":" .. M.encode(v)
  end
  table.sort(parts)
  return "{" .. table.concat(parts, ",") .. "}"
end

return M
