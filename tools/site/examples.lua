--- The pages of the examples: what the comment at the head says, and the
-- source; of a folder, its README and its files.

local highlight = require "site.highlight"
local links = require "site.links"
local markdown = require "site.markdown"
local order = require "site.order"
local text = require "site.text"

local examples = {}

-- The comment at the head of a program, as Markdown, and the program itself.
local function split(source)
  local out, at = {}, 1
  while true do
    local words, after = source:match("^%-%-([^\n]*)\n()", at)
    if not words then
      break
    end
    out[#out + 1], at = words:gsub("^ ", ""):gsub("^  ", "    "), after
  end
  local head = table.concat(out, "\n"):gsub("^One idea: (%l?)", string.upper)
  return head, (source:sub(at):gsub("^\n+", ""))
end

local function code(name, source)
  local language = name:match "%.(%w+)$"
  return highlight.block(source:gsub("%s+$", ""), language == "rockspec"
    and "lua" or language == "h" and "c" or language)
end

local function render_file(page)
  local head, program = split(text.read(page.source))
  return markdown(page, head) .. code(page.source, program)
end

local function render_folder(page)
  local out = { (markdown(page, text.read(page.source))
    :gsub("^%s*<h1>.-</h1>", "")) }
  for _, name in ipairs(page.files) do
    local id = name:match "[^/]*$"
    out[#out + 1] = ('<h2 id="%s">%s<a class="anchor" href="#%s">#</a></h2>%s')
      :format(id, id, id, code(name, text.read(name)))
  end
  return table.concat(out, "\n")
end

--- A page that shows a source file.
function examples.source_page(name)
  return { url = links.files[name], source = name, title = name,
    kind = "Source", render = function()
      return code(name, text.read(name))
    end }
end

-- The first sentence, or more where that is short.
local function sentence(words)
  words = words:match "^(.-)\n\n" or words
  for at in words:gmatch "[%.:]()%s" do
    if at > 50 then
      return words:sub(1, at - 1)
    end
  end
  return words
end

-- What is in a folder, without what was built there.
local function sources(folder)
  local list = {}
  for _, name in ipairs(text.lines("ls " .. folder)) do
    if name:find "%.[ch]$" or name:find "%.lua$" or name:find "%.rockspec$" then
      list[#list + 1] = folder .. "/" .. name
    end
  end
  return list
end

local function page_of(name)
  local folder = "examples/" .. name
  local file = folder .. ".lua"
  local page = { url = folder .. ".html", menu = name, kind = "Example" }
  if text.exists(file) then
    page.source, page.title, page.render = file, name .. ".lua", render_file
    page.sentence = split(text.read(file))
    links.files[file] = page.url
  else
    local readme = folder .. "/README.md"
    page.source, page.render = readme, render_folder
    page.title = text.read(readme):match "^# ([^\n]+)"
    page.sentence = text.read(readme):match "^# [^\n]+\n\n(.-)\n\n"
    page.files = sources(folder)
    links.files[folder], links.files[readme] = page.url, page.url
    for _, inner in ipairs(page.files) do
      links.files[inner] = page.url .. "#" .. inner:match "[^/]*$"
    end
  end
  page.sentence = sentence(page.sentence)
  return page
end

local function overview(page)
  local out = { "Each is a program of its own, about one idea. In a checkout "
    .. "`make demo` runs them.\n\n<dl class=\"examples\">\n" }
  for i, other in ipairs(page.list) do
    out[i + 1] = ('<dt><a href="site:%s">%s</a></dt>\n<dd>\n\n%s\n\n</dd>\n')
      :format(other.url, other.title, other.sentence)
  end
  return markdown(page, table.concat(out) .. "</dl>\n")
end

--- The page of all, and their pages.
-- @treturn table pages, in their order
function examples.pages()
  local names = {}
  for _, path in ipairs(text.lines "ls examples") do
    local name = path:gsub("%.lua$", "")
    if path:find "%.lua$" or text.exists("examples/" .. path .. "/README.md")
    then
      names[#names + 1] = name
    end
  end
  local list = { { url = "examples/index.html", source = "examples/index",
    title = "Examples", menu = "All examples", kind = "Examples",
    render = overview, list = {} } }
  links.files["examples"] = list[1].url
  local groups = order.sort({ order.examples, { "*" } }, names)
  for _, group in ipairs(groups) do
    for _, name in ipairs(group) do
      list[#list + 1] = page_of(name)
      table.insert(list[1].list, list[#list])
    end
  end
  return list
end

return examples
