--- Threads for stock Lua, after Python's `threading`.
--
-- The high-level module, on top of the C module `threading._thread`.
-- @module threading

local _thread = require "threading._thread"
local check = require "threading.private.check"
local excepthook = require "threading.private.excepthook"
local missing = require "threading.private.missing"
local include_dir = require "threading.private.include"
local predicates = require "threading.private.predicates"
local register = require "threading.private.register"
local stderr = require "threading.private.stderr"
local thread = require "threading.private.thread"
local tracehook = require "threading.private.tracehook"
local Local = require "threading.private.local"
local Timer = require "threading.private.timer"
local error, require, type = error, require, type

-- What few interpreters ask for is loaded by those that do; and so are `extend`
-- and `once`, everywhere.
local compile, kernel, parallel_for
if _thread._in_interpreter then
  function compile(fn, options)
    return require "threading.compile"(fn, options)
  end
  function kernel(source, options)
    return require "threading.kernel"(source, options)
  end
  function parallel_for(first, last, fn, nthreads, options)
    return require "threading.private.parallel"(first, last, fn, nthreads,
      options)
  end
else
  compile, kernel = require "threading.compile", require "threading.kernel"
  parallel_for = require "threading.private.parallel"
end

local threading = {
  --- The name and the version of this module (string).
  -- @field _VERSION
  _VERSION = "threading 1.0.0",

  --- The longest timeout, in seconds.
  -- @field TIMEOUT_MAX
  TIMEOUT_MAX = _thread.TIMEOUT_MAX,
}

--- The class of threads.
-- @field Thread
-- @see threading.Thread
threading.Thread = thread.Thread

--- The class of timers.
-- @field Timer
-- @see threading.Timer
threading.Timer = Timer

--- The class of data of which every thread sees its own.
-- @field Local
-- @see threading.Local
threading.Local = Local

--- The calling thread's object.
-- @function current_thread
-- @treturn Thread
threading.current_thread = register.current_thread

--- The thread in which the module was loaded first; in the child of a fork,
-- the one that forked.
-- @function main_thread
-- @treturn Thread
threading.main_thread = register.main_thread

--- All threads that live.
-- @function enumerate
-- @treturn {Thread,...} in the order of their idents
threading.enumerate = register.enumerate

--- How many threads live.
-- @function active_count
-- @treturn integer
threading.active_count = register.active_count

--- Tells an uncaught error on stderr. Set it to a function of your own, which
-- is then called in the thread that failed.
-- @function excepthook
-- @tparam table args `value` (the error object), `traceback` (string), `thread`
-- @raise if args is not a table
threading.excepthook = excepthook.excepthook

--- The excepthook that the module came with.
-- @function __excepthook__
-- @tparam table args as for `excepthook`
-- @raise if args is not a table
threading.__excepthook__ = excepthook.excepthook

--- Sets the hook of threads that are started later: each sets it, as by
-- `debug.sethook`, before its `run` is called. That holds for Timers and for
-- the threads of pools and of `parallel_for`, but for no thread that runs
-- already, no other interpreter, and no coroutine of the threads: hooks belong
-- to coroutines. An error in the function is one of the thread that runs.
-- @function settrace
-- @tparam[opt] function fn called with the event and the line, as hooks are;
-- nil: threads that are started later get none
-- @tparam[opt="crl"] string mask as for `debug.sethook`: calls, returns, lines
-- @tparam[opt=0] integer count as for `debug.sethook`
-- @raise if an argument is of the wrong type
-- @usage
-- require "luacov"
-- threading.settrace(debug.gethook()) -- luacov sees all threads
threading.settrace = tracehook.settrace

--- Does what `settrace` does, and sets the hook of the threads that live, too:
-- of what each runs now, a coroutine, and of what is below all its coroutines.
-- The main thread sets its own, as soon as it runs Lua or wakes in a wait. What
-- they have set by `debug.sethook` is replaced. Coroutines that do not run, and
-- other interpreters, are not reached.
-- @function settrace_all_threads
-- @tparam[opt] function fn as for `settrace`; nil: no thread has one any more
-- @tparam[opt="crl"] string mask as for `settrace`
-- @tparam[opt=0] integer count as for `settrace`
-- @raise if an argument is of the wrong type
threading.settrace_all_threads = tracehook.settrace_all_threads

