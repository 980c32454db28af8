--- Makes the site.
--
--     lua build.lua FOLDER DATA   DATA: what site/ldoc.lua wrote

local examples = require "site.examples"
local header = require "site.header"
local links = require "site.links"
local markdown = require "site.markdown"
local order = require "site.order"
local reference = require "site.reference"
local search = require "site.search"
local template = require "site.template"
local text = require "site.text"

local folder <const>, data <const> = ...

-- The title is above the text already, and so are the other languages, which
-- a line under the title tells of for those who read the file.
local function render_guide(page)
  local source = text.read(page.source):gsub("^# [^\n]*\n+", "")
  return markdown(page, page.other and source:gsub("^[^\n]+ | [^\n]+\n", "")
    or source)
end

local function guide(name)
  local title = text.read(name):match "^# ([^\n]+)" or name
  local url = links.files[name]
    or name:gsub("README", "index"):gsub("%.md$", ".html")
  links.files[name] = url
  return { url = url, source = name, title = title:gsub("`", ""),
    menu = order.short[name] or title:gsub("`", ""),
    kind = name:find "README" and "" or "Guide",
    lang = name:match "%.([%a-]+)%.md$", render = render_guide }
end

-- The guides, and what a page is called in other languages.
local function guides()
  local names, translations = {}, {}
  for _, name in ipairs(text.lines "ls *.md docs/*.md bench/RESULTS.md") do
    if name:find "%.[%a-]+%.md$" then
      translations[#translations + 1] = guide(name)
    else
      names[#names + 1] = name
    end
  end
  local groups = order.sort(order.guides, names)
  local by_name = {}
  for _, group in ipairs(groups) do
    for i, name in ipairs(group) do
      group[i] = guide(name)
      by_name[name] = group[i]
    end
  end
  for _, page in ipairs(translations) do
    local original = by_name[page.source:gsub("%.[%a-]+%.md$", ".md")]
    original.other, page.other = page, original
  end
  return groups, translations
end

local function menu()
  local groups, others = guides()
  local last = {}
  while groups[#groups].last do
    table.insert(last, 1, table.remove(groups))
  end
  local list = examples.pages()
  list.part, list.title = "Examples", "Examples"
  groups[#groups + 1] = list
  local modules, overview = reference.pages(dofile(data), header.page())
  for _, group in ipairs(modules) do
    group.part, group.overview = "Reference", overview
    groups[#groups + 1] = group
  end
  for _, group in ipairs(last) do
    for _, inner in ipairs(group) do
      inner.inside = true
    end
  end
  table.move(last, 1, #last, #groups + 1, groups)
  others[#others + 1] = overview
  return groups, others
end

-- The name of the file at an address; its folder is made.
local function file_of(url)
  local name = folder .. "/" .. url
  os.execute("mkdir -p '" .. name:gsub("/[^/]*$", "") .. "'")
  return name
end

local function copy(name, to)
  text.write(file_of(to), text.read(name))
end

local groups, pages = menu()
for _, group in ipairs(groups) do
  table.move(group, 1, #group, #pages + 1, pages)
end
for _, page in ipairs(pages) do
  page.html = page:render()
end
for _, name in ipairs(links.wanted) do
  if links.files[name] == name then
    copy(name, name)
  else
    local page = name:find "%.md$" and guide(name)
      or examples.source_page(name)
    page.html = page:render()
    pages[#pages + 1] = page
  end
end
for _, page in ipairs(pages) do
  text.write(file_of(page.url), template.page(page, groups))
end
text.write(folder .. "/search.js", search(pages))
copy("tools/site/style.css", "style.css")
copy("tools/site/site.js", "site.js")
copy("tools/site/icon.svg", "icon.svg")
