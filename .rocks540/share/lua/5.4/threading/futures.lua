--- Pools of threads, after Python's `concurrent.futures`.
-- @module threading.futures
-- @usage
-- local futures = require "threading.futures"
-- local pool <close> = futures.ThreadPoolExecutor { max_workers = 4 }
-- local future = pool:submit(math.max, 2, 8)
-- print(future:result())
-- for i, size in pool:map(size_of, names) do
--   print(names[i], size)
-- end

local _thread = require "threading._thread"
local broken = require "threading.private.broken"
local check = require "threading.private.check"
local complain = require "threading.private.complain"
local interpreterpool = require "threading.private.interpreterpool"
local missing = require "threading.private.missing"
local processpool = require "threading.private.processpool"
local read_options = require "threading.private.pooloptions"
local standard = require "threading.private.standard"
local stderr = require "threading.private.stderr"
local threadpool = require "threading.private.threadpool"
local math, string, table = standard.math, standard.string, standard.table
local ipairs, pairs, require = ipairs, pairs, require
local setmetatable, tostring, type = setmetatable, tostring, type
local monotonic = _thread.time.monotonic

local BAR <const> = 30 -- characters
local LINES <const> = 10 -- of a progress that is not on a terminal

local futures = {
  --- For `wait`: until one future is done.
  -- @field FIRST_COMPLETED
  FIRST_COMPLETED = "FIRST_COMPLETED",

  --- For `wait`: until one has failed, or all are done.
  -- @field FIRST_EXCEPTION
  FIRST_EXCEPTION = "FIRST_EXCEPTION",

  --- For `wait`: until all are done.
  -- @field ALL_COMPLETED
  ALL_COMPLETED = "ALL_COMPLETED",
}

--- Makes a pool. No thread is started before it is needed.
-- @function ThreadPoolExecutor
-- @tparam[opt] integer max_workers by default the number of processors and 4,
-- at most 32
-- @tparam[opt] string thread_name_prefix the workers are called Prefix_0,
-- Prefix_1, …
-- @tparam[opt] function initializer each worker calls it first; if it fails
-- the pool is broken
-- @tparam[opt] table initargs its arguments. All may be given as a table:
-- `{max_workers = ..., thread_name_prefix = ...}`
-- @treturn ThreadPoolExecutor
-- @raise if an argument is unknown or of the wrong type
futures.ThreadPoolExecutor = threadpool

--- Makes a pool whose workers own an interpreter each, so that Lua code of its
-- calls runs on all processors. It is used as a ThreadPoolExecutor is; the
-- function and the arguments of a call, and what it returns, cross to another
-- interpreter and back: copied, or by reference, see `threading.interpreters`.
-- What the function leaves in globals and modules stays with the worker.
-- @function InterpreterPoolExecutor
-- @tparam[opt] integer max_workers by default the number of processors and 4,
-- at most 32
-- @tparam[opt] string thread_name_prefix the workers are called Prefix_0,
-- Prefix_1, …
-- @tparam[opt] function initializer each worker calls it first, in its
-- interpreter; if it fails the pool is broken
-- @tparam[opt] table initargs its arguments. All may be given as a table:
-- `{max_workers = ..., thread_name_prefix = ...}`
-- @treturn ThreadPoolExecutor whose `submit` and `map` also raise what cannot
-- cross: its path, and what to use instead
-- @raise if an argument is unknown or of the wrong type, or the initializer or
-- an argument of it cannot cross
futures.InterpreterPoolExecutor = interpreterpool

--- Makes a pool whose workers are processes: fresh ones, each with its own
-- Lua, that have nothing of this one but what they are sent. It is used as the
-- other pools are. The function and the arguments of a call, and what it
-- returns, are copied there and back, see docs/processes.md. A process that
-- ends in the middle of a call is an error of that call alone,
-- `is_broken_pool`; another one makes the next call. All end with this process,
-- whatever ends that.
-- @function ProcessPoolExecutor
-- @tparam[opt] integer max_workers by default the number of processors
-- @tparam[opt] function initializer each process calls it first; if it fails
-- the pool is broken
-- @tparam[opt] table initargs its arguments
-- @tparam[opt] integer max_tasks_per_child after so many calls a process is
-- replaced by a new one
-- @tparam[opt] string lua the program that runs Lua code; by default the one
-- that runs this. All may be given as a table: `{max_workers = ..., lua = ...}`
-- @treturn ThreadPoolExecutor whose `submit` and `map` also raise what cannot
-- go to another process: its path, and what to do instead
-- @raise if an argument is unknown or of the wrong type, or the initializer or
-- an argument of it cannot go there; if it is not known which program runs Lua
futures.ProcessPoolExecutor = processpool

