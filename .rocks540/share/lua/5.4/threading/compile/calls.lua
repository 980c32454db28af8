-- Calls and returns.

local builtins = require "threading.compile.builtins"
local closures = require "threading.compile.closures"
local standard = require "threading.private.standard"
local string, table = standard.string, standard.table
local types = require "threading.compile.types"
local ipairs, next, type = ipairs, next, type

local function last_argument(self, i)
  return i.b == 0 and self.kinds.top - 1 or i.a + i.b - 1
end

local function reads_call(i, self)
  local list = {}
  for register = i.a, last_argument(self, i) do
    list[#list + 1] = register
  end
  return closures.append_read(self, i.a, list)
end

local function arguments(self, i)
  local list = {}
  for register = i.a + 1, last_argument(self, i) do
    list[#list + 1] = self:value(register)
  end
  return list
end

-- Results --------------------------------------------------------------------

local function put(self, first, wanted, results)
  for n = 1, wanted do
    local result = results[n] or { kind = "n" }
    self:set(first + n - 1, result.kind, result.c)
  end
end

-- Puts results where a call wants them.
-- @treturn integer the next pc
local function deliver(self, i, results)
  local wanted = i.c == 0 and #results or i.c - 1
  put(self, i.a, wanted, results)
  self.kinds.top = i.c == 0 and i.a + wanted or nil
  return self.pc + 1
end

-- A call whose results are those of a return.
local function give_back(self, _, results)
  self:finish(results)
  return nil
end

-- The results of one of the ways out of a function, as C has them.
local function results_of(kinds, out)
  local list = {}
  for n, kind in ipairs(kinds) do
    list[n] = { kind = kind, c = types.c_type(kind)
      and string.format("%s[%d].u.%s", out, n - 1, types.member(kind)) }
  end
  return list
end

-- A function of Lua's --------------------------------------------------------

local function c_call(spec, list, out)
  local parts = { "run" }
  for n in ipairs(spec.kinds) do
    parts[#parts + 1] = list[n].c or nil
  end
  parts[#parts + 1] = out
  return string.format("%s(%s)", spec.name, table.concat(parts, ", "))
end

local function call_single(self, i, spec, list, use)
  local kind = spec.results[1][1]
  local call = c_call(spec, list)
  if not types.c_type(kind or "n") then
    self:emit("  %s;", call)
    return use(self, i, closures.take(self, spec, { kind and { kind = kind } }))
  end
  local result = self:temporary(kind)
  self:emit("  %s = %s;", result, call)
  return use(self, i, closures.take(self, spec,
    { { kind = kind, c = result } }))
end

local function copy_of(kinds)
  local copy = {}
  for register, kind in next, kinds do
    copy[register] = kind
  end
  return copy
end

-- Each way out goes on in a version of its own.
local function call_many(self, i, spec, list, use)
  self.temporaries = self.temporaries + 1
  local out = "o" .. self.temporaries
  self:emit("  { threading_val %s[%d];", out, self.unit:widest(spec))
  self:emit("  switch (%s) {", c_call(spec, list, out))
  local kinds = self.kinds
  for _, result in ipairs(spec.results) do
    self.kinds = copy_of(kinds)
    self:emit("  case %d:", self.unit:result_number(result))
    local pc = use(self, i, closures.take(self, spec, results_of(result, out)))
    if pc then
      self:emit("  %s", self:jump(pc, true))
    end
  end
  self:emit "  } __builtin_unreachable(); }"
  return nil
end

-- The stack has an end, and calls may branch, which takes as long as loops. One
-- look in a block will do; what calls none ends soon.
local function guard(self, spec)
  if not self.is_guarded and not self.unit.graph:is_leaf(spec) then
    self.is_guarded = true
    self:emit("  STACK(%d);", self.unit:add_site { proto = self.proto,
      pc = self.pc, registers = {}, top = self.kinds.top,
      is_overflow = true })
  end
end

-- A tail call within a group goes on, at whatever depth.
local function go_on(self, spec, list)
  for _, kinds in ipairs(spec.results) do
    self.unit:add_result(self.spec, kinds)
  end
  for n in ipairs(spec.kinds) do
    if list[n].c then
      self:emit("  %s_p%d = %s;", spec.name, n - 1, list[n].c)
    end
  end
  self:emit("  POLL(); goto %s_start;", spec.name)
end

-- What a function is passed: as many arguments as it has parameters, and cells.
local function inputs(self, object, cells, list)
  local all = {}
  for n = 1, object.proto.params do
    all[n] = list[n] or { kind = "n" }
    closures.check(self, all[n], "passed on")
  end
  for _, cell in ipairs(cells) do
    all[#all + 1] = self:value(closures.place(self, cell))
  end
  return all
end

local function call_compiled(self, i, object, list, use)
  local cells = closures.cells(self, object)
  list = inputs(self, object, cells, list)
  local spec = self.unit:specialise(object, list, cells, self)
  local is_tail = use == give_back and closures.returns_same(self, spec)
  self.unit:add_call(self.spec, spec, is_tail)
  if is_tail and self.unit.graph:comes_back(self.spec, spec) then
    return go_on(self, spec, list)
  end
  guard(self, spec)
  if #spec.results == 0 then -- it does not return, as far as is known
    self:emit("  %s; __builtin_unreachable();", c_call(spec, list))
    return nil
  elseif self.unit:is_single(spec) then
    return call_single(self, i, spec, list, use)
  end
  return call_many(self, i, spec, list, use)
end

-- Any ------------------------------------------------------------------------

local ITERATORS <const> = { pairs = true, next = true }

local function refuse_unknown(self, object)
  if object.is_closed then
    self:refuse("a function inside that outlives its variables",
      "call it where it is defined")
  elseif ITERATORS[object.value] then
    self:refuse("the function " .. object.value, "write for i = 1, #a do")
  elseif type(object.value) == "string" then
    self:refuse("the function " .. object.value,
      "call it outside, and pass its result")
  end
  self:refuse("a call of a function of C", "call it outside, and pass its "
    .. "result")
end

-- Calls the function in register i.a.
-- @tparam table list the arguments
-- @tparam func use what is done with the results; returns the next pc
local function call(self, i, list, use)
  local object = self.unit:object(self.kinds[i.a])
  if not object or object.kind == "string" then
    self:emit("  %s", self:fail(self:value(i.a), self:value(i.a)))
    return nil
  elseif object.kind == "table" then
    self:refuse("a call of a table", "call a function")
  end
  local builtin = builtins[object.value]
  if builtin then
    return builtin(self, list, function(results)
      return use(self, i, results)
    end)
  elseif not object.proto then
    refuse_unknown(self, object)
  end
  return call_compiled(self, i, object, list, use)
end

local function values(self, first, last)
  local list = {}
  for register = first, last do
    list[#list + 1] = self:value(register)
  end
  return list
end

local function last_result(self, i)
  return i.b == 0 and self.kinds.top - 1 or i.a + i.b - 2
end

return { call = call, put = put, operations = {
  CALL = { reads = reads_call, run = function(self, i)
    return call(self, i, arguments(self, i), deliver)
  end },
  TAILCALL = { reads = function(i, self)
    return closures.append_written(self, reads_call(i, self))
  end, run = function(self, i)
    return call(self, i, arguments(self, i), give_back)
  end },
  RETURN = {
    reads = function(i, self)
      local list = {}
      for register = i.a, last_result(self, i) do
        list[#list + 1] = register
      end
      return closures.append_written(self, list)
    end,
    run = function(self, i)
      self:finish(values(self, i.a, last_result(self, i)))
    end,
  },
  RETURN0 = { reads = function(_, self)
    return closures.append_written(self, {})
  end, run = function(self)
    self:finish {}
  end },
  RETURN1 = { reads = function(i, self)
    return closures.append_written(self, { i.a })
  end, run = function(self, i)
    self:finish { self:value(i.a) }
  end },
} }
