-- The ways through a prototype's code: what follows an instruction, where ways
-- meet, and which registers are still read.

local standard = require "threading.private.standard"
local string = standard.string
local ipairs, next = ipairs, next

local function set_of(words)
  local set = {}
  for word in string.gmatch(words, "%S+") do
    set[word] = true
  end
  return set
end

local tests = set_of "EQ LT LE EQK EQI LTI LEI GTI GEI TEST TESTSET"
local ends = set_of "RETURN RETURN0 RETURN1 TAILCALL"
local arithmetic = set_of [[ADDI ADDK SUBK MULK MODK POWK DIVK IDIVK BANDK BORK
  BXORK SHRI SHLI ADD SUB MUL MOD POW DIV IDIV BAND BOR BXOR SHL SHR]]

-- What may follow instruction pc: one or two places.
local function successors(code, pc)
  local i = code[pc]
  local op = i.op
  if op == "JMP" then
    return pc + 1 + i.sj
  elseif tests[op] then
    return pc + 1, pc + 2
  elseif ends[op] then
    return nil
  elseif arithmetic[op] or op == "LFALSESKIP" or op == "LOADKX" then
    return pc + 2 -- MMBIN* is for metamethods
  elseif op == "FORLOOP" then
    return pc + 1, pc + 1 - i.bx
  elseif op == "FORPREP" then
    return pc + 1, pc + 2 + i.bx
  elseif op == "TFORPREP" then
    return pc + 1 + i.bx
  elseif op == "TFORLOOP" then
    return pc + 1, pc + 1 - i.bx
  end
  return pc + 1
end

-- Where ways meet, or a way begins that is not the next line's.
local function leaders(code)
  local set = { [1] = true }
  for pc in ipairs(code) do
    local a, b = successors(code, pc)
    if a and (b or a ~= pc + 1 and not arithmetic[code[pc].op]) then
      set[a] = true
      if b then
        set[b] = true
      end
    end
  end
  return set
end

-- The first instructions of loops that hold no other: those of numeric fors.
local function innermost(code)
  local set, last_back = {}, 0
  for pc, instruction in ipairs(code) do
    local first = pc + 1 - instruction.bx
    if instruction.op == "FORLOOP" then
      set[first] = last_back < first or nil
      last_back = pc
    elseif instruction.op == "JMP" and instruction.sj < 0
      or instruction.op == "TFORLOOP" then
      last_back = pc
    end
  end
  return set
end

-- Registers that are read and written ----------------------------------------

local reads_b = set_of [[MOVE GETI GETFIELD ADDI ADDK SUBK MULK MODK POWK DIVK
  IDIVK BANDK BORK BXORK SHRI SHLI UNM BNOT NOT LEN TESTSET SELF]]
local reads_bc = set_of [[ADD SUB MUL MOD POW DIV IDIV BAND BOR BXOR SHL SHR
  GETTABLE GETVARG]]
local reads_a = set_of [[SETUPVAL EQK EQI LTI LEI GTI GEI TEST RETURN1 TBC]]
local reads_ab = set_of "EQ LT LE"
local stores = set_of "SETTABLE SETI SETFIELD SETTABUP"
local writes_none = set_of [[SETUPVAL SETTABUP SETTABLE SETI SETFIELD MMBIN
  MMBINI MMBINK CLOSE TBC JMP EQ LT LE EQK EQI LTI LEI GTI GEI TEST RETURN
  RETURN0 RETURN1 SETLIST TFORPREP TFORLOOP EXTRAARG VARARGPREP ERRNNIL]]

local function range(first, last, visit)
  for register = first, last do
    visit(register)
  end
end

local function visit_store(i, visit)
  if i.op ~= "SETTABUP" then
    visit(i.a)
  end
  if i.op == "SETTABLE" then
    visit(i.b)
  end
  if i.k == 0 then
    visit(i.c)
  end
end

local function visit_call(i, stack, visit)
  if i.b == 0 then
    range(i.a, stack - 1, visit) -- as far as the results before reach
  else
    range(i.a, i.a + i.b - 1, visit)
  end
end

-- Calls `visit` with each register that an instruction reads.
local function reads(i, stack, visit)
  local op = i.op
  if reads_b[op] then
    visit(i.b)
  elseif reads_bc[op] then
    visit(i.b)
    visit(i.c)
  elseif reads_a[op] then
    visit(i.a)
  elseif reads_ab[op] then
    visit(i.a)
    visit(i.b)
  elseif stores[op] then
    visit_store(i, visit)
  elseif op == "CALL" or op == "TAILCALL" then
    visit_call(i, stack, visit)
  elseif op == "RETURN" then
    range(i.a, i.b == 0 and stack - 1 or i.a + i.b - 2, visit)
  elseif op == "FORPREP" or op == "FORLOOP" then
    range(i.a, i.a + 2, visit)
  elseif op == "TFORPREP" or op == "TFORCALL" then
    range(i.a, i.a + 3, visit)
  elseif op == "TFORLOOP" then
    visit(i.older and i.a + 4 or i.a + 3)
  elseif op == "CONCAT" then
    range(i.a, i.a + i.b - 1, visit)
  end
end

-- Calls `visit` with each register whose value is gone after an instruction.
local function writes(i, stack, visit)
  local op = i.op
  if op == "LOADNIL" then
    range(i.a, i.a + i.b, visit)
  elseif op == "CALL" or op == "TAILCALL" then
    range(i.a, stack - 1, visit)
  elseif op == "SELF" then
    range(i.a, i.a + 1, visit)
  elseif op == "TFORCALL" then
    range(i.older and i.a + 4 or i.a + 3, stack - 1, visit)
  elseif op == "FORPREP" or op == "FORLOOP" then
    if i.older then
      visit(i.a + 3) -- the variable; 5.5 has it in one of the three
    end
  elseif op ~= "TESTSET" and not writes_none[op] then
    visit(i.a)
  end
end

-- Liveness -------------------------------------------------------------------

local function copy_into(set, other)
  local grown = false
  for register in next, other or {} do
    if not set[register] then
      set[register] = true
      grown = true
    end
  end
  return grown
end

-- The registers that functions inside a prototype have as upvalues.
local function captured(proto)
  local set = {}
  for _, inner in ipairs(proto.protos) do
    for _, upvalue in ipairs(inner.upvalues) do
      set[upvalue.index] = upvalue.instack == 1 or set[upvalue.index]
    end
  end
  return set
end

-- The registers that may be read from instruction pc on, for each pc; those
-- that a function inside has are live everywhere.
local function liveness(proto)
  local code, live = proto.code, {}
  for pc = 1, #code + 1 do
    live[pc] = {}
  end
  repeat
    local grown = false
    for pc = #code, 1, -1 do
      local now, a, b = {}, successors(code, pc)
      copy_into(now, live[a])
      copy_into(now, live[b])
      writes(code[pc], proto.stack, function(register) now[register] = nil end)
      reads(code[pc], proto.stack, function(register) now[register] = true end)
      grown = copy_into(live[pc], now) or grown
    end
  until not grown
  for _, registers in ipairs(live) do
    copy_into(registers, captured(proto))
  end
  return live
end

return { captured = captured, innermost = innermost, leaders = leaders,
  liveness = liveness, successors = successors, writes = writes }
