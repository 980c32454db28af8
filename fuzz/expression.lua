--- Random expressions of Lua over numbers, Arrays and what is in scope. Most
-- are numbers: of a thousand leaves a few are none, so that most functions
-- come to their end, and some do not.

local CONSTANTS <const> = {
  "0", "1", "2", "3", "-1", "-2", "7", "63", "64", "65", "-64", "255", "256",
  "100000", "math.maxinteger", "math.mininteger", "0.0", "-0.0", "0.5", "1.0",
  "-1.5", "2.0", "3.7", "1e308", "2^53", "2^53 + 1", "0x1p63", "-0x1p63",
  "1e100", "math.huge", "-math.huge", "0/0", "1e-320", "math.pi", "-3.0",
  "5e-324", "(1 << 53) + 1",
}
local DIVISORS <const> = { "1", "2", "3", "-1", "-7", "64", "0.0", "-0.0",
  "0.5", "-1.5", "2.0", "1e308", "math.huge", "-math.huge", "math.mininteger",
  "math.maxinteger", "0/0", "1e-320" }
local NONE <const> = { "nil", "true", "false", "flag" }
local BINARY <const> = { "+", "-", "*", "/", "^", "+", "-", "*" }
local DIVISION <const> = { "//", "%" }
local BITS <const> = { "&", "|", "~", "<<", ">>" }
local ORDERS <const> = { "<", "<=", ">", ">=", "==", "~=" }
local SIGNS <const> = { "- ", "~" } -- `--` is a comment
local FUNCTIONS <const> = { "math.floor", "math.ceil", "math.abs", "math.sqrt",
  "math.sin", "math.cos", "math.tan", "math.exp", "math.log", "math.atan",
  "math.asin", "math.deg", "math.rad", "math.modf", "floor", "lib.acos" }
local PAIRS <const> = { "math.max", "lib.min", "math.fmod", "math.log",
  "math.atan", "two", "some" }

local Expression = {}

function Expression:of(list)
  return list[self.random(#list)]
end

function Expression:chance(percent)
  return self.random(1000) <= percent * 10
end

-- Leaves ----------------------------------------------------------------------

function Expression:constant()
  return "(" .. self:of(CONSTANTS) .. ")"
end

-- What may be no number.
function Expression:other()
  return #self.others > 0 and self:chance(70) and self:of(self.others)
    or self:of(NONE)
end

function Expression:leaf()
  if self:chance(0.2) then
    return self:other()
  elseif self:chance(4) then
    return self:of { "up", "FUZZED", "other", "V.value" }
  elseif self:chance(30) then
    return self:constant()
  end
  return self:of(self.names)
end

-- Conditions ------------------------------------------------------------------

function Expression:test(depth)
  local kind = self.random(12)
  if kind == 1 then
    return ("math.type(%s) == %s"):format(self:number(depth), self:of {
      "'integer'", "'float'" })
  elseif kind == 2 then
    return ("type(%s) == %s"):format(self:other(), self:of { "'number'",
      "'nil'", "'boolean'" })
  elseif kind == 3 then
    return ("math.ult(%s, %s)"):format(self:integer(depth),
      self:integer(depth))
  elseif kind == 4 then
    return ("%s %s %s"):format(self:other(), self:of { "==", "~=" },
      self:of { self:number(depth), self:other() })
  elseif kind == 5 then
    return self:of { "", "not " } .. self:other()
  end
  return ("%s %s %s"):format(self:number(depth), self:of(ORDERS),
    self:number(depth))
end

function Expression:condition(depth)
  if depth > 0 and self:chance(20) then
    return ("(%s %s (%s))"):format(self:condition(depth - 1),
      self:of { "and", "or", "and not", "or not" }, self:test(depth - 1))
  end
  return self:test(depth - 1)
end

-- Numbers ---------------------------------------------------------------------

-- An integer, but for a few that are what else a number may be.
function Expression:integer(depth)
  local kind = self.random(50)
  if kind == 1 then
    return self:number(depth)
  elseif kind <= 16 then
    return ("(%d)"):format(self.random(140) - 70)
  end
  return ("(math.tointeger(%s) or %d)"):format(self:number(depth),
    self.random(200) - 100)
end

local MAKERS <const> = {
  arithmetic = function(self, depth)
    return ("(%s %s %s)"):format(self:number(depth), self:of(BINARY),
      self:number(depth))
  end,
  division = function(self, depth)
    return ("(%s %s %s)"):format(self:number(depth), self:of(DIVISION),
      self:chance(85) and "(" .. self:of(DIVISORS) .. ")"
      or self:number(depth))
  end,
  bits = function(self, depth)
    return ("(%s %s %s)"):format(self:integer(depth), self:of(BITS),
      self:integer(depth))
  end,
  sign = function(self, depth)
    local sign = self:of(SIGNS)
    return sign .. (sign == "~" and self:integer(depth) or self:number(depth))
  end,
  element = function(self, depth)
    if self:chance(10) then
      return "#A"
    elseif self:chance(99) then
      local i = self.random(5)
      return ("(#A >= %d and A[%d] or %s)"):format(i, i, self:leaf())
    end
    return ("A[%s]"):format(self:number(depth))
  end,
  choice = function(self, depth)
    return ("(%s and %s or %s)"):format(self:condition(depth),
      self:number(depth), self:number(depth))
  end,
  one = function(self, depth)
    return ("%s(%s)"):format(self:of(FUNCTIONS), self:number(depth))
  end,
  pair = function(self, depth)
    local f = self:of(PAIRS)
    return ("%s(%s, %s)"):format(f, self:number(depth),
      f == "math.fmod" and self:chance(85) and self:of(DIVISORS)
      or self:number(depth))
  end,
  open = function(self, depth)
    local f = self:of { "math.max", "math.min", "two", "math.floor" }
    local some = f == "math.floor" or self:chance(3)
    return ("%s(%s(%s, %s))"):format(f, some and "some" or "two",
      self:number(depth), self:number(depth))
  end,
  inside = function(self, depth)
    return #self.inside == 0 and self:leaf()
      or ("%s(%s)"):format(self:of(self.inside), self:number(depth))
  end,
  down = function(self, depth)
    return ("%s(%d, %s)"):format(self:of { "down", "even" }, self.random(6) - 2,
      self:number(depth))
  end,
}
local WEIGHTED <const> = { "arithmetic", "arithmetic", "arithmetic",
  "arithmetic", "arithmetic", "arithmetic", "division", "division", "bits",
  "bits", "sign", "element", "element", "choice", "one", "one", "pair", "open",
  "down", "inside", "inside" }

function Expression:number(depth)
  if depth <= 0 or self:chance(25) then
    return self:leaf()
  end
  return MAKERS[self:of(WEIGHTED)](self, depth - 1)
end

return Expression
