--- What LDoc has read of the sources, written as a Lua table. LDoc calls it
-- (`ldoc --filter site.ldoc.write`) in a Lua of its own, which may be 5.1.
--
--     { { name = "threading.Lock", type = "classmod", text =, usage =, see =,
--         file =, items = { { name = "acquire", type = "function", args =,
--           text =, params = { { name =, type =, opt =, text = } },
--           returns = { { type =, text =, instead = } }, raises =, usage =,
--           see = } } } }

local ldoc = {}

local function serialize(value, out)
  if type(value) ~= "table" then
    out[#out + 1] = type(value) == "string" and ("%q"):format(value)
      or tostring(value)
    return
  end
  out[#out + 1] = "{"
  for key, field in pairs(value) do
    out[#out + 1] = type(key) == "number" and ("[%d]="):format(key)
      or ("[%q]="):format(key)
    serialize(field, out)
    out[#out + 1] = ",\n"
  end
  out[#out + 1] = "}"
end

-- LDoc cuts a text after its first sentence.
local function joined(summary, rest)
  rest = rest or ""
  local text = (summary or "") .. (rest:find "^%S" and " " or "") .. rest
  return (text:gsub("\n ", "\n"):gsub("^%s+", ""):gsub("%s+$", ""))
end

local function trimmed(text)
  return text and joined(text) or ""
end

local function list(value)
  local out = {}
  for i, text in ipairs(type(value) == "table" and value or { value }) do
    out[i] = text
  end
  return out
end

local function params(item)
  local out, modifiers = {}, item.modifiers[item.parameter] or {}
  for i, name in ipairs(item.params or {}) do
    local modifier = modifiers[name] or {}
    local opt = modifier.opt or modifier.optchain
    out[i] = { name = name, type = modifier.type, opt = opt,
      text = trimmed(item.params.map[name]) }
  end
  return out
end

local function returns(item)
  local out = {}
  for n, group in ipairs(item.retgroups or {}) do
    for i, value in ipairs(group) do
      out[#out + 1] = { type = value.type, text = trimmed(value.text),
        instead = n > 1 and i == 1 }
    end
  end
  return out
end

local function item_of(item)
  return {
    name = item.name:match "[%w_]+$",
    type = item.type,
    args = item.type == "function" and item.args or nil,
    text = joined(item.summary, item.description),
    params = item.type == "function" and params(item) or {},
    returns = returns(item),
    raises = item.raise and trimmed(table.concat(list(item.raise), "; ")),
    usage = list(item.usage),
    see = list(item.tags.see),
  }
end

--- Writes what there is into the file that LDOC_DATA names; ends with an error
-- where LDoc has warned.
function ldoc.write(modules)
  local out = {}
  for mod in modules:iter() do
    local items = {}
    for item in mod.items:iter() do
      items[#items + 1] = item_of(item)
    end
    out[#out + 1] = {
      name = mod.name, type = mod.type, file = mod.file,
      text = joined(mod.summary, mod.description),
      usage = list(mod.usage), see = list(mod.tags.see), items = items,
    }
  end
  if require "ldoc.doc".Item.had_warning then
    os.exit(1)
  end
  local text = { "return " }
  serialize(out, text)
  local file = assert(io.open(os.getenv "LDOC_DATA", "w"))
  file:write(table.concat(text))
  file:close()
end

return ldoc
