-- Options that say how C is compiled: of kernels, and of compiled functions.

local _thread = require "threading._thread"
local check = require "threading.private.check"
local compiler = require "threading.kernel.compiler"
local standard = require "threading.private.standard"
local math, string = standard.math, standard.string
local ipairs, type = ipairs, type

local SECONDS <const> = 60 -- how long the compiler may take

local function is_words(value)
  if type(value) ~= "table" then
    return type(value) == "string"
  end
  for _, word in ipairs(value) do
    if type(word) ~= "string" or string.find(word, "\0") then
      return false
    end
  end
  return true
end

local function timeout_of(options, where)
  local timeout = options.timeout
  if timeout == nil then
    return SECONDS
  elseif not math.type(timeout) or timeout ~= timeout
    or timeout <= 0
    or timeout > _thread.TIMEOUT_MAX and timeout < math.huge then
    check.bad("timeout", where, "number of seconds above 0", timeout)
  end
  return timeout
end

-- Reads the options cc, flags and timeout.
-- @tparam table options
-- @tparam string where the function that they are of
-- @treturn table what compiler.build takes
return function(options, where)
  for _, name in ipairs { "cc", "flags" } do
    if options[name] ~= nil and not is_words(options[name]) then
      check.bad(name, where, "string or list of strings", options[name])
    end
  end
  local cc = options.cc or _thread._getenv "CC"
  local words = compiler.append({}, cc or "")
  return {
    compiler = #words > 0 and words or { "cc" },
    flags = compiler.append({}, options.flags or {}),
    own = {}, -- flags of the source
    timeout = timeout_of(options, where),
  }
end