--- What `settrace` has set.
-- @function gettrace
-- @treturn function fn; nil if there is none
-- @treturn string mask
-- @treturn integer count
threading.gettrace = tracehook.gettrace

--- Sets a second hook for threads that are started later, for calls and
-- returns alone. Where `settrace` has set one, too, this one is called first.
-- @function setprofile
-- @tparam[opt] function fn called with the event, as hooks are; where there is
-- a hook of `settrace`, too, also with nil and the number 3: the level of the
-- function that runs, for `debug.getinfo`, which otherwise is 2
-- @raise if fn is neither a function nor nil
threading.setprofile = tracehook.setprofile

--- Does what `setprofile` does, and sets the hook of the threads that live, as
-- `settrace_all_threads` does.
-- @function setprofile_all_threads
-- @tparam[opt] function fn as for `setprofile`; nil: no thread has one any more
-- @raise if fn is neither a function nor nil
threading.setprofile_all_threads = tracehook.setprofile_all_threads

--- What `setprofile` has set.
-- @function getprofile
-- @treturn function fn; nil if there is none
threading.getprofile = tracehook.getprofile

--- The number that identifies the calling thread. Never used twice in a
-- process.
-- @function get_ident
-- @treturn integer
threading.get_ident = _thread.get_ident

--- The kernel's id of the calling thread.
-- @function get_native_id
-- @treturn integer
threading.get_native_id = _thread.get_native_id

--- How many processors this process may use.
-- @function cpu_count
-- @treturn integer
threading.cpu_count = _thread.cpu_count

--- The stack size of threads started later.
-- @function stack_size
-- @tparam[opt] integer size bytes, a multiple of the page size, at least
-- 512 KiB; 0 for the system's default
-- @treturn integer the size before
-- @raise if the size is not valid
threading.stack_size = _thread.stack_size

--- Ends the calling thread silently, as an error that unwinds it. Of the main
-- thread `lua` reports it as an error; `os.exit(true, true)` ends the program.
-- @function exit
threading.exit = _thread.exit

--- Simulates a signal that arrives in the main thread, where it raises
-- `"interrupted!"`, also out of a blocking call. Another signal does nothing
-- where no handler is installed for it.
-- @function interrupt_main
-- @tparam[opt=2] integer signum the number of the signal; 2 is SIGINT
-- @raise if there is no such signal
threading.interrupt_main = _thread.interrupt_main

--- How long a thread that computes may go on when others wait for the lock.
-- @function getswitchinterval
-- @treturn number seconds
threading.getswitchinterval = _thread.getswitchinterval

--- Sets the switch interval.
-- @function setswitchinterval
-- @tparam number interval seconds, more than 0
-- @raise if the interval is not positive
threading.setswitchinterval = _thread.setswitchinterval

--- Waits for the non-daemon threads, then stops the daemons. For a host that
-- is about to close the Lua state; `lua` does it by itself.
-- @function shutdown
-- @raise "interrupted!" on Ctrl-C, when it is pressed again: the first time it
-- says on stderr which threads are waited for
threading.shutdown = _thread.shutdown

--- Makes a lock that one thread at a time can hold, and any may release.
-- @function Lock
-- @tparam[opt] table options `name`: what reports call it
-- @treturn Lock
-- @raise if an option is unknown or of the wrong type
-- @usage local lock = threading.Lock { name = "accounts" }
threading.Lock = _thread.allocate_lock

--- Makes a lock that its owner may acquire again, and only it may release.
-- @function RLock
-- @tparam[opt] table options `name`: what reports call it
-- @treturn RLock
-- @raise if an option is unknown or of the wrong type
threading.RLock = _thread.rlock

