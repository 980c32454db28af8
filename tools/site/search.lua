--- The index of the search: of every section of every page where it is, its
-- title, its page's, and its words. It is a script, for a page that is a file
-- may load no data.

local sections = require "site.sections"
local text = require "site.text"

local ESCAPES <const> = { ['"'] = '\\"', ["\\"] = "\\\\", ["<"] = "\\u003c" }

local function quoted(s)
  return '"' .. s:gsub('["\\<]', ESCAPES):gsub("%c", " ") .. '"'
end

local function entries(page, out)
  for _, section in ipairs(sections(page.html)) do
    local url = page.url .. (section.id and "#" .. section.id or "")
    out[#out + 1] = ("[%s,%s,%s,%s,%d]"):format(quoted(url),
      quoted(section.title or page.title), quoted(page.menu or page.title),
      quoted(text.plain((section.html:gsub("<a class=\"anchor.-</a>", "")))),
      page.inside and 1 or 0)
  end
end

--- @tparam table pages with their HTML; `inside`: for those who work on it
-- @treturn string the script
return function(pages)
  local out = {}
  for _, page in ipairs(pages) do
    if page.kind ~= "Source" then
      entries(page, out)
    end
  end
  return "const searchIndex = [\n" .. table.concat(out, ",\n") .. "];\n"
end
