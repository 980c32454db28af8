-- The numeric for, over integers and over floats.
--
-- Three registers are the loop's own. Lua 5.4: position, count or limit, step,
-- and a fourth, the variable. Lua 5.5: count or limit, step, variable.

local arithmetic = require "threading.compile.arithmetic"
local standard = require "threading.private.standard"
local string, table = standard.string, standard.table
local ipairs, select = ipairs, select

local function is_number(kind)
  return kind == "i" or kind == "f"
end

local function own(i)
  return { i.a, i.a + 1, i.a + 2 }
end

-- Sets the loop's registers once its numbers are known, as C.
local function begin(self, i, kind, first, rest, step)
  local position, last = first, rest
  if i.older then
    self:set(i.a + 2, kind, step)
    self:set(i.a + 1, kind, last)
    self:set(i.a, kind, position)
    self:set(i.a + 3, kind, position)
  else
    self:set(i.a + 1, kind, step)
    self:set(i.a + 2, kind, position)
    self:set(i.a, kind, last)
  end
end

-- Values that the registers' new ones do not overwrite.
local function keep(self, kind, c)
  local name = self:temporary(kind)
  self:emit("  %s = %s;", name, c)
  return name
end

local function is_nonzero(c)
  local digits = string.match(c, "^%(int64_t%)UINT64_C%(0x(%x+)%)$")
  return digits and string.find(digits, "[^0]")
end

local function integers(self, i, first, limit, step, exit)
  local from, by = keep(self, "i", first.c), keep(self, "i", step.c)
  if not is_nonzero(step.c) then
    self:emit("  if (UNLIKELY(%s == 0)) %s", by, self:fail(first, step))
  end
  local to
  if limit.kind == "f" then
    to = self:temporary "i"
    self:emit("  if (!limit_f(%s, %s, &%s)) { %s }", limit.c, by, to, exit)
  else
    to = keep(self, "i", limit.c)
  end
  self:emit("  if (%s > 0 ? %s > %s : %s < %s) { %s }", by, from, to, from, to,
    exit)
  begin(self, i, "i", from, string.format("count_i(%s, %s, %s)", from, to, by),
    by)
end

local function as_float(value)
  return value.kind == "i" and "(double)" .. value.c or value.c
end

local function floats(self, i, first, limit, step, exit)
  local from, to = keep(self, "f", as_float(first)),
    keep(self, "f", as_float(limit))
  local by = keep(self, "f", as_float(step))
  self:emit("  if (UNLIKELY(%s == 0)) %s", by, self:fail(first, step))
  self:emit("  if (0 < %s ? %s < %s : %s < %s) { %s }", by, to, from, from, to,
    exit)
  begin(self, i, "f", from, to, by)
end

-- C that begins a strip, for the loop of a FORLOOP.
local function begin_strip(self, i)
  local name = "strip" .. i.a
  if not self.variables[name] then
    self.variables[name] = true
    table.insert(self.declarations, "  uint64_t " .. name .. " = 0;")
  end
  self:count_turns()
  local count = self:variable(i.older and i.a + 1 or i.a, "i")
  return string.format("%s = (uint64_t)%s < STRIP ? (uint64_t)%s : STRIP; "
    .. "%s = (int64_t)((uint64_t)%s - %s); turns -= (int)%s; ANY(%s);", name,
    count, count, count, count, name, name, name)
end

-- The loops of a function that go in strips: their first instruction -> C.
local function strips(self)
  local set = {}
  for pc, i in ipairs(self.proto.code) do
    if i.op == "FORLOOP" and self.spec.innermost[pc + 1 - i.bx] then
      set[pc + 1 - i.bx] = begin_strip(self, i)
    end
  end
  return set
end

local function prepare(self, i)
  local first, limit = self:value(i.a), self:value(i.a + 1)
  local step = self:value(i.a + 2)
  arithmetic.refuse_strings(self, first, limit, step)
  if not (is_number(first.kind) and is_number(limit.kind)
    and is_number(step.kind)) then
    self:emit("  %s", self:fail(first, limit, step))
    return nil
  end
  local exit = self:jump(self.pc + 2 + i.bx)
  local over = first.kind == "i" and step.kind == "i" and integers or floats
  over(self, i, first, limit, step, exit)
  return self.pc + 1
end

local function advance(self, condition, count, step, position, variable)
  self:emit("  if (%s) {", condition)
  self:emit("  %s--;", count)
  self:emit("  %s = add_i(%s, %s);", position.c, position.c, step.c)
  if variable then
    self:set(variable, "i", position.c)
  end
end

-- A loop in strips: the turns that are left are those of this strip, and the
-- count's. A version's own turn stays in the strip.
local function repeat_strip(self, first, strip, ...)
  local count = ...
  if self:has_version(first) then
    advance(self, strip .. " != 0", strip, select(2, ...))
    self:emit("  %s\n  }", self:jump(first, nil, false))
  else
    self:emit("  %s = (int64_t)((uint64_t)%s + (uint64_t)%s); %s = 0;", count.c,
      count.c, strip, strip)
  end
  advance(self, count.c .. " != 0", count.c, select(2, ...))
  self:emit("  %s\n  }", self:jump(first))
end

local function repeat_integers(self, first, register, ...)
  local strip = self.strips[first] and "strip" .. register
  if strip then
    return repeat_strip(self, first, strip, ...)
  end
  local count = ...
  advance(self, count.c .. " != 0", count.c, select(2, ...))
  self:emit("  %s\n  }", self:jump(first))
end

local function repeat_floats(self, first, _, limit, step, position, variable)
  local next = self:temporary "f"
  self:emit("  %s = %s + %s;", next, position.c, step.c)
  self:emit("  if (0 < %s ? %s <= %s : %s <= %s) {", step.c, next, limit.c,
    limit.c, next)
  self:emit("  %s = %s;", position.c, next)
  if variable then
    self:set(variable, "f", position.c)
  end
  self:emit("  %s\n  }", self:jump(first))
end

local function loop(self, i)
  local rest, step = self:value(i.older and i.a + 1 or i.a),
    self:value(i.older and i.a + 2 or i.a + 1)
  local position = self:value(i.older and i.a or i.a + 2)
  local again = step.kind == "i" and repeat_integers or repeat_floats
  again(self, self.pc + 1 - i.bx, i.a, rest, step, position,
    i.older and i.a + 3 or nil)
  return self.pc + 1
end

return {
  strips = strips,
  FORPREP = { reads = own, run = prepare },
  FORLOOP = { reads = own, run = loop },
}