--- Makes a lock that many threads hold at once to read, or one to write.
-- @function RWLock
-- @tparam[opt] table options `name`: what reports call it
-- @treturn RWLock
-- @raise if an option is unknown or of the wrong type
threading.RWLock = _thread.rwlock

--- Makes a condition variable.
-- @function Condition
-- @param[opt] lock a Lock, an RLock, another Condition (for its lock), or an
-- object with `acquire` and `release`; by default a new RLock.  Such an object
-- is held by the caller where its method `_is_owned` says so; without one,
-- where `acquire(false)` is false
-- @tparam[opt] table options `name`: what reports call it, and its own RLock.
-- Both may be given as a table: `{lock = ..., name = ...}`
-- @treturn Condition
-- @raise if the lock is no such object; if an option is unknown
threading.Condition = _thread.condition

--- Makes a semaphore.
-- @function Semaphore
-- @tparam[opt=1] integer value how many permits there are at first
-- @tparam[opt] table options `name`: what reports call it. Both may be given as
-- a table: `{value = ..., name = ...}`
-- @treturn Semaphore
-- @raise if the value is negative; if an option is unknown
threading.Semaphore = _thread.semaphore

--- Makes a semaphore whose value never exceeds the initial one.
-- @function BoundedSemaphore
-- @tparam[opt=1] integer value how many permits there are at first, and at most
-- @tparam[opt] table options as for `Semaphore`
-- @treturn Semaphore
-- @raise if the value is negative; if an option is unknown
threading.BoundedSemaphore = _thread.bounded_semaphore

--- Makes an event: a flag that threads can wait for.
-- @function Event
-- @tparam[opt] table options `name`: what reports call it
-- @treturn Event
-- @raise if an option is unknown or of the wrong type
threading.Event = _thread.event

--- Makes a barrier, at which `parties` threads wait for each other.
-- @function Barrier
-- @tparam integer parties at least 1
-- @tparam[opt] function action called by one thread of each round, before any
-- is released
-- @tparam[opt] number timeout seconds, for waits that give none
-- @tparam[opt] table options `name`: what reports call it. All may be given as
-- a table: `{parties = ..., name = ...}`
-- @treturn Barrier
-- @raise if an argument is of the wrong type, or there are no parties
threading.Barrier = _thread.barrier

--- Derives a class from a constructor of objects: from `Semaphore`, `Event`,
-- `Condition`, `queue.Queue` and so on; from Thread, Timer and Local as their
-- own `extend` does. Its objects are tables, in which any field may be set, and
-- do what the class does not define as before. `class.super` has the methods
-- that are overridden, `class:extend(name)` derives further.
--
-- Where a method `acquire` or `release` is overridden, `guard` and `with` call
-- that. In C, an object of such a class is no Lock: it cannot be given to a
-- kernel, nor to another interpreter.
-- @tparam function base what makes the objects; or a class
-- @tparam string name what `tostring` shows
-- @treturn table the class, which is called to make an object
-- @raise if an argument is of the wrong type
-- @usage
-- local Permits = threading.extend(threading.Semaphore, "Permits")
-- function Permits:init(n)
--   Permits.super.init(self, n)
--   self.taken = 0
-- end
-- function Permits:acquire(...)
--   local got = Permits.super.acquire(self, ...)
--   self.taken = self.taken + (got and 1 or 0)
--   return got
-- end
-- local permits = Permits(3)
function threading.extend(base, name)
  return require "threading.private.extend"(base, name)
end

--- What to do about threads that wait for each other. It holds for all
-- interpreters.
-- @function deadlock_policy
-- @tparam[opt] string policy "certain" (the default: report when every thread
-- waits for ever, and circles of RLocks and joins), "cycle" (circles of plain
-- Locks too), or "off"
-- @treturn string the policy before
-- @raise if there is no such policy
threading.deadlock_policy = _thread.deadlock_policy