--- Is this the error of a call that a pool could not make: its process has
-- ended meanwhile, or the pool is broken, for an initializer has failed?
-- @function is_broken_pool
-- @param err
-- @treturn boolean
futures.is_broken_pool = broken.is

--- Makes a pool whose calls are made by other processes, on the cores of many
-- machines, over MPI: `threading.mpi`, which the rock threading-mpi has. With
-- `mpirun -n 9 lua -lthreading.mpi script.lua` the other ranks make the calls;
-- a program that was started alone starts processes on this machine.
-- @tparam[opt] integer max_workers how many of the ranks it uses at most, by
-- default all; or how many processes it starts, by default as many as there
-- are processors
-- @tparam[opt] string thread_name_prefix the threads that wait for them are
-- called Prefix_0, Prefix_1, …
-- @tparam[opt] function initializer each worker calls it first; if it fails
-- the pool is broken
-- @tparam[opt] table initargs its arguments. All may be given as a table:
-- `{max_workers = ..., initializer = ...}`
-- @treturn ThreadPoolExecutor whose `submit` and `map` also raise what cannot
-- go to another process: its path, and what to use instead
-- @raise if the rock is not installed; if an argument is unknown or of the
-- wrong type; if no process can be started
function futures.MPIPoolExecutor(max_workers, thread_name_prefix, initializer,
    initargs)
  read_options({ title = "MPIPoolExecutor" }, max_workers, thread_name_prefix,
    initializer, initargs)
  local found, mpi = _thread._try(require, "threading.mpi")
  if not found then
    complain("MPIPoolExecutor needs the rock threading-mpi, which cannot be "
      .. "loaded: `luarocks install threading-mpi`, with an MPI (Debian: "
      .. "libopenmpi-dev, openmpi-bin)\n%s", tostring(mpi))
  end
  return mpi.MPIPoolExecutor(max_workers, thread_name_prefix, initializer,
    initargs)
end

