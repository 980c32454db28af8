-- Functions of the standard library that compiled code knows, by name. Each is
-- called with the arguments' values, and `use`, which puts results where they
-- are wanted and returns the next pc. What is an error raises as the function
-- itself does: the interpreter calls it.

local arithmetic = require "threading.compile.arithmetic"
local standard = require "threading.private.standard"
local math, string, table = standard.math, standard.string, standard.table
local types = require "threading.compile.types"
local ways = require "threading.compile.ways"
local ipairs = ipairs
local as_float, aside, is_number = ways.as_float, ways.aside, ways.is_number
local kept, less, raise, text = ways.kept, ways.less, ways.raise, ways.text

local builtins = {}

-- Functions from floats to a float.
for _, name in ipairs { "sqrt", "sin", "cos", "tan", "asin", "acos", "exp" } do
  builtins["math." .. name] = function(self, list, use)
    if not is_number(list[1]) then
      return ways.raise_number(self, list)
    end
    return use { kept(self, "f", string.format("%s(%s)", name,
      as_float(list[1]))) }
  end
end

-- Is a whole float none of the integers?
local function outside(whole)
  return string.format("UNLIKELY(!(%s >= -0x1p63 && %s < 0x1p63))", whole.c,
    whole.c)
end

-- floor and ceil: an integer where it fits.
for _, name in ipairs { "floor", "ceil" } do
  builtins["math." .. name] = function(self, list, use)
    if not is_number(list[1]) then
      return ways.raise_number(self, list)
    elseif list[1].kind == "i" then
      return use { kept(self, "i", list[1].c) }
    end
    local whole = kept(self, "f", string.format("%s(%s)", name, list[1].c))
    aside(self, outside(whole), use, { whole })
    return use { kept(self, "i", "(int64_t)" .. whole.c) }
  end
end

builtins["math.abs"] = function(self, list, use)
  local x = list[1]
  if not is_number(x) then
    return ways.raise_number(self, list)
  elseif x.kind == "i" then
    return use { kept(self, "i", string.format("%s < 0 ? neg_i(%s) : %s", x.c,
      x.c, x.c)) }
  end
  return use { kept(self, "f", string.format("fabs(%s)", x.c)) }
end

-- min and max ---------------------------------------------------------------

-- The first of `rest` wins over the best so far, or not: where the kinds
-- differ, both are ways of their own.
local function choose(self, best, list, n, is_better, use)
  for i = n, #list do
    local other = list[i]
    if best.kind ~= other.kind then
      local so_far = best
      ways.branch(self, is_better(other, so_far), function()
        return choose(self, other, list, i + 1, is_better, use)
      end)
    else
      best = kept(self, best.kind, string.format("%s ? %s : %s",
        is_better(other, best), other.c, best.c))
    end
  end
  return use { kept(self, best.kind, best.c) }
end

local function extreme(name, is_better)
  builtins["math." .. name] = function(self, list, use)
    local x = list[1]
    if #list == 1 then -- it is not looked at
      return use { ways.kept_value(self, x) }
    end
    arithmetic.refuse_strings(self, table.unpack(list))
    for n = 1, #list > 0 and #list or 1 do
      if not is_number(list[n]) then
        if n > 3 then
          self:refuse("more than three arguments that are no numbers",
            "pass numbers")
        end
        return ways.raise_number(self, list)
      end
    end
    return choose(self, list[1], list, 2, is_better, use)
  end
end

extreme("min", function(other, best) return less(other, best) end)
extreme("max", function(other, best) return less(best, other) end)

-- Others ---------------------------------------------------------------------

builtins["math.fmod"] = function(self, list, use)
  local x, y = list[1], list[2]
  if not is_number(x) or not is_number(y) then
    return ways.raise_number(self, list)
  elseif x.kind == "f" or y.kind == "f" then
    return use { kept(self, "f", string.format("fmod(%s, %s)", as_float(x),
      as_float(y))) }
  end
  ways.raise_if(self, y.c .. " == 0", list)
  return use { kept(self, "i", string.format("%s == -1 ? 0 : %s %% %s", y.c,
    x.c, y.c)) }
end

builtins["math.ult"] = function(self, list, use)
  local x = ways.integer(self, list[1], list)
  local y = x and ways.integer(self, list[2], list)
  return y and use { kept(self, "b", string.format(
    "(uint64_t)%s < (uint64_t)%s", x, y)) }
end

