-- Writes a prototype as a dump again, with another code: the counterpart of
-- bytecode.

local standard = require "threading.private.standard"
local math, string, table = standard.math, standard.string, standard.table
local ipairs, setmetatable = ipairs, setmetatable

local Writer = {}
Writer.__index = Writer

function Writer:put(format, value)
  local text = string.pack(format, value)
  self[#self + 1] = text
  self.length = self.length + #text
end

function Writer:size(n)
  local older = self.version == 0x54
  local bytes = { n & 0x7F | (older and 0x80 or 0) }
  n = n >> 7
  while n > 0 do
    table.insert(bytes, 1, n & 0x7F | (older and 0 or 0x80))
    n = n >> 7
  end
  for _, byte in ipairs(bytes) do
    self:put("B", byte)
  end
end

function Writer:align(size)
  while self.length % size ~= 0 do
    self:put("B", 0)
  end
end

function Writer:string(text)
  self:size(text and #text + 1 or 0)
  if text then
    self:put(self.version == 0x54 and "c" .. #text or "z", text)
  elseif self.version ~= 0x54 then
    self:size(0)
  end
end

function Writer:text_with_zeros(text)
  self:size(#text + 1)
  self:put("c" .. #text, text)
  if self.version ~= 0x54 then
    self:put("B", 0)
  end
end

function Writer:integer(value)
  if self.version == 0x54 then
    self:put("j", value)
  else
    self:size(value >= 0 and value << 1 or ~value << 1 | 1)
  end
end

function Writer:constant(value)
  local kind = math.type(value)
  if kind == "integer" then
    self:put("B", 0x03)
    self:integer(value)
  elseif kind then
    self:put("B", 0x13)
    self:put("n", value)
  elseif value == nil or value == false or value == true then
    self:put("B", value and 0x11 or value == nil and 0x00 or 0x01)
  else
    self:put("B", #value <= 40 and 0x04 or 0x14)
    self:text_with_zeros(value)
  end
end

function Writer:code(words)
  self:size(#words)
  if self.version ~= 0x54 then
    self:align(4)
  end
  for _, word in ipairs(words) do
    self:put("I4", word)
  end
end

-- Each line is absolute.
function Writer:lines(lines)
  self:size(#lines)
  for _ = 1, #lines do
    self:put("b", -128)
  end
  self:size(#lines)
  local older = self.version == 0x54
  if not older and #lines > 0 then
    self:align(4)
  end
  for i, line in ipairs(lines) do
    if older then
      self:size(i - 1)
      self:size(line)
    else
      self:put("i4", i - 1)
      self:put("i4", line)
    end
  end
end

function Writer:names(proto, shift)
  self:size(#proto.locals)
  for _, name in ipairs(proto.locals) do
    self:string(name.name)
    self:size(name.first + shift)
    self:size(name.last + shift)
  end
  local named = proto.upvalues[1] and proto.upvalues[1].name
  self:size(named and #proto.upvalues or 0)
  for i = 1, named and #proto.upvalues or 0 do
    self:string(proto.upvalues[i].name)
  end
end

function Writer:body(proto)
  self:size(proto.constants.n)
  for i = 1, proto.constants.n do
    self:constant(proto.constants[i])
  end
  self:size(#proto.upvalues)
  for _, upvalue in ipairs(proto.upvalues) do
    self:put("B", upvalue.instack)
    self:put("B", upvalue.index)
    self:put("B", upvalue.kind)
  end
  self:size(0) -- no functions inside
end

-- Writes a prototype that takes all registers, and three more, as parameters.
-- @tparam table proto
-- @tparam {integer,...} words the code
-- @tparam {integer,...} lines one for each, or none
-- @tparam integer shift how much later names begin
-- @treturn string
local function write(proto, words, lines, shift)
  local writer = setmetatable({ version = proto.version, length = 0 }, Writer)
  local older = proto.version == 0x54
  writer:put("c" .. #proto.head, proto.head)
  writer:put("B", #proto.upvalues)
  if older then
    writer:string(proto.chunk)
  end
  writer:size(proto.line)
  writer:size(proto.last_line)
  for _, byte in ipairs { proto.stack + 3, 0, proto.stack + 4 } do
    writer:put("B", byte)
  end
  writer:code(words)
  writer:body(proto)
  if not older then
    writer:string(proto.chunk)
  end
  writer:lines(lines)
  writer:names(proto, shift)
  return table.concat(writer)
end

return { write = write }
