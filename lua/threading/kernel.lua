--- C functions out of a string, compiled once and called like Lua functions.
--
-- The source's signatures are read here, by a tokenizer that knows enough of
-- C to find the functions that are defined at the top level, and nothing of
-- the preprocessor. A C file is written, of some declarations, the source,
-- and a wrapper for each function; the compiler makes a shared object of it,
-- which the C side loads.
--
-- The cache holds one file for each kernel: the shared object, the key (what
-- it was made of: the C file, the command, what the compiler says of itself
-- and of this processor), and a footer with the length of both and a
-- checksum. A file that is not whole, or has another key, is not there. It is
-- made in a folder of its own and moved to its place in one step.

local _thread = require "threading._thread"

local FORMAT <const> = 1 -- of the cached files and the wrappers
local SECONDS <const> = 60 -- how long the compiler may take

-- Raises an error at the place from which this module was called.
local HERE <const> = debug.getinfo(1, "S").source

local function complain(message, ...)
  local level = 2
  local info = debug.getinfo(level, "S")
  while info and info.source == HERE do
    level = level + 1
    info = debug.getinfo(level, "S")
  end
  error(select("#", ...) > 0 and message:format(...) or message, level)
end

-- Tokens ------------------------------------------------------------------

local function blank(text)
  return (text:gsub("[^\n]", " "))
end

-- Each pattern matches at its beginning what is no code; the second pattern
-- is its end.
local hidden = {
  { "^/%*", "%*/" },
  { "^//", "\n" },
  { '^"', '"' },
  { "^'", "'" },
  { "^#", "\n" },
}

-- The end of what begins at i: the first `last` that no backslash precedes.
local function end_of(source, i, last)
  local from = i
  while true do
    local a, b = source:find(last, from)
    if not a then
      return #source
    end
    local backslashes = #source:sub(i, a - 1):match "\\*$"
    if last == "%*/" then
      return b
    elseif last == "\n" and backslashes == 0 then
      return b - 1
    elseif last ~= "\n" and backslashes % 2 == 0 then
      return b
    end
    from = b + 1
  end
end

-- A directive ends where the line does, but for a comment that goes on.
local function end_of_directive(source, i)
  local stop = end_of(source, i, "\n")
  local line = source:sub(i, stop):gsub('"[^"\n]*"', blank)
  local open = line:find("/*", 1, true)
  if open and not line:find("*/", open + 2, true) then
    return end_of(source, i + open + 1, "%*/")
  end
  return stop
end

