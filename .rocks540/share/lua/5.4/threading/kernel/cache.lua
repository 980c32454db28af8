-- The cache of kernels: what sources became, for the next program.
--
-- It holds one file for each key: the shared object; a record of the key (what
-- it was made of: the source, the command, the compiler, the processor) and of
-- the files that the compiler has read, with their states; and a footer with
-- the lengths of both and a checksum. A file that is not whole, has another
-- key, or was made of files that are others by now, is not there. Each is made
-- in a folder of its own and moved to its place in one step.
--
-- What is looked at is what is loaded: see os/folders.h.

local _thread = require "threading._thread"
local standard = require "threading.private.standard"
local string, table = standard.string, standard.table
local ipairs = ipairs

-- What was read -------------------------------------------------------------

-- The files that a rule of a makefile names as needed: what the compiler's -MD
-- writes.
local function names_in(rule)
  local list = {}
  local text = string.gsub(rule, "\\\r?\n", " ")
  text = string.gsub(text, "\\ ", "\1")
  text = string.gsub(text, "\\#", "#")
  text = string.gsub(text, "%$%$", "$")
  text = string.match(text, ":%s(.*)") or ""
  for word in string.gmatch(text, "[^ \t\r\n]+") do
    list[#list + 1] = string.gsub(word, "\1", " ")
  end
  return list
end

-- What a flag may name: a folder, a file of words, a library, a profile. What
-- does not exist is noted, too: it may be there another time.
local function add_named(list, flag)
  for _, pattern in ipairs { "^([^-].*)", "^@(.+)", "^%-.(.+)", "=(.+)",
    ",(.+)" } do
    list[#list + 1] = string.match(flag, pattern)
  end
end

-- What the linker's -t says that it has read.
local function add_linked(list, log)
  for line in string.gmatch(log, "[^\n]+") do
    local path = string.match(line, "^(/[^()]*)")
      or string.match(line, "%((/[^()]*)%)")
    if path and _thread._state(path) ~= "" then
      list[#list + 1] = path
    end
  end
end

-- The folders in which a compiler looks for headers, beside its own and those
-- that flags name.
local function add_folders(list, source)
  for _, variable in ipairs { "CPATH", "C_INCLUDE_PATH" } do
    local value = _thread._getenv(variable)
    for path in string.gmatch(value or "", "[^:]*") do
      list[#list + 1] = value and (path == "" and "." or path)
    end
  end
  -- What is known by <...> is not looked for in the current folder.
  local rest = string.gsub(source, "\\[ \t\r\f\v]*\n", "")
  rest = string.gsub(rest, "#[ \t]*include[ \t]*<[%w_./+-]+>", "")
  if string.find(rest, "include") or string.find(rest, "import")
    or string.find(rest, "embed") then
    list[#list + 1] = "."
  end
end

-- A source whose object depends on what no compiler lists.
local function is_volatile(source)
  local text = string.gsub(source, "\\[ \t\r\f\v]*\n", "")
  for _, word in ipairs { "incbin", "__has_", "__DATE__", "__TIME" } do
    if string.find(text, word, 1, true) then
      return true
    end
  end
  return false
end

-- The files' states, as one string; nil if one has changed since `start`, so
-- that it might not be what the compiler has read.
local function states_of(list, start)
  local parts, seen = {}, {}
  for _, path in ipairs(list) do
    if not seen[path] then
      local state, changed = _thread._state(path)
      if changed >= start then
        return nil
      end
      seen[path] = true
      parts[#parts + 1] = string.pack("<s4s4", path, state)
    end
  end
  return table.concat(parts)
end

local function are_unchanged(states)
  local i = 1
  while i <= #states do
    local path, state
    path, state, i = string.unpack("<s4s4", states, i)
    if _thread._state(path) ~= state then
      return false
    end
  end
  return true
end

-- The states of all that a compilation depends on beside its key; nil where
-- that is not known.
-- @param made the place of the compilation
-- @param input the file that was compiled
-- @param job {source =, flags =, log =, start =}
local function dependencies(made, input, job)
  local rule = _thread._read_file(made.folder, "kernel.d")
  if not rule or is_volatile(job.source) then
    return nil
  end
  local list = {}
  for _, path in ipairs(names_in(rule)) do
    if path ~= input and _thread._state(path) == "" then
      return nil -- the rule is not understood
    end
    list[#list + 1] = path ~= input and path or nil
  end
  for _, flag in ipairs(job.flags) do
    add_named(list, flag)
  end
  add_linked(list, job.log)
  add_folders(list, job.source)
  return states_of(list, job.start)
end

-- The files -----------------------------------------------------------------

local FOOTER <const> = "<i8i8i8" -- the lengths of object and record, checksum
local FOOTER_SIZE <const> = string.packsize(FOOTER)

local function file_name(key)
  return string.format("%016x.so", _thread._checksum(key))
end

local function seal(object, key, states)
  local text = object .. string.pack("<s8s8", key, states)
  return text .. string.pack(FOOTER, #object, #text - #object,
    _thread._checksum(text))
end

-- Is this text whole, and made of this key and of files that are the same?
local function is_sound(text, key)
  if #text < FOOTER_SIZE then
    return false
  end
  local body = string.sub(text, 1, -FOOTER_SIZE - 1)
  local object, record, sum = string.unpack(FOOTER, text, #body + 1)
  if object < 0 or record < 0 or object + record ~= #body
    or sum ~= _thread._checksum(body) then
    return false
  end
  local own, states = string.unpack("<s8s8", body, object + 1)
  return own == key and are_unchanged(states)
end

-- Loads what the cache has for a key: a handle, or nil.
local function find(cache, key)
  local name = file_name(key)
  local text = _thread._read_file(cache.folder, name)
  if text and is_sound(text, key) then
    return (_thread._load(cache.folder, cache.path .. "/" .. name))
  end
end

-- Puts an object beside what it was made of; it is read, then, and can be
-- loaded. Returns nil and a reason where there is no room.
local function add(made, object, key, states)
  local ok, why = _thread._write_file(made.folder, "sealed.so",
    seal(object, key, states))
  if ok then
    ok, why = _thread._read_file(made.folder, "sealed.so")
  end
  return ok and true, why
end

-- Moves it to its place.
local function keep(cache, made, key)
  return _thread._move_file(made.folder, "sealed.so", cache.folder,
    file_name(key))
end

return { add = add, dependencies = dependencies, find = find, keep = keep }
