--- What lua/threading/types.lua says: classes with their fields and functions,
-- and aliases.
--
--     types.classes["threading.Lock"].functions.acquire
--       -> { params = { { name =, type =, optional = }, ... }, method = true,
--            returns =, overloads = { the same, ... }, text = }
--     types.classes["threading.Thread"].fields.daemon
--       -> { name =, type =, optional =, read_only =, text = }
--     types.aliases["threading.policy"] -> { type =, values = { ... } }

local FILE <const> = "lua/threading/types.lua"

-- A type ends at a blank outside of brackets, but not after a colon.
local function split_type(s)
  local depth = 0
  for i = 1, #s do
    local c = s:sub(i, i)
    if c:find "[%(%[{<]" then
      depth = depth + 1
    elseif c:find "[%)%]}>]" then
      depth = depth - 1
    elseif c == " " and depth == 0 and not s:sub(1, i):find ":%s$" then
      return s:sub(1, i - 1), s:sub(i + 1)
    end
  end
  return s, ""
end

local function parameter(name, rest)
  local bare, mark = name:match "^(.-)(%??)$"
  local kind, text = split_type(rest)
  return {
    name = bare,
    type = kind,
    optional = mark == "?" or bare == "...",
    text = text,
  }
end

-- "fun(a: T, b?: T): R"; no type of a parameter has a comma in it.
local function signature(s)
  local list, returns = s:match "^fun(%b()):?%s*(.*)$"
  assert(list, s)
  local f = { params = {}, returns = returns ~= "" }
  for word in list:sub(2, -2):gmatch "[^,]+" do
    local name, kind = word:match "^%s*([%w_%.]+%??):%s*(.+)$"
    if name then
      f.params[#f.params + 1] = parameter(name, kind)
    else
      assert(word == "self", word)
      f.method = true
    end
  end
  return f
end

local function new_block()
  return { params = {}, overloads = {}, fields = {}, text = {} }
end

local types = { aliases = {}, classes = {} }
local locals = {} -- the file's variable -> class
local tags = {}

function tags.param(block, rest)
  local name, kind = rest:match "^(%S+)%s+(.+)$"
  table.insert(block.params, parameter(name, kind))
end

function tags.field(block, rest)
  local name, kind = rest:match "^(%S+)%s+(.+)$"
  local field = parameter(name, kind)
  field.read_only = field.text:find "^read only" ~= nil
  if not name:find "^%[" then
    table.insert(block.fields, field)
    block.fields[field.name] = field
  end
end

tags["return"] = function(block)
  block.returns = true
end

function tags.overload(block, rest)
  table.insert(block.overloads, signature(rest))
end

function tags.alias(_, rest)
  local name, kind = rest:match "^(%S+)%s*(.*)$"
  types.alias = { type = kind ~= "" and kind or "string", values = {} }
  types.aliases[name] = types.alias
end

function tags.class(block, rest)
  local name = rest:gsub("^%(exact%)%s*", ""):match "^[%w_%.]+"
  block.exact = rest:find "^%(exact%)" ~= nil
  block.parent = rest:match ": ([%w_%.]+)"
  block.functions = {}
  types.classes[name] = block
  types.last_class = block
end

local function add_function(block, object, mark, name, list)
  local names = {}
  for word in list:gmatch "[%w_%.]+" do
    names[#names + 1] = word
  end
  assert(#names == #block.params, FILE .. ": parameters of " .. name)
  for i, param in ipairs(block.params) do
    assert(param.name == names[i], FILE .. ": parameters of " .. name)
  end
  block.method = mark == ":"
  local owner = locals[object]
  owner.functions[name] = block
end

-- A function's parameters may go on in the next line.
local function whole_lines()
  local file <close> = assert(io.open(FILE))
  return (file:read "a":gsub("(\nfunction [^\n]*),\n *", "%1, "))
end

local block = new_block()
for line in whole_lines():gmatch "([^\n]*)\n" do
  local tag, rest = line:match "^%-%-%-@(%w+)%s*(.*)$"
  local value = line:match '^%-%-%-| "(.*)"'
  local object, mark, name, list =
    line:match "^function ([%w_]+)([:%.])([%w_]+)%((.*)%) end$"
  if tags[tag] then
    tags[tag](block, rest)
  elseif value then
    table.insert(types.alias.values, value)
  elseif line:find "^%-%-%-" then
    table.insert(block.text, line:match "^%-%-%- ?(.*)$")
  elseif name then
    add_function(block, object, mark, name, list)
  elseif line:find "^local [%w_]+ = {}$" then
    locals[line:match "^local ([%w_]+)"] = types.last_class
  end
  if not line:find "^%-%-%-" then
    block.text = table.concat(block.text, "\n")
    block = new_block()
  end
end

return types
