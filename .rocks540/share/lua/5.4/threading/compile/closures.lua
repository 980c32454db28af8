-- Functions inside a compiled function, which stay there: they are called, and
-- not passed, returned or stored.
--
-- A variable that such a function takes from the function around it is a cell:
-- a register of the owner's. Each call passes the cells that may be read, as
-- further arguments, and gives those back that may be written, as further
-- results; so cells have kinds as registers do. In a function that is not its
-- owner a cell is a register with a number of its own, behind all others.

local ways = require "threading.compile.ways"
local ipairs, next = ipairs, next

local FIRST <const> = 1000 -- of the numbers of cells

local M = {}

local IN_UPVALUE <const>, IN_REGISTER <const> = 0, 1

local writes -- below: it needs this

-- Does a function inside write to an upvalue or a register of a function's?
local function is_written(proto, where, index)
  for _, inner in ipairs(proto.protos) do
    for n, upvalue in ipairs(inner.upvalues) do
      if upvalue.instack == where and upvalue.index == index
        and writes(inner, n - 1) then
        return true
      end
    end
  end
  return false
end

-- Does a function, or one inside it, write to its upvalue, counted from 0?
function writes(proto, index)
  for _, i in ipairs(proto.code) do
    if i.op == "SETUPVAL" and i.b == index then
      return true
    end
  end
  return is_written(proto, IN_UPVALUE, index)
end

local function cell_of(unit, owner, register)
  local key = owner.id .. " " .. register
  local cell = unit.cells[key]
  if not cell then
    cell = { owner = owner, register = register,
      number = FIRST + unit.cell_count,
      is_written = is_written(owner.proto, IN_REGISTER, register) }
    unit.cells[key], unit.cell_count = cell, unit.cell_count + 1
  end
  return cell
end

-- What an upvalue is, counted from 0.
-- @tparam table of a function, see Unit:specialise
-- @return a cell; or nil, the outermost function, and the upvalue there
function M.upvalue(unit, of, index)
  while of.parent do
    local upvalue = of.proto.upvalues[index + 1]
    if upvalue.instack == 1 then
      return cell_of(unit, of.parent, upvalue.index)
    end
    of, index = of.parent, upvalue.index
  end
  return nil, of.fn, index
end

-- The register in which a function has a cell.
function M.place(self, cell)
  if cell.owner == self.spec.of then
    return cell.register
  elseif not self.kinds[cell.number] then
    self:refuse("a function inside that is passed on",
      "call it where it is defined")
  end
  return cell.number
end

local function gather(self, of, list, seen)
  for n in ipairs(of.proto.upvalues) do
    local cell = M.upvalue(self.unit, of, n - 1)
    if cell and not seen[cell] then
      seen[cell] = true
      list[#list + 1] = cell
      local object = self.unit:object(self.kinds[M.place(self, cell)])
      if object and object.parent then
        gather(self, self.unit:of_object(object), list, seen)
      end
    end
  end
end

-- The cells that a call of an object may reach.
function M.cells(self, object)
  local list = {}
  if object and object.parent then
    gather(self, self.unit:of_object(object), list, {})
  end
  return list
end

-- Appends the registers of the cells that a call of a register reads.
function M.append_read(self, register, list)
  for _, cell in ipairs(M.cells(self, self.unit:object(self.kinds[register])))
  do
    list[#list + 1] = M.place(self, cell)
  end
  return list
end

-- Appends the registers of the cells that a return gives back.
function M.append_written(self, list)
  for _, cell in ipairs(self.spec.written) do
    list[#list + 1] = cell.number
  end
  return list
end

function M.written(cells)
  local list = {}
  for _, cell in ipairs(cells) do
    if cell.is_written then
      list[#list + 1] = cell
    end
  end
  return list
end

-- Does a call return the cells that its caller returns?
function M.returns_same(self, spec)
  if #spec.written ~= #self.spec.written then
    return false
  end
  for n, cell in ipairs(spec.written) do
    if self.spec.written[n] ~= cell then
      return false
    end
  end
  return true
end

-- Takes the cells from the end of a call's results.
function M.take(self, spec, results)
  local count = #results - #spec.written
  for n, cell in ipairs(spec.written) do
    local value = results[count + n]
    self:set(M.place(self, cell), value.kind, value.c)
    results[count + n] = nil
  end
  return results
end

-- What is passed, returned or stored may reach no cell.
function M.check(self, value, what)
  local object = self.unit:object(value.kind)
  if object and object.parent and (what ~= "passed on"
    or #M.cells(self, object) > 0) then
    self:refuse("a function inside that is " .. what,
      "call it where it is defined")
  end
end

-- Registers from i.a on go out of scope: what reaches them is called no more.
local function close(self, i)
  for register, kind in next, self.kinds do
    local object = register ~= "top" and self.unit:object(kind)
    for _, cell in ipairs(M.cells(self, object or nil)) do
      if cell.owner == self.spec.of and cell.register >= i.a then
        self.kinds[register] = self.unit:add_object { kind = "function",
          value = "closed", is_closed = true }
      end
    end
  end
  return self.pc + 1
end

M.operations = {
  CLOSURE = { run = function(self, i)
    local proto = self.proto.protos[i.bx + 1]
    self:set(i.a, self.unit:add_object { kind = "function", value = proto,
      proto = proto, parent = self.spec.of })
    return self.pc + 1
  end },
  CLOSE = { run = close },
  SETUPVAL = { run = function(self, i)
    local cell = M.upvalue(self.unit, self.spec.of, i.b)
    if not cell then
      self:refuse("a write to a variable of an outer function",
        "return the value instead")
    end
    M.check(self, { kind = self.kinds[i.a] }, "stored")
    ways.copy(self, M.place(self, cell), i.a)
    return self.pc + 1
  end },
}

return M
