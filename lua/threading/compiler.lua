-- Shared objects from C sources, by the system's compiler, and their cache.
--
-- The cache holds one file for each source: the shared object, the key (what
-- it was made of: the source, the command, what the compiler says of itself
-- and of this processor), and a footer with the length of both and a
-- checksum. A file that is not whole, or has another key, is not there. It is
-- made in a folder of its own and moved to its place in one step.

local _thread = require "threading._thread"
local complain = require "threading.complain"
local standard = require "threading.standard"
local io, math, os = standard.io, standard.math, standard.os
local string, table = standard.string, standard.table
local error, ipairs, pcall = error, ipairs, pcall
local setmetatable, type = setmetatable, type

local FORMAT <const> = 1 -- of the cached files

-- The compiler -------------------------------------------------------------

-- Appends words to a list.
-- @param words a list of them, or a string with blanks between them
local function append(list, words)
  if type(words) == "string" then
    for word in string.gmatch(words, "%S+") do
      list[#list + 1] = word
    end
  else
    table.move(words, 1, #words, #list + 1, list)
  end
  return list
end

-- An undeclared function would be found out only when the kernel is loaded.
local STANDARD <const> = "-std=gnu11 -O3 -fPIC -shared -fvisibility=hidden"
  .. " -Werror=implicit-function-declaration -iquote ."
local NATIVE <const> = "-march=native"

local function cannot_run(compiler, why)
  complain("the C compiler '%s' cannot be run: %s (install one, such as gcc; "
    .. "the environment's CC or the option cc names another)", compiler, why)
end

-- Runs a command; returns what it prints, or nothing where it fails and
-- `may_fail`.
local function run(command, seconds, may_fail)
  local output, status = _thread._run(command, seconds)
  if not output and status == "timeout" then
    complain("the C compiler '%s' has not ended after %s seconds", command[1],
      seconds)
  elseif not output then
    cannot_run(command[1], status)
  elseif status ~= 0 and may_fail then
    return nil
  elseif status == 127 and output == "" then
    cannot_run(command[1], "not found")
  elseif status > 0 then
    complain("the C compiler '%s' fails:\n%s", command[1],
      string.find(output, "%S") and string.gsub(output, "%s+$", "")
      or string.format("without a word, with status %d", status))
  end
  return output -- status -1: the system has thrown it away
end

-- What the compiler tells of itself, its target and this processor.
local function identity(compiler, flags, seconds, may_fail)
  local command = append(append(append({}, compiler), flags),
    { "-E", "-dM", "-x", "c", "/dev/null" })
  return run(command, seconds, may_fail)
end

local identities = {} -- of this process: command -> {flags, text}

-- The flags, without -march=native for a compiler that has no such, and what
-- the compiler says under them.
local function consult(options)
  local native = append(append({}, NATIVE), options.flags)
  local name = table.concat(options.compiler, "\0") .. "\0\0"
    .. table.concat(native, "\0")
  local known = identities[name]
  if not known then
    local text = identity(options.compiler, native, options.timeout, true)
    if text then
      known = { flags = native, text = text }
    else
      text = identity(options.compiler, options.flags, options.timeout)
      known = { flags = options.flags, text = text }
    end
    identities[name] = known
  end
  return known.flags, known.text
end

-- The cache ----------------------------------------------------------------

-- FNV-1a, 64 bits.
local function checksum(text)
  local h = 0xcbf29ce484222325
  for i = 1, #text, 4096 do
    for _, byte in ipairs { string.byte(text, i, math.min(i + 4095, #text)) } do
      h = (h ~ byte) * 0x100000001b3
    end
  end
  return h
end

local FOOTER <const> = "<i8i8i8" -- the lengths of object and key, checksum
local FOOTER_SIZE <const> = string.packsize(FOOTER)

local function read_file(name)
  local file <close> = io.open(name, "rb")
  return file and file:read "a"
end

local function write_file(name, mode, text)
  local file, message = io.open(name, mode)
  local ok = file
  if file then
    ok, message = file:write(text)
    local closed, why = file:close()
    ok, message = ok and closed, message or why
  end
  if not ok then
    complain("cannot write %s: %s", name, message)
  end
end

local function seal(object, key)
  return key .. string.pack(FOOTER, #object, #key, checksum(object .. key))
end

-- Is this file whole, and made of this key?
local function is_sound(name, key)
  local text = read_file(name)
  if not text or #text < FOOTER_SIZE then
    return false
  end
  local object, own, sum = string.unpack(FOOTER, text, #text - FOOTER_SIZE + 1)
  return own == #key and object >= 0
    and object + own + FOOTER_SIZE == #text
    and string.sub(text, object + 1, object + own) == key
    and sum == checksum(string.sub(text, 1, object + own))
end

-- Makes the folder and those above it. Returns nothing where it cannot be
-- made; raises where it is another's.
local function cache_folder()
  local base = os.getenv "XDG_CACHE_HOME"
  if not base or string.sub(base, 1, 1) ~= "/" then
    local home = os.getenv "HOME"
    if not home or string.sub(home, 1, 1) ~= "/" then
      return nil
    end
    base = home .. "/.cache"
  end
  local path = base .. "/threading"
  for stop in string.gmatch(path, "()/") do
    if stop > 1 then
      _thread._folder(string.sub(path, 1, stop - 1))
    end
  end
  if not _thread._folder(path) then
    return nil
  elseif not _thread._private(path) then
    complain("the cache folder %s is not a folder of this user that no other "
      .. "can write", path)
  end
  return path
end

-- A folder that is removed with what is in it, at the end of a block.
local function temporary_folder(parent)
  local path, message
  local files = {}
  local folder = setmetatable({}, {
    __call = function(_, name)
      files[#files + 1] = path .. "/" .. name
      return files[#files]
    end,
    __close = function()
      local asked -- of this thread, meanwhile
      for _, name in ipairs(files) do
        -- The file may be gone, and no memory left to say so.
        local ok, err = pcall(os.remove, name)
        asked = not ok and _thread._is_asked(err) and err or asked
      end
      os.remove(path)
      if asked then
        error(asked, 0)
      end
    end,
  })
  -- Last, so that an error leaves none behind.
  path, message = _thread._unique(parent .. "/making-")
  return path and folder, message
end

-- Compiles in a temporary folder; calls use(object's file name).
local function compile(folder, source, command, options, use)
  local input, output = folder "kernel.c", folder "kernel.so"
  write_file(input, "wb", source)
  local whole = append(append({}, options.compiler), STANDARD)
  append(whole, { "-o", output, input })
  append(append(append(whole, options.own), command), { "-lm" })
  run(whole, options.timeout)
  if not read_file(output) then
    complain("the C compiler '%s' has made nothing", options.compiler[1])
  end
  return use(output)
end

local function load(name, on_failure)
  local handle, message = _thread._load(name)
  if not handle then
    if on_failure then
      on_failure(name)
    end
    local hint = string.find(string.lower(message), "symbol")
      and " (the option flags names libraries, as in -lz)"
      or string.find(message, "failed to map")
      and " (is that folder mounted noexec? XDG_CACHE_HOME names another)"
      or ""
    complain("the kernel cannot be loaded: %s%s", message, hint)
  end
  return handle
end

-- A header that the source names by "..." may change: no cache.
local function has_own_headers(source)
  return string.find("\n" .. source, '\n[ \t]*#[ \t]*include[ \t]*"') ~= nil
end

local function build_uncached(source, flags, options)
  local parent = os.getenv "TMPDIR" or "/tmp"
  local folder <close>, message = temporary_folder(parent)
  if not folder then
    complain("a kernel cannot be compiled: neither the cache folder nor %s "
      .. "can be written: %s", parent, message)
  end
  return compile(folder, source, flags, options, load)
end

local function build_cached(cache, source, flags, options, key)
  local name = string.format("%s/%016x.so", cache, checksum(key))
  if is_sound(name, key) then
    local handle = _thread._load(name)
    if handle then
      return handle
    end
  end
  local folder <close> = temporary_folder(cache)
  if not folder then
    return build_uncached(source, flags, options)
  end
  return compile(folder, source, flags, options, function(made)
    write_file(made, "ab", seal(read_file(made), key))
    local ok, message = _thread._install(made, name)
    if not ok then
      complain("cannot write %s: %s", name, message)
    end
    return load(name, os.remove)
  end)
end

-- Compiles a source, or finds what it became in the cache.
-- @tparam string source
-- @tparam table options compiler, flags, own (lists of words; own are what the
-- source wants), timeout (seconds)
-- @return a handle of the loaded shared object
-- @raise what the compiler says
local function build(source, options)
  local flags, text = consult(options)
  local cache = not has_own_headers(source) and cache_folder()
  if not cache then
    return build_uncached(source, flags, options)
  end
  local key = table.concat({ FORMAT, source, STANDARD,
    table.concat(options.compiler, "\0"), table.concat(flags, "\0"), text },
    "\0\0")
  return build_cached(cache, source, flags, options, key)
end

return { append = append, build = build }
