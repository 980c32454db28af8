--- The page of threading.h: its contract, which is the comment at its head, and
-- what it declares.

local highlight = require "site.highlight"
local links = require "site.links"
local markdown = require "site.markdown"
local text = require "site.text"

local header = {}

local SOURCE <const> = "csrc/include/threading.h"

local function stripped(comment)
  return (comment:gsub("^/%*[%s*]*", ""):gsub("%s*%*/$", "")
    :gsub("\n%s*%*%* ?", "\n"))
end

-- Names of C are code, and lead to where this page declares them.
local function named(page, line)
  return (line:gsub("%f[%w_][%w_]+%f[^%w_]%(?L?%)?", function(word)
    local name = word:match "^[%w_]+"
    if not name:find "^luaL?_%l" and not name:upper():find "^THREADING_%u" then
      return
    end
    local code = "`" .. (word:find "%)$" and word or name) .. "`"
    local rest = word:find "%)$" and "" or word:sub(#name + 1)
    return (page.names[name] and ("[%s](#%s)"):format(code, name) or code)
      .. rest
  end))
end

-- A phrase in capitals begins what the comment says of a way of use.
local function headed(line)
  local phrase, rest = line:match "^(%u[%u%-, ]+%u)( [%l(].*)"
  if not phrase then
    return line
  end
  local title = phrase:sub(1, 1) .. phrase:sub(2):lower():gsub("lua", "Lua")
  return ("## %s\n\n%s%s"):format(title, title, rest)
end

-- The text of a comment as Markdown: what is indented is code.
local function prose(page, comment)
  local out, inside = {}, false
  for line in (comment .. "\n"):gmatch "(.-)\n" do
    local code = line:match "^  (.*)"
    if code and not inside then
      out[#out + 1] = "```c"
    elseif inside and not code and line ~= "" then
      table.insert(out, #out, "```")
    end
    inside = code and true or inside and line == ""
    out[#out + 1] = code or inside and "" or named(page, headed(line))
  end
  return table.concat(out, "\n")
end

-- What is declared, without the bodies of functions.
local function declaration(code)
  return (code:gsub("^static inline ", ""):gsub("^([%w_ *]+%b()) {.*$", "%1;"))
end

-- The names that a chunk declares.
local PATTERNS <const> = { "\n#define (THREADING_%w[%w_]*)",
  "\n[%w_][%w_ *]-(threading_%w+)%(", "\n} (threading_%w+);",
  "\ntypedef struct [%w_]+ (threading_%w+);" }

local function names(code)
  local list = {}
  for _, pattern in ipairs(PATTERNS) do
    for name in ("\n" .. code):gmatch(pattern) do
      list[#list + 1] = name
    end
  end
  for name in (code:match "^enum.*" or ""):gmatch "\n  (THREADING_%w+)" do
    list[#list + 1] = name
  end
  return list
end

-- Not for readers: what only makes the header work.
local function is_inner(code)
  return code == "" or code:find "^#if" or code:find "^#end"
    or code:find "^#include" or code:find "^#define THREADING_H$"
    or code:find "threading_self%(" or code:find "^struct"
end

-- The declarations, each with the comment above it. A line of a comment follows
-- what a group declares without a blank line between them.
local function chunks(source)
  local list = {}
  source = source:gsub(";\n/%*", ";\n\n/*")
  for part in (source .. "\n\n"):gmatch "(.-)\n\n%f[^\n ]" do
    local comment = part:match "^%s*(/%*.-%*/)\n" or ""
    local code = part:gsub("^%s+", ""):sub(#comment + 1):gsub("^%s+", "")
    if not is_inner(code) then
      list[#list + 1] = { comment = comment, code = declaration(code) }
    end
  end
  return list
end

local function section(page, chunk)
  local ids = {}
  for i, name in ipairs(names(chunk.code)) do
    ids[i] = (chunk.code:find "^enum" and '<i id="%s"></i>'
      or '<span id="%s"></span>'):format(name)
  end
  return ('<section class="item">%s\n\n%s\n\n%s\n\n</section>\n\n'):format(
    table.concat(ids, "\n"), highlight.block(chunk.code, "c"),
    prose(page, stripped(chunk.comment)))
end

local function render(page)
  local out = {}
  for i, chunk in ipairs(page.chunks) do
    out[i] = section(page, chunk)
  end
  return markdown(page, prose(page, stripped(page.contract))
    .. "\n\n## Declarations\n\n" .. table.concat(out))
end

--- The page, without its HTML; notes where each name is.
function header.page()
  local contract, rest = text.read(SOURCE):match "^(/%*.-%*/)(.*)$"
  local page = { url = "threading.h.html", source = SOURCE, kind = "Header",
    title = "threading.h", menu = "threading.h", render = render,
    contract = contract, chunks = chunks(rest), names = {} }
  links.files[SOURCE], links.files["threading.h"] = page.url, page.url
  for _, chunk in ipairs(page.chunks) do
    for _, name in ipairs(names(chunk.code)) do
      page.names[name] = true
      links.names[name] = page.url .. "#" .. name
    end
  end
  return page
end

return header
