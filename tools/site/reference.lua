--- The pages of the reference: one for each module and class that LDoc found.

local highlight = require "site.highlight"
local links = require "site.links"
local markdown = require "site.markdown"
local order = require "site.order"
local text = require "site.text"

local reference = {}

-- What an object is called in a signature, where it is not its class in small.
local RECEIVERS <const> =
  { ThreadPoolExecutor = "pool", ["interpreters.Queue"] = "q", Queue = "q",
    SimpleQueue = "q", Local = "mine" }

local function short(name)
  return (name:gsub("^threading%.", ""))
end

-- A name at the head of an item: `lock:acquire`, `threading.Lock`.
local function prefix(mod, item)
  if mod.type ~= "classmod" then
    return mod.name .. "."
  end
  local class = short(mod.name)
  if item.name == "extend" then
    return class .. ":"
  end
  local receiver = RECEIVERS[class] or class:lower()
  return receiver .. (item.type == "function" and ":" or ".")
end

-- Where names in a text lead: neither to what the text is about, nor from the
-- names of its own parameters.
local function linked(mod, item, source)
  local own = { [links.names[mod.name]] = true }
  if item then
    own[links.names[mod.name .. "." .. item.name]] = true
  end
  for _, param in ipairs(item and item.params or {}) do
    own[param.name] = true
  end
  source = source:gsub("@(%b{})", function(name)
    name = name:sub(2, -2)
    return ("[`%s`](site:%s)"):format(name, assert(links.name(name, mod),
      mod.name .. ": " .. name .. " is not known"))
  end)
  return (source:gsub("()(`([^`\n]+)`)", function(at, code, name)
    local before = source:sub(math.max(1, at - 20), at - 1)
    local url = not before:find "%[$" and not own[name]
      and not links.is_foreign(before) and links.name(name, mod)
    return url and not own[url] and ("[%s](site:%s)"):format(code, url) or nil
  end))
end

local function type_of(name)
  local optional = name:match "^%?|?(.+)$"
  local html = text.escape(optional or name):gsub("[%w_.]*%u[%w_.]*%w",
    function(word)
      local url = links.name(word)
      return url and ('<a href="site:%s">%s</a>'):format(url, word)
    end):gsub("|", " or ")
  return ('<span class="type">%s%s</span>'):format(html,
    optional and " or nil" or "")
end

local function entry(name, note, body)
  return ("<dt>%s%s</dt>\n"):format(name, note)
    .. (body ~= "" and ("<dd>\n\n%s\n\n</dd>\n"):format(body) or "")
end

local function params(mod, item)
  local out = {}
  for i, param in ipairs(item.params) do
    local note = param.type and " " .. type_of(param.type) or ""
    if param.opt == true then
      note = note .. ' <span class="opt">optional</span>'
    elseif param.opt then
      note = note .. (' <span class="opt">by default <code>%s</code></span>')
        :format(text.escape(param.opt))
    end
    out[i] = entry(("<code>%s</code>"):format(text.escape(param.name)), note,
      linked(mod, item, param.text))
  end
  return #out > 0 and "<dl>\n" .. table.concat(out) .. "</dl>\n" or ""
end

