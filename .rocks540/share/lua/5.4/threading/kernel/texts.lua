-- Texts that the cache keeps for the next program, beside objects: one file for
-- each key. It holds the key, the text and a checksum; one that is not whole,
-- or has another key, is not there. Each is made in a folder of its own and
-- moved to its place in one step.

local _thread = require "threading._thread"
local places = require "threading.kernel.place"
local standard = require "threading.private.standard"
local string = standard.string

local SUM <const> = "<i8"
local SUM_SIZE <const> = string.packsize(SUM)

local M = {}

local function file_name(key)
  return string.format("%016x.record", _thread._checksum(key))
end

-- The text of a file that is whole, and of this key.
local function unsealed(sealed, key)
  if #sealed < SUM_SIZE + 16 then
    return nil
  end
  local body = string.sub(sealed, 1, -SUM_SIZE - 1)
  if string.unpack(SUM, sealed, #body + 1) ~= _thread._checksum(body) then
    return nil
  end
  local own, text = string.unpack("<s8s8", body)
  return own == key and text or nil
end

-- What is kept for a key; or nil.
function M.read(key)
  local cache <close> = places.open_cache()
  local sealed = cache and _thread._read_file(cache.folder, file_name(key))
  return sealed and unsealed(sealed, key)
end

-- Keeps a text for a key, where there is a cache and room.
function M.write(key, text)
  local cache <close> = places.open_cache()
  local made <close> = cache and places.make_inside(cache)
  if not made then
    return
  end
  local body = string.pack("<s8s8", key, text)
  if _thread._write_file(made.folder, "record",
    body .. string.pack(SUM, _thread._checksum(body))) then
    _thread._move_file(made.folder, "record", cache.folder, file_name(key))
  end
end

return M
