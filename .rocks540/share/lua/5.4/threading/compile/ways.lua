-- What calls of known functions have in common: results that do not change when
-- registers do, results in versions of their own, and errors.

local standard = require "threading.private.standard"
local string = standard.string
local types = require "threading.compile.types"
local ipairs, next = ipairs, next

local M = {}

function M.is_number(value)
  return value and (value.kind == "i" or value.kind == "f")
end

function M.as_float(value)
  return value.kind == "i" and "(double)" .. value.c or value.c
end

-- A C expression's value, which does not change when registers do.
function M.kept(self, kind, c)
  local name = self:temporary(kind)
  self:emit("  %s", types.assignment(kind, name, c))
  return { kind = kind, c = name }
end

-- The same of a value.
function M.kept_value(self, value)
  return value.c and M.kept(self, value.kind, value.c) or value
end

-- Runs `way`, which returns the next pc or nil, in a version of its own, behind
-- a condition.
function M.branch(self, condition, way)
  local before = {}
  for register, kind in next, self.kinds do
    before[register] = kind
  end
  self:emit("  if (%s) {", condition)
  local pc = way()
  if pc then
    self:emit("  %s", self:jump(pc, true))
  end
  self:emit "  }"
  self.kinds = before
end

-- Runs `use` for results in a version of its own, behind a condition.
function M.aside(self, condition, use, results)
  M.branch(self, condition, function()
    return use(results)
  end)
end

-- Ends the block: the call raises, with the arguments that there are.
function M.raise(self, list)
  self:emit("  %s", self:fail(list[1] or { kind = "n" },
    list[2] or { kind = "n" }, list[3]))
end

-- The same of a function that takes strings for numbers, which are refused.
function M.raise_number(self, list)
  for n, value in ipairs(list) do
    local object = n <= 3 and self.unit:object(value.kind)
    if object and object.kind == "string" then
      self:refuse("a string as a number", "use numbers, and tonumber before "
        .. "the call")
    end
  end
  M.raise(self, list)
end

-- The call raises, where a condition holds.
function M.raise_if(self, condition, list)
  self:emit("  if (UNLIKELY(%s)) {", condition)
  M.raise(self, list)
  self:emit "  }"
end

local PARTS <const> = { x = { "i", "f", "x" }, y = { "i", "f", "b", "y" } }

-- A register becomes what another is.
function M.copy(self, to, from)
  local kind = self.kinds[from]
  for _, part in ipairs(PARTS[kind] or {}) do
    self:emit("  %s = %s;", self:variable(to, part),
      self:variable(from, part))
  end
  if types.c_type(kind) then
    self:emit("  %s", types.copy(kind, self:variable(to, kind),
      self:variable(from, kind)))
  end
  self:set_kind(to, kind)
end

-- A function that is called `name` in this library alone, as a value.
function M.known(self, name)
  return { kind = self.unit:add_object { kind = "function", value = name } }
end

-- A string, as a value.
function M.text(self, value)
  return { kind = self.unit:add_object { kind = "string", value = value } }
end

-- C for l < r.
function M.less(l, r)
  if l.kind == r.kind then
    return string.format("%s < %s", l.c, r.c)
  end
  return string.format("lt_%s%s(%s, %s)", l.kind, r.kind, l.c, r.c)
end

-- An argument as an integer, as C: a float may be one. What is none raises;
-- nil: the block has ended.
function M.integer(self, value, list)
  if not M.is_number(value) then
    return M.raise_number(self, list)
  elseif value.kind == "i" then
    return value.c
  end
  local integer = self:temporary "i"
  M.raise_if(self, string.format("!to_i(%s, &%s)", value.c, integer), list)
  return integer
end

return M
