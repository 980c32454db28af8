-- Values as bytes that mean the same in another process of the same kind.
-- What pools of processes and of MPI ranks stand on; programs do not need it.
--
-- The contract: both ends send each other `header` first, and compare it by
-- `check`. Then what one end has packed the other may unpack: nil, booleans,
-- numbers, strings; tables with what they share, their cycles, and metatables
-- by name or as classes; Lua functions by their code and upvalues, functions
-- of modules by name; Arrays, copied. All else is refused, with its path, and
-- with what to do instead. Damaged bytes are an error; but code is trusted.

local _thread = require "threading._thread"
local standard = require "threading.private.standard"
local string = standard.string
local load, type, _VERSION = load, type, _VERSION

local FORMAT <const> = 1 -- raised with each change of flat.h or layout.h

-- Code begins with Lua's version, and the sizes and the order of the bytes of
-- its numbers; the words are for people.
local words = string.format("%s, %d bits, %s-endian, format %d", _VERSION,
  8 * string.packsize "T", string.pack("=I2", 1) == "\1\0" and "little"
  or "big", FORMAT)
local header = string.pack("s4", words .. "\0"
  .. string.dump(load("return ...", "=kind"), true))

local portable = {
  header = header,
}

-- check(other) -> true; or nil, why the two ends cannot talk to each other.
function portable.check(other)
  if other == header then
    return true
  end
  local said = type(other) == "string" and string.match(other,
    "^....(Lua [%w%p ]+)%z")
  if not said then
    return nil, "it is no process of this library, or of another version of it"
  end
  return nil, string.format("it runs %s, and this one %s%s", said, words,
    said == words and ": its code is of another kind" or "")
end

-- pack(names, ...) -> a string of the values. `names` are what errors call
-- them, between commas; "[]" behind the last one says that it is that of a
-- list: "fn,args[]". Raises what cannot go to another process: its path, and
-- what to do instead.
portable.pack = _thread._pack

-- unpack(bytes) -> the values. Raises where the bytes are damaged, or need a
-- module that is missing here.
portable.unpack = _thread._unpack

return portable
