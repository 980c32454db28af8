-- The instructions of Lua's virtual machine: their names in the order of their
-- numbers, and their operands.

local standard = require "threading.private.standard"
local string = standard.string

local COMMON <const> = [[
MOVE LOADI LOADF LOADK LOADKX LOADFALSE LFALSESKIP LOADTRUE LOADNIL GETUPVAL
SETUPVAL GETTABUP GETTABLE GETI GETFIELD SETTABUP SETTABLE SETI SETFIELD
NEWTABLE SELF ADDI ADDK SUBK MULK MODK POWK DIVK IDIVK BANDK BORK BXORK
SHRI SHLI ADD SUB MUL MOD POW DIV IDIV BAND BOR BXOR SHL SHR MMBIN MMBINI
MMBINK UNM BNOT NOT LEN CONCAT CLOSE TBC JMP EQ LT LE EQK EQI LTI LEI GTI GEI
TEST TESTSET CALL TAILCALL RETURN RETURN0 RETURN1 FORLOOP FORPREP TFORPREP
TFORCALL TFORLOOP SETLIST CLOSURE VARARG ]]

local function list_of(words)
  local list = {}
  for word in string.gmatch(words, "%S+") do
    list[#list + 1] = word
  end
  return list
end

local newer = string.gsub(COMMON, "SHRI SHLI", "SHLI SHRI")
local names <const> = {
  [0x54] = list_of(COMMON .. "VARARGPREP EXTRAARG"),
  [0x55] = list_of(newer .. "GETVARG ERRNNIL VARARGPREP EXTRAARG"),
}

-- One instruction with all the operands that any form gives it.
-- @tparam integer word
-- @tparam integer version 0x54 or 0x55, as in the head of a dump
-- @treturn table op, a, b, c, k, bx, and the signed sb, sc, sbx, sj, ax
local function decode(word, version)
  local b, c, bx = word >> 16 & 0xFF, word >> 24, word >> 15
  return {
    op = names[version][(word & 0x7F) + 1], word = word,
    a = word >> 7 & 0xFF, b = b, c = c, k = word >> 15 & 1, bx = bx,
    sb = b - 127, sc = c - 127, sbx = bx - 65535,
    sj = (word >> 7) - 16777215, ax = word >> 7, older = version == 0x54,
  }
end

-- A jump over a loop that does not run, which leaves the names of registers
-- as they are.
local function encode_skip(version, a, distance)
  for i = 1, #names[version] do
    if names[version][i] == "FORPREP" then
      return i - 1 | a << 7 | distance - 1 << 15
    end
  end
end

-- A jump of this instruction's kind, to the next.
local function encode_jump(word)
  return word & 0x7F | 16777215 << 7
end

return { decode = decode, encode_jump = encode_jump,
  encode_skip = encode_skip }
