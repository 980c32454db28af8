-- What translations have found, for the next program: it need not translate,
-- nor load the translator.
--
-- A record is of a function's bytecode and the kinds of its arguments. It has a
-- few variants, the newest first, for what is read of upvalues and fields: each
-- holds the dependencies in the order in which they were met, what each was,
-- and what the translation has made, but for its sites. A dependency is met
-- because of what those before it were. So they are read one after another, and
-- up to the first that differs these are what a translation would read.

local _thread = require "threading._thread"
local lines_are_stale = require "threading.compile.stale"
local sources = require "threading.compile.sources"
local standard = require "threading.private.standard"
local texts = require "threading.kernel.texts"
local debug, string, table = standard.debug, standard.string, standard.table
local ipairs, setmetatable, type = ipairs, setmetatable, type

local FORMAT <const> = 1 -- of a record
local MOST <const> = 8 -- variants

-- What makes the code of a function what it is: names and lines do not.
local function dump_of(fn)
  return string.dump(fn, true)
end

-- A record's key; nil where it is not known which translator this is.
local function key_of(fn, kinds)
  return sources.states and string.pack("<I4s4s4Bs4s8", FORMAT, sources.states,
    (_thread._compiled_contract()), lines_are_stale and 1 or 0, kinds,
    dump_of(fn))
end

-- Dependencies ----------------------------------------------------------------

local function describe(resolved)
  local value = resolved.value
  if resolved.kind == "function" then
    return type(value) == "string" and "known " .. value
      or resolved.native and "native" or "Lua " .. dump_of(value)
  end
  return resolved.name or ""
end

-- Dependencies that are read, one after another: which of them are one place,
-- or have one value, is told by the first such.
local Answers = {}
Answers.__index = Answers

local function new_answers(fn, resolve)
  return setmetatable({ resolve = resolve, n = 0, numbers = {},
    fns = { [fn] = 0 }, [0] = fn }, Answers)
end

local function number_of(self, object)
  if object == nil then
    return 0
  end
  self.numbers[object] = self.numbers[object] or self.n
  return self.numbers[object]
end

-- Reads one more; returns what it was.
function Answers:read(dep)
  local resolved = self.resolve(dep)
  self.n = self.n + 1
  local value = resolved.value
  self[self.n], self.numbers[dep] = value, self.n
  if type(value) == "function" then
    self.fns[value] = self.fns[value] or self.n
  end
  return string.pack("<s4BI4I4s8", resolved.kind, resolved.is_absent and 1 or 0,
    number_of(self, resolved.place), number_of(self, value),
    describe(resolved))
end

-- Where a dependency is read: of which function, or through which other.
local function pack_dependency(answers, dep)
  if dep.kind == "upvalue" then
    return string.pack("<BI4I4s4", 0, answers.fns[dep.fn], dep.index, "")
  end
  return string.pack("<BI4I4s4", 1, answers.numbers[dep.of], 0, dep.name)
end

local function unpack_dependency(answers, list, text, at)
  local is_field, from, index, name
  is_field, from, index, name, at = string.unpack("<BI4I4s4", text, at)
  if is_field == 1 then
    return { kind = "field", of = list[from], name = name }, at
  end
  local fn = answers[from]
  return { kind = "upvalue", fn = fn, index = index,
    name = (debug.getupvalue(fn, index)) }, at
end

-- The dependencies that a variant has; nil where one is another by now.
local function replay(text, at, answers)
  local n
  local list = {}
  n, at = string.unpack("<I4", text, at)
  for i = 1, n do
    local was
    list[i], at = unpack_dependency(answers, list, text, at)
    was, at = string.unpack("<s8", text, at)
    if answers:read(list[i]) ~= was then
      return nil
    end
  end
  return list
end

-- Variants --------------------------------------------------------------------

local function pack_variant(fn, resolve, made)
  local answers = new_answers(fn, resolve)
  local parts = { string.pack("<s8I4BI4", made.c, made.versions,
    made.leaps and 1 or 0, #made.results) }
  for _, kinds in ipairs(made.results) do
    parts[#parts + 1] = string.pack("<s4", kinds)
  end
  parts[#parts + 1] = string.pack("<I4", #made.deps)
  for _, dep in ipairs(made.deps) do
    parts[#parts + 1] = pack_dependency(answers, dep)
    parts[#parts + 1] = string.pack("<s8", answers:read(dep))
  end
  return table.concat(parts)
end

local function unpack_variant(text, fn, resolve)
  local c, versions, leaps, n, at = string.unpack("<s8I4BI4", text)
  local results = {}
  for i = 1, n do
    results[i], at = string.unpack("<s4", text, at)
  end
  local deps = replay(text, at, new_answers(fn, resolve))
  return deps and { c = c, versions = versions, leaps = leaps == 1,
    results = results, deps = deps }
end

local function variants(record)
  local list, at = {}, 1
  while at <= #record do
    list[#list + 1], at = string.unpack("<s8", record, at)
  end
  return list
end

local M = {}

-- What a translation would make, without its sites; or nil.
-- @tparam func fn
-- @tparam string kinds of the arguments
-- @tparam func resolve see compile/dependencies.lua
-- @treturn table|nil c, results, deps, versions, leaps
function M.find(fn, kinds, resolve)
  local key = key_of(fn, kinds)
  for _, text in ipairs(variants(key and texts.read(key) or "")) do
    local made = unpack_variant(text, fn, resolve)
    if made then
      return made
    end
  end
end

-- Keeps what a translation has made.
function M.keep(fn, kinds, resolve, made)
  local key = key_of(fn, kinds)
  if not key then
    return
  end
  local list = variants(texts.read(key) or "")
  table.insert(list, 1, pack_variant(fn, resolve, made))
  for i, text in ipairs(list) do
    list[i] = i <= MOST and string.pack("<s8", text) or ""
  end
  texts.write(key, table.concat(list))
end

return M
