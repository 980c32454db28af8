--- Threads that make calls; those of an InterpreterPoolExecutor make them each
-- in an interpreter of its own, those of a ProcessPoolExecutor in a process.
-- They are started on demand, and end when the pool is shut down or collected,
-- or the program is at its end; calls that wait by then are still made. As a
-- to-be-closed variable it is shut down at the end of the block.
-- @classmod threading.ThreadPoolExecutor
-- @usage
-- local futures = require "threading.futures"
--
-- local pool <close> = futures.ThreadPoolExecutor(4)
-- local future = pool:submit(string.rep, "ab", 3)
-- print(future:result()) --> ababab
-- for i, length in pool:map(string.len, { "one", "three" }) do
--   print(i, length)
-- end
-- --> 1 3
-- --> 2 5

local _thread = require "threading._thread"
local broken = require "threading.private.broken"
local check = require "threading.private.check"
local complain = require "threading.private.complain"
local current_thread = require("threading.private.register").current_thread
local map = require "threading.private.mapping"
local missing = require "threading.private.missing"
local numbers = require "threading.private.numbers"
local read_options = require "threading.private.pooloptions"
local thread = require "threading.private.thread"
local standard = require "threading.private.standard"
local stderr = require "threading.private.stderr"
local math = standard.math
local string, table = standard.string, standard.table
local error, ipairs, pcall, rawget = error, ipairs, pcall, rawget
local setmetatable, tostring, type = setmetatable, tostring, type
local xpcall = xpcall

-- A way of making calls, a table: `title` of the pool, `future(fn, ...)` for a
-- call, and what its workers do:
--   prepare(initializer, args): a function, which `initialize` calls in each
--   describe(err): an error of that, and its traceback; called by xpcall
--   serve(state, initialize): the work
-- and, where its workers are not just threads:
--   open(state, max_workers, options): when a pool is made; sets `most`, or
--     raises; sets `workers`, where these are fewer than its threads
--   names: of its options, in the order of the constructor's arguments
--   shut(state): when it is shut down; the workers may not have ended yet
--   chunked(state): before a map in chunks
--
-- What the workers share is a table of its own: they must not hold the
-- executor, which ends them when it is collected. Where there are more futures
-- than workers that wait for one, submit starts a worker. So does, for futures
-- that are left to nobody, a worker that is cancelled in its wait, and the
-- thread that shuts the pool down between the two steps of a submit.

local Executor = {} -- methods
local executor_meta = {
  __name = "threading.ThreadPoolExecutor", __index = Executor,
}
missing.methods(Executor, executor_meta.__name, "pool")

local STATE = {} -- key
local BROKEN <const> = "a thread initializer failed, the pool is not usable "
  .. "any more"

local pools = setmetatable({}, { __mode = "v" }) -- number -> state
local pools_lock = _thread.allocate_lock() -- of counter, numbers.pools
local ended = false -- the program is
local counter = 0

local function state_of(self)
  local state = type(self) == "table" and rawget(self, STATE)
  if not state then
    _thread._bad_self(self, executor_meta.__name)
  end
  return state
end

-- While debugging: it was used, and its program has not ended that.
local function tell_left(state)
  if state.made and state.started > 0 then
    _thread._told("pool", state.made, string.format("the %s that was made at "
      .. "%s was not shut down, its threads wait for more: declare it as "
      .. "'local pool <close>', or call its shutdown()", state.way.title,
      state.made))
  end
end

-- Without the lock: where the Lua state is being closed it may be finalised, as
-- may a queue. A pool that is not in the list yet will see that all is ended.
_thread._at_end(function()
  ended = true
  for _, state in ipairs(_thread._values(pools)) do
    tell_left(state)
    _thread._try(state.queue.shutdown, state.queue)
  end
end)

local function register(state)
  local _ <close> = pools_lock:guard()
  state.prefix = state.prefix or state.way.title .. "-" .. numbers.pools
  numbers.pools = numbers.pools + 1
  counter = counter + 1
  pools[counter] = state
  if ended then
    state.queue:shutdown()
  end
end

-- Calls the way's initializer with what it is given; false: the pool is broken.
local function initialize(state, ...)
  local describe = state.way.describe
  local ok, err = xpcall(state.initializer, function(err)
    return (_thread._is_asked(err) or broken.is(err)) and err
      or _thread._is_exit(err) and ""
      or "Exception in initializer:\n" .. describe(err) .. "\n"
  end, ...)
  if not ok and _thread._is_asked(err) then
    error(err, 0) -- the worker's end, which breaks no pool
  elseif not ok then
    local says_why = broken.is(err)
    state.broken = says_why and err or broken.new(BROKEN) -- before the report
    state.queue:shutdown()
    _thread._empty(state.queue, state.broken)
    if not says_why then
      stderr.write(tostring(err))
    end
  end
  return ok
end

local start_worker

-- Takes a worker off the list, if it is there.
local function remove(state, worker)
  for i, it in ipairs(state.threads) do
    if it == worker then
      return table.remove(state.threads, i)
    end
  end
end

-- A worker that has died at its birth, for want of memory, could not leave; nor
-- can one whose start was given up.
local function look_for_dead(state)
  local list = state.threads
  state.looked = state.looked % #list + 1
  if not _thread._is_alive(list[state.looked]) then
    table.remove(list, state.looked)
  end
end

-- Unless there are as many as there may be. Returns an error message if there
-- is none at all.
local function add_worker(state)
  local _ <close> = state.lock:guard()
  if #state.threads >= state.most then
    look_for_dead(state)
  end
  if #state.threads < state.most then
    local ok, err = _thread._try(start_worker, state)
    if not ok and #state.threads == 0 then
      return tostring(err)
    end
  end
