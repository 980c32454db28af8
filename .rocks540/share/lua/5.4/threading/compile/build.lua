-- The way from a translation to code: through the kernels' compiler and cache.

local _thread = require "threading._thread"
local compiler = require "threading.kernel.compiler"
local complain = require "threading.private.complain"
local standard = require "threading.private.standard"
local table = standard.table
local setmetatable = setmetatable

local M = {}

local PRELUDE <const> = [[
#include <stdint.h>
]] .. _thread._compiled_contract() .. [[

__attribute__((unused)) static inline void
threading_poll(threading_run *run, int weight) {
  if (__builtin_expect(
        (__atomic_load_n(run->pending, __ATOMIC_RELAXED) & run->heard) != 0, 0)
      && (run->turns -= weight) <= 0)
    run->pause(run);
}

__attribute__((visibility("default"))) void threading_entry(threading_run *);
]]

-- Raises where there is no C compiler; returns false instead where that is
-- allowed.
function M.check_compiler(options, may_lack)
  local name = options.compiler[1]
  local _, found = _thread._find_binary(name)
  if not found and not may_lack then
    complain("the C compiler '%s' is not found (install one, such as gcc; the "
      .. "environment's CC or the option cc names another; the option "
      .. "fallback = true leaves the function as it is)", name)
  end
  return found
end

-- Longer code is compiled with -O1, not -O3: what takes gcc 12 two to four
-- seconds at -O3, of 1000 lines of Lua in 10,000 of C, takes it 0.7 to 1.3 so.
-- The programs of the bench have 1640 lines at most, of 36 bytes.
local MAX_FAST <const> = 144000 -- bytes of C

local function sized(c, options)
  if #c <= MAX_FAST then
    return options
  end
  local own = table.move(options.own, 1, #options.own, 1, {})
  own[#own + 1] = "-O1"
  return setmetatable({ own = own }, { __index = options })
end

-- Of this process: checksum -> {key = what was compiled, handle =}. (To hash a
-- long key itself takes Lua longer.)
local builds = {}

-- The whole C of what a translation has made.
function M.source(text)
  return PRELUDE .. text
end

-- Compiles it; returns a handle.
function M.build(text, options)
  local c = M.source(text)
  options = sized(c, options)
  local key = table.concat({ c, table.concat(options.compiler, "\0"),
    table.concat(options.own, "\0"), table.concat(options.flags, "\0") },
    "\0\0")
  local sum = _thread._checksum(key)
  local known = builds[sum]
  if not known or known.key ~= key then
    known = { key = key, handle = compiler.build(c, options) }
    builds[sum] = known
  end
  return known.handle
end

return M
