-- The options of threading.compile.

local check = require "threading.private.check"
local compiler = require "threading.kernel.compiler"
local complain = require "threading.private.complain"
local kinds = require "threading.compile.kinds"
local read_options = require "threading.kernel.options"
local standard = require "threading.private.standard"
local string, table = standard.string, standard.table
local ipairs, type = ipairs, type

local NAME <const> = "compile"

-- The C compiler must not do what changes a result. (-fno-trapping-math would:
-- gcc makes a trunc of an integer's way through a float, which gives -0.0.)
local EXACT <const> = "-ffp-contract=off -fno-math-errno"
local FAST <const> = "-ffp-contract=fast -fno-math-errno -fno-trapping-math"
  .. " -fno-signed-zeros -fassociative-math"

-- Strips in which no index needs a check have a loop of their own, also a long
-- one. Loops begin where processors read them at once: collatz takes a tenth
-- less. (clang has limits of its own, and says what it does not know.)
local LOOPS <const> = "--param=max-unswitch-insns=200 -falign-loops=32"
  .. " -Wno-unused-command-line-argument -Wno-ignored-optimization-argument"

-- What the compiler would work out by itself is not what the C library gives.
local LIBRARY <const> = { "sin", "cos", "tan", "asin", "acos", "atan2", "exp",
  "log", "log2", "log10", "pow", "fmod" }

local known = { cc = true, eager = true, fallback = true, fast = true,
  flags = true, timeout = true }

local function unknown(name, where)
  complain("bad argument to '%s' (unknown type %s; write integer, float, "
    .. "boolean, nil, int64[] or another Array's type, int64 Value or "
    .. "another's, or Lock)", where,
    type(name) == "string" and "'" .. name .. "'" or "of a " .. type(name))
end

-- A list of types' names, as kinds.
local function signature(list, parameters, where)
  local parts = {}
  for i, name in ipairs(list) do
    parts[i] = type(name) == "string" and kinds.kind(name)
      or unknown(name, where)
  end
  if #parts > parameters then
    complain("bad argument to '%s' (%d types for %d parameters)", where,
      #parts, parameters)
  end
  return table.concat(parts) .. string.rep("n", parameters - #parts)
end

-- The signatures of `eager`: one, or a list of them.
local function signatures(eager, parameters)
  if eager == nil then
    return {}
  elseif type(eager) ~= "table" then
    check.bad("eager", NAME, "list of types", eager)
  elseif type(eager[1]) ~= "table" then
    return { signature(eager, parameters, NAME) }
  end
  local list = {}
  for i, one in ipairs(eager) do
    list[i] = type(one) == "table" and signature(one, parameters, NAME)
      or check.bad("eager", NAME, "list of lists of types", one)
  end
  return list
end

-- Reads the options of a function with so many parameters.
local function read(options, parameters)
  options = check.options(options, known, NAME)
  check.boolean(options.fast, "fast", NAME)
  check.boolean(options.fallback, "fallback", NAME)
  local c = read_options(options, NAME)
  compiler.append(c.own, options.fast and FAST or EXACT)
  compiler.append(c.own, LOOPS)
  for _, name in ipairs(LIBRARY) do
    c.own[#c.own + 1] = "-fno-builtin-" .. name
  end
  return { c = c, fallback = options.fallback,
    eager = signatures(options.eager, parameters) }
end

return { read = read, signature = signature }
