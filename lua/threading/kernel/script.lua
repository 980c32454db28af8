-- Where in a program the source of a kernel is: what is said of a line of the
-- source gets the program's own file and line. A source that is there word for
-- word is found, as a long string is; one that is put together is not.

local ours = require "threading.private.ours"
local standard = require "threading.private.standard"
local io, math, string = standard.io, standard.math, standard.string
local tonumber, type = tonumber, type

local MAX_SIZE <const> = 1 << 22 -- bytes of a program that are looked at

local script = {}

-- A program's text; nil where it cannot be had. To open what is no file might
-- wait for ever.
local function text_of(source)
  local kind, path = string.match(source, "^([@=]?)(.*)$")
  if kind == "" then
    return source
  elseif kind == "=" or string.find(path, "^/dev/")
      or string.find(path, "^/proc/") or not io.open then
    return nil
  end
  local file = io.open(path, "rb")
  local text = file and file:read(MAX_SIZE)
  if file then
    file:close()
  end
  return text and string.gsub(text, "\r\n?", "\n")
end

local function line_of(text, position)
  local _, n = string.gsub(string.sub(text, 1, position - 1), "\n", "")
  return n + 1
end

-- The line in the text where the source begins, nearest to another line.
local function find(text, source, near)
  local best
  local from, to = string.find(text, source, 1, true)
  while from do
    local line = line_of(text, from)
    if not best or math.abs(line - near) < math.abs(best - near) then
      best = line
    end
    from, to = string.find(text, source, to + 1, true)
  end
  return best
end

-- A message that speaks of lines of the source, as "<kernel>:2".
-- @param message an error
-- @tparam string source
-- @return the message, with the places of these lines in the program
function script.with_places(message, source)
  if type(message) ~= "string" or source == ""
      or not string.find(message, "<kernel>:%d") then
    return message
  end
  local info = ours.caller()
  local text = info and text_of(info.source)
  local first = text and find(text, source, info.currentline)
  if not first then
    return message
  end
  local front = string.format("%s:%d: ", info.short_src, info.currentline)
  if string.find(message, front .. "<kernel>:", 1, true) == 1 then
    message = string.sub(message, #front + 1) -- one place is enough
  end
  return (string.gsub(message, "<kernel>:(%d+)", function(n)
    return string.format("%s:%d: <kernel>:%s", info.short_src,
      first + tonumber(n) - 1, n)
  end))
end

return script
