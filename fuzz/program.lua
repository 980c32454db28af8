--- program(random) -> the source of a chunk that returns a random function of
-- four parameters: three values and an Array. It has all that
-- threading.compile translates, and ends, whatever the values are.

local CONSTANTS <const> = {
  "0", "1", "2", "3", "-1", "-2", "7", "63", "64", "65", "-64", "255", "256",
  "100000", "math.maxinteger", "math.mininteger", "0.0", "-0.0", "0.5", "1.0",
  "-1.5", "2.0", "3.7", "1e308", "2^53", "2^53 + 1", "0x1p63", "-0x1p63",
  "1e100", "math.huge", "-math.huge", "0/0", "1e-320", "math.pi",
}
local RARE <const> = { "nil", "true", "false" }
local BINARY <const> = { "+", "-", "*", "/", "//", "%", "^", "+", "-", "*" }
local BITS <const> = { "&", "|", "~", "<<", ">>" }
local ORDERS <const> = { "<", "<=", ">", ">=", "==", "~=" }
local UNARY <const> = { "-", "~", "not " }
local FUNCTIONS <const> = { "math.floor", "math.ceil", "math.abs", "math.sqrt",
  "math.sin", "math.exp", "math.tointeger", "math.log", "math.atan" }
local PAIRS <const> = { "math.max", "math.min", "math.fmod", "math.ult",
  "math.log", "math.atan", "math.modf" }

local Maker = {}
Maker.__index = Maker

