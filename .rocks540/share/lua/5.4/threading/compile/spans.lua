-- Strips of numeric fors in which no index leaves its Array.
--
-- An index that is the loop's variable, plus or times what the loop does not
-- change, goes from its first value to its last by equal steps. If these two
-- are within the Array, all are: that is found out once for a strip, in C, and
-- the C compiler makes a loop without checks for strips where it holds.
--
-- What is known of a register is {c =, offset =, varies =}: C that gives its
-- value, but for a constant, from the variable, which is written `@`. Indices
-- that differ by a constant are looked at together.

local flow = require "threading.compile.flow"
local standard = require "threading.private.standard"
local math, string, table = standard.math, standard.string, standard.table
local types = require "threading.compile.types"
local ipairs, pairs = ipairs, pairs

local LEAST <const> = 1 -- turns after the first for which it pays
local MOST <const> = 16 -- indices of a loop that are looked at
local FARTHEST <const> = 1 << 20 -- what they may differ by

-- The registers that a loop's body may write, besides those `captured`.
local function written(proto, captured, first, last)
  local set = {}
  for register in pairs(captured) do
    set[register] = true
  end
  for pc = first, last do
    local i = proto.code[pc]
    flow.writes(i, proto.stack, function(register) set[register] = true end)
    if i.op == "TESTSET" then
      set[i.a] = true
    end
  end
  return set
end

-- The loops of a function that go in strips: each of their instructions -> the
-- loop.
local function loops(proto, innermost)
  local by_pc, captured = {}, flow.captured(proto)
  for pc, i in ipairs(proto.code) do
    local first = pc + 1 - i.bx
    if i.op == "FORLOOP" and innermost[first] then
      local loop = { inside = "inside" .. first, strip = "strip" .. i.a,
        written = written(proto, captured, first, pc - 1),
        captured = captured,
        variable = i.older and i.a + 3 or i.a + 2,
        step = i.older and i.a + 2 or i.a + 1, tests = {}, strips = {} }
      for at = first, pc - 1 do
        by_pc[at] = loop
      end
    end
  end
  return by_pc
end

-- What is known of a register; nil: nothing, as of one that functions inside
-- have, and any call may write.
local function of(self, loop, register)
  if self.kinds[register] ~= "i" or loop.captured[register] then
    return nil
  elseif loop.written[register] then
    return self.known[register]
  elseif register == loop.variable then
    return { c = "@", offset = 0, varies = true }
  end
  return { c = self:variable(register, "i"), offset = 0 }
end

local function of_constant(n)
  if types.kind_of(n) ~= "i" then
    return nil
  elseif -FARTHEST <= n and n <= FARTHEST then
    return { offset = n }
  end
  return { c = types.literal(n), offset = 0 }
end

-- C of all of it.
local function whole(known)
  if not known.c then
    return types.literal(known.offset)
  elseif known.offset == 0 then
    return known.c
  end
  return string.format("add_i(%s, %s)", known.c, types.literal(known.offset))
end

-- A sum of which one part is a constant, so that only that changes.
local function moved(known, by)
  local offset = known.offset + by
  if -FARTHEST <= offset and offset <= FARTHEST then
    return { c = known.c, offset = offset, varies = known.varies }
  end
  return nil
end

-- The sum, difference or product of two integers of which something is known.
local function combine(name, l, r)
  if not l or not r or name == "mul" and l.varies and r.varies then
    return nil
  elseif name ~= "mul" and not r.c then
    return moved(l, name == "add" and r.offset or -r.offset)
  elseif name == "add" and not l.c then
    return moved(r, l.offset)
  end
  return { c = string.format("%s_i(%s, %s)", name, whole(l), whole(r)),
    offset = 0, varies = l.varies or r.varies }
end

local results = {}

for op, name in pairs { ADD = "add", SUB = "sub", MUL = "mul" } do
  results[op] = function(self, loop, i)
    return combine(name, of(self, loop, i.b), of(self, loop, i.c))
  end
  results[op .. "K"] = function(self, loop, i)
    return combine(name, of(self, loop, i.b),
      of_constant(self.proto.constants[i.c + 1]))
  end
end

function results.ADDI(self, loop, i)
  return combine("add", of(self, loop, i.b), of_constant(i.sc))
end

function results.MOVE(self, loop, i)
  return of(self, loop, i.b)
end

function results.LOADI(_, _, i)
  return of_constant(i.sbx)
end

-- What will be known of the register that an instruction sets.
local function result(self, i)
  local loop, known = self.loops[self.pc], results[i.op]
  return loop and known and known(self, loop, i)
end

-- Notes that, once the instruction has been translated.
local function note(self, i, known)
  flow.writes(i, self.proto.stack, function(register)
    self.known[register] = nil
  end)
  if i.op == "TESTSET" then
    self.known[i.a] = nil
  end
  if known then
    self.known[i.a] = known
  end
end

-- C of the least index, from 0, for a value of the variable.
local function index_at(test, variable)
  return string.format("add_i(%s, %d)", string.gsub(test.c, "@", variable),
    test.least - 1)
end

-- C of whether the indices of a test are inside for all of a strip.
local function condition(loop, test)
  return string.format("spans(%s, %s, %s, %s_n - %d)",
    index_at(test, loop.at), index_at(test, loop.next), loop.strip, test.array,
    test.most - test.least)
end

-- Adds an index to a loop's tests; false: there are too many.
local function add_test(loop, array, known)
  local c = known.c or "0"
  local key = array .. " " .. c
  local test = loop.tests[key]
  if test then
    test.least = math.min(test.least, known.offset)
    test.most = math.max(test.most, known.offset)
  elseif #loop.tests < MOST then
    test = { array = array, c = c, least = known.offset, most = known.offset }
    loop.tests[key] = test
    table.insert(loop.tests, test)
  end
  return test ~= nil
end

-- C that is true where an index of an Array need not be checked: an operator
-- follows it, or it is empty.
local function unless_inside(self, array, index)
  local loop = self.loops[self.pc]
  if not loop or loop.written[array.register] then
    return ""
  end
  local known
  if index.register then
    known = of(self, loop, index.register)
  elseif index.kind == "i" then
    known = { c = index.c, offset = 0 }
  end
  if not known or not add_test(loop, array.c, known) then
    return ""
  end
  loop.at = self:variable(loop.variable, "i")
  loop.next = string.format("add_i(%s, %s)", loop.at,
    self:variable(loop.step, "i"))
  return string.format("CHECKED(%s) && ", loop.inside)
end

-- A strip begins in the last line.
local function begin(self, pc)
  table.insert(self.loops[pc].strips, #self.lines)
end

-- Completes the beginnings of a loop's strips.
local function complete_loop(self, loop)
  local conditions = {}
  for i, test in ipairs(loop.tests) do
    conditions[i] = condition(loop, test)
  end
  table.insert(self.declarations, string.format("  int %s = 0;", loop.inside))
  for _, line in ipairs(loop.strips) do
    self.lines[line] = string.format("%s\n  %s = %s >= %d\n    && %s;\n"
      .. "  ANY(%s);", self.lines[line], loop.inside, loop.strip, LEAST,
      table.concat(conditions, "\n    && "), loop.inside)
  end
end

-- The same of all loops, now that all indices are known.
local function complete(self)
  local done = {}
  for _, loop in pairs(self.loops) do
    if #loop.tests > 0 and not done[loop] then
      done[loop] = true
      complete_loop(self, loop)
    end
  end
end

return { begin = begin, complete = complete, loops = loops, note = note,
  result = result, unless_inside = unless_inside }
