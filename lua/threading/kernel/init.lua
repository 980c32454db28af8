-- C functions out of a string, compiled once and called like Lua functions.
--
-- A C file is written, of some declarations, the source, and a wrapper for
-- each function; the compiler makes a shared object of it, which the C side
-- loads and calls.

local _thread = require "threading._thread"
local check = require "threading.private.check"
local compiler = require "threading.kernel.compiler"
local complain = require "threading.private.complain"
local length = require "threading.kernel.length"
local read_options = require "threading.kernel.options"
local signatures = require "threading.kernel.signature"
local standard = require "threading.private.standard"
local string, table = standard.string, standard.table
local error, ipairs, require, type = error, ipairs, require, type

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
]]

-- A parameter as the wrapper hands it on.
local function argument(p, i)
  if p.c then
    local member = p.type == "float64" and "d" or p.type == "float32" and "d"
      or "i"
    return string.format("(%s)threading_args[%d].%s", p.c, i - 1, member)
  end
  return string.format("threading_args[%d].p", i - 1)
end

-- The product of an Array's lengths; nil if it has none.
local function extent(p, brackets)
  local product
  for _, dim in ipairs(p.dims or {}) do
    table.move(dim.brackets, 1, #dim.brackets, #brackets + 1, brackets)
    if dim.value ~= "" then
      local n = string.format("threading_natural(&threading_w, %s)", dim.value)
      product = product
        and string.format("threading_mul(&threading_w, 0, %s, %s)", product, n)
        or n
    end
  end
  return product
end

-- Compares Arrays with the lengths in their declarations.
local function checks(f)
  local tests = {}
  for i, p in ipairs(f) do
    local brackets = {}
    local n = extent(p, brackets)
    if n then
      tests[#tests + 1] = string.format([[
  {
#line %d "<kernel>"
    %s _Bool threading_w = 0; int64_t threading_n = %s;
#line 1 "<wrappers of the kernel>"
    if (threading_w) threading_n = -1;
    threading_args[%d].needed = threading_n;
    if ((uint64_t)threading_n > threading_args[%d].length) return %d;
  }
]], f.line, table.concat(brackets, " "), n, i - 1, i - 1, i)
    end
  end
  return table.concat(tests)
end

local function wrapper(f)
  local arguments = {}
  for i, p in ipairs(f) do
    arguments[i] = argument(p, i)
  end
  local call = string.format("%s(%s)", f.name, table.concat(arguments, ", "))
  local result = f.result
  if result.kind ~= "void" then
    local float = result.type == "float32" or result.type == "float64"
    call = string.format("threading_args[0].%s = (%s)%s", float and "d" or "i",
      float and "double" or "int64_t", call)
  end
  return string.format([[

__attribute__((visibility("default")))
int threading_call_%s(threading_arg *threading_args,
                      const threading_call *threading_now) {
%s%s  %s;
  return 0;
}
]], f.name, checks(f),
    f.asks and "  threading_current = threading_now;\n" or "", call)
end

local function c_file(source, functions)
  local parts = { PRELUDE, length.PRELUDE, '#line 1 "<kernel>"\n', source,
    '\n#line 1 "<wrappers of the kernel>"\n' }
  for _, f in ipairs(functions) do
    parts[#parts + 1] = wrapper(f)
  end
  return table.concat(parts)
end

-- The call -----------------------------------------------------------------

local known_options = { cc = true, flags = true, timeout = true }

local function build(source, options)
  local functions, doubt = signatures(source)
  for i, f in ipairs(functions) do
    -- A source that never asks whether to stop needs nothing set up for that,
    -- which would be a third of a short call.
    f.asks = string.find(source, "threading_", 1, true) ~= nil
    -- Or the compiler would call what it knows by that name, such as `abs`.
    options.own[i] = "-fno-builtin-" .. f.name
  end
  local handle = compiler.build(c_file(source, functions), options)
  if doubt then -- and the compiler finds no fault
    complain("%s", doubt)
  elseif #functions == 0 then
    complain "a kernel needs a function that is not static"
  end
  local result = {}
  for _, f in ipairs(functions) do
    result[f.name] = _thread._kernel(handle, f)
  end
  return result
end

-- An error with the places of its lines in the program, as far as they can be
-- found.
local function placed(message, source)
  local ok, script = _thread._try(require, "threading.kernel.script")
  return ok and script.with_places(message, source) or message
end

-- See init.lua.
local function kernel(source, options)
  if type(source) ~= "string" then
    check.bad("source", "kernel", "string", source)
  end
  options = read_options(check.options(options, known_options, "kernel"),
    "kernel")
  local ok, result = _thread._try(build, source, options)
  if not ok then
    error(placed(result, source), 0)
  end
  return result
end

return kernel
