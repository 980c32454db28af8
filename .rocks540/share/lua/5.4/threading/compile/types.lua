-- The kinds of values that compiled code knows, as one character each, and
-- what they are in C.
--
-- A register has a C variable for each of its kinds: i3 holds register 3 as an
-- integer, f3 as a float. `x` is a number whose kind is in a tag at run time,
-- `y` the same with nil and booleans. `@7` is object 7 of the unit: a
-- function, a table or a string that is known when the code is made.

local standard = require "threading.private.standard"
local math, string = standard.math, standard.string
local ipairs = ipairs

local arrays = {} -- kind -> {name, c, kind of an element, wide}
local values = {} -- the same
local ELEMENTS <const> = {
  { "int8", "int8_t", "i" }, { "int16", "int16_t", "i" },
  { "int32", "int32_t", "i" }, { "int64", "int64_t", "i", wide = true },
  { "uint8", "uint8_t", "i" }, { "uint16", "uint16_t", "i" },
  { "uint32", "uint32_t", "i" }, { "uint64", "uint64_t", "i", wide = true },
  { "float32", "float", "f" }, { "float64", "double", "f", wide = true },
}
for i, element in ipairs(ELEMENTS) do
  local kind = string.char(64 + i)
  arrays[kind] = { name = element[1], c = element[2], kind = element[3],
    wide = element.wide }
  values[string.char(74 + i)] = arrays[kind]
end

local C_TYPES <const> = { i = "int64_t", f = "double", b = "int" }
local MEMBERS <const> = { i = "i", f = "d", b = "i" }

-- Is it a kind of objects of this library?
local function is_pointer(kind)
  return arrays[kind] ~= nil or values[kind] ~= nil or kind == "l"
end

-- Values and Locks are what they point to.
local function c_type(kind)
  return C_TYPES[kind] or arrays[kind] and "threading_arr *"
    or is_pointer(kind) and "void *"
end

-- C that assigns a variable. One of an Array has two more beside it, where its
-- elements begin and how many they are: an Array never moves, and C need not
-- ask it again after each access.
local function assignment(kind, name, c)
  if arrays[kind] then
    return string.format("%s = %s; %s_data = %s->data; %s_n = %s->n;", name, c,
      name, name, name, name)
  end
  return string.format("%s = %s;", name, c)
end

-- C that assigns a variable another of the same kind.
local function copy(kind, name, from)
  if arrays[kind] then
    return string.format("%s = %s; %s_data = %s_data; %s_n = %s_n;", name,
      from, name, from, name, from)
  end
  return string.format("%s = %s;", name, from)
end

-- C that declares a variable.
local function declaration(kind, name)
  local c = string.format("  %s %s = 0;", c_type(kind) or "char", name)
  if arrays[kind] then
    return string.format("%s\n  void *%s_data = 0;\n  int64_t %s_n = 0;", c,
      name, name)
  end
  return c
end

-- The member of a threading_val's union.
local function member(kind)
  return MEMBERS[kind] or "p"
end

-- The letter of a register's variable.
local function letter(kind)
  return arrays[kind] and "a" or is_pointer(kind) and "w" or kind
end

local function is_object(kind)
  return string.sub(kind, 1, 1) == "@"
end

-- A number as C writes it.
local function literal(value)
  if math.type(value) == "integer" then
    return string.format("(int64_t)UINT64_C(0x%x)", value)
  elseif value ~= value then
    return "(double)NAN"
  elseif value == math.huge or value == -math.huge then
    return value > 0 and "(double)INFINITY" or "-(double)INFINITY"
  end
  return "(" .. string.format("%a", value) .. ")"
end

-- The kind of a constant; nil for a string.
local function kind_of(value)
  if value == nil then
    return "n"
  elseif value == true or value == false then
    return "b"
  end
  local kind = math.type(value)
  return kind == "integer" and "i" or kind and "f"
end

-- Is it a kind of values that are passed to compiled code?
local function is_value(kind)
  return #kind == 1
end

return { arrays = arrays, assignment = assignment, c_type = c_type, copy = copy,
  declaration = declaration, is_object = is_object, is_pointer = is_pointer,
  is_value = is_value, kind_of = kind_of, letter = letter, literal = literal,
  member = member, values = values }