local function facts(mod, item)
  local out = {}
  for _, value in ipairs(item.returns) do
    local word = #out == 0 and "Returns" or value.instead and "or" or "and"
    out[#out + 1] = entry(word,
      value.type and " " .. type_of(value.type) or "",
      linked(mod, item, value.text))
  end
  if item.raises then
    out[#out + 1] = entry("Raises", "", linked(mod, item, item.raises))
  end
  return #out > 0 and ('<dl class="facts">\n%s</dl>\n')
    :format(table.concat(out)) or ""
end

local function usage(thing)
  local out = {}
  for i, source in ipairs(thing.usage) do
    out[i] = ('<pre tabindex="0"><code>%s</code></pre>\n\n')
      :format(highlight.html(source:gsub("%s+$", ""), "lua"):gsub("\n\n",
        "\n<!-- -->\n"))
  end
  return table.concat(out)
end

local function see(thing)
  local out = {}
  for i, name in ipairs(thing.see) do
    out[i] = ("[`%s`](site:%s)"):format(name, assert(links.name(name), name))
  end
  return #out > 0 and "See " .. table.concat(out, ", ") .. ".\n\n" or ""
end

local function signature(mod, item)
  return ('<span class="owner">%s</span><b>%s</b>%s'):format(prefix(mod, item),
    item.name, text.escape(item.args or ""))
end

-- A field that is a class leads there.
local function class_of(mod, item)
  local name = mod.name .. "." .. item.name
  local url = item.type == "field" and links.classes[name]
  return url and ("See [`%s`](site:%s).\n\n"):format(name, url) or ""
end

local function item_of(mod, item)
  return ([[
<section class="item">
<div class="signature" id="%s"><code>%s</code><a class="anchor" href="#%s"
aria-label="This entry">#</a></div>

%s

%s
%s
%s%s</section>

]]):format(item.name, signature(mod, item), item.name,
    linked(mod, item, item.text), params(mod, item),
    facts(mod, item), usage(item), class_of(mod, item) .. see(item))
end

-- Functions and fields, or what they are for.
local function groups(mod)
  local by_name, names = {}, {}
  for i, item in ipairs(mod.items) do
    by_name[item.name], names[i] = item, item.name
  end
  local kinds = { { title = mod.type == "module" and "Functions" or "Methods" },
    { title = "Fields" } }
  for _, item in ipairs(mod.items) do
    table.insert(kinds[item.type == "function" and 1 or 2], item.name)
  end
  return mod.name == "threading" and order.sort(order.groups, names) or kinds,
    by_name
end

-- The first sentence.
local function first(source)
  return (source:match "^(.-[%.%?!])%s+[%u`]" or source:match "^(.-)\n\n"
    or source):gsub("\n", " ")
end

local function summary(mod, group, by_name, titled)
  local rows = {}
  local caption = titled and ("<caption>%s</caption>"):format(group.title) or ""
  for i, name in ipairs(group) do
    local item = by_name[name]
    rows[i] = ('<tr><td><a href="#%s"><code>%s</code></a></td><td>\n\n%s\n\n'
      .. "</td></tr>\n"):format(name, name, linked(mod, item,
      first(item.text)))
  end
  return ('<table class="summary">%s<tbody>\n%s</tbody></table>\n\n'):format(
    caption, table.concat(rows))
end

local function find(items, name)
  for _, item in ipairs(items) do
    if item.name == name then
      return item
    end
  end
end

local function is_made_by(item, class)
  local value = item.returns[1]
  local type = (value and value.type or ""):match "^%??|?([%w._]+)" or ""
  return (type == class.name or type == short(class.name))
    and not item.text:find "^The "
end

-- What makes objects of a class: what is called as it, and what returns one.
local function makers(modules, class)
  local out = {}
  local function add(name, item)
    out[#out + 1] = ("[`%s%s`](site:%s)"):format(name, item.args or "",
      links.names[name])
  end
  for _, mod in ipairs(modules) do
    local is_source = mod.type == "module" and mod.name ~= "threading._thread"
    for _, item in ipairs(is_source and mod.items or {}) do
      local name = mod.name .. "." .. item.name
      if name == class.name and item.type == "field" then
        add(name, find(class.items, "init") or { args = "(...)" })
      elseif is_made_by(item, class) then
        add(name, item)
      end
    end
  end
  return #out > 0 and "Made by " .. table.concat(out, ", ") .. ".\n\n" or ""
end

local function render(page, mod, modules)
  local out = { linked(mod, nil, mod.text), "\n\n",
    mod.type == "classmod" and makers(modules, mod) or "", usage(mod),
    see(mod) }
  local list, by_name = groups(mod)
  if #mod.items > 2 then
    for _, group in ipairs(list) do
      out[#out + 1] = #group > 0
        and summary(mod, group, by_name, #list > 2) or ""
    end
  end
  for _, group in ipairs(list) do
    out[#out + 1] = #group > 0 and ("\n## %s\n\n"):format(group.title) or ""
    for _, name in ipairs(group) do
      out[#out + 1] = item_of(mod, by_name[name])
    end
  end
  return markdown(page, table.concat(out))
end

-- The page of all modules and classes.
local function overview(list)
  return { url = "reference/index.html", source = "reference/index",
    title = "Reference", kind = "All modules and classes",
    render = function(page)
      local out = {}
      for _, group in ipairs(list) do
        out[#out + 1] = ("\n## %s\n\n<dl class=\"examples\">\n"):format(
          group.title)
        for _, other in ipairs(group) do
          out[#out + 1] = ('<dt><a href="site:%s">%s</a></dt>\n<dd>\n\n%s\n\n'
            .. "</dd>\n"):format(other.url, other.title, other.mod
            and linked(other.mod, nil, first(other.mod.text))
            or "For C modules and hosts.")
        end
        out[#out + 1] = "</dl>\n"
      end
      return markdown(page, table.concat(out))
    end }
end

--- Makes the pages, without their HTML, and notes where each name is.
-- @tparam table modules what LDoc has read
-- @tparam table header the page of threading.h
-- @treturn table pages in their order, in groups with titles
-- @treturn table the page of all
function reference.pages(modules, header)
  local by_name, names = { [header.menu] = header }, { header.menu }
  for _, mod in ipairs(modules) do
    local url = "reference/" .. mod.name .. ".html"
    local name = short(mod.name)
    by_name[name], names[#names + 1] = {
      url = url, name = mod.name, title = mod.name, menu = name,
      source = mod.file:match "/(lua/.*)$" or mod.file:match "/(csrc/.*)$",
      kind = mod.type == "module" and "Module" or "Class",
      mod = mod,
      render = function(page)
        return render(page, mod, modules)
      end,
    }, name
    links.names[mod.name] = url
    links.classes[mod.name] = mod.type == "classmod" and url or nil
    for _, item in ipairs(mod.items) do
      links.names[mod.name .. "." .. item.name] = url .. "#" .. item.name
      links.names[mod.name .. ":" .. item.name] = url .. "#" .. item.name
    end
  end
  table.sort(names)
  local sorted = order.sort(order.reference, names)
  for _, group in ipairs(sorted) do
    for i, name in ipairs(group) do
      group[i] = by_name[name]
    end
  end
  return sorted, overview(sorted)
end

return reference
