-- What each instruction becomes: {reads = registers that must be of one kind
-- (a function of the instruction), run = writes C, returns the next pc}.

local arithmetic = require "threading.compile.arithmetic"
local calls = require "threading.compile.calls"
local closures = require "threading.compile.closures"
local iterators = require "threading.compile.iterators"
local loops = require "threading.compile.loops"
local places = require "threading.compile.places"
local standard = require "threading.private.standard"
local string = standard.string
local types = require "threading.compile.types"
local ways = require "threading.compile.ways"
local ipairs, pairs, setmetatable = ipairs, pairs, setmetatable

local operations = {}

local function reads_b(i)
  return { i.b }
end

local function reads_bc(i)
  return { i.b, i.c }
end

local function reads_a(i)
  return { i.a }
end

local function reads_ab(i)
  return { i.a, i.b }
end

-- A constant as an operand.
local function constant(self, value)
  local kind = types.kind_of(value)
  if not kind then
    return { kind = self.unit:add_object { kind = "string", value = value } }
  elseif kind == "b" then
    return { kind = "b", c = value and "1" or "0", constant = value }
  end
  return { kind = kind, c = kind ~= "n" and types.literal(value) or nil,
    constant = value }
end

local function constant_at(self, index)
  return constant(self, self.proto.constants[index + 1])
end

-- Loads ----------------------------------------------------------------------

local function load_value(self, register, value)
  local c = value.c
  self:set(register, value.kind, c)
  return self.pc + 1
end

local function define(name, reads, run)
  operations[name] = { reads = reads, run = run }
end

define("LOADI", nil, function(self, i)
  return load_value(self, i.a, constant(self, i.sbx))
end)

define("LOADF", nil, function(self, i)
  return load_value(self, i.a, constant(self, i.sbx + 0.0))
end)

define("LOADK", nil, function(self, i)
  return load_value(self, i.a, constant_at(self, i.bx))
end)

define("LOADKX", nil, function(self, i)
  load_value(self, i.a, constant_at(self, self.proto.code[self.pc + 1].ax))
  return self.pc + 2
end)

define("LOADTRUE", nil, function(self, i)
  return load_value(self, i.a, constant(self, true))
end)

define("LOADFALSE", nil, function(self, i)
  return load_value(self, i.a, constant(self, false))
end)

define("LFALSESKIP", nil, function(self, i)
  load_value(self, i.a, constant(self, false))
  return self.pc + 2
end)

define("LOADNIL", nil, function(self, i)
  for register = i.a, i.a + i.b do
    self:set(register, "n")
  end
  return self.pc + 1
end)

define("MOVE", nil, function(self, i)
  ways.copy(self, i.a, i.b)
  return self.pc + 1
end)

-- Operators ------------------------------------------------------------------

for _, name in ipairs { "ADD", "SUB", "MUL", "MOD", "POW", "DIV", "IDIV" } do
  define(name, reads_bc, function(self, i)
    return arithmetic.arithmetic(self, name, i.a, self:value(i.b),
      self:value(i.c))
  end)
  define(name .. "K", reads_b, function(self, i)
    return arithmetic.arithmetic(self, name, i.a, self:value(i.b),
      constant_at(self, i.c))
  end)
end

for _, name in ipairs { "BAND", "BOR", "BXOR", "SHL", "SHR" } do
  define(name, reads_bc, function(self, i)
    return arithmetic.bitwise(self, name, i.a, self:value(i.b),
      self:value(i.c))
  end)
  define(name .. "K", reads_b, function(self, i)
    return arithmetic.bitwise(self, name, i.a, self:value(i.b),
      constant_at(self, i.c))
  end)
end

define("ADDI", reads_b, function(self, i)
  return arithmetic.arithmetic(self, "ADD", i.a, self:value(i.b),
    constant(self, i.sc))
end)

define("SHRI", reads_b, function(self, i)
  return arithmetic.bitwise(self, "SHR", i.a, self:value(i.b),
    constant(self, i.sc))
end)

define("SHLI", reads_b, function(self, i)
  return arithmetic.bitwise(self, "SHL", i.a, constant(self, i.sc),
    self:value(i.b))
end)

