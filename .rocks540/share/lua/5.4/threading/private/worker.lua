-- What a worker process of a ProcessPoolExecutor runs: it is set up as its
-- parent is, and then makes calls (csrc/processes/answer.h). The parent loads
-- this, too: the functions go by name.

local _thread = require "threading._thread"
local portable = require "threading.private.portable"
local standard = require "threading.private.standard"
local math, string, table = standard.math, standard.string, standard.table
local error, ipairs, package, pairs = error, ipairs, package, pairs
local require, type, _G = require, type, _G

local worker = {}

-- As lua.c does for -l: "module", or "global=module".
local function load_library(option)
  local global, module = string.match(option, "^([^=]*)=(.*)$")
  module = module or option
  _G[global or string.match(module, "^[^-]*")] = require(module)
end

-- What could not come says why where it is needed.
local function loader(name, given)
  return type(given) == "function" and given or function()
    error(string.format("module '%s' is preloaded by the parent of this "
      .. "process, and cannot come here: %s", name, given), 0)
  end
end

-- First: by the paths is found what is needed to read what comes then.
function worker.begin(header, path, cpath)
  local ok, why = portable.check(header)
  if not ok then
    error(why, 0)
  end
  package.path, package.cpath = path, cpath
end

-- A module that it is of may have put it there when it was loaded.
local function add_searcher(fn, place)
  for _, it in ipairs(package.searchers) do
    if it == fn then
      return
    end
  end
  table.insert(package.searchers,
    math.min(place, #package.searchers + 1), fn)
end

-- Sets up this process. `settings`: preload, searchers, libraries (of -l),
-- stack_size, switchinterval.
function worker.setup(settings)
  for name, given in pairs(settings.preload) do
    package.preload[name] = loader(name, given)
  end
  for _, searcher in ipairs(settings.searchers) do
    add_searcher(searcher.fn, searcher.place)
  end
  _thread.stack_size(settings.stack_size)
  _thread.setswitchinterval(settings.switchinterval)
  worker.starting = true -- so no pool is made: its workers would do likewise
  for _, option in ipairs(settings.libraries) do
    load_library(option)
  end
  worker.starting = false
end

-- Makes a call that was packed when the pool was made.
function worker.call(bytes)
  local function call(fn, ...)
    fn(...)
  end
  call(portable.unpack(bytes))
end

-- Until the parent has no more calls.
function worker.run()
  require "threading" -- for threads, and the reports of their errors
  _thread._answer()
end

return worker
