-- Errors that are texts, known by how these end: in front may be a place.

local standard = require "threading.private.standard"
local string = standard.string
local type = type

local predicates = {}

-- A predicate for texts that one of the patterns finds.
local function any_of(...)
  local patterns <const> = { ... }
  return function(err)
    for i = 1, type(err) == "string" and #patterns or 0 do
      if string.find(err, patterns[i]) then
        return true
      end
    end
    return false
  end
end

predicates.is_broken_barrier = any_of("^broken barrier$", ": broken barrier$")

predicates.is_timeout = any_of("^timeout$", ": timeout$",
  "%f[%d]%d+ %(of %d+%) futures unfinished$")

return predicates
