-- Methods of Arrays, Values and Locks, by the name of what has them and their
-- own. Their objects are the first argument; what is an error raises as the
-- method itself does.

local builtins = require "threading.compile.builtins"
local elements = require "threading.compile.elements"
local standard = require "threading.private.standard"
local string = standard.string
local types = require "threading.compile.types"
local ways = require "threading.compile.ways"
local kept = ways.kept
local NONE <const> = { kind = "n" }

-- What has methods, by the kind of a value.
local function owner_of(kind)
  return types.arrays[kind] and "Array" or types.values[kind] and "Value"
    or kind == "l" and "Lock" or nil
end

-- A method, and its object, for the call that follows.
local function method(self, target, value, name)
  local owner = owner_of(value.kind)
  if not owner then
    return self:indexed(value)
  end
  local full = owner .. "." .. name
  if not builtins[full] then
    self:refuse("the method " .. name, "call it outside")
  end
  self:set(target + 1, value.kind, value.c)
  self:set(target, self.unit:add_object { kind = "function", value = full,
    method = name })
  return self.pc + 1
end

-- Values: one atomic access each, ordered as those of csrc/data/value are -----

-- A number of an element's type, as a C variable.
local function operand(self, element, value, list)
  local c = elements.converted(self, element, value or NONE,
    self:fail(list[1], list[2] or NONE, list[3]))
  return c and kept(self, element.kind, c).c
end

-- What may be added: the sum need fit, not what is added to it.
local function addend(element)
  return { kind = element.kind, wide = true, name = element.name }
end

-- C that is true where the sum does not fit.
local function overflows(element)
  if element.wide then
    return "0"
  elseif element.kind == "f" then
    return "!fits_float32(sum)"
  end
  return string.format("(%s)sum != sum", element.c)
end

-- Raises of a Value that has the number that this one had: it may have another
-- by now.
local function raise_sum(self, element, list)
  local registers = { [list[1].register] = { value_of = element.name } }
  return self:fail({ kind = list[1].kind, c = list[1].c }, list[2],
    { kind = element.kind, c = string.format("(%s)old",
      types.c_type(element.kind)) }, registers)
end

builtins["Value.fetch_add"] = function(self, list, use)
  local value, element = list[1], types.values[list[1].kind]
  local n = operand(self, addend(element), list[2], list)
  if not n then
    return nil
  end
  local c_type, at = types.c_type(element.kind),
    string.format("(%s *)%s", element.c, value.c)
  local result = self:temporary(element.kind)
  self:emit("  { %s old, new; __atomic_load(%s, &old, __ATOMIC_RELAXED);",
    element.c, at)
  self:emit("  do { %s sum = %s;", c_type, element.kind == "f"
    and "(double)old + " .. n or string.format("add_i((int64_t)old, %s)", n))
  self:emit("  if (UNLIKELY(%s)) %s", overflows(element),
    raise_sum(self, element, list))
  self:emit("  new = (%s)sum; } while (!__atomic_compare_exchange(%s, &old, "
    .. "&new, 1, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));", element.c, at)
  self:emit("  %s = (%s)old; }", result, c_type)
  return use { { kind = element.kind, c = result } }
end

builtins["Value.exchange"] = function(self, list, use)
  local value, element = list[1], types.values[list[1].kind]
  local x = operand(self, element, list[2], list)
  if not x then
    return nil
  end
  local result = self:temporary(element.kind)
  self:emit("  { %s new = (%s)%s, old;", element.c, element.c, x)
  self:emit("  __atomic_exchange((%s *)%s, &new, &old, __ATOMIC_SEQ_CST);",
    element.c, value.c)
  self:emit("  %s = (%s)old; }", result, types.c_type(element.kind))
  return use { { kind = element.kind, c = result } }
end

builtins["Value.compare_exchange"] = function(self, list, use)
  local value, element = list[1], types.values[list[1].kind]
  local old = operand(self, element, list[2], list)
  local new = old and operand(self, element, list[3], list)
  if not new then
    return nil
  end
  local result, stored = self:temporary(element.kind), self:temporary "b"
  self:emit("  { %s old = (%s)%s, new = (%s)%s;", element.c, element.c, old,
    element.c, new)
  self:emit("  %s = __atomic_compare_exchange((%s *)%s, &old, &new, 0, "
    .. "__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);", stored, element.c, value.c)
  self:emit("  %s = (%s)old; }", result, types.c_type(element.kind))
  return use { { kind = "b", c = stored },
    { kind = element.kind, c = result } }
end

-- Arrays ---------------------------------------------------------------------

-- A bound of a range; `default` is C. nil: the block has ended.
local function bound(self, value, default, fail)
  if not value or value.kind == "n" then
    return kept(self, "i", default).c
  elseif not ways.is_number(value) then
    self:emit("  %s", fail)
    return nil
  end
  if value.kind == "i" then
    return kept(self, "i", value.c).c
  end
  local at = self:temporary "i"
  self:emit("  if (UNLIKELY(!to_i(%s, &%s))) %s", value.c, at, fail)
  return at
end

-- The range of a fill, from 0; its number is good by now.
local function range(self, list)
  local array, i, j = list[1], list[3], list[4]
  local fail = self:fail(array, i, j, { [list[2].register] = { 0 } })
  local from = bound(self, i, "1", fail)
  if not from then
    return nil
  end
  self:emit("  if (UNLIKELY(%s < 1 || %s > %s->n + 1)) %s", from, from, array.c,
    fail)
  local to = bound(self, j, array.c .. "->n", fail)
  if not to then
    return nil
  end
  self:emit("  if (UNLIKELY(%s < %s - 1 || %s > %s->n)) %s", to, from, to,
    array.c, fail)
  return from, to
end

-- As in csrc/data/array, elements are stored as C likes it.
builtins["Array.fill"] = function(self, list, use)
  local array, element = list[1], types.arrays[list[1].kind]
  local v = operand(self, element, list[2], list)
  local from, to
  if v then
    from, to = range(self, list)
  end
  if not to then
    return nil
  end
  self:emit("  for (int64_t at = %s - 1; at < %s; at++) ((%s *)%s->data)[at] = "
    .. "(%s)%s;", from, to, element.c, array.c, element.c, v)
  return use { ways.kept_value(self, array) }
end

-- Locks ----------------------------------------------------------------------

builtins["Lock.acquire"] = function(self, list, use)
  if #list > 1 then
    self:refuse("a Lock's acquire with arguments", "acquire it without")
  end
  self:emit("  run->lock_acquire(run, %s);", list[1].c)
  return use { { kind = "b", c = "1" } }
end

builtins["Lock.release"] = function(self, list, use)
  self:emit("  if (UNLIKELY(!run->lock_release(run, %s))) %s", list[1].c,
    self:fail(list[1]))
  return use {}
end

return { method = method }
