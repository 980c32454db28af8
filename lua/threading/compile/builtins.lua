-- Functions of the standard library that compiled code knows, by name. Each is
-- called with the arguments' values, and `use`, which puts results where they
-- are wanted and returns the next pc. What is an error raises as the function
-- itself does: the interpreter calls it.

local arithmetic = require "threading.compile.arithmetic"
local standard = require "threading.private.standard"
local math, string, table = standard.math, standard.string, standard.table
local types = require "threading.compile.types"
local ipairs, next = ipairs, next

local builtins = {}

local function is_number(value)
  return value and (value.kind == "i" or value.kind == "f")
end

-- Ends the block: the call raises, with the arguments that there are.
local function raise(self, list)
  local registers = {}
  self:emit("  %s", self:fail(list[1] or { kind = "n" },
    list[2] or { kind = "n" }, list[3], registers))
end

local function as_float(value)
  return value.kind == "i" and "(double)" .. value.c or value.c
end

-- A result that does not change when registers do.
local function kept(self, kind, c)
  local name = self:temporary(kind)
  self:emit("  %s = %s;", name, c)
  return { kind = kind, c = name }
end

-- Runs `use` for a result in a version of its own, behind a condition.
local function aside(self, condition, use, results)
  local before = {}
  for register, kind in next, self.kinds do
    before[register] = kind
  end
  self:emit("  if (%s) {", condition)
  local pc = use(results)
  if pc then
    self:emit("  %s", self:jump(pc, true))
  end
  self:emit "  }"
  self.kinds = before
end

-- Functions from floats to a float.
for _, name in ipairs { "sqrt", "sin", "cos", "tan", "asin", "acos", "exp" } do
  builtins["math." .. name] = function(self, list, use)
    if not is_number(list[1]) then
      return raise(self, list)
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
      return raise(self, list)
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
    return raise(self, list)
  elseif x.kind == "i" then
    return use { kept(self, "i", string.format("%s < 0 ? neg_i(%s) : %s", x.c,
      x.c, x.c)) }
  end
  return use { kept(self, "f", string.format("fabs(%s)", x.c)) }
end

-- min and max ---------------------------------------------------------------

local function less(l, r)
  if l.kind == r.kind then
    return string.format("%s < %s", l.c, r.c)
  end
  return string.format("lt_%s%s(%s, %s)", l.kind, r.kind, l.c, r.c)
end

-- The first of `rest` wins over the best so far, or not: where the kinds
-- differ, both are ways of their own.
local function choose(self, best, list, n, is_better, use)
  for i = n, #list do
    local other = list[i]
    if best.kind ~= other.kind then
      local before = {}
      for register, kind in next, self.kinds do
        before[register] = kind
      end
      self:emit("  if (%s) {", is_better(other, best))
      local pc = choose(self, other, list, i + 1, is_better, use)
      if pc then
        self:emit("  %s", self:jump(pc, true))
      end
      self:emit "  }"
      self.kinds = before
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
      return use { x.c and kept(self, x.kind, x.c) or x }
    end
    arithmetic.refuse_strings(self, table.unpack(list))
    for n = 1, #list > 0 and #list or 1 do
      if not is_number(list[n]) then
        if n > 3 then
          self:refuse("more than three arguments that are no numbers",
            "pass numbers")
        end
        return raise(self, list)
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
    return raise(self, list)
  elseif x.kind == "f" or y.kind == "f" then
    return use { kept(self, "f", string.format("fmod(%s, %s)", as_float(x),
      as_float(y))) }
  end
  self:emit("  if (UNLIKELY(%s == 0)) {", y.c)
  raise(self, list)
  self:emit "  }"
  return use { kept(self, "i", string.format("%s == -1 ? 0 : %s %% %s", y.c,
    x.c, y.c)) }
end

builtins["math.ult"] = function(self, list, use)
  local x, y = list[1], list[2]
  if not x or not y or x.kind ~= "i" or y.kind ~= "i" then
    if is_number(x) and is_number(y) then
      self:refuse("math.ult of floats", "pass integers")
    end
    return raise(self, list)
  end
  return use { kept(self, "b", string.format("(uint64_t)%s < (uint64_t)%s", x.c,
    y.c)) }
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
      return raise(self, list)
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
    return raise(self, list)
  elseif not base or base.kind == "n" then
    return use { kept(self, "f", string.format("log(%s)", as_float(x))) }
  end
  return use { kept(self, "f", string.format("log_base(%s, %s)", as_float(x),
    as_float(base))) }
end

builtins["math.atan"] = function(self, list, use)
  local y, x = list[1], list[2]
  if not is_number(y) or x and x.kind ~= "n" and not is_number(x) then
    return raise(self, list)
  end
  return use { kept(self, "f", string.format("atan2(%s, %s)", as_float(y),
    x and x.c and as_float(x) or "1.0")) }
end

builtins["math.atan2"] = builtins["math.atan"] -- its old name

builtins["math.modf"] = function(self, list, use)
  local x = list[1]
  if not is_number(x) then
    return raise(self, list)
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

local function text(self, value)
  return { kind = self.unit:add_object { kind = "string", value = value } }
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
    self:emit("  if (UNLIKELY(!%s)) {", x.c)
    raise(self, list)
    self:emit "  }"
  end
  local results = {}
  for n, value in ipairs(list) do
    results[n] = value.c and kept(self, value.kind, value.c) or value
  end
  return use(results)
end

return builtins
