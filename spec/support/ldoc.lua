--- What the LDoc comments in the sources say.
--
--     ldoc["threading.Lock"].acquire
--       -> { kind = "function", params = { { name =, type =, optional = } },
--            raises =, returns =, text =, place = "file:line" }

local ldoc = {}

local function in_lua(text)
  return (text:gsub("\n%s*%-%- ?", "\n"):gsub("^%-%-%-%s*", ""))
end

local function in_c(text)
  return (text:gsub("^/%*%*%*%s*", ""):gsub("%s*%*/$", ""))
end

-- The comments of a file: their text, and the code behind them.
local function comments(name, source)
  local list, init = {}, 1
  local is_c = name:find "%.c$"
  local first = is_c and "\n/%*%*%*\n.-%*/" or "\n%s*%-%-%- [^\n]*"
  source = "\n" .. source
  while true do
    local from, to = source:find(first, init)
    if not from then
      return list
    end
    while not is_c do
      local _, more = source:find("^\n[ \t]*%-%-[^\n]*", to + 1)
      if not more then
        break
      end
      to = more
    end
    local text = source:sub(from, to):gsub("^%s+", "")
    local _, line = source:sub(1, from):gsub("\n", "")
    list[#list + 1] = {
      text = is_c and in_c(text) or in_lua(text),
      code = source:match("^\n([^\n]*)", to + 1) or "",
      place = name .. ":" .. line,
    }
    init = to + 1
  end
end

local function parameter(options, rest)
  local kind, name = "any", rest:match "^%S+"
  if options then
    kind, name = rest:match "^(%S+)%s+(%S+)"
  end
  return {
    name = name,
    type = kind,
    optional = name == "..." or (options or ""):find "^%[opt" ~= nil,
  }
end

local function read(comment)
  local item = { params = {}, place = comment.place }
  local text, rest = ("\n" .. comment.text):match "^\n(.-)\n@(.*)$"
  item.text = text or comment.text
  for part in ("@" .. (rest or "")):gmatch "@([^@]*)" do
    local tag = part:gsub("%s+$", "")
    local name, options, value = tag:match "^(%l+)(%b[])%s+(.*)$"
    if not name then
      name, value = tag:match "^(%l*)%s*(.*)$"
    end
    if name == "param" then
      table.insert(item.params, parameter(nil, value))
      item.params[#item.params].optional = value:find "^%.%.%." ~= nil
        or (options or ""):find "^%[opt" ~= nil
    elseif name == "tparam" then
      table.insert(item.params, parameter(options or "[]", value))
    elseif name == "raise" then
      item.raises = value
    elseif name == "return" or name == "treturn" then
      item.returns = true
    elseif name == "module" or name == "classmod" then
      item.kind, item.name = name, value:match "%S+"
    elseif name == "function" or name == "field" then
      item.kind, item.name = name, value:match "[%w_]+$"
    end
  end
  if not item.kind then
    item.kind, item.name = "function",
      comment.code:match "^function [%w_]+[:%.]([%w_]+)"
  end
  return item
end

local function read_file(name)
  local file <close> = assert(io.open(name))
  local owner
  for _, comment in ipairs(comments(name, file:read "a")) do
    local item = read(comment)
    assert(item.name, item.place .. ": of what does this comment tell?")
    if item.kind == "module" or item.kind == "classmod" then
      owner = {}
      assert(not ldoc[item.name], item.place .. ": documented twice")
      ldoc[item.name] = owner
    else
      assert(owner, item.place .. ": no module")
      assert(not owner[item.name], item.place .. ": documented twice")
      owner[item.name] = item
    end
  end
end

local pipe <close> =
  assert(io.popen "find lua csrc -name '*.lua' -o -name '*.c' | sort")
for name in pipe:lines() do
  if name ~= "lua/threading/types.lua" then
    read_file(name)
  end
end

return ldoc
