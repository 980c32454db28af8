-- Reads what string.dump writes: the format of Lua 5.4 and that of 5.5.
--
-- A prototype is { version =, chunk =, line =, last_line =, params =, vararg =,
-- stack =, code = {instructions, from 1}, constants = {n =}, upvalues = {
-- {instack =, index =, kind =, name =}, from 1}, protos = {}, lines = {of each
-- instruction}, locals = {{name =, first =, last =}}, head = the dump's }.

local opcodes = require "threading.compile.opcodes"
local standard = require "threading.private.standard"
local math, string = standard.math, standard.string
local setmetatable = setmetatable

local Reader = {}
Reader.__index = Reader

function Reader:take(format)
  local value
  value, self.at = string.unpack(format, self.text, self.at)
  return value
end

function Reader:octet()
  return self:take "B"
end

-- A number of any length, seven bits in a byte: 5.4 marks the last byte, 5.5
-- all others.
function Reader:size()
  local last = self.version == 0x54 and 0x80 or 0
  local n = 0
  repeat
    local byte = self:octet()
    n = n << 7 | byte & 0x7F
  until byte & 0x80 == last
  return n
end

function Reader:align(size)
  self.at = self.at + (1 - self.at) % size
end

-- 5.5 writes each string once.
function Reader:string()
  local size = self:size()
  if self.version == 0x54 then
    return size > 0 and self:take("c" .. (size - 1)) or nil
  elseif size == 0 then
    return self.strings[self:size()]
  end
  local text = string.sub(self:take("c" .. size), 1, -2)
  self.strings[#self.strings + 1] = text
  return text
end

function Reader:integer()
  if self.version == 0x54 then
    return self:take "j"
  end
  local n = self:size()
  return n & 1 == 0 and n >> 1 or ~(n >> 1)
end

-- Constants ------------------------------------------------------------------

local readers = {
  [0x00] = function() return nil end,
  [0x01] = function() return false end,
  [0x11] = function() return true end,
  [0x03] = function(reader) return reader:integer() end,
  [0x13] = function(reader) return reader:take "n" end,
  [0x04] = function(reader) return reader:string() end,
  [0x14] = function(reader) return reader:string() end,
}

function Reader:constants()
  local list = { n = self:size() }
  for i = 1, list.n do
    list[i] = readers[self:octet()](self)
  end
  return list
end

-- Code -----------------------------------------------------------------------

function Reader:code()
  local n = self:size()
  if self.version ~= 0x54 then
    self:align(4)
  end
  local code = {}
  for i = 1, n do
    code[i] = opcodes.decode(self:take "I4", self.version)
  end
  return code
end

function Reader:upvalues()
  local list = {}
  for i = 1, self:size() do
    list[i] = { instack = self:octet(), index = self:octet(),
      kind = self:octet() }
  end
  return list
end

function Reader:protos(proto)
  local list = {}
  for i = 1, self:size() do
    list[i] = self:prototype(proto)
  end
  return list
end

-- Lines ----------------------------------------------------------------------

local ABSOLUTE <const> = -128 -- the line is in a list of its own

function Reader:absolutes()
  local absolutes, n = {}, self:size()
  if self.version ~= 0x54 and n > 0 then
    self:align(4)
  end
  for _ = 1, n do
    local pc, line
    if self.version == 0x54 then
      pc, line = self:size(), self:size()
    else
      pc, line = self:take "i4", self:take "i4"
    end
    absolutes[pc] = line
  end
  return absolutes
end

function Reader:lines(line)
  local deltas = {}
  for i = 1, self:size() do
    deltas[i] = self:take "b"
  end
  local absolutes, lines = self:absolutes(), {}
  for i = 1, #deltas do
    line = deltas[i] == ABSOLUTE and absolutes[i - 1] or line + deltas[i]
    lines[i] = line
  end
  return lines
end

function Reader:names(proto)
  proto.locals = {}
  for i = 1, self:size() do
    proto.locals[i] = { name = self:string(), first = self:size(),
      last = self:size() }
  end
  for i = 1, self:size() do
    proto.upvalues[i].name = self:string()
  end
end

-- Prototypes -----------------------------------------------------------------

function Reader:prototype(parent)
  local proto = { version = self.version, head = self.head }
  local older = self.version == 0x54
  if older then
    proto.chunk = self:string() or parent and parent.chunk
  end
  proto.line, proto.last_line = self:size(), self:size()
  proto.params, proto.vararg = self:octet(), self:octet() & 3 ~= 0
  proto.stack = self:octet()
  proto.code, proto.constants = self:code(), self:constants()
  proto.upvalues = self:upvalues()
  proto.protos = self:protos(proto)
  if not older then
    proto.chunk = self:string() or parent and parent.chunk
  end
  proto.lines = self:lines(proto.line)
  self:names(proto)
  return proto
end

-- The ends of the heads that this reader knows: sizes and examples of numbers.
local TAILS <const> = {
  [0x54] = "\4" .. string.pack("BBjn", 8, 8, 0x5678, 370.5),
  [0x55] = string.pack("<Bi4BI4BjBn", 4, -0x5678, 4, 0x12345678, 8, -0x5678,
    8, -370.5),
}

-- Reads the dump of a function.
-- @tparam string dump
-- @treturn table|nil its prototype; nil where the format is not known
local function read(dump)
  local version = string.byte(dump, 5)
  local tail = TAILS[version]
  local head = tail and "\27Lua" .. string.char(version) .. "\0\x19\x93\r\n"
    .. "\x1a\n" .. tail
  if not head or string.sub(dump, 1, #head) ~= head
    or math.maxinteger ~= 0x7FFFFFFFFFFFFFFF then
    return nil
  end
  local reader = setmetatable({ text = dump, at = #head + 2, strings = {},
    version = version, head = head }, Reader)
  return reader:prototype()
end

return { read = read }
