-- What compiled code raises: exactly what Lua does, because Lua does it.
--
-- A site is a place in the compiled code that raises. Its error is made by the
-- interpreter: by the same function, with the registers that the instruction
-- reads as parameters, a jump to that instruction in front, and nothing behind.
-- So texts, names of variables and lines are those of the Lua that runs.

local _thread = require "threading._thread"
local opcodes = require "threading.compile.opcodes"
local standard = require "threading.private.standard"
local writer = require "threading.compile.writer"
local math, string = standard.math, standard.string
local debug, table = standard.debug, standard.table
local error, ipairs, load, pairs = error, ipairs, load, pairs
local pcall, select, setmetatable, type = pcall, select, setmetatable, type

-- As load, which returns what is raised where memory runs out.
local function compiled(...)
  local fn, message = load(...)
  return fn or error(message, 0)
end

-- The code up to and with instruction pc (and what calls its metamethod),
-- entered there; the rest returns.
local function code_for(proto, pc, last)
  local finish
  for op = 0, 127 do
    if opcodes.decode(op, proto.version).op == "RETURN0" then
      finish = op | 1 << 16
      break
    end
  end
  local words = { opcodes.encode_skip(proto.version, proto.stack, pc), finish }
  for i, instruction in ipairs(proto.code) do
    local kept = i <= last or i == pc + 1
      and string.find(instruction.op, "^MMBIN")
    words[i + 2] = kept and instruction.word or finish
    if i == pc + 1 and instruction.op == "JMP" then -- a comparison takes it
      words[i + 2] = opcodes.encode_jump(instruction.word)
    end
  end
  words[#words + 1] = finish
  return words
end

local function lines_for(proto, line)
  local lines = proto.lines
  if #lines == 0 then
    return {}
  elseif line then
    lines = table.move(lines, 1, #lines, 1, {})
    for i = 1, #lines do
      lines[i] = line
    end
  end
  local shifted = { lines[1], lines[1] }
  table.move(lines, 1, #lines, 3, shifted)
  shifted[#shifted + 1] = lines[#lines]
  return shifted
end

-- The chunk's name as it is in messages.
local function place_of(proto, pc)
  local chunk = debug.getinfo(compiled("", proto.chunk or "=?"), "S").short_src
  return string.format("%s:%s", chunk, proto.lines[pc] or "?")
end

-- A prototype whose instruction pc takes as many arguments as there were: in
-- front of a call with open arguments nothing that sets their number is run.
local function close_arguments(proto, pc, top)
  local call = proto.code[pc]
  if not top or call.b ~= 0 or not string.find(call.op, "CALL$") then
    return proto
  end
  local code = table.move(proto.code, 1, #proto.code, 1, {})
  code[pc] = { op = call.op, word = call.word | top - call.a << 16 }
  return setmetatable({ code = code, stack = math.max(proto.stack, top) },
    { __index = proto })
end

-- A function whose frames are large: few fill Lua's stack.
local RECURSION <const> = "local function f() local "
  .. string.rep("a, ", 150) .. "a return 1 + f() end f()"

-- What this Lua says of calls that nest too deeply.
local function overflow()
  local _, message = pcall(compiled(RECURSION, "=x"))
  return string.match(message, "^x:1: (.*)$") or message
end

-- What to say where the interpreter raises nothing. Metatables of plain types,
-- which debug.setmetatable sets, are all that it knows and compiled code does
-- not.
local function unraised(...)
  for i = 1, select("#", ...) do
    local value = (select(i, ...))
    if debug.getmetatable(value) then
      return string.format("cannot compile: a method of the metatable of a %s "
        .. "value (call the function uncompiled, or take the metatable off "
        .. "with debug.setmetatable)", type(value))
    end
  end
  return "compiled code has met an error that Lua has not: please report it"
end

-- The value of a register of a site, see below.
local function value_of(entry, a, b, c)
  if entry == "a" then
    return a
  elseif entry == "b" then
    return b
  elseif entry == "c" then
    return c
  elseif entry.method then
    return a[entry.method]
  elseif entry.value_of then
    return _thread.value(entry.value_of, c)
  end
  return entry[1]
end

-- The error of a site.
-- @tparam table site {proto =, pc =, registers = {[register] = "a", "b" or
-- "c", {value}, {method = of operand a}, or {value_of = type of a Value that
-- has operand c}}, top = the first register after open arguments, upvalue = the
-- number of the upvalue that is a, is_overflow = true for a call that has
-- no room on the stack: it calls nil here}
-- @param a the values that the compiled code has met
-- @param b
-- @param c
-- @return the error's value, complete with its place
local function text(site, a, b, c)
  local pc = site.pc
  local proto = close_arguments(site.proto, pc, site.top)
  local function run()
    local values = {}
    for register, entry in pairs(site.registers) do
      values[register + 1] = value_of(entry, a, b, c)
    end
    local line = site.is_stale and (proto.lines[c] or proto.line)
    local f = compiled(writer.write(proto, code_for(proto, pc, site.last or pc),
      lines_for(proto, line), 2), "=threading", "b")
    if site.upvalue then
      debug.setupvalue(f, site.upvalue, a == nil and site.example
        and site.example[1] or a)
    end
    local n = proto.stack
    values[n + 1], values[n + 2], values[n + 3] = 1, 0, 1 -- a loop's
    f(table.unpack(values, 1, n + 3))
  end
  local raised, value = pcall(run)
  if not raised and site.is_overflow then
    return (string.gsub(value, "attempt to call.*", overflow))
  elseif not raised then
    return value
  end
  return place_of(proto, pc) .. ": " .. unraised(nil, true, 0, unraised)
end

return { place_of = place_of, text = text }