function Maker:of(list)
  return list[self.random(#list)]
end

function Maker:chance(percent)
  return self.random(100) <= percent
end

-- Expressions ----------------------------------------------------------------

function Maker:leaf()
  if self:chance(1) then
    return self:of(RARE)
  elseif self:chance(4) then
    return self:of { "up", "flag", "FUZZED", "other" }
  elseif self:chance(30) then
    return "(" .. self:of(CONSTANTS) .. ")"
  end
  return self:of(self.names)
end

function Maker:condition(depth)
  if self:chance(15) then
    return self:expression(depth)
  elseif depth > 0 and self:chance(20) then
    return ("(%s %s %s)"):format(self:condition(depth - 1),
      self:of { "and", "or" }, self:condition(depth - 1))
  end
  return ("%s %s %s"):format(self:expression(depth - 1), self:of(ORDERS),
    self:expression(depth - 1))
end

function Maker:call(depth)
  if self:chance(30) then
    return ("helper(%s, %s)"):format(self:expression(depth),
      self:expression(depth))
  elseif self:chance(50) then
    return ("%s(%s)"):format(self:of(FUNCTIONS), self:expression(depth))
  end
  return ("%s(%s, %s)"):format(self:of(PAIRS), self:expression(depth),
    self:expression(depth))
end

function Maker:expression(depth)
  if depth <= 0 or self:chance(25) then
    return self:leaf()
  elseif self:chance(10) then
    return self:of(UNARY) .. self:expression(depth - 1)
  elseif self:chance(8) then
    return self:chance(30) and "#A" or ("A[%s]"):format(self:index(depth - 1))
  elseif self:chance(10) then
    return self:call(depth - 1)
  elseif self:chance(8) then
    return ("(%s %s %s)"):format(self:condition(depth - 1),
      self:of { "and", "or" }, self:expression(depth - 1))
  end
  if self:chance(20) then -- most floats are an error here
    return ("(%s %s %s)"):format(self:bits(depth - 1), self:of(BITS),
      self:bits(depth - 1))
  end
  return ("(%s %s %s)"):format(self:expression(depth - 1), self:of(BINARY),
    self:expression(depth - 1))
end

function Maker:bits(depth)
  if self:chance(80) then
    return ("(math.tointeger(%s) or %d)"):format(self:leaf(),
      self.random(200) - 100)
  end
  return self:expression(depth)
end

function Maker:index(depth)
  if self:chance(80) then
    return ("(#A > %d and %d or 1)"):format(self.random(5), self.random(5))
  end
  return self:expression(depth)
end

-- Statements -----------------------------------------------------------------

function Maker:emit(format, ...)
  self.lines[#self.lines + 1] = (("  "):rep(self.depth) .. format):format(...)
end

function Maker:block()
  self.depth = self.depth + 1
  local names = #self.names
  for _ = 1, self.random(3) do
    self:statement()
  end
  for i = #self.names, names + 1, -1 do
    self.names[i] = nil
  end
  self.depth = self.depth - 1
end

function Maker:fresh()
  self.count = self.count + 1
  return "v" .. self.count
end

function Maker:assign()
  local target = self:of(self.names)
  if target:find "^c" then -- a loop's own is constant in 5.5
    target = self.names[1]
  end
  self:emit("%s = %s", target, self:expression(3))
end

function Maker:declare()
  local name, value = self:fresh(), self:expression(3)
  self:emit("local %s = %s", name, value)
  self.names[#self.names + 1] = name
end

function Maker:declare_two()
  local a, b = self:fresh(), self:fresh()
  self:emit("local %s, %s = helper(%s, %s)", a, b, self:leaf(), self:leaf())
  self.names[#self.names + 1] = a
  self.names[#self.names + 1] = b
end

function Maker:store()
  self:emit("if #A > 0 then A[%s] = %s end", self:index(1),
    self:chance(60) and "1 + #A % 7" or self:expression(2))
end

function Maker:choose()
  self:emit("if %s then", self:condition(2))
  self:block()
  if self:chance(50) then
    self:emit "else"
    self:block()
  end
  self:emit "end"
end

local function small(self)
  return self:chance(85) and tostring(self.random(9) - 4) or self:leaf()
end

function Maker:count_up()
  local name = "c" .. self:fresh()
  local from = self:chance(15) and self:leaf() or small(self)
  self:emit("for %s = %s, %s%s do", name, from, small(self),
    self:chance(40) and ", " .. small(self) or "")
  self:emit("  fuel = fuel - 1 if fuel < 0 then break end")
  self.names[#self.names + 1] = name
  self:block()
  self.names[#self.names] = nil
  self:emit "end"
end

function Maker:while_true()
  self:emit("while fuel > 0 and (%s) do", self:condition(2))
  self:emit "  fuel = fuel - 1"
  self:block()
  if self:chance(20) then
    self:emit "  if fuel %% 3 == 0 then break end"
  end
  self:emit "end"
end

function Maker:repeat_until()
  self:emit "repeat"
  self:emit "  fuel = fuel - 1"
  self:block()
  self:emit("until fuel < 0 or %s", self:condition(2))
end

local STATEMENTS <const> = { "assign", "assign", "assign", "declare", "store",
  "declare_two", "assign", "declare" }
local NESTED <const> = { "choose", "choose", "count_up", "while_true",
  "repeat_until" }

function Maker:statement()
  local nested = self.depth < 4 and self:chance(40)
  self[self:of(nested and NESTED or STATEMENTS)](self)
  if self:chance(4) then
    self:emit("do return %s, %s end", self:leaf(), self:leaf())
  end
end

-- The whole ------------------------------------------------------------------

local HEAD <const> = [[
local up, flag, other = %s, %s, 2.5
local function helper(p, q)
  if %s then return %s end
  return %s, %s
end
return function(a, b, c, A)
  local fuel = 30]]

return function(random)
  local self = setmetatable({ random = random, names = { "p", "q" },
    lines = {}, depth = 1, count = 0 }, Maker)
  local head = HEAD:format(self:of(CONSTANTS), self:of { "true", "false",
    "nil", "7" }, self:leaf() .. self:of(ORDERS) .. self:leaf(), self:leaf(),
    self:leaf(), self:leaf())
  self.names = { "a", "b", "c" }
  for _ = 1, 3 + random(5) do
    self:statement()
  end
  return head .. "\n" .. table.concat(self.lines, "\n")
    .. ("\n  return a, b, %s\nend\n"):format(self:expression(2))
end