builtins["math.tointeger"] = function(self, list, use)
  local x = list[1]
  if not x then
    return raise(self, list)
  elseif x.kind == "i" then
    return use { kept(self, "i", x.c) }
  elseif x.kind ~= "f" then
    if self.unit:object(x.kind) then
      self:refuse("math.tointeger of no number", "pass a number")
    end
    return use { { kind = "n" } }
  end
  local whole = self:temporary "i"
  aside(self, string.format("!to_i(%s, &%s)", x.c, whole), use,
    { { kind = "n" } })
  return use { { kind = "i", c = whole } }
end

local function scaled(name, factor)
  builtins["math." .. name] = function(self, list, use)
    if not is_number(list[1]) then
      return ways.raise_number(self, list)
    end
    return use { kept(self, "f", string.format("%s * %s", as_float(list[1]),
      types.literal(factor))) }
  end
end

scaled("deg", 180.0 / math.pi)
scaled("rad", math.pi / 180.0)

builtins["math.log"] = function(self, list, use)
  local x, base = list[1], list[2]
  if not is_number(x) or base and base.kind ~= "n" and not is_number(base) then
    return ways.raise_number(self, list)
  elseif not base or base.kind == "n" then
    return use { kept(self, "f", string.format("log(%s)", as_float(x))) }
  end
  return use { kept(self, "f", string.format("log_base(%s, %s)", as_float(x),
    as_float(base))) }
end

builtins["math.atan"] = function(self, list, use)
  local y, x = list[1], list[2]
  if not is_number(y) or x and x.kind ~= "n" and not is_number(x) then
    return ways.raise_number(self, list)
  end
  return use { kept(self, "f", string.format("atan2(%s, %s)", as_float(y),
    x and x.c and as_float(x) or "1.0")) }
end

builtins["math.atan2"] = builtins["math.atan"] -- its old name

builtins["math.modf"] = function(self, list, use)
  local x = list[1]
  if not is_number(x) then
    return ways.raise_number(self, list)
  elseif x.kind == "i" then
    return use { kept(self, "i", x.c), kept(self, "f", "0.0") }
  end
  local whole = kept(self, "f", string.format("%s < 0 ? ceil(%s) : floor(%s)",
    x.c, x.c, x.c))
  local rest = kept(self, "f", string.format("%s == %s ? 0.0 : %s - %s", x.c,
    whole.c, x.c, whole.c))
  aside(self, outside(whole), use, { whole, rest })
  return use { kept(self, "i", "(int64_t)" .. whole.c), rest }
end

-- Types and errors -----------------------------------------------------------

local function name_of_type(self, kind)
  local object = self.unit:object(kind)
  return object and object.kind or kind == "n" and "nil"
    or kind == "b" and "boolean" or types.is_pointer(kind) and "userdata"
    or "number"
end

builtins.type = function(self, list, use)
  if not list[1] then
    return raise(self, list)
  end
  return use { text(self, name_of_type(self, list[1].kind)) }
end

builtins["math.type"] = function(self, list, use)
  local x = list[1]
  if not x then
    return raise(self, list)
  elseif not is_number(x) then
    return use { { kind = "n" } }
  end
  return use { text(self, x.kind == "i" and "integer" or "float") }
end

builtins.checkpoint = function(self, _, use)
  self:emit "  POLL();"
  return use {}
end

-- The level of a call of error where it is a constant of that call.
local function constant_level(self, level)
  local load = self.proto.code[self.pc - 1]
  return load and load.op == "LOADI" and load.a == level.register and load.sbx
end

-- A place is known of the function itself, not of its callers.
local function check_level(self, message, level)
  local object = self.unit:object(message.kind)
  if not object or object.kind ~= "string" or not is_number(level) then
    return
  end
  local number = constant_level(self, level)
  if number ~= 0 and number ~= 1 then
    self:refuse("a level of error that is not the constant 0 or 1",
      "write error(message) or error(message, 0)")
  end
end

builtins.error = function(self, list)
  if list[2] then
    check_level(self, list[1], list[2])
  end
  for n = 1, #list do
    if n > 3 then
      self:refuse("error with more than three arguments", "pass fewer")
    end
  end
  raise(self, list)
end

builtins.assert = function(self, list, use)
  local x = list[1]
  if not x or x.kind == "n" then
    return raise(self, list)
  elseif x.kind == "b" then
    ways.raise_if(self, "!" .. x.c, list)
  end
  local results = {}
  for n, value in ipairs(list) do
    results[n] = ways.kept_value(self, value)
  end
  return use(results)
end

return builtins
