-- How the workers of a ProcessPoolExecutor make calls: each has a process of
-- its own, to which it sends them. It is started with the first one, and again
-- when it has ended, or has made enough of them.

local _thread = require "threading._thread"
local broken = require "threading.private.broken"
local check = require "threading.private.check"
local complain = require "threading.private.complain"
local define = require "threading.private.executor"
local portable = require "threading.private.portable"
local standard = require "threading.private.standard"
local worker = require "threading.private.worker"
local debug, string, table = standard.debug, standard.string, standard.table
local arg, error, ipairs, pairs, pcall = arg, error, ipairs, pairs, pcall
local package, setmetatable, tostring, type = package, setmetatable, tostring,
  type

local way = {
  title = "ProcessPoolExecutor", future = _thread._farmed_future,
  names = { "max_workers", "initializer", "initargs", "max_tasks_per_child",
    "lua" },
  describe = tostring, -- it brings its traceback with it
}

-- The program --------------------------------------------------------------

-- The command line of lua.c: its options, and its own name in front of them;
-- nil where there is none.
local function command_line()
  local options, i = {}, 0
  while arg and arg[i - 1] do
    i = i - 1
  end
  if not arg or not arg[i] or i == 0 and arg[0] ~= nil and
      not string.find(arg[0], "lua[%d.%-]*$") then
    return nil
  end
  local last = i < 0 and -1 or #arg
  for k = i + 1, last do
    options[#options + 1] = arg[k]
  end
  return options, arg[i]
end

-- What of them a worker has, too: -E and -W; and the modules of -l. The code of
-- -e is the program's.
local function read_options(options)
  local flags, libraries, i = {}, {}, 1
  while options[i] and string.match(options[i], "^%-[^-]") do
    local letter, rest = string.match(options[i], "^%-(.)(.*)")
    if (letter == "l" or letter == "e") and rest == "" then
      i = i + 1
      rest = options[i] or ""
    end
    if letter == "l" and rest ~= "threading.mpi" then -- of ranks, see there
      libraries[#libraries + 1] = rest
    elseif letter == "E" or letter == "W" then
      flags[#flags + 1] = "-" .. letter
    end
    i = i + 1
  end
  return flags, libraries
end

local function find_lua(given)
  check.string(given, "lua", way.title)
  if given then
    local path, found = _thread._find_binary(given)
    if not found then
      complain("bad argument 'lua' to '%s' (there is no program '%s')",
        way.title, given)
    end
    return path or given
  end
  local options, name = command_line()
  local path = _thread._executable()
  if path and (options or string.find(path, "lua[^/]*$")) then
    return path
  end
  path = name and _thread._find_binary(name)
  return path or complain("%s cannot tell by which program Lua code is run "
    .. 'here; say it: { lua = "/usr/bin/lua" }', way.title)
end

-- Code that finds this library where it is here, whatever loaders the program
-- has; the paths of modules come later.
local function bootstrap()
  local source = debug.getinfo(1, "S").source
  local root = string.match(source, "^@(.*)threading/private/[^/]*$")
  local path = root and string.format("%s?.lua;%s?/init.lua", root, root)
    or package.path
  return string.format("package.path=%q "
    .. "package.preload['threading._thread']=package.loadlib(%q,"
    .. "'luaopen_threading__thread') require'threading.private.worker'.run()",
    path, _thread._library())
end

-- Settings -----------------------------------------------------------------

-- The function, or why it cannot go there.
local function try(fn)
  local ok, why = pcall(portable.pack, "the function", fn)
  return ok and fn or tostring(why)
end

local function preloaded()
  local list = {}
  for name, fn in pairs(package.preload) do
    if type(name) == "string" and name ~= "threading._thread" then
      list[name] = try(fn)
    end
  end
  return list
end

-- The program's own: C functions are Lua's, which are there.
local function searchers()
  local list = {}
  for place, fn in ipairs(package.searchers) do
    local lua = type(fn) == "function" and debug.getinfo(fn, "S").what ~= "C"
    if lua and type(try(fn)) == "function" then
      list[#list + 1] = { place = place, fn = fn }
    end
  end
  return list
end

-- What worker.begin and worker.setup are given.
local function settings(libraries)
  return {
    path = package.path, cpath = package.cpath,
    rest = portable.pack("setup,settings", worker.setup, {
      preload = preloaded(), searchers = searchers(), libraries = libraries,
      stack_size = _thread.stack_size(),
      switchinterval = _thread.getswitchinterval(),
    }),
  }
end

-- A pool -------------------------------------------------------------------

function way.open(state, most, options)
  if worker.starting then
    complain("a worker process makes no pool while it starts: a module of "
      .. "`lua -l` does so")
  end
  state.most = most or _thread.cpu_count()
  state.most_tasks = check.positive(options.max_tasks_per_child,
    "max_tasks_per_child", way.title)
  local flags, libraries = read_options(command_line() or {})
  state.argv = { find_lua(options.lua) }
  for _, flag in ipairs(flags) do
    table.insert(state.argv, flag)
  end
  table.insert(state.argv, "-e")
  table.insert(state.argv, bootstrap())
  state.settings = settings(libraries)
end

-- Has a new process make a call of those that come before the pool's own.
local function ask(process, doing, fn, ...)
  local ok, err, traceback = process:ask("fn,args[]", fn, ...)
  if ok == nil then
    error(broken.new(string.format("%s %s", err, doing)), 0)
  elseif not ok then
    error(traceback and tostring(err) .. "\n" .. traceback or err, 0)
  end
end

local function ask_setup(process, given)
  local doing <const> = "before it was ready"
  ask(process, doing, worker.begin, portable.header, given.path, given.cpath)
  ask(process, doing, worker.call, given.rest)
end

local function not_started(why)
  return broken.new("a worker process could not be started: " .. why)
end

local function setup(process, given)
  local ok, err = pcall(ask_setup, process, given)
  if ok or _thread._is_asked(err) then
    return ok or error(err, 0)
  end
  error(not_started(tostring(err)), 0)
end

-- The initializer of a home, see below: starts its process.
function way.prepare(initializer, args)
  local call = initializer ~= nil and portable.pack("initializer,initargs[]",
    initializer, table.unpack(args, 1, args.n or #args))
  return function(home)
    local process, why = _thread._worker(home.state.argv)
    if not process then
      error(not_started(home.state.argv[1] .. ": " .. why), 0)
    end
    home.process, home.calls = process, 0
    setup(process, home.state.settings)
    if call then
      ask(process, "in its initializer", worker.call, call)
    end
  end
end

-- Where a worker's calls are made: { state =, initialize =, process =,
-- calls = }.
local Home = {}
local home_meta = { __index = Home }

function Home:finish()
  local process = self.process
  self.process = nil
  if process then
    process:finish()
  end
end

home_meta.__close = Home.finish

-- What _farmed_serve asks for.
function Home:get(word, how)
  local most = self.state.most_tasks
  if word == "gone" then
    self.process = nil
    error(broken.new(how .. " while it made the call"), 0)
  elseif word == "again" or self.calls == most then
    self:finish()
  end
  if not self.process and not self.initialize(self.state, self) then
    self:finish()
    error(self.state.broken, 0)
  end
  self.calls = self.calls + 1
  return self.process
end

function way.serve(state, initialize)
  local home <close> = setmetatable({ state = state, initialize = initialize },
    home_meta)
  _thread._farmed_serve(state.queue, function(word, how)
    return home:get(word, how)
  end)
end

local make = define(way)

return function(max_workers, initializer, initargs, max_tasks_per_child, lua)
  return make(max_workers, initializer, initargs, max_tasks_per_child, lua)
end
