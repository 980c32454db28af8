-- Fields of objects: the number of a Value, which is read and written as a
-- relaxed atomic, and the types of Values and Arrays.

local elements = require "threading.compile.elements"
local types = require "threading.compile.types"
local ways = require "threading.compile.ways"

local values = types.values

local function load_number(self, target, value)
  local element = values[value.kind]
  self:set(target, element.kind, elements.load(element, value.c))
  return self.pc + 1
end

-- Other fields are refused where they are read.
local function read(self, target, value, name)
  local typed = values[value.kind] or types.arrays[value.kind]
  self:save_place() -- as each call of a metamethod does
  if typed and name == "type" then
    self:set(target, ways.text(self, typed.name).kind)
    return self.pc + 1
  end
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
  self:save_place()
  local c = elements.converted(self, element, number, self:fail(value, number))
  if not c then
    return nil
  end
  self:emit("  %s", elements.store(element, value.c, c))
  return self.pc + 1
end

return { read = read, write = write }