-- A list of Futures, each once, out of a list; or out of the keys of a table,
-- for so Python takes a dict.
local function check_list(list, where)
  if type(list) ~= "table" then
    check.bad("list", where, "list of Futures", list)
  end
  local unique, seen = {}, {}
  local function add(f)
    if not _thread._is_future(f) then
      check.bad("list", where, "list of Futures", f)
    end
    unique[#unique + 1] = not seen[f] and f or nil
    seen[f] = true
  end
  for _, f in ipairs(list) do
    add(f)
  end
  if #unique == 0 then
    for f in pairs(list) do
      add(f)
    end
  end
  return unique
end

local function deadline_of(timeout)
  return timeout and monotonic() + timeout
end

local function time_left(deadline)
  return deadline and math.max(0, deadline - monotonic())
end

-- The futures come into the queue when they are done.
local Watch = {}
Watch.__index = Watch

local function watch(list, timeout)
  local self = setmetatable({
    list = list, left = #list, total = #list,
    queue = _thread.simple_queue(),
    deadline = deadline_of(timeout),
  }, Watch)
  for _, f in ipairs(list) do
    f:_watch(self.queue)
  end
  return self
end

-- The next one that is done, or nil: none is left, or in time.
function Watch:next()
  local f
  if self.left > 0 then
    f = self.queue:get(true, time_left(self.deadline))
  end
  self.left = self.left - (f and 1 or 0)
  return f
end

function Watch:__close()
  for _, f in pairs(self.list) do -- there may be holes
    f:_unwatch(self.queue)
  end
  self.list = {}
end

local wait_options = { timeout = true, return_when = true }

local function read_wait(timeout, return_when)
  if type(timeout) == "table" and return_when == nil then
    local options = check.options(timeout, wait_options, "wait")
    timeout, return_when = options.timeout, options.return_when
  end
  check.timeout(timeout, "timeout", "wait")
  if return_when == nil then
    return_when = futures.ALL_COMPLETED
  elseif type(return_when) ~= "string" or not futures[return_when]
      or futures[return_when] ~= return_when then
    complain("bad argument 'return_when' to 'wait' (invalid condition: %s; "
      .. "known are ALL_COMPLETED, FIRST_COMPLETED, FIRST_EXCEPTION)",
      tostring(return_when))
  end
  return timeout, return_when
end

--- Waits for futures. A cancelled one is done.
-- @tparam table list Futures, or a table whose keys they are; what is in it
-- twice counts once
-- @tparam[opt] number timeout seconds (below 0 is 0); without it for ever
-- @tparam[opt] string return_when `FIRST_COMPLETED`, `FIRST_EXCEPTION`, or
-- `ALL_COMPLETED`, the default. Both may be given as a table:
-- `{timeout = ..., return_when = ...}`
-- @treturn table those that are done, in the order of the list
-- @treturn table the others
-- @raise if an argument is of the wrong type; a deadlock, a cancellation
function futures.wait(list, timeout, return_when)
  list = check_list(list, "wait")
  timeout, return_when = read_wait(timeout, return_when)
  local watched <close> = watch(list, timeout)
  local f
  repeat
    f = watched:next()
  until not f or return_when == futures.FIRST_COMPLETED
    or return_when == futures.FIRST_EXCEPTION and f:_failed()
  local done, not_done = {}, {}
  for _, it in ipairs(list) do
    table.insert(it:done() and done or not_done, it)
  end
  return done, not_done
end

local function next_completed(watched)
  local f = watched:next()
  if not f and watched.left > 0 then
    complain("%d (of %d) futures unfinished", watched.left, watched.total)
  end
  return f
end

local timeout_option = { timeout = true }

--- Gives futures as they are done:
-- `for future in futures.as_completed(list) do`.
-- @tparam table list Futures, or a table whose keys they are; what is in it
-- twice is given once
-- @tparam[opt] number timeout seconds, counted from here, after which an error
-- "N (of M) futures unfinished" is raised; without it for ever. Also as a
-- table: `{timeout = ...}`
-- @treturn function for a generic `for`
-- @raise if an argument is of the wrong type
function futures.as_completed(list, timeout)
  list = check_list(list, "as_completed")
  if type(timeout) == "table" then
    timeout = check.options(timeout, timeout_option, "as_completed").timeout
  end
  check.timeout(timeout, "timeout", "as_completed")
  local watched = watch(list, timeout)
  watched.list = setmetatable(list, { __mode = "v" }) -- not held when given
  return next_completed, watched, nil, watched
end

-- Returns a function that reports how many of the total are done.
local function teller(label, total)
  local shown
  if _thread._is_terminal() then
    return function(done)
      local filled = done * BAR // total
      stderr.write(string.format("\r%s[%s%s] %d/%d%s", label,
        string.rep("=", filled), string.rep(" ", BAR - filled), done, total,
        done == total and "\n" or ""))
    end
  end
  return function(done)
    local tenth = done * LINES // total
    if tenth ~= shown then
      shown = tenth
      stderr.write(string.format("%s%d/%d\n", label, done, total))
    end
  end
end

--- Waits for all futures, and reports on stderr how many are done: a bar on a
-- terminal, elsewhere lines.
-- @tparam table list Futures
-- @tparam[opt] string label what is put in front
-- @raise if an argument is of the wrong type; a deadlock, a cancellation
function futures.progress(list, label)
  list = check_list(list, "progress")
  check.string(label, "label", "progress")
  if #list == 0 then
    return
  end
  local tell = teller(label and label .. " " or "", #list)
  local watched <close> = watch(list)
  tell(0)
  while watched:next() do
    tell(watched.total - watched.left)
  end
end

return missing.module(futures, "threading.futures")
