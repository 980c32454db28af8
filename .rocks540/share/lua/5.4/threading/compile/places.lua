-- What is read from outside a function's registers: elements of Arrays, outer
-- variables, globals, and fields of tables that are known.

local closures = require "threading.compile.closures"
local elements = require "threading.compile.elements"
local methods = require "threading.compile.methods"
local spans = require "threading.compile.spans"
local types = require "threading.compile.types"
local values = require "threading.compile.values"
local ways = require "threading.compile.ways"
local arrays = types.arrays

-- Elements -------------------------------------------------------------------

-- The index, from 0, as a C variable; nil: the block has ended.
local function position(self, array, index)
  if index.kind ~= "i" and index.kind ~= "f" then
    self:emit("  %s", self:fail(array, index))
    return nil
  end
  local at = self:temporary "i"
  if index.kind == "f" then
    self:emit("  if (UNLIKELY(!to_i(%s, &%s))) %s", index.c, at,
      self:fail(array, index))
    self:emit("  %s = sub_i(%s, 1);", at, at)
  else
    self:emit("  %s = sub_i(%s, 1);", at, index.c)
  end
  return at
end

-- The element after the last reads as nil, which is a version of its own.
local function get(self, target, array, index)
  local kind = array.kind
  if not arrays[kind] then
    return self:indexed(array, index)
  end
  local at = position(self, array, index)
  if not at then
    return nil
  end
  local result = arrays[kind].kind
  self:emit("  if (%sUNLIKELY((uint64_t)%s >= (uint64_t)%s_n)) {",
    spans.unless_inside(self, array, index), at, array.c)
  self:emit("  if (%s != %s_n) %s", at, array.c, self:fail(array, index))
  local before = self.kinds[target]
  self:set_kind(target, "n")
  self:emit("  %s\n  }", self:jump(self.pc + 1, true))
  self:set_kind(target, before)
  self:set(target, result, elements.load(arrays[kind],
    elements.address(array, at)))
  return self.pc + 1
end

local function set(self, array, index, value)
  if not arrays[array.kind] then
    return self:indexed(array, index)
  end
  local at = position(self, array, index)
  if not at then
    return nil
  end
  self:emit("  if (%sUNLIKELY((uint64_t)%s >= (uint64_t)%s_n)) %s",
    spans.unless_inside(self, array, index), at, array.c,
    self:fail(array, index))
  local c = elements.converted(self, arrays[array.kind], value,
    self:fail(array, index, value))
  if not c then
    return nil
  end
  self:emit("  %s", elements.store(arrays[array.kind],
    elements.address(array, at), c))
  return self.pc + 1
end

local function literal(i)
  return { kind = "i", c = types.literal(i) }
end

-- A register, or a constant.
local function operand(self, i)
  if i.k == 0 then
    return self:value(i.c)
  end
  local value = self.proto.constants[i.c + 1]
  local kind = types.kind_of(value)
  if kind == "b" then
    return { kind = "b", c = value and "1" or "0" }
  elseif kind then
    return { kind = kind, c = kind ~= "n" and types.literal(value) or nil }
  end
  return { kind = self.unit:add_object { kind = "string", value = value } }
end

local function reads_store(i)
  return { i.a, i.op == "SETTABLE" and i.b or i.a, i.k == 0 and i.c or i.a }
end

-- Outer variables, globals and fields ----------------------------------------

-- A register becomes what a dependency is.
local function depend(self, target, dependency)
  local kind, index, is_absent = self.unit:depend(dependency)
  if is_absent then
    self:save_place()
  end
  if types.c_type(kind) then
    self:emit("  %s", types.copy(kind, self:variable(target, kind),
      self:outer(index, kind)))
  end
  self:set_kind(target, kind)
  return self.pc + 1
end

