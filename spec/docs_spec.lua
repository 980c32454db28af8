-- What lua/threading/types.lua and the LDoc comments say, and what is there:
-- the same names, the same parameters.

local arguments = require "spec.support.arguments"
local finalisers = require "spec.support.finalisers"
local ldoc = require "spec.support.ldoc"
local support = require "spec.support"
local threading = require "threading"
local types = require "spec.support.types"

local modules = {
  ["threading"] = threading,
  ["threading._thread"] = require "threading._thread",
  ["threading.explore"] = require "threading.explore",
  ["threading.futures"] = require "threading.futures",
  ["threading.interpreters"] = require "threading.interpreters",
  ["threading.io"] = require "threading.io",
  ["threading.log"] = require "threading.log",
  ["threading.loops"] = require "threading.loops",
  ["threading.os"] = require "threading.os",
  ["threading.queue"] = require "threading.queue",
  ["threading.socket"] = arguments.socket,
  ["threading.time"] = require "threading.time",
  ["threading.trace"] = require "threading.trace",
}

-- These have all names of a module of LuaSocket's or LuaSec's, and tell of
-- some.
local others_too = {
  "threading.socket.ftp", "threading.socket.http", "threading.socket.smtp",
  "threading.ssl", "threading.ssl.https",
}

local function is_private(name)
  return name:find "^_" and name ~= "_VERSION" and name ~= "__excepthook__"
end

-- Of threading._thread only what has no other name is documented.
local others = {}
for _, module in ipairs {
  threading, modules["threading.queue"], modules["threading.time"],
} do
  for _, value in pairs(module) do
    others[value] = true
  end
end

local low_level = {
  allocate_lock = true, exit = true, get_ident = true, get_native_id = true,
  interrupt_main = true, stack_size = true, start_new_thread = true,
  TIMEOUT_MAX = true,
}

local function module_names(name)
  local names = {}
  for key, value in pairs(modules[name]) do
    if name ~= "threading._thread" or low_level[key] then
      names[key] = not is_private(key) or nil
    elseif type(value) ~= "table" then
      assert(is_private(key) or others[value], "threading._thread." .. key)
    end
  end
  return names
end

-- The methods of a class: the table of a Lua class, or a userdata's.
local function class_names(class)
  local names = {}
  local constructor = rawget(threading, class:match "%w+$")
  for key in pairs(type(constructor) == "table" and constructor
      or finalisers.methods(arguments.makers[class]())) do
    names[key] = not is_private(key) or nil
  end
  return names
end

local function documented(name)
  local in_types, in_ldoc = {}, {}
  for key in pairs(types.classes[name].functions) do
    in_types[key] = "function"
  end
  for _, field in ipairs(types.classes[name].fields) do
    in_types[field.name] = "field"
  end
  for key, item in pairs(ldoc[name]) do
    in_ldoc[key] = item.kind
  end
  return in_types, in_ldoc
end

local function each(fn)
  for name in pairs(modules) do
    fn(name)
  end
  for name in pairs(arguments.makers) do
    fn(name)
  end
end

local function functions_of(name)
  return pairs(types.classes[name].functions)
end

local function live(name, key)
  local constructor = rawget(threading, name:match "%w+$")
  if modules[name] then
    return modules[name][key]
  end
  return type(constructor) == "table" and constructor[key]
    or arguments.makers[name]()[key]
end

