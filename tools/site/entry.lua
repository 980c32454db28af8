--- An entry of the reference: what a function takes, returns and raises; and
-- the words in which its text, and that of its module, is written.

local highlight = require "site.highlight"
local links = require "site.links"
local text = require "site.text"

local entry = {}

-- What an object is called in a signature, where it is not its class in small.
local RECEIVERS <const> =
  { ThreadPoolExecutor = "pool", ["interpreters.Queue"] = "q", Queue = "q",
    SimpleQueue = "q", Local = "mine" }

--- A name without `threading.`.
function entry.short(name)
  return (name:gsub("^threading%.", ""))
end

-- A name at the head of an item: `lock:acquire`, `threading.Lock`.
local function prefix(mod, item)
  if mod.type ~= "classmod" then
    return mod.name .. "."
  end
  local class = entry.short(mod.name)
  if item.name == "extend" then
    return class .. ":"
  end
  local receiver = RECEIVERS[class] or class:match("%w+$"):lower()
  return receiver .. (item.type == "function" and ":" or ".")
end

--- A text as Markdown, with links from names: neither to what the text is
-- about, nor from the names of its own parameters.
-- @tparam table mod the module or class
-- @tparam[opt] table item
-- @tparam string source
function entry.linked(mod, item, source)
  local own = { [links.names[mod.name]] = true }
  if item then
    own[links.names[mod.name .. "." .. item.name]] = true
  end
  for _, param in ipairs(item and item.params or {}) do
    own[param.name] = true
  end
  source = source:gsub("@(%b{})", function(name)
    name = name:sub(2, -2)
    return ("[`%s`](site:%s)"):format(name, text.must(links.name(name, mod),
      ("%s: @{%s} is not known"):format(mod.name, name)))
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

local function described(name, note, body)
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
    out[i] = described(("<code>%s</code>"):format(text.escape(param.name)),
      note, entry.linked(mod, item, param.text))
  end
  return #out > 0 and "<dl>\n" .. table.concat(out) .. "</dl>\n" or ""
end

local function facts(mod, item)
  local out = {}
  for _, value in ipairs(item.returns) do
    local word = #out == 0 and "Returns" or value.instead and "or" or "and"
    out[#out + 1] = described(word,
      value.type and " " .. type_of(value.type) or "",
      entry.linked(mod, item, value.text))
  end
  if item.raises then
    out[#out + 1] = described("Raises", "",
      entry.linked(mod, item, item.raises))
  end
  return #out > 0 and ('<dl class="facts">\n%s</dl>\n')
    :format(table.concat(out)) or ""
end

--- The examples of a module, a class or an item.
function entry.usage(thing)
  local out = {}
  for i, source in ipairs(thing.usage) do
    out[i] = "\n\n" .. highlight.block(source:gsub("%s+$", ""), "lua") .. "\n\n"
  end
  return table.concat(out)
end

--- What else to look at.
function entry.see(thing)
  local out = {}
  for i, name in ipairs(thing.see) do
    out[i] = ("[`%s`](site:%s)"):format(name, text.must(links.name(name),
      ("@see %s: that is not known"):format(name)))
  end
  return #out > 0 and "See " .. table.concat(out, ", ") .. ".\n\n" or ""
end

-- A long one may be broken where an argument begins.
local function signature(mod, item)
  local args = text.escape(item.args or ""):gsub("%(", "(<wbr>")
    :gsub("%[, ", "<wbr>%0")
  return ('<span class="owner">%s</span><b>%s</b>%s'):format(prefix(mod, item),
    item.name, args)
end

-- A field that is a class leads there.
local function class_of(mod, item)
  local name = mod.name .. "." .. item.name
  local url = item.type == "field" and links.classes[name]
  return url and ("See [`%s`](site:%s).\n\n"):format(name, url) or ""
end

--- An item of a module or class, as Markdown.
function entry.html(mod, item)
  return ([[
<section class="item">
<div class="signature" id="%s"><code>%s</code><a class="anchor" href="#%s"
aria-label="This entry">#</a></div>

%s

%s
%s
%s%s</section>

]]):format(item.name, signature(mod, item), item.name,
    entry.linked(mod, item, item.text), params(mod, item), facts(mod, item),
    entry.usage(item), class_of(mod, item) .. entry.see(item))
end

--- The first sentence of a text.
function entry.first(source)
  return (source:match "^(.-[%.%?!])%s+[%u`]" or source:match "^(.-)\n\n"
    or source):gsub("\n", " ")
end

return entry
