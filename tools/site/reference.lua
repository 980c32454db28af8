--- The pages of the reference: one for each module and class that LDoc found.

local entry = require "site.entry"
local links = require "site.links"
local markdown = require "site.markdown"
local order = require "site.order"

local reference = {}

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

local function summary(mod, group, by_name, titled)
  local rows = {}
  local caption = titled and ("<caption>%s</caption>"):format(group.title) or ""
  for i, name in ipairs(group) do
    local item = by_name[name]
    rows[i] = ('<tr><td><a href="#%s"><code>%s</code></a></td><td>\n\n%s\n\n'
      .. "</td></tr>\n"):format(name, name, entry.linked(mod, item,
      entry.first(item.text)))
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
  return (type == class.name or type == entry.short(class.name))
    and not item.name:find "current" and not item.name:find "main"
end

-- What makes objects of a class: what is called as it, and what returns one.
local function makers(modules, class)
  local out, short = {}, {}
  local function add(name, item)
    local url = links.names[name]
    short[#short + 1] = ("[`%s`](site:%s)"):format(name, url)
    out[#out + 1] = ("[`%s%s`](site:%s)"):format(name, item.args or "", url)
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
  out = #out > 2 and short or out
  return #out > 0 and "Made by " .. table.concat(out, ", ") .. ".\n\n" or ""
end

local function render(page, mod, modules)
  local out = { entry.linked(mod, nil, mod.text), "\n\n",
    mod.type == "classmod" and makers(modules, mod) or "", entry.usage(mod),
    entry.see(mod) }
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
      out[#out + 1] = entry.html(mod, by_name[name])
    end
  end
  return markdown(page, table.concat(out))
end

-- The page of all modules and classes.
local function overview(list)
  return { url = "reference/index.html", source = "reference/index",
    title = "Reference", kind = "All modules and classes",
    render = function(page)
      local out = { "What every function takes, returns and raises. Guides "
        .. "are quicker to learn from; this is to look things up.\n" }
      for _, group in ipairs(list) do
        out[#out + 1] = ("\n## %s\n\n<dl class=\"examples\">\n"):format(
          group.title)
        for _, other in ipairs(group) do
          out[#out + 1] = ('<dt><a href="site:%s">%s</a></dt>\n<dd>\n\n%s\n\n'
            .. "</dd>\n"):format(other.url, other.title, other.mod
            and entry.linked(other.mod, nil, entry.first(other.mod.text))
            or "For C modules and hosts.")
        end
        out[#out + 1] = "</dl>\n"
      end
      return markdown(page, table.concat(out))
    end }
end

local function merged(modules)
  local out, by_name = {}, {}
  for _, mod in ipairs(modules) do
    by_name[mod.name] = mod
    out[#out + 1] = not order.merged[mod.name] and mod or nil
  end
  for part, whole in pairs(order.merged) do
    for _, item in ipairs(by_name[part] and by_name[part].items or {}) do
      table.insert(by_name[whole].items, item)
    end
  end
  return out
end

--- Makes the pages, without their HTML, and notes where each name is.
-- @tparam table modules what LDoc has read
-- @tparam table header the page of threading.h
-- @treturn table pages in their order, in groups with titles
-- @treturn table the page of all
function reference.pages(modules, header)
  modules = merged(modules)
  local by_name, names = { [header.menu] = header }, { header.menu }
  for _, mod in ipairs(modules) do
    local url = "reference/" .. mod.name .. ".html"
    local name = entry.short(mod.name)
    by_name[name], names[#names + 1] = {
      url = url, name = mod.name, title = mod.name, menu = name,
      source = mod.file,
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