describe("documented names", function()
  for name in pairs(modules) do
    it("are those of " .. name, function()
      local in_types, in_ldoc = documented(name)
      assert.same(in_types, in_ldoc)
      local names = module_names(name)
      for key, kind in pairs(in_types) do
        assert(names[key], key .. " is documented, but not there")
        assert.equal(kind == "function",
          type(modules[name][key]) == "function", key)
      end
      for key in pairs(names) do
        assert(in_types[key], key .. " is not documented")
      end
    end)
  end

  for class in pairs(arguments.makers) do
    it("are those of " .. class, function()
      local in_types, in_ldoc = documented(class)
      assert.same(in_types, in_ldoc)
      local names = class_names(class)
      for key, kind in pairs(in_types) do
        assert.equal(kind == "function", names[key] == true, key)
      end
      for key in pairs(names) do
        assert(in_types[key], key .. " is not documented")
      end
    end)
  end

  it("are there, beside those of other modules", function()
    for _, name in ipairs(others_too) do
      local there, module = pcall(require, name)
      for key, item in pairs(ldoc[name]) do
        local f = assert(types.classes[name].functions[key], name .. key)
        assert.equal(#f.params, #item.params)
        assert(not there or type(module[key]) == "function", name .. key)
      end
      for key in pairs(types.classes[name].functions) do
        assert(ldoc[name][key], name .. key)
      end
    end
    local in_types, in_ldoc = documented "threading.Connection"
    assert.same(in_types, in_ldoc)
  end)

  it("and no other pages", function()
    local known = { ["threading.Connection"] = true }
    for _, name in ipairs(others_too) do
      known[name] = true
    end
    for name in pairs(ldoc) do
      assert(modules[name] or arguments.makers[name]
        or arguments.missing[name] or known[name], name)
    end
  end)

  it("of all constructors", function()
    for name, value in pairs(threading) do
      if name:find "^%u%l" and value ~= threading.BoundedSemaphore then
        assert(arguments.makers["threading." .. name], name)
      end
    end
  end)
end)

describe("documented fields", function()
  for class in pairs(arguments.makers) do
    it("of " .. class, function()
      local object = arguments.makers[class]()
      if class == "threading.Thread" then
        object:start() -- before that, ident is nil
        support.join(object)
      end
      for _, field in ipairs(types.classes[class].fields) do
        local value = object[field.name]
        assert(value ~= nil or field.optional, field.name)
        local kind = field.type:gsub("%?$", "")
        assert(value == nil or types.classes[kind]
          or arguments.accepted(kind, value), field.name)
        if not field.read_only and class ~= "threading.Thread" then
          object[field.name] = value
        end
      end
      if class == "threading.Timer" then -- it has them in a table
        for key in pairs(object) do
          assert(type(key) ~= "string" or types.classes[class].fields[key],
            key)
        end
      end
    end)
  end
end)

-- What LDoc calls a type.
local function plain(kind)
  local alias, class = types.aliases[kind], types.classes[kind]
  if alias and alias.type:find "^fun" then
    return "function"
  elseif alias then
    return alias.type
  elseif class then
    return arguments.is_plain(kind) and "table" or kind:match "%w+$"
  end
  return kind
end

local vague = { any = true, file = true, ["integer|table"] = true }

describe("documented parameters", function()
  each(function(name)
    it("of the functions of " .. name, function()
      for key, f in functions_of(name) do
        local item, where = ldoc[name][key], name .. " " .. key
        assert.equal(#f.params, #item.params, where)
        for i, param in ipairs(f.params) do
          local other = item.params[i]
          assert.equal(param.name, other.name, where)
          assert.equal(param.optional, other.optional,
            where .. " " .. param.name)
          assert(vague[other.type] or param.type:find "|"
            or plain(param.type) == other.type, where .. " " .. param.name)
        end
        assert.equal(f.returns, item.returns, where .. ": returns")
      end
    end)

    it("are those of the Lua functions of " .. name, function()
      for key, f in functions_of(name) do
        local it_self = live(name, key)
        local info = debug.getinfo(it_self, "Su")
        if info.what ~= "C" then
          local names = f.method and { "self" } or {}
          local is_vararg = false
          for _, param in ipairs(f.params) do
            is_vararg = is_vararg or param.name == "..."
            names[#names + 1] = param.name ~= "..." and param.name or nil
          end
          local there = {}
          for i = 1, info.nparams do
            there[i] = debug.getlocal(it_self, i)
          end
          assert.same(names, there, name .. " " .. key)
          assert.equal(is_vararg, info.isvararg, name .. " " .. key)
        end
      end
    end)

    it("bring errors, which are told, to " .. name, function()
      for key, f in functions_of(name) do
        for _, param in ipairs(f.params) do
          if param.type ~= "any" then
            assert(f.text:find "Raises ", name .. " " .. key)
            assert(ldoc[name][key].raises, name .. " " .. key)
          end
        end
      end
    end)
  end)

  it("of the tables of names", function()
    for class, description in pairs(types.classes) do
      if description.exact then
        assert.matches("^threading%.%w+Options$", class)
        assert(#description.fields > 0, class)
      end
    end
  end)
end)

describe("types.lua", function()
  it("is Lua, and not for programs", function()
    local ok, message = pcall(require, "threading.types")
    assert.is_false(ok)
    assert.matches("for editors, not for programs", message, 1, true)
  end)

  it("names no type that it does not tell of", function()
    local known = {
      any = true, boolean = true, integer = true, number = true, string = true,
      table = true, ["function"] = true, ["string[]"] = true,
    }
    local function check(kind)
      for word in kind:gsub("%?$", ""):gmatch "[^|]+" do
        assert(known[word] or types.aliases[word] or types.classes[word]
          or word:find "^fun%(", word)
      end
    end
    for _, class in pairs(types.classes) do
      for _, field in ipairs(class.fields) do
        check(field.type)
      end
      for _, f in pairs(class.functions) do
        for _, param in ipairs(f.params) do
          check(param.type)
        end
      end
    end
  end)
end)

-- What stands on the right is run, and prints what the page says.
for name, programs in pairs { ["from-python.md"] = 4, ["from-lua.md"] = 9 } do
  describe("docs/" .. name, function()
    local file <close> = assert(io.open("docs/" .. name))
    local list = {} -- of programs; the text behind one is its output

    for kind, body in file:read("a"):gmatch "\n```(%l+[%l ]*)\n(.-)\n```" do
      if kind:find "^lua" then
        list[#list + 1] = { source = body, is_whole = kind == "lua" }
      elseif kind == "text" then
        list[#list].output = body .. "\n"
      end
    end

    for n, program in ipairs(list) do
      local long = program.source:find "%d000000" and " #long" or ""
      local title = ("program %d is Lua, and prints what it shall"):format(n)
      it(title .. long, function()
        assert(load(program.source))
        local out = (program.is_whole or program.output)
          and support.output_of(support.hurried .. program.source)
        assert.equal(program.output or out, out)
      end)
    end

    it("has programs", function()
      assert.is_true(#list >= programs)
    end)
  end)
end