define("UNM", reads_b, function(self, i)
  return arithmetic.unary_minus(self, i.a, self:value(i.b))
end)

define("BNOT", reads_b, function(self, i)
  return arithmetic.bitwise_not(self, i.a, self:value(i.b))
end)

-- Whether a value is true: C, or what is known.
local function truth(value)
  if value.kind == "b" then
    return value.c
  end
  return value.kind ~= "n"
end

define("NOT", reads_b, function(self, i)
  local is = truth(self:value(i.b))
  if is == true or is == false then
    return load_value(self, i.a, constant(self, not is))
  end
  self:set(i.a, "b", "!" .. is)
  return self.pc + 1
end)

-- Tests ----------------------------------------------------------------------

define("JMP", nil, function(self, i)
  self:emit("  %s", self:jump(self.pc + 1 + i.sj))
end)

-- The next instruction is a jump, for where a condition is as `k` says.
-- @param condition C, or true or false; nil: the block has ended
local function branch(self, condition, k)
  local jump = self.proto.code[self.pc + 1]
  local target = self.pc + 2 + jump.sj
  if condition == nil then
    return nil
  elseif condition == (k == 1) then
    self:emit("  %s", self:jump(target))
    return nil
  elseif condition ~= true and condition ~= false then
    self:emit("  if (%s(%s)) { %s }", k == 1 and "" or "!", condition,
      self:jump(target))
  end
  return self.pc + 2
end

define("EQ", reads_ab, function(self, i)
  return branch(self, arithmetic.equal(self, self:value(i.a),
    self:value(i.b)), i.k)
end)

define("EQK", reads_a, function(self, i)
  return branch(self, arithmetic.equal(self, self:value(i.a),
    constant_at(self, i.b)), i.k)
end)

define("EQI", reads_a, function(self, i)
  return branch(self, arithmetic.equal(self, self:value(i.a),
    constant(self, i.sb)), i.k)
end)

for _, name in ipairs { "LT", "LE" } do
  define(name, reads_ab, function(self, i)
    return branch(self, arithmetic.order(self, name, self:value(i.a),
      self:value(i.b)), i.k)
  end)
  define(name .. "I", reads_a, function(self, i)
    return branch(self, arithmetic.order(self, name, self:value(i.a),
      constant(self, i.sb)), i.k)
  end)
  define((string.gsub(name, "L", "G")) .. "I", reads_a, function(self, i)
    return branch(self, arithmetic.order(self, name, constant(self, i.sb),
      self:value(i.a)), i.k)
  end)
end

define("TEST", reads_a, function(self, i)
  return branch(self, truth(self:value(i.a)), i.k)
end)

-- The register is set only on the way that jumps.
define("TESTSET", reads_b, function(self, i)
  local is, old = truth(self:value(i.b)), self.kinds[i.a]
  local jump = self.proto.code[self.pc + 1]
  local target = self.pc + 2 + jump.sj
  if is ~= true and is ~= false then
    self:emit("  if (%s(%s)) {", i.k == 1 and "" or "!", is)
  elseif is ~= (i.k == 1) then
    return self.pc + 2
  end
  ways.copy(self, i.a, i.b)
  self:emit("  %s", self:jump(target))
  if is == true or is == false then
    return nil
  end
  self:emit "  }"
  self:set_kind(i.a, old)
  return self.pc + 2
end)

for _, more in ipairs { calls.operations, closures.operations, iterators, loops,
  places } do
  for name, operation in pairs(more) do
    operations[name] = operation
  end
end

-- What is refused ------------------------------------------------------------

local REFUSED <const> = {
  NEWTABLE = { "a table", "take a threading.Array as an argument" },
  SETLIST = { "a table", "take a threading.Array as an argument" },
  CONCAT = { "a string", "return the numbers and join them outside" },
  TBC = { "a to-be-closed variable", "close it in the caller" },
  VARARG = { "variable arguments", "name the parameters" },
  VARARGPREP = { "variable arguments", "name the parameters" },
  GETVARG = { "variable arguments", "name the parameters" },
}

local function why(op)
  local text = REFUSED[op] or { "the instruction " .. op, "write it otherwise" }
  return text[1], text[2]
end

return setmetatable(operations, { __index = { why = why } })