--- Dumps all threads to stderr whenever the process gets a signal.
-- @function dump_on_signal
-- @tparam string name "QUIT", "USR1", "USR2", "HUP", …
-- @raise if the signal is unknown, or elsewhere than in the main thread
threading.dump_on_signal = _thread.dump_on_signal

--- A point at which the calling thread can be cancelled.
-- @function checkpoint
-- @raise the cancellation, if there is one
threading.checkpoint = _thread.checkpoint

--- Calls a function that shall not be cancelled. A cancellation that comes
-- meanwhile waits for the next cancellation point after it.
-- @function shield
-- @tparam function fn may not yield
-- @param ... its arguments
-- @return what fn returns
-- @raise if fn is not callable; what fn raises
threading.shield = _thread.shield

--- Calls a function while no other thread of this interpreter runs: for a
-- library with global state that knows no threads, or a few changes that belong
-- together. Nested, the outer one lasts.
--
-- There is **no wait** in it: a call that would have to wait raises an error,
-- and so does one that lets the other threads run, as a kernel. C code that
-- lets go of the global lock elsewhere keeps it here, and Lua's own `io.read`
-- or `os.execute` stops all. Threads that are started run when it is over.
--
-- Nothing ends it but its function: all others stand still, so it should take
-- no longer than a few milliseconds. Under `THREADING_DEBUG=1` it is told where
-- it has kept others waiting for more than 100 ms. A lock keeps only those out
-- that take it, and is nearly always the better choice.
-- @function atomic
-- @tparam function fn may not yield
-- @param ... its arguments
-- @return what fn returns
-- @raise if fn is not callable; what fn raises
-- @usage
-- local ok, text = threading.atomic(pcall, legacy.parse, source)
threading.atomic = _thread.atomic

--- Calls a function at the end of the block, also where that is left by an
-- error, a cancellation, `break` or `return`: what is opened is closed where
-- the eye is.
-- @function defer
-- @tparam function fn called with the arguments that follow
-- @param ... its arguments
-- @return a value for a to-be-closed variable, which calls `fn(...)` when it is
-- closed, once; without such a variable nothing is called
-- @raise if fn is not callable; an error of fn is one of the block
-- @usage
-- local before = threading.current_thread().name
-- threading.current_thread().name = "download"
-- local _ <close> = threading.defer(function()
--   threading.current_thread().name = before
-- end)
threading.defer = _thread._defer

--- Makes a function that runs another one once, however many threads call it:
-- those that come while it runs wait for its end, and all get its results.
-- Where it raises an error nothing is kept: who has called it gets the error,
-- and the next call runs it again. Each interpreter runs it for itself.
-- @tparam function fn called with the arguments of the call that runs it
-- @treturn function
-- @raise if fn is not callable; the function that is returned raises what fn
-- raises, and an error where fn calls it
-- @usage
-- local config = threading.once(function()
--   return dofile "config.lua"
-- end)
-- print(config().port) -- in any thread
function threading.once(fn)
  return require "threading.private.once"(fn)
end

--- Is this the error object of a cancellation? It has a field `message`.
-- @function is_cancelled
-- @param err any value
-- @treturn boolean
threading.is_cancelled = _thread.is_cancelled

--- Is this the error of a timeout? That of `map` and `as_completed` of pools is
-- one, and so is `"timeout"`, the second result of the other calls.
-- @function is_timeout
-- @param err
-- @treturn boolean
-- @usage
-- local job, why = jobs:get(true, 0.5)
-- if threading.is_timeout(why) then print "none yet" end
threading.is_timeout = predicates.is_timeout

--- Is this the error of a Barrier that is broken?
-- @function is_broken_barrier
-- @param err
-- @treturn boolean
-- @usage
-- local ok, err = pcall(barrier.wait, barrier, 0.5)
-- if threading.is_broken_barrier(err) then barrier:reset() end
threading.is_broken_barrier = predicates.is_broken_barrier