-- What an upvalue is, counted from 0: a cell's register, or a dependency.
local function upvalue(self, index)
  local cell, fn, outer = closures.upvalue(self.unit, self.spec.of, index)
  if cell then
    return closures.place(self, cell)
  end
  return nil, { kind = "upvalue", fn = fn, index = outer + 1,
    name = self.proto.upvalues[index + 1].name }
end

-- The value of an upvalue that is not the globals; for the errors it is one.
local function outer_value(self, index, register, dependency)
  local value
  if register then
    value = self:value(register)
  else
    local kind, at = self.unit:depend(dependency)
    value = { kind = kind, c = types.c_type(kind) and self:outer(at, kind) }
  end
  return { kind = value.kind, c = value.c, upvalue = index + 1 }
end

local function reads_upvalue(self, index)
  return { (upvalue(self, index)) }
end

local function field(self, target, table, name, register, outer)
  local object = self.unit:object(table)
  if object and object.kind == "table" then
    return depend(self, target, { kind = "field", of = object.dependency,
      name = name })
  end
  if register then
    return values.read(self, target, self:value(register), name)
  end
  return self:indexed { kind = table, upvalue = outer }
end

local function constant_name(self, i)
  return self.proto.constants[i.c + 1]
end

return {
  GETTABLE = { reads = function(i) return { i.b, i.c } end,
    run = function(self, i)
      return get(self, i.a, self:value(i.b), self:value(i.c))
    end },
  GETI = { reads = function(i) return { i.b } end,
    run = function(self, i)
      return get(self, i.a, self:value(i.b), literal(i.c))
    end },
  SETTABLE = { reads = reads_store, run = function(self, i)
    return set(self, self:value(i.a), self:value(i.b), operand(self, i))
  end },
  SETI = { reads = reads_store, run = function(self, i)
    return set(self, self:value(i.a), literal(i.b), operand(self, i))
  end },
  LEN = { reads = function(i) return { i.b } end, run = function(self, i)
    local value = self:value(i.b)
    if arrays[value.kind] then
      self:set(i.a, "i", value.c .. "_n")
      return self.pc + 1
    end
    return self:indexed(value, value)
  end },
  GETUPVAL = { run = function(self, i)
    local register, outer = upvalue(self, i.b)
    if register then
      ways.copy(self, i.a, register)
      return self.pc + 1
    end
    return depend(self, i.a, outer)
  end },
  GETTABUP = { reads = function(i, self) return reads_upvalue(self, i.b) end,
    run = function(self, i)
      local register, outer = upvalue(self, i.b)
      local value = outer_value(self, i.b, register, outer)
      if types.is_object(value.kind) then
        return field(self, i.a, value.kind, constant_name(self, i), nil,
          value.upvalue)
      end
      return values.read(self, i.a, value, constant_name(self, i))
    end },
  SETTABUP = { reads = function(i, self)
    local list = reads_upvalue(self, i.a)
    list[#list + 1] = i.k == 0 and i.c or nil
    return list
  end,
    run = function(self, i)
      local register, outer = upvalue(self, i.a)
      local value = outer_value(self, i.a, register, outer)
      if types.is_object(value.kind) then
        self:refuse(outer and outer.name == "_ENV" and "a write to a global"
          or "a write to a table", "return the value instead")
      end
      return values.write(self, value, self.proto.constants[i.b + 1],
        operand(self, i))
    end },
  SETFIELD = { reads = function(i) return { i.a, i.k == 0 and i.c or i.a } end,
    run = function(self, i)
      return values.write(self, self:value(i.a),
        self.proto.constants[i.b + 1], operand(self, i))
    end },
  SELF = { reads = function(i) return { i.b } end, run = function(self, i)
    if i.k == 0 and i.older then
      self:refuse("a method", "call a function")
    end
    return methods.method(self, i.a, self:value(i.b), constant_name(self, i))
  end },
  GETFIELD = { reads = function(i) return { i.b } end,
    run = function(self, i)
      return field(self, i.a, self.kinds[i.b], constant_name(self, i), i.b)
    end },
}
