--- Random statements of Lua, with blocks, that end: loops use `fuel`.

local Expression = require "fuzz.expression"

local Statement = setmetatable({}, { __index = Expression })

function Statement:emit(format, ...)
  self.lines[#self.lines + 1] = (("  "):rep(self.depth) .. format):format(...)
end

-- Names -----------------------------------------------------------------------

function Statement:fresh()
  self.count = self.count + 1
  return "v" .. self.count
end

local function shorten(list, length)
  for i = #list, length + 1, -1 do
    list[i] = nil
  end
end

-- Statements that use what they declare.
function Statement:block()
  self.depth = self.depth + 1
  local names, others, inside = #self.names, #self.others, #self.inside
  for _ = 1, self.random(3) do
    self:statement()
  end
  shorten(self.names, names)
  shorten(self.others, others)
  shorten(self.inside, inside)
  self.depth = self.depth - 1
end

-- A loop's own variable is constant in 5.5.
function Statement:target()
  local target = self:of(self.names)
  return target:find "^cv" and self.names[1] or target
end

-- Statements ------------------------------------------------------------------

function Statement:assign()
  self:emit("%s = %s", self:target(), self:number(3))
end

function Statement:swap()
  local one, two = self:target(), self:target()
  self:emit("%s, %s = %s, %s", one, two, self:leaf(), one)
end

function Statement:declare()
  local name, value = self:fresh(), self:number(3)
  self:emit("local %s = %s", name, value)
  table.insert(self.names, name)
end

function Statement:declare_two()
  local a, b = self:fresh(), self:fresh()
  self:emit("local %s, %s = two(%s, %s)", a, b, self:leaf(), self:leaf())
  table.insert(self.names, a)
  table.insert(self.names, b)
end

function Statement:declare_other()
  local a, b = self:fresh(), self:fresh()
  if self:chance(50) then
    self:emit("local %s, %s = some(%s, %s)", a, b, self:leaf(), self:leaf())
  else
    self:emit("local %s, %s = %s, %s and %s", a, b, self:condition(1),
      self:other(), self:number(1))
  end
  table.insert(self.others, a)
  table.insert(self.others, b)
end

function Statement:store()
  local place = self.random(5)
  if self:chance(20) then
    self:emit("if #A >= %d then %s, A[%d] = A[%d], %s & 127 end", place,
      self:target(), place, place, self:integer(1))
  elseif self:chance(98) then
    self:emit("if #A >= %d then A[%d] = %s & 127 end", place, place,
      self:integer(2))
  else
    self:emit("A[%s] = %s", self:number(1), self:number(2))
  end
end

function Statement:store_value()
  self:emit("V.value = %s", self:chance(95) and self:integer(1)
    or self:number(2))
end

function Statement:use_value()
  local a, b = self:fresh(), self:fresh()
  if self:chance(50) then
    self:emit("local %s = V:%s(%s)", a, self:of { "fetch_add", "exchange" },
      self:integer(1))
  else
    self:emit("local %s, %s = V:compare_exchange(%s, %s)", b, a,
      self:chance(50) and "V.value" or self:integer(1), self:integer(1))
  end
  table.insert(self.names, a)
end

function Statement:fill()
  self:emit("A:fill(%s & 127%s)", self:integer(1), self:chance(10)
    and ", " .. self:leaf() or self:of { "", ", 1", ", #A + 1", ", 1, #A",
      ", 1, 0" })
end

function Statement:leave()
  self:emit("if %s then return %s, %s end", self:condition(2), self:number(1),
    self:other())
end

local STOPS <const> = { 'error "stopped"', 'error("stopped", 0)', "error(2)",
  "a()", "nosuch(a)", "local _ = nosuch + 1", "local _ = a.field",
  "local _ = b[1]", "local _ = #c", "a[1] = 2", "local _ = up.field",
  "math.nosuch(b)", "local _ = a + A", "for _ = a, nil do end",
  "for _ = a, true, 0 do end", "for _, x in c do a = x end" }

function Statement:stop()
  if self:chance(50) then
    self:emit("if %s then %s end", self:condition(1), self:of(STOPS))
  else
    self:emit("assert(%s)", self:number(1))
  end
end

-- Statements with blocks ------------------------------------------------------

function Statement:choose()
  self:emit("if %s then", self:condition(2))
  self:block()
  if self:chance(25) then
    self:emit("elseif %s then", self:condition(1))
    self:block()
  end
  if self:chance(50) then
    self:emit "else"
    self:block()
  end
  self:emit "end"
end

local function small(self)
  return self:chance(88) and tostring(self.random(9) - 4) or self:leaf()
end

local function step(self)
  if self:chance(60) then
    return ""
  end
  return ", " .. (self:chance(90) and self:of { "1", "2", "-1", "-3", "0.5",
    "-0.25", "math.maxinteger", "math.mininteger", "1e308", "math.huge", "3" }
    or self:leaf())
end

function Statement:count_up()
  local name = "c" .. self:fresh()
  self:emit("for %s = %s, %s%s do", name, small(self), small(self), step(self))
  self:emit("  fuel = fuel - 1 if fuel < 0 then break end")
  local skips = self:chance(20)
  if skips then
    self:emit("  if %s then goto %s_next end", self:condition(1), name)
  end
  table.insert(self.names, name)
  self:emit "  do"
  self:block()
  self:emit "  end"
  table.remove(self.names)
  if skips then
    self:emit("  ::%s_next::", name)
  end
  self:emit "end"
end

-- A loop's own variables are numbers here.
function Statement:iterate()
  local i, x = "c" .. self:fresh(), self:fresh()
  self:emit("for %s, %s in %s do", i, x, self:chance(50) and "ipairs(A)"
    or ("count, %s, %s"):format(small(self), small(self)))
  self:emit("  fuel = fuel - 1 if fuel < 0 then break end")
  table.insert(self.names, i)
  table.insert(self.names, x)
  self:block()
  shorten(self.names, #self.names - 2)
  self:emit "end"
end

function Statement:while_true()
  self:emit("while fuel > 0 and (%s) do", self:condition(2))
  self:emit "  fuel = fuel - 1"
  self:block()
  if self:chance(20) then
    self:emit "  if fuel %% 3 == 0 then break end"
  end
  self:emit "end"
end

function Statement:repeat_until()
  self:emit "repeat"
  self:emit "  fuel = fuel - 1"
  self:block()
  self:emit("until fuel < 0 or %s", self:condition(2))
end

function Statement:go_back()
  local label = self:fresh()
  self:emit("::%s:: do", label)
  self:block()
  self:emit "end"
  self:emit "fuel = fuel - 1"
  self:emit("if fuel > 0 and (%s) then goto %s end", self:condition(1), label)
end

-- A function that reads and writes the variables around it, and calls itself
-- and those before it.
function Statement:define()
  local name, parameter = "f" .. self:fresh(), self:fresh()
  self:emit("local function %s(%s)", name, parameter)
  self:emit("  fuel = fuel - 1 if fuel < 0 then return %s end", parameter)
  table.insert(self.inside, name)
  table.insert(self.names, parameter)
  self:block()
  self:emit("  return %s", self:number(2))
  table.remove(self.names)
  self:emit "end"
end

local STATEMENTS <const> = { "assign", "assign", "assign", "assign", "assign",
  "declare", "declare", "declare", "store", "declare_two", "declare_other",
  "swap", "store_value", "use_value", "fill", "leave" }
local NESTED <const> = { "choose", "choose", "choose", "count_up", "count_up",
  "iterate", "while_true", "repeat_until", "go_back",
  "define" }

function Statement:statement()
  if self.depth < 3 and self:chance(40) then
    self[self:of(NESTED)](self)
  elseif self:chance(1) then
    self:stop()
  else
    self[self:of(STATEMENTS)](self)
  end
end

return Statement
