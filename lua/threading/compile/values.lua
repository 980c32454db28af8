-- Values and Locks: the number of a Value, which is read and written as a
-- relaxed atomic, and their methods.

local builtins = require "threading.compile.builtins"
local elements = require "threading.compile.elements"
local types = require "threading.compile.types"

local values = types.values

local function load_number(self, target, value)
  local element = values[value.kind]
  self:set(target, element.kind, elements.load(element, value.c))
  return self.pc + 1
end

-- Other fields are refused where they are read.
local function read(self, target, value, name)
  if values[value.kind] and name == "value" then
    return load_number(self, target, value)
  end
  return self:indexed(value)
end

local function write(self, value, name, number)
  local element = values[value.kind]
  if not element or name ~= "value" then
    return self:indexed(value)
  end
  local c = elements.converted(self, element, number, self:fail(value, number))
  if not c then
    return nil
  end
  self:emit("  %s", elements.store(element, value.c, c))
  return self.pc + 1
end

-- Methods -------------------------------------------------------------------

local METHODS <const> = { acquire = "l", release = "l" }

-- A method, and its object, for the call that follows.
local function method(self, target, value, name)
  if METHODS[name] ~= value.kind then
    if types.is_pointer(value.kind) then
      self:refuse("the method " .. name, "call it outside")
    end
    return self:indexed(value)
  end
  self:set(target + 1, value.kind, value.c)
  self:set(target, self.unit:add_object { kind = "function",
    value = "Lock." .. name, method = name })
  return self.pc + 1
end

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

return { method = method, read = read, write = write }
