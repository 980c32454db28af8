-- Text as HTML and SVG have it.

local standard = require "threading.private.standard"
local string = standard.string
local tostring = tostring

local entities <const> = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;",
  ['"'] = "&quot;" }

return function(text)
  text = string.gsub(tostring(text), "[%z\1-\31]", " ")
  return (string.gsub(text, '[&<>"]', entities))
end