--- Tells what every thread of all interpreters does: its state, what it waits
-- for and holds, and its Lua traceback. Where an interpreter's lock cannot be
-- had in a tenth of a second, the places and tracebacks there are left out.
-- @tparam[opt=io.stderr] file file an object with a method `write`
-- @raise if file is no such object
function threading.dump(file)
  if file == nil then
    file = stderr.file()
    if file == nil then
      return stderr.write(_thread._dump())
    end
  end
  if not check.is_writer(file) then
    error("bad argument 'file' to 'dump' (file expected, got " .. type(file)
      .. ")", 2)
  end
  file:write(_thread._dump())
end

--- Makes a number that Lua and C share; and a counter, for `fetch_add` adds
-- whole, whichever threads count at the same time.
-- @function Value
-- @tparam string type "int8", "int16", "int32", "int64", "uint8", "uint16",
-- "uint32", "uint64", "float32" or "float64"; or C's name of a type, "double",
-- "float", "int", "long", "unsigned char", "size_t", "uint32_t" and so on: the
-- one of these that it is on this platform
-- @tparam[opt=0] number initial the number at first
-- @tparam[opt] table options `name`: what reports call it; also in the place of
-- `initial`
-- @treturn Value
-- @raise if the type is unknown or the initial value does not fit it
-- @usage
-- local n = threading.Value "long" -- a counter
-- n:fetch_add(1)
-- print(n.value, n.type) --> 1 int64
threading.Value = _thread.value

--- Makes a block of numbers that Lua and C share.
-- @function Array
-- @tparam string type as for `Value`
-- @tparam integer|table n how many elements, all 0; or a list of them
-- @tparam[opt] table options `name`: what reports call it; `shared`: processes
-- of a `futures.ProcessPoolExecutor` have the same memory (by default false)
-- @treturn Array
-- @raise if the type is unknown, an element does not fit it, or there is not
-- enough memory
threading.Array = _thread.array

--- The folder of `threading.h`, for C modules and hosts: `cc -I` it.
-- @function include_dir
-- @treturn string the folder; or nil and a message, where it is not installed
threading.include_dir = include_dir

--- Compiles C functions, or finds them in the cache. Each function of the
-- source that is not static becomes a function that is called like one of
-- Lua, checks its arguments, and runs without the global lock.
--
-- **Parameters** may be numbers (`double`, `int64_t` and the like, `int`,
-- `size_t`), `bool`, pointers to the elements of an Array (`const double *x`),
-- Values (`_Atomic int64_t *v`) and Locks (`threading_lock *l`). A number that
-- does not fit the type is an error. `double x[n]` asks for an Array of at
-- least so many elements, which the call checks; without, nothing does, and
-- the function may ask for `threading_length(x)`. `n` is an expression of
-- numbers, constants, parameters before it, `sizeof` and casts; it is reckoned
-- where nothing wraps, and an error if it is negative or too large.
--
-- **A long loop** asks `threading_stopping()` now and then and returns if it
-- is true: the thread is cancelled, the program ends, or Ctrl-C was pressed.
-- That is raised when the function has returned. `threading_lock_acquire(l)`
-- and `threading_lock_release(l)` return 0 when they have failed, the first
-- because the thread is to stop, the second because the lock was free.
--
-- **The cache** is `threading` in `$XDG_CACHE_HOME` or `~/.cache`, for this
-- user alone. What it holds depends on the source, the flags, the compiler, the
-- processor, and the files that the compiler has read. Where it cannot be
-- written, or another user could write to it or to a folder above it, each
-- program compiles the kernel, in a folder that is removed again;
-- `THREADING_DEBUG=1` in the environment says why.
-- @function kernel
-- @tparam string source the functions, in C
-- @tparam[opt] table options any of these:
--
-- - `cc`: the compiler, by default `$CC` or `cc`
-- - `flags`: more flags, after `-std=gnu11 -O3 -march=native`. Both are a list
--   of strings, or one with blanks between the words; there is no shell
-- - `timeout`: how many seconds the compiler may take, by default 60
-- @treturn table the functions by name
-- @raise what the compiler says, with the line numbers of the source, and the
-- file and line of the script where the source is there word for word; if a
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
threading.kernel = kernel

