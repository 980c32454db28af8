-- How a record of threading.log becomes a line of text: formats as those of
-- Python's logging, "%(levelname)-8s %(message)s".

local _thread = require "threading._thread"
local check = require "threading.private.check"
local complain = require "threading.private.complain"
local standard = require "threading.private.standard"
local math, os, string, table =
  standard.math, standard.os, standard.string, standard.table
local ipairs, tostring, type = ipairs, tostring, type

local fields = {} -- name -> function of a record; true: what that has

for _, name in ipairs { "created", "filename", "levelname", "levelno",
    "lineno", "message", "name", "thread", "threadName" } do
  fields[name] = true
end

-- Seconds as text, the whole ones of which are kept from the last time: in one
-- table, for another thread may put one of its own there at any moment.
local function clock(datefmt)
  local last = {}
  return function(record)
    local second, known = math.floor(record.created), last
    if known.second ~= second then
      known = {
        second = second,
        text = os.date(datefmt or "%Y-%m-%d %H:%M:%S", second),
      }
      last = known
    end
    if datefmt then
      return known.text
    end
    return string.format("%s,%03d", known.text,
      math.floor((record.created - second) * 1000))
  end
end

function fields.msecs(record)
  return math.floor(record.created % 1 * 1000)
end

-- "%(name)-8s" -> "name", "%-8s".
local PIECE <const> = "^%%%(([%w_]*)%)([-+ #0]*%d*%.?%d*[sdif])()"

-- Splits a format into one for string.format and the names of its fields.
local function split(format)
  local parts, names, at = {}, {}, 1
  while true do
    local from = string.find(format, "%", at, true)
    parts[#parts + 1] = string.sub(format, at, (from or 0) - 1)
    if not from then
      return table.concat(parts), names
    elseif string.sub(format, from, from + 1) == "%%" then
      parts[#parts + 1] = "%%"
      at = from + 2
    else
      local name, conversion, after = string.match(format, PIECE, from)
      if not name then
        complain("bad argument 'format' to 'basicConfig' (no field such as "
          .. "'%%(message)s' at '%s')", string.sub(format, from, from + 9))
      end
      parts[#parts + 1] = "%" .. conversion
      names[#names + 1] = name
      at = after
    end
  end
end

local function check_names(names)
  for _, name in ipairs(names) do
    if not fields[name] and name ~= "asctime" then
      complain("bad argument 'format' to 'basicConfig' (unknown field '%s'; "
        .. "known: asctime, %s)", name, check.list(fields))
    end
  end
end

-- A conversion with a width takes no zeros.
local function without_zeros(values, n)
  for i = 1, n do
    values[i] = string.gsub(tostring(values[i]), "\0", "\\0")
  end
  return values
end

local sample <const> = {
  created = 0.5, filename = "a", levelname = "INFO", levelno = 20, lineno = 1,
  message = "a", name = "root", thread = 1, threadName = "MainThread",
}

local function check_date(datefmt)
  local ok, text = _thread._try(os.date, datefmt, 0)
  if not ok or type(text) ~= "string" then
    complain("bad argument 'datefmt' to 'basicConfig' (%s)",
      ok and "it makes no text" or tostring(text))
  end
end

-- Makes a function from a record to its line.
-- @treturn function
-- @treturn boolean does it ask where in the program it was called?
return function(format, datefmt)
  local pattern, names = split(format)
  local readers, placed = {}, false
  check_names(names)
  if datefmt then
    check_date(datefmt)
  end
  for i, name in ipairs(names) do
    placed = placed or name == "filename" or name == "lineno"
    readers[i] = name == "asctime" and clock(datefmt) or fields[name]
  end
  local n = #names

  local function to_line(record)
    local values = {}
    for i = 1, n do
      local reader = readers[i]
      values[i] = reader == true and record[names[i]]
      if reader ~= true then
        values[i] = reader(record)
      end
    end
    local ok, text = _thread._try(string.format, pattern,
      table.unpack(values, 1, n))
    if not ok then
      text = string.format(pattern,
        table.unpack(without_zeros(values, n), 1, n))
    end
    return text .. "\n"
  end

  local ok, err = _thread._try(to_line, sample)
  if not ok then
    complain("bad argument 'format' to 'basicConfig' (%s)",
      (string.gsub(tostring(err), "^[^\n]-:%d+: ", "")))
  end
  return to_line, placed
end
