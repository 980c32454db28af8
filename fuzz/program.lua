--- program(random, count) -> the source of a chunk that takes a Value and
-- returns random functions as one: of a number, which says the function, and of
-- its four parameters, three values and an Array. They have all that
-- threading.compile translates, and end, whatever the values are.

local Statement = require "fuzz.statement"

local Maker = setmetatable({}, { __index = Statement })
Maker.__index = Maker

-- `two` has two results that are numbers, `some` those that it has.
local HEAD <const> = [[
local V = ...
local up, flag, other = %s, %s, 2.5
local lib, floor = math, math.floor
local function two(p, q)
  if %s then return %s, p end
  return %s, %s
end
local function some(p, q)
  if %s then return p, q, true end
  if %s then return p end
  return two(q, %s)
end
local function down(p, q)
  if p <= 0 then return q end
  return down(p - 1, %s)
end
local function count(p, q)
  if q < p then return q + 1, %s end
end
local odd
local function even(p, q)
  if p <= 0 then return q end
  if q == 2.5 then return odd(p - 1, p) end
  return odd(p - 1, %s) + 1
end
function odd(p, q)
  if p <= 0 then return 0.5 end
  return even(p - 1, q)
end
]]

local function head(self)
  self.names, self.others, self.inside = { "p", "q" }, {}, {}
  return HEAD:format(self:constant(), self:of { "true", "false", "nil", "7" },
    self:order(), self:leaf(), self:leaf(), self:leaf(), self:order(),
    self:order(), self:leaf(), self:leaf(), self:leaf(), self:leaf())
end

function Maker:order()
  return ("%s %s %s"):format(self:leaf(), self:of { "<", "<=", "==" },
    self:leaf())
end

local RESULTS <const> = { "return a, b, %s", "return two(a, %s)",
  "return some(%s, c)", "return two(%s, b), c", "return c, some(%s, b)",
  "return (some(a, %s))" }

local function body(self, number)
  self.names, self.others, self.inside = { "a", "b", "c" }, {}, {}
  self:emit("local function f%d(a, b, c, A)", number)
  self:emit "  local fuel = 30"
  self.depth = 1
  for _ = 1, 2 + self.random(5) do
    self:statement()
  end
  self:emit(self:of(RESULTS), self:number(2))
  self.depth = 0
  self:emit "end"
end

return function(random, count)
  local self = setmetatable({ random = random, lines = {}, depth = 0,
    count = 0 }, Maker)
  self:emit("%s", head(self))
  for number = 1, count do
    body(self, number)
  end
  self:emit "return function(which, a, b, c, A)"
  for number = 1, count do
    self:emit("  if which == %d then return f%d(a, b, c, A) end", number,
      number)
  end
  self:emit "end"
  return table.concat(self.lines, "\n")
end
