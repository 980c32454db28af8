-- The generic for, by functions that compiled code knows: ipairs of an Array,
-- and Lua functions.
--
-- Four registers are the loop's own. Lua 5.4: function, state, control, what is
-- to be closed, and then the variables. Lua 5.5: function, state, what is to be
-- closed, and the first variable, which is the control.

local builtins = require "threading.compile.builtins"
local calls = require "threading.compile.calls"
local closures = require "threading.compile.closures"
local elements = require "threading.compile.elements"
local standard = require "threading.private.standard"
local string = standard.string
local types = require "threading.compile.types"
local ways = require "threading.compile.ways"

-- The register of the control variable, and the first of the results.
local function control(i)
  return i.older and i.a + 2 or i.a + 3
end

local function results(i)
  return i.older and i.a + 4 or i.a + 3
end

local function check_closing(self, register)
  if self.kinds[register] ~= "n" then
    self:refuse("a generic for with a value to close", "close it in the caller")
  end
end

local function prepare(self, i)
  check_closing(self, i.a + 3)
  if not i.older then
    ways.copy(self, i.a + 3, i.a + 2)
    self:set(i.a + 2, "n")
  end
  return self.pc + 1 + i.bx
end

local function deliver(self, i, list)
  calls.put(self, results(i), i.c, list)
  return self.pc + 1
end

local function advance(self, i)
  local first = results(i)
  if self.kinds[first] ~= "n" then
    if i.older then
      ways.copy(self, control(i), first)
    end
    self:emit("  %s", self:jump(self.pc + 1 - i.bx))
    return nil
  end
  return self.pc + 1
end

-- ipairs ---------------------------------------------------------------------

local NEXT <const> = "ipairs.next" -- the function that ipairs gives

builtins.ipairs = function(self, list, use)
  local array = list[1]
  if not array then
    return ways.raise(self, list)
  elseif self.unit:object(array.kind) or types.values[array.kind]
    or array.kind == "l" then
    self:refuse("ipairs of what is no Array", "pass an Array")
  end
  return use { ways.known(self, NEXT), ways.kept_value(self, array),
    { kind = "i", c = "0" } }
end

-- The element after the last reads as nil.
builtins[NEXT] = function(self, list, use)
  local array, before = list[1], list[2]
  local element = array and types.arrays[array.kind]
  if not element then
    return ways.raise(self, list)
  end
  local at = ways.integer(self, before, list)
  if not at then
    return nil
  end
  at = ways.kept(self, "i", at)
  local length = array.c .. "_n"
  ways.branch(self, string.format("UNLIKELY((uint64_t)%s >= (uint64_t)%s)",
    at.c, length), function()
    ways.raise_if(self, at.c .. " != " .. length, list)
    return use { { kind = "n" } }
  end)
  return use { ways.kept(self, "i", at.c .. " + 1"),
    ways.kept(self, element.kind, elements.load(element,
      elements.address(array, at.c))) }
end

return {
  TFORPREP = { reads = function(i) return { i.a + 2, i.a + 3 } end,
    run = prepare },
  TFORCALL = { reads = function(i, self)
    return closures.append_read(self, i.a, { i.a, i.a + 1, control(i) })
  end,
    run = function(self, i)
      return calls.call(self, i, { self:value(i.a + 1),
        self:value(control(i)) }, deliver)
    end },
  TFORLOOP = { reads = function(i) return { results(i) } end, run = advance },
}
