-- One function for one list of argument kinds, as C: basic-block versioning.
--
-- A version is a C label for an instruction and the kinds of the registers that
-- are still read there. Versions are made when code jumps to them. Where an
-- instruction has too many, registers whose kinds differ become tagged.

local closures = require "threading.compile.closures"
local flow = require "threading.compile.flow"
local loops = require "threading.compile.loops"
local operations -- below: they need this
local spans = require "threading.compile.spans"
local lines_are_stale = require "threading.compile.stale"
local standard = require "threading.private.standard"
local types = require "threading.compile.types"
local math, string, table = standard.math, standard.string, standard.table
local error, getmetatable, ipairs = error, getmetatable, ipairs
local pairs, pcall, select = pairs, pcall, select
local setmetatable = setmetatable

-- Versions of an instruction. Where that makes more of a function than the
-- limit of the cap, the next is tried; with the last, all numbers are tagged
-- wherever code jumps to.
local CAPS <const> = { 12, 2, 0 }
local LIMITS <const> = { [12] = 2000, [2] = 8000, [0] = 8000 }

local Function = {}
Function.__index = Function

-- Output ---------------------------------------------------------------------

function Function:emit(format, ...)
  local text = select("#", ...) > 0 and string.format(format, ...) or format
  self.lines[#self.lines + 1] = text
end

-- The C variable of a register for a kind.
function Function:variable(register, kind)
  local name = types.letter(kind) .. register
  if not self.variables[name] then
    self.variables[name] = true
    self.declarations[#self.declarations + 1] = types.declaration(kind, name)
  end
  return name
end

function Function:temporary(kind)
  self.temporaries = self.temporaries + 1
  local name = "v" .. self.temporaries
  self.declarations[#self.declarations + 1] = types.declaration(kind, name)
  return name
end

-- A register's value: {kind =, c = how C reads it, register =}.
function Function:value(register)
  local kind = self.kinds[register]
  return { kind = kind, register = register,
    c = types.c_type(kind) and self:variable(register, kind) }
end

function Function:set_kind(register, kind)
  self.kinds[register] = kind
end

-- Assigns a C expression to a register.
function Function:set(register, kind, c)
  if types.c_type(kind) then
    self:emit("  %s", types.assignment(kind, self:variable(register, kind), c))
  end
  self.kinds[register] = kind
end

-- The variable that counts turns of loops until the next poll: that takes less
-- time than a look at what is pending.
function Function:count_turns()
  if not self.variables.turns then
    self.variables.turns = true
    table.insert(self.declarations, "  int turns = STRIP;")
  end
end

-- The variable of an outer value, which is the same for all of a call.
function Function:outer(index, kind)
  local name = "in" .. index
  if not self.variables[name] then
    self.variables[name] = true
    table.insert(self.declarations, types.declaration(kind, name))
    table.insert(self.openings, "  " .. types.assignment(kind, name,
      string.format("run->in[%d].u.%s", index, types.member(kind))))
  end
  return name
end

-- Versions -------------------------------------------------------------------

-- The kinds of what is live at pc, and their name.
local function project(self, pc, kinds)
  local live, kept, parts = self.live[pc], {}, {}
  local stack, top = self.proto.stack, kinds.top or 0
  for register = 0, (top > stack and top or stack) - 1 do
    local kind = (live[register] or register >= stack) and kinds[register]
    if kind then
      kept[register] = kind
      parts[#parts + 1] = register .. kind
    end
  end
  for _, cell in ipairs(self.spec.cells) do
    kept[cell.number] = kinds[cell.number]
    parts[#parts + 1] = cell.number .. kinds[cell.number]
  end
  parts[#parts + 1] = kinds.top and "t" .. kinds.top or ""
  kept.top = kinds.top
  return kept, table.concat(parts, " ")
end

local RANK <const> = { i = 1, f = 1, x = 2, n = 3, b = 3, y = 4 }

local function join(a, b)
  if a == b or not RANK[a] or not RANK[b] then
    return b
  end
  return RANK[a] <= 2 and RANK[b] <= 2 and "x" or "y"
end

-- What covers the versions that are there and one more.
local function generalise(versions, kinds)
  local wide = {}
  for register, kind in pairs(kinds) do
    for _, version in ipairs(versions) do
      local other = version.kinds[register]
      if register ~= "top" and other then
        kind = join(other, kind)
      end
    end
    wide[register] = kind
  end
  return wide
end

local function tag_numbers(kinds)
  local tagged = {}
  for register, kind in pairs(kinds) do
    tagged[register] = RANK[kind] == 1 and "x" or kind
  end
  return tagged
end

-- The kinds that a version has instead, where the cap is reached.
local function widen(self, versions, kinds)
  if self.cap == 0 then
    kinds = tag_numbers(kinds)
  end
  if versions and #versions.counted >= math.max(self.cap, 1) then
    kinds = generalise(versions.counted, kinds)
  end
  return kinds
end

local function new_version(self, pc, kinds, name, exempt)
  local versions = self.versions[pc] or { counted = {} }
  self.versions[pc] = versions
  self.labels = self.labels + 1
  if self.labels > self.limit then
    error(self) -- made again, with a lower cap
  end
  local version = { pc = pc, kinds = kinds,
    label = self.spec.name .. "_L" .. self.labels }
  versions[name] = version
  if not exempt then
    table.insert(versions.counted, version)
  end
  self.waiting[#self.waiting + 1] = version
  return version
end

local function find_version(self, pc, kinds, exempt)
  local name
  kinds, name = project(self, pc, kinds)
  local versions = self.versions[pc]
  if versions and versions[name] then
    return versions[name]
  end
  local wide = exempt and kinds or widen(self, versions, kinds)
  if wide ~= kinds then
    kinds, name = project(self, pc, wide)
  end
  return versions and versions[name]
    or new_version(self, pc, kinds, name, exempt)
end

local function pairs_sorted(kinds)
  local list = {}
  for register in pairs(kinds) do
    if register ~= "top" then
      list[#list + 1] = register
    end
  end
  table.sort(list)
  return ipairs(list)
end

-- C that goes to instruction pc with the current kinds, or with others. The
-- loops of numeric fors that hold no other are strip-mined: turns in a strip
-- do not poll.
-- @tparam boolean exempt from the cap
-- @tparam boolean polls false: within a strip
function Function:jump(pc, exempt, polls)
  local version = find_version(self, pc, self.kinds, exempt)
  local parts = {}
  for _, register in pairs_sorted(version.kinds) do
    local from, to = self.kinds[register], version.kinds[register]
    if from ~= to then
      self:variable(register, to)
      if from ~= "x" then
        parts[#parts + 1] = string.format("%s%d = '%s';", to, register, from)
      else
        parts[#parts + 1] = string.format("%s%d = x%d;", to, register,
          register)
      end
      for _, kind in ipairs { "i", "f", to == "y" and "b" or nil } do
        self:variable(register, kind)
      end
    end
  end
  if pc <= self.pc and polls ~= false then
    self:count_turns()
    parts[#parts + 1] = "COUNTED_POLL();"
  end
  local strip = self.strips[pc] and polls ~= false and "S" or ""
  parts[#parts + 1] = "goto " .. strip .. version.label .. ";"
  return table.concat(parts, " ")
end

-- Would a jump to instruction pc go to a version that is there?
function Function:has_version(pc)
  local versions = self.versions[pc]
  local _, name = project(self, pc, self.kinds)
  return versions ~= nil and versions[name] ~= nil
end

-- Ends the block by a choice of versions of this instruction, where a register
-- that it reads is tagged.
local function split(self, register)
  local kind = self.kinds[register]
  for _, each in ipairs(kind == "x" and { "i", "f" }
    or { "i", "f", "b", "n" }) do
    self.kinds[register] = each
    local version = find_version(self, self.pc, self.kinds, true)
    self:variable(register, kind)
    self:emit("  if (%s%d == '%s') goto %s;", kind, register, each,
      version.label)
  end
  self:emit "  __builtin_unreachable();"
end

-- Is each of these registers of one kind? If not, the block has ended.
local function settle(self, registers)
  for _, register in ipairs(registers) do
    local kind = self.kinds[register]
    if kind == "x" or kind == "y" then
      split(self, register)
      return false
    end
  end
  return true
end

-- Errors ---------------------------------------------------------------------

function Function:refuse(what, instead)
  self.unit:refuse(self.proto, self.pc, what, instead)
end

-- Up to three values as arguments of raise_at.
local function raised(...)
  local whole, floats, kinds = { "0", "0", "0" }, { "0", "0", "0" }, {}
  for n = 1, 3 do
    local value = select(n, ...)
    local kind = value and value.kind
    kinds[n] = kind and types.c_type(kind) and kind or "n"
    if kinds[n] == "f" then
      floats[n] = value.c
    elseif kinds[n] ~= "n" then
      whole[n] = types.member(kind) == "p" and "(intptr_t)" .. value.c
        or value.c
    end
  end
  return string.format("KINDS('%s'), %s, %s", table.concat(kinds, "', '"),
    table.concat(whole, ", "), table.concat(floats, ", "))
end

-- What stands in a register that is no operand. A method is one of operand a:
-- where it is not what is called, none reads it.
local function example_of(self, register, kind)
  local example, instruction = self.unit:example(kind),
    self.proto.code[self.pc]
  if example and example.method and not (register == instruction.a
    and string.find(instruction.op, "CALL$")) then
    return nil
  end
  return example
end

-- C that raises what this instruction raises, for these operands: three at
-- most.
-- @tparam table registers of the site: more values that are known now
-- @tparam boolean is_stale its line is that of instruction c
function Function:fail(a, b, c, registers, is_stale)
  local site = { proto = self.proto, pc = self.pc, registers = {},
    top = self.kinds.top, upvalue = a and a.upvalue,
    example = a and a.upvalue and self.unit:example(a.kind),
    is_stale = is_stale }
  for register, kind in pairs(self.kinds) do
    if register ~= "top" then
      site.registers[register] = example_of(self, register, kind)
    end
  end
  for register, value in pairs(registers or {}) do
    site.registers[register] = value
  end
  for name, value in pairs { a = a, b = b, c = c } do
    if value.register and not types.is_object(value.kind) then
      site.registers[value.register] = name
    end
  end
  return string.format("raise_at(run, %d, %s);", self.unit:add_site(site),
    raised(a, b, c))
end

-- An index or a length of what has none, in compiled code.
function Function:indexed(value, other)
  local object = self.unit:object(value.kind)
  if object and object.kind ~= "function" then
    self:refuse("a " .. object.kind .. " as a value",
      "use a threading.Array, or numbers")
  elseif types.is_pointer(value.kind) then
    self:refuse("a field of an Array, a Value or a Lock",
      "read it before the call")
  end
  self:emit("  %s", self:fail(value, other))
  return nil
end

-- Results --------------------------------------------------------------------

-- C that returns values, and cells that are written.
function Function:finish(values)
  local kinds = {}
  values = table.move(values, 1, #values, 1, {})
  for _, cell in ipairs(self.spec.written) do
    values[#values + 1] = self:value(cell.number)
  end
  for i, value in ipairs(values) do
    closures.check(self, value, "returned")
    kinds[i] = value.kind
  end
  local index, single = self.unit:add_result(self.spec, kinds)
  if single then
    self:emit("  return %s;", values[1] and values[1].c or "")
    return
  end
  for i, value in ipairs(values) do
    if value.c then
      self:emit("  out[%d].u.%s = %s;", i - 1, types.member(value.kind),
        value.c)
    end
  end
  self:emit("  return %d;", index)
end

-- The whole ------------------------------------------------------------------

-- The instructions that note their place in Lua before 5.4.5, where a division
-- by zero does not: its line is that of the last that did.
local SAVES <const> = { GETTABLE = true, GETI = true, SETTABLE = true,
  SETI = true, LEN = true, EQ = true, CALL = true, TAILCALL = true,
  FORPREP = true, CLOSE = true, SELF = true, TFORPREP = true, TFORCALL = true,
  CLOSURE = true }

-- Notes the place of this instruction, where a later error may have its line.
function Function:save_place()
  if self.keeps_saved then
    self:emit("  saved = %d;", self.pc)
  end
end

local function divides(proto)
  for _, instruction in ipairs(proto.code) do
    if string.find(instruction.op, "^IDIV") or string.find(instruction.op,
      "^MOD") then
      return true
    end
  end
  return false
end

local function block(self, version)
  local strip = self.strips[version.pc]
  if strip then
    self:emit("S%s: %s", version.label, strip)
    spans.begin(self, version.pc)
  end
  self:emit("%s:;", version.label)
  self.is_guarded = false
  self.kinds, self.known = {}, {}
  for register, kind in pairs(version.kinds) do
    self.kinds[register] = kind
  end
  local pc = version.pc
  repeat
    self.pc = pc
    local instruction = self.proto.code[pc]
    local operation = operations[instruction.op]
    if not operation then
      self:refuse(operations.why(instruction.op))
    end
    local wants = operation.reads and operation.reads(instruction, self)
    if wants and not settle(self, wants) then
      return
    end
    if SAVES[instruction.op] then
      self:save_place()
    end
    local known = spans.result(self, instruction)
    pc = operation.run(self, instruction)
    spans.note(self, instruction, known)
    if pc and self.leaders[pc] then
      self:emit("  %s", self:jump(pc))
      pc = nil
    end
  until not pc
end

local function translate(unit, spec, cap)
  local proto = spec.proto
  local self = setmetatable({ unit = unit, spec = spec, proto = proto,
    lines = {}, declarations = {}, openings = {}, variables = {},
    temporaries = 0,
    versions = {}, labels = 0, waiting = {}, pc = 0, cap = cap,
    limit = LIMITS[cap],
    live = spec.live, leaders = spec.leaders }, Function)
  self.strips = loops.strips(self)
  self.loops = spans.loops(proto, spec.innermost)
  self.keeps_saved = lines_are_stale and divides(proto)
  if self.keeps_saved then
    table.insert(self.declarations, "  int64_t saved = 0;")
  end
  self.kinds = {}
  for i, kind in ipairs(spec.kinds) do
    self.kinds[spec.registers[i]] = kind
  end
  self:emit("  %s", self:jump(1))
  while #self.waiting > 0 do
    block(self, table.remove(self.waiting))
  end
  spans.complete(self)
  return self
end

local function translate_capped(unit, spec)
  for _, cap in ipairs(CAPS) do
    local made, result = pcall(translate, unit, spec, cap)
    if made then
      return result
    elseif getmetatable(result) ~= Function then
      error(result, 0)
    end
  end
  unit:refuse(spec.proto, 1, "too many combinations of types",
    "split the function, or keep each variable to one type")
end

-- Translates a specialisation: sets its text.
-- @tparam table unit
-- @tparam table spec {proto =, kinds = {of arguments}, name =}
local function compile(unit, spec)
  operations = operations or require "threading.compile.operations"
  if not spec.live then
    spec.live = flow.liveness(spec.proto)
    spec.leaders = flow.leaders(spec.proto.code)
    spec.innermost = flow.innermost(spec.proto.code)
  end
  local result = translate_capped(unit, spec)
  spec.body_declarations = table.concat(result.declarations, "\n") .. "\n"
    .. table.concat(result.openings, "\n")
  spec.body = table.concat(result.lines, "\n")
  spec.labels, spec.variables = result.labels, result.variables
  spec.length = #result.lines
end

return { compile = compile }