--- Compiles a Lua function for the types that it is called with, by way of C,
-- and lets it run without the global lock, side by side with others. The
-- results, and the texts and places of errors, are exactly those of the
-- function in Lua; only the sign of a NaN is not defined.
--
-- What is returned is called like the function: by threads, in pools, by
-- `parallel_for`. The first call with arguments of new types compiles a version
-- for them, or finds it in the cache, which is that of kernels.
--
-- **Values** are integers, floats, booleans, nil, Arrays, Values and Locks.
-- Upvalues and globals are read when a call begins. Those that are functions
-- are compiled with it; those that are tables, such as `math`, and functions,
-- are taken to be the same during the call.
--
-- **What cannot be compiled** is refused when the function is compiled or first
-- called with such types, with its line, and what to write instead: writes to
-- upvalues and globals, tables, strings, varargs, `pairs`, functions inside
-- that are passed on, returned or kept, coroutines, `<close>`.
--
-- A thread that is cancelled, Ctrl-C and the end of the program end every loop.
-- @function compile
-- @tparam function fn a Lua function
-- @tparam[opt] table options any of these:
--
-- - `eager`: a list of types for which a version is compiled at once, or a list
--   of such lists, as in `{ "integer", "float64[]" }`. Types are `integer`,
--   `float`, `boolean`, `nil`, `Lock`, `int64[]` for an Array and `int64 Value`
--   for a Value, with each of their types
-- - `fast = true`: lets the C compiler contract and reassociate what floats are
--   computed with, so that results are **not exactly** Lua's any more
-- - `cc`, `flags`, `timeout`: as for `kernel`
-- - `fallback = true`: returns `fn` itself where there is no C compiler
-- @treturn threading.Compiled a callable object
-- @raise if an argument is of the wrong type; if the function cannot be
-- compiled; if there is no C compiler, and what that says
-- @usage local loop = threading.compile(function(n)
--   local x = 0
--   for i = 1, n do x = x ~ i end
--   return x
-- end)
-- threading.Thread { target = loop, args = { 1 << 30 } }:start()
threading.compile = compile

--- Runs a loop on several threads: cuts the range into contiguous parts and
-- calls `fn(lo, hi)` for each, in threads of their own. Returns when all have
-- ended. The parts run side by side where `fn` lets go of the global lock, as
-- a kernel does.
--
-- The first error in a part cancels the other threads, waits for them, and is
-- raised here, as it is. The same is done when the calling thread is cancelled
-- or interrupted.
-- @function parallel_for
-- @tparam integer first the beginning of the range
-- @tparam integer last the end of the range, which belongs to it; where it is
-- less than `first` nothing is called
-- @tparam function fn called with the first and the last number of a part
-- @tparam[opt] integer nthreads by default the number of processors
-- @tparam[opt] table options any of these, instead of `nthreads` or after it:
--
-- - `nthreads`
-- - `parts`: into how many the range is cut, by default one for each thread,
--   100 where there is a `progress`. Threads take the next one as they are
--   ready, which also evens out parts of unequal work
-- - `progress`: a function that is called after each part, with how many
--   numbers are done, and how many there are; in the part's thread, one call at
--   a time
-- - `interpreters = true`: each thread has an interpreter of its own, so that
--   Lua code of `fn` runs on all processors. `fn` and its upvalues are copied
--   there for each part, or go by reference, see `threading.interpreters`
-- @raise the first error of `fn` or `progress`; if an argument is of the wrong
-- type; with `interpreters`, if `fn` cannot cross: what of it, and what to use
-- instead
-- @usage threading.parallel_for(1, #a, function(lo, hi)
--   k.scale(a, lo, hi)
-- end)
threading.parallel_for = parallel_for

excepthook.bind(threading)

local traced <const> = _thread._trace_asked()
if traced then
  require "threading.trace.program"(traced)
end

_thread._public(threading) -- how errors name the functions

return missing.module(threading, "threading") --[[@as threading]]
