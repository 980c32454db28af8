--- The sections of a page: what has an anchor of its own.

local text = require "site.text"

-- The title of what begins here: a heading, an entry of the reference, or a
-- name that threading.h declares.
local function title_of(tag, id, inner)
  if tag == "h2" or tag == "h3" or tag == "h4" then
    return text.plain((inner:gsub('<a class="anchor".*', "")))
  elseif tag == "div" then
    return text.plain(inner:match "<b>.-</b>")
  end
  return id
end

-- Of what is no heading: a constant has no line in the table of contents.
local LEVELS <const> = { i = 4 }

--- @tparam string html
-- @treturn table { id =, title =, level =, html = }: the first has no id
return function(html)
  local list, at = { { level = 1 } }, 1
  for from, tag, id, inner in html:gmatch
      '()<(%w+)[^<>]- id="([^"]+)">([^\n]*)' do
    list[#list].html = html:sub(at, from - 1)
    list[#list + 1] = { id = id, title = title_of(tag, id, inner), tag = tag,
      level = tonumber(tag:match "h(%d)") or LEVELS[tag] or 3 }
    at = from
  end
  list[#list].html = html:sub(at)
  return list
end
