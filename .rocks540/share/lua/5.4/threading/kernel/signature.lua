-- The signatures of the functions in a C source.
--
-- What is read is enough of C to find the functions that are defined at the top
-- level. What is not understood there might hide one, and is an error.

local _thread = require "threading._thread"
local complain = require "threading.private.complain"
local length = require "threading.kernel.length"
local tokens_of = require "threading.kernel.tokens"
local standard = require "threading.private.standard"
local string, table = standard.string, standard.table
local ipairs = ipairs

-- Tokens ------------------------------------------------------------------

local opposite = { ["("] = ")", ["["] = "]", ["{"] = "}" }

-- The index of the bracket that closes the one at i.
local function close_of(list, i)
  local open, depth = list[i].text, 0
  local close = opposite[open]
  for j = i, #list do
    local text = list[j].text
    if text == open then
      depth = depth + 1
    elseif text == close then
      depth = depth - 1
      if depth == 0 then
        return j
      end
    end
  end
  complain("<kernel>:%d: '%s' is never closed", list[i].line, open)
end

local function text_of(list, first, last)
  local words = {}
  for i = first or 1, last or #list do
    words[#words + 1] = list[i].text
  end
  return table.concat(words, " ")
end

-- Signatures --------------------------------------------------------------

local elements = {
  int8_t = "int8", int16_t = "int16", int32_t = "int32", int64_t = "int64",
  uint8_t = "uint8", uint16_t = "uint16", uint32_t = "uint32",
  uint64_t = "uint64", int = "int32", float = "float32", double = "float64",
}

local function set(words)
  local result = {}
  for word in string.gmatch(words, "%S+") do
    result[word] = true
  end
  return result
end

-- What a signature may have, and what means nothing to a call.
local qualifiers <const> = set [[
  const volatile restrict __restrict __restrict__ register extern inline
  __inline __inline__ _Noreturn __extension__
]]
local attributes <const> = set [[
  __attribute__ __attribute asm __asm__ __asm _Alignas alignas __declspec
]]

local SUPPORTED <const> = "int64_t int32_t int16_t int8_t uint64_t uint32_t "
  .. "uint16_t uint8_t int size_t float double bool"

-- A value that is passed as it is: the type's words, or nil.
local function scalar(words)
  if words == "bool" or words == "_Bool" then
    return { kind = "boolean", c = "_Bool" }
  elseif words == "size_t" then
    return { kind = "size", c = "size_t" }
  elseif elements[words] then
    return { kind = "number", type = elements[words], c = words }
  end
end

-- The tokens in the brackets of `x[n]`.
local function dimension(list, first, last)
  local result = {}
  for i = first, last do
    if list[i].text ~= "static" and not qualifiers[list[i].text] then
      result[#result + 1] = list[i]
    end
  end
  return result
end

-- A parameter's parts: the words of its type, its name, how many stars, the
-- lengths in brackets, whether it is atomic.
local function parts_of(list, where)
  local p = { words = {}, stars = 0, dims = {} }
  local i = 1
  while i <= #list do
    local text = list[i].text
    if text == "*" then
      p.stars = p.stars + 1
    elseif text == "[" then
      local close = close_of(list, i)
      p.dims[#p.dims + 1] = dimension(list, i + 1, close - 1)
      i = close
    elseif text == "_Atomic" then
      p.atomic = true
      if list[i + 1] and list[i + 1].text == "(" then
        local close = close_of(list, i + 1)
        table.remove(list, close)
        table.remove(list, i + 1)
      end
    elseif attributes[text] then
      i = close_of(list, i + 1)
    elseif string.find(text, "^[%a_]") then
      if not qualifiers[text] then
        p.words[#p.words + 1] = text
      end
    else
      complain("<kernel>:%d: %s: '%s' is not supported in a parameter",
        list[i].line, where, text_of(list))
    end
    i = i + 1
  end
  return p
end

local function object(p, words)
  if words == "threading_lock" then
    return not p.atomic and #p.dims == 0 and { kind = "lock" }
  elseif not elements[words] then
    return nil
  elseif p.atomic then
    return #p.dims == 0 and { kind = "value", type = elements[words] }
  end
  return { kind = "array", type = elements[words], dims = p.dims }
end

local function parameter(list, number, where)
  local p = parts_of(list, where)
  local name
  if #p.words > 1 then
    name = table.remove(p.words)
  end
  local words = table.concat(p.words, " ")
  local depth = p.stars + (#p.dims > 0 and 1 or 0)
  local result
  if depth == 0 and not p.atomic then
    result = scalar(words)
  elseif depth == 1 then
    result = object(p, words)
  end
  if not result then
    complain("<kernel>:%d: %s: the type of the parameter '%s' is not "
      .. "supported; supported are %s, pointers to these numbers for Arrays, "
      .. "_Atomic ones for Values, and threading_lock * (functions that Lua "
      .. "does not call are declared static)", list[1].line, where,
      text_of(list), SUPPORTED)
  end
  result.name = name or "#" .. number
  return result
end

local function parameters(list, first, last, where)
  local result, part = {}, {}
  if first > last or first == last and list[first].text == "void" then
    return result
  end
  local depth = 0
  for i = first, last + 1 do
    local text = i <= last and list[i].text or ","
    depth = depth + ((text == "(" or text == "[") and 1
      or (text == ")" or text == "]") and -1 or 0)
    if depth > 0 or text ~= "," then
      part[#part + 1] = list[i]
    else
      if #part == 0 then
        complain("<kernel>:%d: %s: a parameter is missing", list[first].line,
          where)
      end
      result[#result + 1] = parameter(part, #result + 1, where)
      part = {}
    end
  end
  return result
end

local function result_type(list, last, where)
  local words = {}
  for i = 1, last do
    if not qualifiers[list[i].text] then
      words[#words + 1] = list[i].text
    end
  end
  local text = table.concat(words, " ")
  local result = text == "void" and { kind = "void" } or scalar(text)
  if not result then
    complain("<kernel>:%d: %s: the result type '%s' is not supported; "
      .. "supported are void %s (functions that Lua does not call are "
      .. "declared static)", list[1].line, where, text, SUPPORTED)
  end
  return result
end

-- Takes away __attribute__((...)) and the like.
local function plain(list)
  local result, i = {}, 1
  while i <= #list do
    if attributes[list[i].text] and list[i + 1]
      and list[i + 1].text == "(" then
      i = close_of(list, i + 1)
    else
      result[#result + 1] = list[i]
    end
    i = i + 1
  end
  return result
end

-- What has no place outside of a function.
local statements <const> = set [[
  return if else for while do switch case default goto break continue
]]

-- Is what is before a `{` the head of a function? Where a bracket lacks its
-- other half, the compiler will say so.
local function is_head(list)
  local depth = 0
  for _, token in ipairs(list) do
    local text = token.text
    if text == "=" or text == "typedef" then
      return false
    end
    depth = depth + (text == "(" and 1 or text == ")" and -1 or 0)
  end
  return depth == 0 and #list > 0 and list[#list].text == ")"
end

-- Or does it begin a type or an initial value?
local function holds_no_code(list)
  local is_type, is_call = false, false
  for _, token in ipairs(list) do
    local text = token.text
    if text == "=" then
      return true
    end
    is_type = is_type or text == "struct" or text == "union" or text == "enum"
    is_call = is_call or text == "("
  end
  return is_type and not is_call
end

local OLD <const> = " (the types of the parameters are in the brackets, as in "
  .. "int f(int a); braces and heads that macros make are not read)"

-- What is wrong with what is before a `{` at this line, which might be a
-- function's; nil if nothing is.
local function doubt_block(head, line)
  if #head == 0 then
    return string.format("<kernel>:%d: a '{' without the head of a function%s",
      line, OLD)
  elseif not holds_no_code(head) then
    return string.format("<kernel>:%d: the head '%s' of a function is not "
      .. "supported%s", head[1].line, text_of(head), OLD)
  end
end

local function doubt_declaration(head)
  for _, token in ipairs(head) do
    if statements[token.text] then
      return string.format("<kernel>:%d: '%s' outside of a function%s",
        token.line, token.text, OLD)
    end
  end
end

-- Reads the lengths of Arrays, in which parameters may occur.
local function read_lengths(f, where)
  local by_name = {}
  for i, p in ipairs(f) do
    by_name[p.name], p.place = p, i - 1
  end
  for _, p in ipairs(f) do
    for i, list in ipairs(p.dims or {}) do
      local value, brackets = "", {}
      if #list > 0 then
        value, brackets = length.reckon(list, by_name, function()
          complain("<kernel>:%d: %s: the length '%s' of the parameter '%s' is "
            .. "not supported; it may have numbers, constants, parameters that "
            .. "are numbers, sizeof (type), casts, and what reckons with them",
            list[1].line, where, text_of(list), p.name)
        end)
      end
      p.dims[i] = { value = value, brackets = brackets }
    end
  end
end

local most_parameters = select(2, _thread._kernel_contract())

local function signature(list)
  local open = 1
  while list[open].text ~= "(" do
    if list[open].text == "static" then
      return nil
    end
    open = open + 1
  end
  local name = list[open - 1]
  if not name or not string.find(name.text, "^[%a_]") or open == 2
    or close_of(list, open) ~= #list then
    complain("<kernel>:%d: the declaration '%s' is not supported",
      list[1].line, text_of(list))
  end
  local where = "function '" .. name.text .. "'"
  local result = parameters(list, open + 1, #list - 1, where)
  if #result > most_parameters then
    complain("<kernel>:%d: %s has more than %d parameters", name.line, where,
      most_parameters)
  end
  read_lengths(result, where)
  result.result = result_type(list, open - 2, where)
  result.name, result.line = name.text, name.line
  return result
end

local function add(found, f)
  if f and found[f.name] then
    complain("<kernel>:%d: function '%s' is defined twice (what #if leaves out "
      .. "is read too, but for #if 0)", f.line, f.name)
  elseif f then
    found[#found + 1], found[f.name] = f, true
  end
end

-- A `{` and what is in it has been passed, in the line that it began in.
local function end_block(r, line)
  local bare = plain(r.head)
  if is_head(bare) then
    add(r.found, signature(bare))
    r.head = {}
    return
  end
  local doubt = doubt_block(bare, line)
  r.doubt = r.doubt or doubt
  r.head = doubt and {} or r.head
  r.head[#r.head + 1] = not doubt and { text = "{}", line = line } or nil
end

local function end_declaration(r)
  r.doubt = r.doubt or doubt_declaration(r.head)
  r.head = {}
end

-- The signatures of the functions that are not static, in their order: each
-- a list of parameters with `name`, `line`, and `result`. A parameter has
-- `name`; it and the result have `kind` (number, size, boolean, array, value,
-- lock, void), `type` (an element type, where the kind has one), `c` (the C
-- type, of what is passed as it is), and an Array `dims`, the lengths in its
-- brackets: {value =, brackets =}, as length.lua says ("" for no value).
-- @return the list
-- @return what is wrong with the source, if it has text that is not understood:
-- if a compiler is content with that, it may have seen more functions
-- @raise if a type is not supported
return function(source)
  local list, i = tokens_of(source), 1
  local r = { found = {}, head = {} }
  while i <= #list do
    local token = list[i]
    if token.text == "{" then
      i = close_of(list, i)
      end_block(r, token.line)
    elseif token.text == ";" then
      end_declaration(r)
    else
      r.head[#r.head + 1] = token
    end
    i = i + 1
  end
  end_declaration(r)
  return r.found, r.doubt
end
