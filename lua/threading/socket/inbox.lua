-- What a stream has received, and no call has returned yet.
--
-- The pieces are in a list, as they came; of the first one `at` is the place
-- of the next byte. `size` counts the bytes. Of these no call has asked yet for
-- the last `ahead`: they came together with the line that one asked for. `err`
-- is an error that came with what could be returned, for the next call.
--
-- `searched` pieces, with `before` bytes, are known to have no end of a line.

local standard = require "threading.private.standard"
local find, byte, sub = standard.string.find, standard.string.byte,
  standard.string.sub
local concat = standard.table.concat
local setmetatable = setmetatable

local inbox = {}
inbox.__index = inbox

function inbox.new()
  return setmetatable({ at = 1, size = 0, ahead = 0, searched = 0,
    before = 0 }, inbox)
end

function inbox:add(piece)
  if piece ~= "" then
    self[#self + 1], self.size = piece, self.size + #piece
  end
end

-- How many bytes the first line has, with its end; nil if that has not come.
function inbox:line()
  for i = self.searched + 1, #self do
    local from = i == 1 and self.at or 1
    local last = find(self[i], "\n", from, true)
    if last then
      return self.before + last - from + 1
    end
    self.searched, self.before = i, self.before + #self[i] - from + 1
  end
end

-- All in one piece.
local function join(self)
  if #self > 1 then
    local text = concat(self)
    for i = #self, 2, -1 do
      self[i] = nil
    end
    self[1], self.searched, self.before = text, 0, 0
  end
  return self[1] or ""
end

-- The byte at this place.
function inbox:nth(place)
  return byte(join(self), self.at + place - 1)
end

-- Takes n bytes out; returns them, without the last one if it is to be chopped
-- off.
function inbox:take(n, chop)
  local text, from = join(self), self.at
  if n < #text or chop then
    text = sub(text, from, from + n - (chop and 2 or 1))
  end
  self.size = self.size - n
  if self.size == 0 then
    self[1], self.at = nil, 1
  else
    self.at = from + n
  end
  self.searched, self.before, self.ahead = 0, 0, self.size
  return text
end

return inbox
