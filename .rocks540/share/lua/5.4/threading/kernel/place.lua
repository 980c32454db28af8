-- Places of files that no other user can exchange: the cache's folder, the one
-- for what is temporary, and new ones in them. They are reached by ways on
-- which nobody else can write, see os/folders.h.

local _thread = require "threading._thread"
local standard = require "threading.private.standard"
local string = standard.string
local setmetatable = setmetatable

local function is_absolute(path)
  return path and string.sub(path, 1, 1) == "/"
end

-- A place is {folder =, path =}, and is closed at the end of a block.
local place_meta = {
  __close = function(place)
    local _ <close> = place.folder
  end,
}

-- The place of a path, which is made if need be; or nil and a reason.
local function open(path, make)
  local place = setmetatable({}, place_meta)
  place.folder, place.path = _thread._folder(path, make)
  if not place.folder then
    return nil, place.path
  end
  return place
end

-- The cache; or nil, and why there is none.
local function open_cache()
  if _thread._elevated() then
    return nil, "the program has more rights than who has started it"
  end
  local base = _thread._getenv "XDG_CACHE_HOME"
  if not is_absolute(base) then
    local home = _thread._getenv "HOME"
    base = is_absolute(home) and home .. "/.cache"
  end
  if not base then
    return nil, "neither XDG_CACHE_HOME nor HOME names a folder"
  end
  local place, why = open(base .. "/threading", true)
  if place and not _thread._is_private(place.folder) then
    return nil, place.path .. " is not this user's alone"
  end
  return place, why
end

-- Where things are compiled that no cache keeps.
local function open_temporary()
  local path = _thread._getenv "TMPDIR"
  path = is_absolute(path) and path or "/tmp"
  local place, why = open(path, false)
  return place, why, path
end

-- A new place in a place, which is removed with what is in it, at the end of a
-- block; or nil and a reason.
local function make_inside(parent)
  local place = setmetatable({}, place_meta)
  place.folder, place.path = _thread._unique(parent.folder, parent.path)
  if not place.folder then
    return nil, place.path
  end
  return place
end

return { make_inside = make_inside, open_cache = open_cache,
  open_temporary = open_temporary }
