-- `lua -lthreading.explore script.lua`: a script is explored as it is.
--
-- lua.c requires the module before it runs the script; the script then runs
-- from here, each time in a copy of the process, and that is the end of the
-- program. What it prints is shown where it is replayed.

local options = require "threading.explore.options"
local search = require "threading.explore.search"
local standard = require "threading.private.standard"
local word = require "threading.explore.word"
local debug, io, os, package, string, table = standard.debug, standard.io,
  standard.os, package, standard.string, standard.table
local _G, error, loadfile = _G, error, loadfile

local script = {}

local MODULE <const> = "threading.explore"

-- Does nothing lie between lua.c and the function `level` levels up?
local function is_called_by_c(level)
  local info = debug.getinfo(level + 1, "S")
  while info do
    if info.what ~= "C" then
      return false
    end
    level = level + 1
    info = debug.getinfo(level + 1, "S")
  end
  return true
end

local function is_among_options(arg)
  local i = -1
  while arg[i] do
    if arg[i] == "-l" .. MODULE or arg[i] == "-l" and arg[i + 1] == MODULE then
      return true
    end
    i = i - 1
  end
  return false
end

-- Called by the module: is it required for the option -l?
function script.is_asked()
  return _G.arg ~= nil and is_called_by_c(3) and is_among_options(_G.arg)
end

local function read(name)
  if not name or name == "-" then
    error("lua -lthreading.explore needs a script: a file, to be run many "
      .. "times", 0)
  end
  local chunk, err = loadfile(name)
  return chunk or error(err, 0)
end

local function be_silent()
  _G.print = function() end
  package.loaded.io.write = function()
    return io.output()
  end
end

-- Explores the script, and ends the program: with status 1 if it fails.
function script.explore()
  local arg = _G.arg
  local chunk = read(arg[0])
  local o = options.read({ isolate = "fork" }, word.place_of(chunk))
  local result = search(function()
    if not o.replay then
      be_silent()
    end
    return chunk(table.unpack(arg))
  end, o)
  local ok = result.ok and not result.differs
  io[ok and "stdout" or "stderr"]:write(string.format("%s\n", result.report))
  os.exit(ok, true)
end

return script
