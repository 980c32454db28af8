-- Replay words: a schedule as a user keeps it.
--
--     race.lua:12 1:5 3:12 2:20 #9c1f2e3d
--
-- The program, a function by the place of its definition; the segments, each a
-- thread and how many steps it comes to; and a part of the hash of what was
-- seen on the way. The segments alone are a word, too.

local complain = require "threading.private.complain"
local standard = require "threading.private.standard"
local debug, math, string, table = standard.debug, standard.math,
  standard.string, standard.table
local type = type

local word = {}

-- Where a function is defined: "race.lua:12".
function word.place_of(fn)
  if type(fn) ~= "function" then
    return "callable:0"
  end
  local info = debug.getinfo(fn, "S")
  local name = string.gsub(string.match(info.short_src, "[^/\\]*$"),
    "[^%w_.%-]", "_")
  return string.format("%s:%d", name, info.linedefined)
end

local function shorten(hash)
  return string.format("%08x", hash & 0xffffffff)
end

-- @tparam string place
-- @tparam table result of schedule.run
function word.write(place, result)
  local words, segments = { place }, result.segments
  for i = 1, #segments, 2 do
    words[#words + 1] = segments[i] .. ":" .. segments[i + 1]
  end
  words[#words + 1] = "#" .. shorten(result.hash)
  return table.concat(words, " ")
end

-- A segment, or else the name of a program.
local function add(parsed, text)
  local thread, steps = string.match(text, "^(%d+):(%d+)$")
  local segments = parsed.segments
  if thread then
    segments[#segments + 1] = math.tointeger(thread)
    segments[#segments + 1] = math.tointeger(steps)
  elseif string.find(text, "^#%x+$") then
    parsed.hash = string.sub(text, 2)
  elseif #segments == 0 and not parsed.place
    and string.find(text, "^[%w_.%-]+:%d+$") then
    parsed.place = text
  else
    return false
  end
  return true
end

local function is_sound(segments)
  for i = 1, #segments, 2 do
    if not segments[i] or segments[i] < 1 or not segments[i + 1] then
      return false
    end
  end
  return #segments > 0
end

-- @tparam string text
-- @tparam string name of the argument, or of the variable, that has it
-- @treturn table `segments`; `place` and `hash`, where they are given
function word.read(text, name)
  local parsed, ok = { segments = {} }, type(text) == "string"
  for piece in string.gmatch(ok and text or "", "%S+") do
    ok = ok and add(parsed, piece)
  end
  if not ok or not is_sound(parsed.segments) then
    complain("bad argument '%s' (the replay word of a report expected, like "
      .. '"race.lua:12 1:5 3:12 2:20", got %s)', name,
      type(text) == "string" and '"' .. text .. '"' or type(text))
  end
  return parsed
end

-- Does a word belong to the program at this place?
function word.is_of(parsed, place)
  return parsed.place == nil or parsed.place == place
end

-- Did a replay see what the word's schedule has seen?
function word.is_same(parsed, result)
  return parsed.hash == nil or parsed.hash == shorten(result.hash)
end

return word
