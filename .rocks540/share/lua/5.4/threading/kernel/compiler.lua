-- Shared objects from C sources, by the system's compiler.

local _thread = require "threading._thread"
local cache = require "threading.kernel.cache"
local complain = require "threading.private.complain"
local places = require "threading.kernel.place"
local standard = require "threading.private.standard"
local string, table = standard.string, standard.table
local ipairs, select, type = ipairs, select, type

local FORMAT <const> = 2 -- of what the cache holds

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

-- An undeclared function would be found out only when the kernel is loaded. The
-- current folder is somebody else's where the program has more rights.
local STANDARD <const> = "-std=gnu11 -O3 -fPIC -shared -fvisibility=hidden"
  .. " -Werror=implicit-function-declaration"
  .. (_thread._elevated() and "" or " -iquote .")
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

-- What the compiler says of itself, its target and this processor.
local function identity(compiler, flags, seconds, may_fail)
  local command = append(append(append({}, compiler), flags),
    { "-E", "-dM", "-x", "c", "/dev/null" })
  return run(command, seconds, may_fail)
end

local identities = {} -- of this process: command -> {flags, text}

-- The flags for a compiler that has -march=native, and their name in the list
-- of identities.
local function native_flags(options)
  local native = append(append({}, NATIVE), options.flags)
  return native, table.concat(options.compiler, "\0") .. "\0\0"
    .. table.concat(native, "\0")
end

-- The flags, without -march=native for a compiler that has no such, and what
-- the compiler says under them.
local function consult(options)
  local native, name = native_flags(options)
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

-- Compilers whose own file says all that is to know of them. Others, such as
-- scripts and ccache, may call any: they are asked.
-- The path of one that is, or nothing.
local function own_path(options)
  local path = _thread._find_binary(options.compiler[1])
  local name = path and string.match(path, "[^/]*$") or ""
  return (string.find(name, "gcc") or string.find(name, "clang"))
    and not string.find(name, "cache") and path
end

local processor -- what it says of itself: asked once, as that takes long

-- What makes the compiler's work for this processor what it is: the version
-- of its file, or what it says.
local function describe(options)
  local path = own_path(options)
  processor = processor or _thread._processor()
  if path and processor then
    return table.concat({ path, (_thread._state(path)), processor }, "\0")
  end
  return select(2, consult(options))
end

local ENVIRONMENT <const> = {
  "CPATH", "C_INCLUDE_PATH", "LIBRARY_PATH", "COMPILER_PATH",
  "GCC_EXEC_PREFIX", "CCC_OVERRIDE_OPTIONS", "LD_RUN_PATH", "SDKROOT",
  "DEVELOPER_DIR", "MACOSX_DEPLOYMENT_TARGET",
}

-- What a kernel is made of, beside files.
local function key_of(source, options)
  local parts = { FORMAT, source, STANDARD,
    table.concat(options.compiler, "\0"), table.concat(options.flags, "\0"),
    table.concat(options.own, "\0"), describe(options) }
  for _, variable in ipairs(ENVIRONMENT) do
    parts[#parts + 1] = _thread._getenv(variable) or ""
  end
  for i, part in ipairs(parts) do
    parts[i] = string.pack("<s8", part)
  end
  return table.concat(parts)
end

-- Compiling ----------------------------------------------------------------

-- Can the object hold what is in files of the linker's?
local function is_linked(flags)
  for _, flag in ipairs(flags) do
    if string.find(flag, "^%-l") or string.find(flag, "^%-Wl")
      or string.find(flag, "^[^-]") then
      return true
    end
  end
  return false
end

local function command_of(options, flags, path)
  local words = append(append({}, options.compiler), STANDARD)
  append(words, { "-MD", "-MF", path .. "/kernel.d", "-o",
    path .. "/kernel.so", path .. "/kernel.c" })
  append(append(words, options.own), flags)
  append(words, is_linked(options.flags) and "-Wl,-t" or "")
  return append(words, "-lm")
end

-- Compiles in a folder; returns what the compiler says. One that is likely to
-- have -march=native is not asked before: that takes it as long as to begin a
-- compilation.
local function compile_at(options, path)
  local native, name = native_flags(options)
  local log
  if own_path(options) and not identities[name] then
    log = run(command_of(options, native, path), options.timeout, true)
  end
  return log or run(command_of(options, (consult(options)), path),
    options.timeout)
end

local function write(place, name, text)
  local ok, why = _thread._write_file(place.folder, name, text)
  if not ok then
    complain("cannot write %s/%s: %s", place.path, name, why)
  end
end

-- Compiles in a place; returns the object, the states of what was read (nil:
-- unknown). The object can be loaded.
local function compile(place, source, options)
  write(place, "kernel.c", source)
  local input = place.path .. "/kernel.c"
  local _, start = _thread._state(input)
  local log = compile_at(options, place.path)
  local states = cache.dependencies(place, input, { source = source,
    flags = options.flags, log = log, start = start })
  local object = _thread._read_file(place.folder, "kernel.so")
  if not object or object == "" then
    complain("the C compiler '%s' has made nothing", options.compiler[1])
  end
  return object, states
end

-- Loads what was read last.
local function load(place, name)
  local path = place.path .. "/" .. name
  local handle, message = _thread._load(place.folder, path)
  if not handle then
    local hint = string.find(string.lower(message), "symbol")
      and " (the option flags names libraries, as in -lz)"
      or string.find(message, "failed to map")
      and " (is that folder mounted noexec? XDG_CACHE_HOME names another)"
      or ""
    complain("the kernel cannot be loaded: %s%s",
      string.gsub(message, "/proc/self/fd/[./]*%d+", path), hint)
  end
  return handle
end

-- Building -----------------------------------------------------------------

local reported = {} -- set of reasons

-- Says why there is no cache, while debugging.
local function report(why)
  if _thread._debugs() and not reported[why] then
    reported[why] = true
    _thread._tell("threading: a kernel is not kept in the cache: " .. why
      .. "\n")
  end
end

-- A place to compile in: in the cache, or where it can be.
local function workshop(kept, why)
  local place, message
  if kept then
    place, message = places.make_inside(kept)
  end
  if place then
    return place
  end
  report(message or why)
  local parent, path
  parent, message, path = places.open_temporary()
  if parent then
    place, message = places.make_inside(parent)
  end
  if not place then
    complain("a kernel cannot be compiled: neither the cache folder nor %s "
      .. "can be written: %s", path, message)
  end
  return place
end

local function make(kept, source, options, key, why)
  local place <close> = workshop(kept, why)
  local object, states = compile(place, source, options)
  if not kept or not states then
    report(why or "it is not known what it depends on")
    return load(place, "kernel.so")
  end
  local ok
  ok, why = cache.add(place, object, key, states)
  if not ok then
    report(why)
    _thread._read_file(place.folder, "kernel.so")
  end
  local handle = load(place, "kernel.so")
  if ok then
    ok, why = cache.keep(kept, place, key)
  end
  if not ok then
    report(why)
  end
  return handle
end

-- Compiles a source, or finds what it became in the cache.
-- @tparam string source
-- @tparam table options compiler, flags, own (lists of words; own are what the
-- source wants), timeout (seconds)
-- @return a handle of the loaded shared object
-- @raise what the compiler says
local function build(source, options)
  local kept <close>, why = places.open_cache()
  local key = kept and key_of(source, options)
  local handle = kept and cache.find(kept, key)
  return handle or make(kept, source, options, key, why)
end

return { append = append, build = build }
