-- Operators on numbers: arithmetic, bits, and comparisons, as C.

local lines_are_stale = require "threading.compile.stale"
local standard = require "threading.private.standard"
local types = require "threading.compile.types"
local string = standard.string
local ipairs = ipairs

local function is_number(value)
  return value.kind == "i" or value.kind == "f"
end

local function as_float(value)
  return value.kind == "i" and "(double)" .. value.c or value.c
end

local function refuse_strings(self, ...)
  for _, value in ipairs { ... } do
    local object = self.unit:object(value.kind)
    if object and object.kind == "string" then
      self:refuse("a string as a number or in a comparison",
        "use numbers, and tonumber before the call")
    end
  end
end

-- Ends the block where the operands are not numbers.
local function are_numbers(self, l, r)
  if is_number(l) and is_number(r) then
    return true
  end
  refuse_strings(self, l, r)
  self:emit("  %s", self:fail(l, r))
  return false
end

-- Arithmetic -----------------------------------------------------------------

local SAME <const> = { ADD = "+", SUB = "-", MUL = "*" }
local DIVISION <const> = { IDIV = true, MOD = true }

-- The exponent of a constant that is a power of two; nil for others.
local function exponent(value)
  local n = value.constant
  if n and n > 0 and n & n - 1 == 0 then
    local power = 0
    while n >> power ~= 1 do
      power = power + 1
    end
    return power
  end
end

-- A shift to the right and a mask round down, as Lua does.
local function by_power(name, l, power)
  if name == "IDIV" then
    return string.format("%s >> %d", l.c, power)
  end
  return string.format("%s & INT64_C(0x%x)", l.c, (1 << power) - 1)
end

local function of_integers(self, name, l, r)
  local power = DIVISION[name] and exponent(r)
  if power then
    return by_power(name, l, power)
  elseif DIVISION[name] and not (r.constant and r.constant ~= 0) then
    self:emit("  if (UNLIKELY(%s == 0)) %s", r.c, lines_are_stale
      and self:fail(l, r, { kind = "i", c = "saved" }, nil, true)
      or self:fail(l, r))
  end
  return string.format("%s_i(%s, %s)", string.lower(name), l.c, r.c)
end

local function of_floats(name, l, r)
  local sign = name == "DIV" and "/" or SAME[name]
  if sign then
    return string.format("%s %s %s", as_float(l), sign, as_float(r))
  end
  return string.format("%s_f(%s, %s)", string.lower(name), as_float(l),
    as_float(r))
end

-- An arithmetic operator, whose result goes to a register.
local function arithmetic(self, name, target, l, r)
  if not are_numbers(self, l, r) then
    return nil
  end
  if l.kind == "i" and r.kind == "i" and name ~= "DIV" and name ~= "POW" then
    self:set(target, "i", of_integers(self, name, l, r))
  else
    self:set(target, "f", of_floats(name, l, r))
  end
  return self.pc + 2
end

-- Bits -----------------------------------------------------------------------

local BITS <const> = { BAND = "&", BOR = "|", BXOR = "~" }

-- The integer that a number is; compiled code raises if it is none.
local function as_integer(self, value, l, r)
  if value.kind == "i" then
    return value.c
  end
  local integer = self:temporary "i"
  self:emit("  if (UNLIKELY(!to_i(%s, &%s))) %s", value.c, integer,
    self:fail(l, r))
  return integer
end

local function bitwise(self, name, target, l, r)
  if not are_numbers(self, l, r) then
    return nil
  end
  local x, y = as_integer(self, l, l, r), as_integer(self, r, l, r)
  local sign = BITS[name]
  if sign then
    sign = sign == "~" and "^" or sign
    self:set(target, "i", string.format("%s %s %s", x, sign, y))
  else
    self:set(target, "i", string.format("%s_i(%s, %s)", string.lower(name), x,
      y))
  end
  return self.pc + 2
end

-- Operators of one operand ---------------------------------------------------

local function unary_minus(self, target, value)
  if not are_numbers(self, value, value) then
    return nil
  elseif value.kind == "i" then
    self:set(target, "i", string.format("neg_i(%s)", value.c))
  else
    self:set(target, "f", "-" .. value.c)
  end
  return self.pc + 1
end

local function bitwise_not(self, target, value)
  if not are_numbers(self, value, value) then
    return nil
  end
  self:set(target, "i", "~" .. as_integer(self, value, value, value))
  return self.pc + 1
end

-- Comparisons ----------------------------------------------------------------

local ORDER <const> = { LT = "<", LE = "<=" }

local EXACT <const> = 1 << 53 -- up to here each integer is a float

-- A constant beside a float, as the same number of that kind where there is
-- one; other values as they are.
local function as_other(value, other)
  local n = value.constant
  if value.kind == "i" and other.kind == "f" and n and n >= -EXACT
    and n <= EXACT then
    return { kind = "f", c = types.literal(n + 0.0) }
  end
  return value
end

-- C for l < r or l <= r; nil: the block has ended.
local function order(self, name, l, r)
  if not are_numbers(self, l, r) then
    return nil
  end
  l, r = as_other(l, r), as_other(r, l)
  if l.kind == r.kind then
    return string.format("%s %s %s", l.c, ORDER[name], r.c)
  end
  return string.format("%s_%s%s(%s, %s)", string.lower(name), l.kind, r.kind,
    l.c, r.c)
end

-- C for l == r, or whether it is so where that is known.
local function equal(self, l, r)
  if is_number(l) and is_number(r) then
    l, r = as_other(l, r), as_other(r, l)
    if l.kind == r.kind then
      return string.format("%s == %s", l.c, r.c)
    elseif l.kind == "f" then
      l, r = r, l
    end
    return string.format("eq_if(%s, %s)", l.c, r.c)
  elseif l.kind ~= r.kind then
    return false -- an object has one kind
  elseif types.is_pointer(l.kind) then
    self:refuse("a comparison of Arrays, Values or Locks",
      "compare them before the call")
  elseif l.kind == "b" then
    return string.format("%s == %s", l.c, r.c)
  end
  local object = self.unit:object(l.kind)
  if object and object.parent then
    self:refuse("a comparison of functions inside", "compare numbers")
  end
  return true
end

return { arithmetic = arithmetic, bitwise = bitwise,
  bitwise_not = bitwise_not, equal = equal, order = order,
  refuse_strings = refuse_strings, unary_minus = unary_minus }