-- The source without comments, strings and directives; every line stays.
local function code_of(source)
  local parts, i = {}, 1
  while i <= #source do
    local stop = (source:find("[/\"'#]", i) or #source + 1) - 1
    parts[#parts + 1] = source:sub(i, stop)
    i = stop + 1
    stop = i
    for _, it in ipairs(hidden) do
      if source:find(it[1], i) then
        stop = it[1] == "^#" and end_of_directive(source, i)
          or end_of(source, i + (it[1] == "^/%*" and 2 or 1), it[2])
        break
      end
    end
    local text = source:sub(i, stop)
    parts[#parts + 1] = stop > i and blank(text) or text
    i = stop + 1
  end
  return (table.concat(parts):gsub("\\\n", " \n"))
end

-- A list of {text =, line =}.
local function tokens_of(source)
  local code, list, line, i = code_of(source), {}, 1, 1
  while true do
    local a, b = code:find("%S", i)
    if not a then
      return list
    end
    line = line + select(2, code:sub(i, a - 1):gsub("\n", ""))
    b = select(2, code:find("^[%a_][%w_]*", a))
      or select(2, code:find("^%.?%d[%w_.]*", a))
      or code:sub(a, a + 2) == "..." and a + 2 or b
    list[#list + 1] = { text = code:sub(a, b), line = line }
    i = b + 1
  end
end

local opposite = { ["("] = ")", ["["] = "]", ["{"] = "}" }

-- The index of the bracket that closes the one at i.
local function close_of(list, i)
  local open, depth = list[i].text, 0
  local close = opposite[open]
  for j = i, #list do
    local text = list[j].text
    if text == open then
      depth = depth + 1
    elseif text == close then
      depth = depth - 1
      if depth == 0 then
        return j
      end
    end
  end
  complain("<kernel>:%d: '%s' is never closed", list[i].line, open)
end

local function text_of(list, first, last)
  local words = {}
  for i = first or 1, last or #list do
    words[#words + 1] = list[i].text
  end
  return table.concat(words, " ")
end

-- Signatures --------------------------------------------------------------

local elements = {
  int8_t = "int8", int16_t = "int16", int32_t = "int32", int64_t = "int64",
  uint8_t = "uint8", uint16_t = "uint16", uint32_t = "uint32",
  uint64_t = "uint64", int = "int32", float = "float32", double = "float64",
}

local function set(words)
  local result = {}
  for word in words:gmatch "%S+" do
    result[word] = true
  end
  return result
end

-- What a signature may have, and what means nothing to a call.
local qualifiers <const> = set [[
  const volatile restrict __restrict __restrict__ register extern inline
  __inline __inline__ _Noreturn __extension__
]]
local attributes <const> = set [[
  __attribute__ __attribute asm __asm__ __asm _Alignas alignas __declspec
]]

local SUPPORTED <const> = "int64_t int32_t int16_t int8_t uint64_t uint32_t "
  .. "uint16_t uint8_t int size_t float double bool"

-- A value that is passed as it is: the type's words, or nil.
local function scalar(words)
  if words == "bool" or words == "_Bool" then
    return { kind = "boolean", c = "_Bool" }
  elseif words == "size_t" then
    return { kind = "size", c = "size_t" }
  elseif elements[words] then
    return { kind = "number", type = elements[words], c = words }
  end
end

-- What stands in the brackets of `x[n]`: an expression, "" for none.
local function dimension(list, first, last)
  local words = {}
  for i = first, last do
    if list[i].text ~= "static" and not qualifiers[list[i].text] then
      words[#words + 1] = list[i].text
    end
  end
  return table.concat(words, " ")
end

-- A parameter's parts: the words of its type, its name, how many stars, the
-- lengths in brackets, whether it is atomic.
local function parts_of(list, where)
  local p = { words = {}, stars = 0, dims = {} }
  local i = 1
  while i <= #list do
    local text = list[i].text
    if text == "*" then
      p.stars = p.stars + 1
    elseif text == "[" then
      local close = close_of(list, i)
      p.dims[#p.dims + 1] = dimension(list, i + 1, close - 1)
      i = close
    elseif text == "_Atomic" then
      p.atomic = true
      if list[i + 1] and list[i + 1].text == "(" then
        local close = close_of(list, i + 1)
        table.remove(list, close)
        table.remove(list, i + 1)
      end
    elseif attributes[text] then
      i = close_of(list, i + 1)
    elseif text:find "^[%a_]" then
      if not qualifiers[text] then
        p.words[#p.words + 1] = text
      end
    else
      complain("<kernel>:%d: %s: '%s' is not supported in a parameter",
        list[i].line, where, text_of(list))
    end
    i = i + 1
  end
  return p
end

local function object(p, words)
  if words == "threading_lock" then
    return not p.atomic and #p.dims == 0 and { kind = "lock" }
  elseif not elements[words] then
    return nil
  elseif p.atomic then
    return #p.dims == 0 and { kind = "value", type = elements[words] }
  end
  return { kind = "array", type = elements[words], dims = p.dims }
end

local function parameter(list, number, where)
  local p = parts_of(list, where)
  local name
  if #p.words > 1 then
    name = table.remove(p.words)
  end
  local words = table.concat(p.words, " ")
  local depth = p.stars + (#p.dims > 0 and 1 or 0)
  local result
  if depth == 0 and not p.atomic then
    result = scalar(words)
  elseif depth == 1 then
    result = object(p, words)
  end
  if not result then
    complain("<kernel>:%d: %s: the type of the parameter '%s' is not "
      .. "supported; supported are %s, pointers to these numbers for Arrays, "
      .. "_Atomic ones for Values, and threading_lock * (functions that Lua "
      .. "does not call are declared static)", list[1].line, where,
      text_of(list), SUPPORTED)
  end
  result.name = name or "#" .. number
  return result
end

local function parameters(list, first, last, where)
  local result, part = {}, {}
  if first > last or first == last and list[first].text == "void" then
    return result
  end
  local depth = 0
  for i = first, last + 1 do
    local text = i <= last and list[i].text or ","
    depth = depth + ((text == "(" or text == "[") and 1
      or (text == ")" or text == "]") and -1 or 0)
    if depth > 0 or text ~= "," then
      part[#part + 1] = list[i]
    else
      if #part == 0 then
        complain("<kernel>:%d: %s: a parameter is missing", list[first].line,
          where)
      end
      result[#result + 1] = parameter(part, #result + 1, where)
      part = {}
    end
  end
  return result
end

local function result_type(list, last, where)
  local words = {}
  for i = 1, last do
    if not qualifiers[list[i].text] then
      words[#words + 1] = list[i].text
    end
  end
  local text = table.concat(words, " ")
  local result = text == "void" and { kind = "void" } or scalar(text)
  if not result then
    complain("<kernel>:%d: %s: the result type '%s' is not supported; "
      .. "supported are void %s (functions that Lua does not call are "
      .. "declared static)", list[1].line, where, text, SUPPORTED)
  end
  return result
end

-- Takes away __attribute__((...)) and the like.
local function plain(list)
  local result, i = {}, 1
  while i <= #list do
    if attributes[list[i].text] and list[i + 1]
      and list[i + 1].text == "(" then
      i = close_of(list, i + 1)
    else
      result[#result + 1] = list[i]
    end
    i = i + 1
  end
  return result
end

-- Is what stands before a `{` the head of a function?
local function is_head(list)
  for _, token in ipairs(list) do
    if token.text == "=" or token.text == "typedef" then
      return false
    end
  end
  return #list > 0 and list[#list].text == ")"
end

local most_parameters = select(2, _thread._kernel_contract())

local function signature(list)
  local open = 1
  while list[open].text ~= "(" do
    if list[open].text == "static" then
      return nil
    end
    open = open + 1
  end
  local name = list[open - 1]
  if not name or not name.text:find "^[%a_]" or open == 2
    or close_of(list, open) ~= #list then
    complain("<kernel>:%d: the declaration '%s' is not supported",
      list[1].line, text_of(list))
  end
  local where = "function '" .. name.text .. "'"
  local result = parameters(list, open + 1, #list - 1, where)
  if #result > most_parameters then
    complain("<kernel>:%d: %s has more than %d parameters", name.line, where,
      most_parameters)
  end
  result.result = result_type(list, open - 2, where)
  result.name, result.line = name.text, name.line
  return result
end

-- The signatures of the functions that are not static, in their order.
local function signatures(source)
  local list, found, head, i = tokens_of(source), {}, {}, 1
  while i <= #list do
    local text = list[i].text
    if text == "{" then
      local bare = plain(head)
      i = close_of(list, i)
      if is_head(bare) then
        local it = signature(bare)
        if it and found[it.name] then
          complain("<kernel>:%d: function '%s' is defined twice (what "
            .. "#if leaves out is read too)", it.line, it.name)
        elseif it then
          found[#found + 1], found[it.name] = it, true
        end
        head = {}
      else
        head[#head + 1] = { text = "{}", line = list[i].line }
      end
    elseif text == ";" then
      head = {}
    else
      head[#head + 1] = list[i]
    end
    i = i + 1
  end
  if #found == 0 then
    complain "a kernel needs a function that is not static"
  end
  return found
end

-- The C file ---------------------------------------------------------------

local PRELUDE <const> = [[
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdatomic.h>
typedef struct threading_lock threading_lock;
struct threading_thread;
]] .. _thread._kernel_contract() .. [[

static _Thread_local const threading_call *threading_current;

__attribute__((unused)) static inline int threading_stopping(void) {
  const threading_call *c = threading_current;
  if (!c) return 0;
  if (__atomic_load_n(c->pending, __ATOMIC_RELAXED) & c->heard) return 1;
  return c->look && c->look(c->self);
}

__attribute__((unused)) static inline int
threading_lock_acquire(threading_lock *l) {
  const threading_call *c = threading_current;
  return c ? c->acquire(c->self, l) : 0;
}

__attribute__((unused)) static inline int
threading_lock_release(threading_lock *l) {
  const threading_call *c = threading_current;
  return c ? c->release(c->self, l) : 0;
}

__attribute__((unused)) static inline size_t
threading_length(const volatile void *p) {
  const threading_call *c = threading_current;
  for (size_t i = 0; c && i < c->nargs; i++)
    if (c->args[i].length > 0 && c->args[i].p == p) return c->args[i].length;
  return 0;
}

__attribute__((unused)) static inline double threading_need(double n) {
  return n < 0 ? -INFINITY : n;
}
]]

-- A parameter as the wrapper hands it on.
local function argument(p, i)
  if p.c then
    local member = p.type == "float64" and "d" or p.type == "float32" and "d"
      or "i"
    return ("(%s)threading_args[%d].%s"):format(p.c, i - 1, member)
  end
  return ("threading_args[%d].p"):format(i - 1)
end

-- Compares Arrays with the lengths in their declarations, in which the other
-- parameters may occur.
local function checks(f)
  local locals, tests = {}, {}
  for i, p in ipairs(f) do
    if not p.name:find "^#" then
      locals[#locals + 1] = ("    __attribute__((unused)) %s%s = %s;\n"):format(
        p.c and p.c .. " " or "const void *", p.name, argument(p, i))
    end
    local factors = {}
    for _, dim in ipairs(p.dims or {}) do
      factors[#factors + 1] = dim ~= "" and ("threading_need(%s)"):format(dim)
        or nil
    end
    if #factors > 0 then
      tests[#tests + 1] = ([[
    threading_args[%d].needed = %s;
    if (!(threading_args[%d].needed >= 0 &&
          threading_args[%d].needed <= threading_args[%d].length)) return %d;
]]):format(i - 1, table.concat(factors, " * "), i - 1, i - 1, i - 1, i)
    end
  end
  if #tests == 0 then
    return ""
  end
  return "  {\n" .. table.concat(locals) .. table.concat(tests) .. "  }\n"
end

local function wrapper(f)
  local arguments = {}
  for i, p in ipairs(f) do
    arguments[i] = argument(p, i)
  end
  local call = ("%s(%s)"):format(f.name, table.concat(arguments, ", "))
  local result = f.result
  if result.kind ~= "void" then
    local float = result.type == "float32" or result.type == "float64"
    call = ("threading_args[0].%s = (%s)%s"):format(float and "d" or "i",
      float and "double" or "int64_t", call)
  end
  return ([[

__attribute__((visibility("default")))
int threading_call_%s(threading_arg *threading_args,
                      const threading_call *threading_now) {
%s  threading_current = threading_now;
  %s;
  return 0;
}
]]):format(f.name, checks(f), call)
end

local function c_file(source, functions)
  local parts = { PRELUDE, '#line 1 "<kernel>"\n', source,
    '\n#line 1 "<wrappers of the kernel>"\n' }
  for _, f in ipairs(functions) do
    parts[#parts + 1] = wrapper(f)
  end
  return table.concat(parts)
end

-- The compiler -------------------------------------------------------------

local function append(list, words)
  if type(words) == "string" then
    for word in words:gmatch "%S+" do
      list[#list + 1] = word
    end
  else
    table.move(words, 1, #words, #list + 1, list)
  end
  return list
end

-- Runs a command; returns what it prints, or nothing where it fails and
-- `may_fail`.
local function run(command, seconds, may_fail)
  local output, status = _thread._run(command, seconds)
  if not output and status == "timeout" then
    complain("the C compiler '%s' has not ended after %s seconds", command[1],
      seconds)
  elseif not output then
    complain("the C compiler '%s' cannot be run: %s (the environment's CC or "
      .. "the option cc names it)", command[1], status)
  elseif status ~= 0 and may_fail then
    return nil
  elseif status == 127 and output == "" then
    complain("the C compiler '%s' cannot be run", command[1])
  elseif status > 0 then
    complain("the C compiler fails:\n" .. output:gsub("%s+$", ""))
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
  local native = append(append({}, options.native), options.flags)
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

local STANDARD <const> = "-std=gnu11 -O3 -fPIC -shared -fvisibility=hidden"

-- The cache ----------------------------------------------------------------

-- FNV-1a, 64 bits.
local function checksum(text)
  local h = 0xcbf29ce484222325
  for i = 1, #text, 4096 do
    for _, byte in ipairs { text:byte(i, math.min(i + 4095, #text)) } do
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
  return key .. FOOTER:pack(#object, #key, checksum(object .. key))
end

-- Is this file whole, and made of this key?
local function is_sound(name, key)
  local text = read_file(name)
  if not text or #text < FOOTER_SIZE then
    return false
  end
  local object, own, sum = FOOTER:unpack(text, #text - FOOTER_SIZE + 1)
  return own == #key and object >= 0
    and object + own + FOOTER_SIZE == #text
    and text:sub(object + 1, object + own) == key
    and sum == checksum(text:sub(1, object + own))
end

-- Makes the folder and those above it. Returns nothing where it cannot be
-- made; raises where it is another's.
local function cache_folder()
  local base = os.getenv "XDG_CACHE_HOME"
  if not base or base:sub(1, 1) ~= "/" then
    local home = os.getenv "HOME"
    if not home or home:sub(1, 1) ~= "/" then
      return nil
    end
    base = home .. "/.cache"
  end
  local path = base .. "/threading"
  for stop in path:gmatch "()/" do
    if stop > 1 then
      _thread._folder(path:sub(1, stop - 1))
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
  local path, message = _thread._unique(parent .. "/making-")
  if not path then
    return nil, message
  end
  local files = {}
  return setmetatable({ path = path }, {
    __call = function(_, name)
      files[#files + 1] = path .. "/" .. name
      return files[#files]
    end,
    __close = function()
      for _, name in ipairs(files) do
        os.remove(name)
      end
      os.remove(path)
    end,
  })
end

-- Compiles in a temporary folder; calls use(object's file name).
local function compile(folder, source, command, options, use)
  local input, output = folder "kernel.c", folder "kernel.so"
  write_file(input, "wb", source)
  local whole = append(append({}, options.compiler), STANDARD)
  append(whole, { "-o", output, input })
  append(append(whole, command), { "-lm" })
  run(whole, options.timeout)
  return use(output)
end

local function load(name)
  local handle, message = _thread._load(name)
  if not handle then
    complain("the kernel cannot be loaded: %s", message)
  end
  return handle
end

-- A header that the source names by "..." may change: no cache.
local function has_own_headers(source)
  return ("\n" .. source):find '\n[ \t]*#[ \t]*include[ \t]*"' ~= nil
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
  local name = ("%s/%016x.so"):format(cache, checksum(key))
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
    return load(name)
  end)
end

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

-- The call -----------------------------------------------------------------

local function is_words(value)
  if type(value) ~= "table" then
    return type(value) == "string"
  end
  for _, word in ipairs(value) do
    if type(word) ~= "string" or word:find "\0" then
      return false
    end
  end
  return true
end

local known_options = { cc = true, flags = true, timeout = true }

local function check_options(options)
  if type(options) ~= "table" then
    complain("bad argument 'options' to 'kernel' (table expected, got %s)",
      type(options))
  end
  for name in pairs(options) do
    if not known_options[name] then
      complain("unexpected option '%s' to 'kernel'", tostring(name))
    end
  end
  for _, name in ipairs { "cc", "flags" } do
    if options[name] ~= nil and not is_words(options[name]) then
      complain("bad option '%s' to 'kernel' (string or list of strings "
        .. "expected)", name)
    end
  end
  local timeout = options.timeout or SECONDS
  if type(timeout) ~= "number" or not (timeout > 0)
    or timeout > _thread.TIMEOUT_MAX then
    complain "bad option 'timeout' to 'kernel' (seconds expected, more than 0)"
  end
  local cc = options.cc or os.getenv "CC"
  local compiler = append({}, cc or "")
  return {
    compiler = #compiler > 0 and compiler or { "cc" },
    native = { "-march=native" },
    flags = append({}, options.flags or {}),
    timeout = timeout,
  }
end

--- Compiles C functions, or finds them in the cache. Each function of the
-- source that is not static becomes a function that is called like one of
-- Lua, checks its arguments, and runs without the global lock.
--
-- **Parameters** may be numbers (`double`, `int64_t` and the like, `int`,
-- `size_t`), `bool`, pointers to the elements of an Array (`const double *x`),
-- Values (`_Atomic int64_t *v`) and Locks (`threading_lock *l`). A number that
-- does not fit the type is an error. `double x[n]`, where `n` is an expression
-- of the parameters before it, asks for an Array of at least so many elements,
-- which the call checks; without, nothing does, and the function may ask for
-- `threading_length(x)`.
--
-- **A long loop** asks `threading_stopping()` now and then and returns if it
-- is true: the thread is cancelled, the program ends, or Ctrl-C was pressed.
-- That is raised when the function has returned. `threading_lock_acquire(l)`
-- and `threading_lock_release(l)` return 0 when they have failed, the first
-- because the thread is to stop, the second because the lock was free.
--
-- **The cache** is `threading` in `$XDG_CACHE_HOME` or `~/.cache`, for this
-- user alone. What it holds depends on the source, the flags, the compiler
-- and the processor. Where it cannot be written, and for a source that
-- includes headers of its own (`#include "…"`), the kernel is compiled each
-- time, in a folder that is removed again.
-- @function kernel
-- @tparam string source
-- @tparam[opt] table options `cc`: the compiler, by default `$CC` or `cc`;
-- `flags`: more flags, after `-std=gnu11 -O3 -march=native` (both: a list of
-- strings, or one with blanks between the words; there is no shell);
-- `timeout`: how many seconds the compiler may take, by default 60
-- @treturn table the functions by name
-- @raise what the compiler says, with the line numbers of the source; if a
-- type is not supported, there is no function, or no compiler
-- @usage
-- local k = threading.kernel [[
--   double dot(int64_t n, const double x[n], const double y[n]) {
--     double sum = 0;
--     for (int64_t i = 0; i < n; i++) sum += x[i] * y[i];
--     return sum;
--   }
-- ]]
-- print(k.dot(#a, a, b))
local function kernel(source, options)
  if type(source) ~= "string" then
    complain("bad argument 'source' to 'kernel' (string expected, got %s)",
      type(source))
  end
  options = check_options(options or {})
  local functions = signatures(source)
  local handle = build(c_file(source, functions), options)
  local result = {}
  for _, f in ipairs(functions) do
    result[f.name] = _thread._kernel(handle, f)
  end
  return result
end

return kernel