end

local function staff(state)
  if _thread._lacks_worker(state.queue) then
    return _thread.shield(add_worker, state)
  end
end

local function leave(state)
  state.lock:with(remove, state, current_thread())
  staff(state)
end

-- No cancellation comes before the first pcall, or after it.
local function work(state)
  local ok, err = pcall(_thread._expose, state.way.serve, state, initialize)
  if not ok then -- it is cancelled, or the program ends, or the memory
    leave(state)
    error(err, 0)
  end
end

function start_worker(state)
  local worker = thread.Thread {
    target = work, args = { state }, daemon = false,
    name = string.format("%s_%d", state.prefix, state.started),
  }
  table.insert(state.threads, worker) -- before anything can end this thread
  _thread._shield(worker)
  state.started = state.started + 1
  local ok, err = pcall(worker.start, worker)
  if not ok then
    if not _thread._is_alive(worker) then
      remove(state, worker)
    end
    error(err, 0)
  end
end

local function submit(state, fn, ...)
  local f = state.way.future(fn, ...)
  if not state.queue:put(f) then
    if state.broken then
      error(state.broken, 0)
    end
    complain "cannot schedule new futures after shutdown"
  end
  local err = staff(state)
  if err then
    f:cancel()
    complain("%s", (string.gsub(err, "^[^\n]-:%d+: ", "", 1))) -- one place
  end
  return f
end

--- Has a call made by a worker.
-- @tparam function fn called with the arguments that follow
-- @param ... its arguments
-- @treturn Future its outcome
-- @raise if fn is not callable; "cannot schedule new futures after shutdown";
-- if an initializer has failed
function Executor:submit(fn, ...)
  local state = state_of(self)
  check.callable(fn, "fn", "submit")
  return submit(state, fn, ...)
end

--- Calls a function with each item, several at a time:
-- `for i, result in pool:map(fn, list) do`. Results come in the order of the
-- list, and the error of a call is raised at its place. When the loop is left
-- early, by a break or an error, what has not begun is cancelled.
-- @tparam function fn called with one item
-- @param list a list; or a function that returns the next item
-- each time, and nil at the end
-- @tparam[opt] table options any of these:
--
-- - `timeout`: seconds, counted from here, after which an error "timeout" is
--   raised
-- - `chunksize`: how many items a worker takes at a time, by default one: more
--   make small calls quicker, above all where they are made elsewhere
-- - `buffersize`: how many of these may be under way or waiting for their turn
--   in the loop, by default all
-- @treturn function for a generic `for`
-- @raise if an argument is of the wrong type; what `submit` raises
function Executor:map(fn, list, options)
  return map(submit, self, state_of(self), fn, list, options)
end

--- How many workers it may have.
-- @treturn integer
function Executor:num_workers()
  local state = state_of(self)
  return state.workers or state.most
end

local function workers_of(state)
  local _ <close> = state.lock:guard()
  return { table.unpack(state.threads) }
end

local shutdown_options = { wait = true, cancel_futures = true }

--- Ends the use of the pool: what was submitted is still done, and nothing
-- more can be.
-- @tparam[opt=true] boolean wait return when the workers have ended. As a
-- table: `{wait = ..., cancel_futures = ...}`; the latter (by default false)
-- cancels what no worker has begun
-- @raise if an option is unknown or of the wrong type; from one of its own
-- workers, which cannot be waited for; a deadlock, a cancellation
function Executor:shutdown(wait)
  local state = state_of(self)
  local options = type(wait) == "table" and wait or { wait = wait }
  check.options(options, shutdown_options, "shutdown")
  check.boolean(options.wait, "wait", "shutdown")
  check.boolean(options.cancel_futures, "cancel_futures", "shutdown")
  state.made = nil
  state.queue:shutdown()
  if options.cancel_futures then
    _thread._empty(state.queue)
  end
  staff(state)
  if options.wait ~= false then
    for _, worker in ipairs(workers_of(state)) do
      if _thread._is_alive(worker) then -- its start may have been given up
        worker:join()
      end
    end
  end
  if state.way.shut then
    state.way.shut(state)
  end
end

function executor_meta:__close()
  self:shutdown()
end

function executor_meta:__gc()
  tell_left(state_of(self))
  state_of(self).queue:shutdown()
end

function executor_meta:__tostring()
  local state = state_of(self)
  return string.format("<threading.%s(%s, %d/%d workers, %d waiting)>",
    state.way.title, state.prefix, #state.threads, state.most,
    state.queue:qsize())
end

_thread._public(Executor)

-- Returns the constructor of the pools whose calls are made in this way. Where
-- a way has names of its own it takes what these are, in their order.
local function define(way)
  local function make(...)
    local most, options = read_options(way, ...)
    local prefix = options.thread_name_prefix
    local state = {
      way = way,
      most = most or math.min(32, _thread.cpu_count() + 4),
      prefix = prefix ~= "" and prefix or nil,
      initializer = way.prepare(options.initializer, options.initargs or {}),
      queue = _thread.queue(),
      lock = _thread.rlock(), -- of threads; a finaliser may submit
      threads = {}, looked = 0,
      started = 0,
      made = _thread._debugs() and _thread._here(),
    }
    if way.open then
      way.open(state, most, options)
    end
    register(state)
    return setmetatable({ [STATE] = state }, executor_meta)
  end
  return way.names and make or function(max_workers, thread_name_prefix,
      initializer, initargs)
    return make(max_workers, thread_name_prefix, initializer, initargs)
  end
end

return define
