---@meta _

-- Types for editors (LuaCATS): every public name of `threading`,
-- `threading._thread`, `threading.explore`, `threading.futures`,
-- `threading.interpreters`, `threading.io`, `threading.log`, `threading.loops`,
-- `threading.queue`, `threading.socket`, `threading.ssl`, `threading.time` and
-- `threading.trace`, and what the modules below `socket` and `ssl` have besides
-- the names of LuaSocket's and LuaSec's. Editors read it; programs do not. The
-- specs do: spec/docs_spec.lua compares it with the modules,
-- spec/badinput_spec.lua makes its bad arguments from it.
--
-- An editor that does not know what a C module returns can be told:
--
--     local loops = require "threading.loops" --[[@as threading.loops]]

-- luacheck: ignore 212 241

-- Arguments -------------------------------------------------------------------

--- Seconds, from 0 to `threading.TIMEOUT_MAX`, or `math.huge`: for ever.
---@alias threading.seconds number

--- The same; what is less than 0 counts as 0.
---@alias threading.timeout number

--- Seconds, not negative, not NaN, however many.
---@alias threading.duration number

--- Seconds; less than 0: for ever. Not NaN.
---@alias threading.limit number

--- Seconds, more than 0.
---@alias threading.interval number

--- Seconds, more than 0, or `math.huge`: for ever.
---@alias threading.patience number

--- Seconds, from 0, or -1 or `math.huge` for ever.
---@alias threading.lock_timeout number

--- An integer of at least 0.
---@alias threading.natural integer

--- An integer of at least 1.
---@alias threading.positive integer

--- Bytes: 0, or a multiple of the page size and at least 512 KiB.
---@alias threading.stack_bytes integer

--- The number of a signal.
---@alias threading.signum integer

--- A descriptor, from 0 to 2^31 - 1; a file of Lua's that is not closed; or an
--- object with a method `getfd`, or `pollfd`.
---@alias threading.descriptor integer|file*|table

--- A file of Lua's that is not closed.
---@alias threading.file file*

--- What to read: a number "n", a line "l", a line with its end "L", all "a", or
--- so many bytes.
---@alias threading.format integer|string

--- For reading, for writing.
---@alias threading.popen_mode
---| "r"
---| "w"

--- For reading, for writing, for either.
---@alias threading.wait_mode
---| "r"
---| "w"
---| "rw"

--- A function, or a value with a metamethod `__call`.
---@alias threading.callable fun(...: any): ...any
---@alias threading.lua_function fun(...: any): ...any

--- What `debug.sethook` takes; `level`: see `setprofile`.
---@alias threading.hook fun(event: string, line?: integer, level?: integer)

--- A signal by its name, also with `SIG` in front.
---@alias threading.signal
---| "QUIT"
---| "USR1"
---| "USR2"
---| "HUP"
---| "INT"
---| "TERM"
---| "ALRM"
---| "WINCH"

--- What to report: `certain`, every thread waits for ever, or a circle of
--- RLocks and joins; `cycle`, also a circle of plain Locks; `off`, nothing.
---@alias threading.policy
---| "certain"
---| "cycle"
---| "off"

--- A level of messages: a number, or a name of one in upper or lower case,
--- "debug", "info", "warning", "error" or "critical".
---@alias threading.level integer|string

--- Append to a file, or write it anew.
---@alias threading.log_mode
---| "a"
---| "w"

--- What `wait` waits for.
---@alias threading.return_when
---| "FIRST_COMPLETED"
---| "FIRST_EXCEPTION"
---| "ALL_COMPLETED"

--- A list of Futures, or a table whose keys they are.
---@alias threading.future_list table

--- A list; or a function that returns the next item each time.
---@alias threading.items any

--- An object of LuaSocket or LuaSec, or a socket of ours.
---@alias threading.luasocket any

--- Which timeout: `b` for each wait, `t` (or `r`) for a call in all.
---@alias threading.timeout_mode
---| "b"
---| "t"
---| "r"

--- Which direction of a connection.
---@alias threading.direction
---| "receive"
---| "send"
---| "both"

--- A family of addresses.
---@alias threading.family
---| "inet"
---| "inet6"
---| "unspec"

--- The type of a number that Lua and C share, as its size says or by C's name
--- on this platform.
---@alias threading.number_type
---| "int8"
---| "int16"
---| "int32"
---| "int64"
---| "uint8"
---| "uint16"
---| "uint32"
---| "uint64"
---| "float32"
---| "float64"
---| "double"
---| "float"
---| "char"
---| "signed char"
---| "unsigned char"
---| "short"
---| "unsigned short"
---| "int"
---| "unsigned"
---| "unsigned int"
---| "long"
---| "unsigned long"
---| "long long"
---| "unsigned long long"
---| "size_t"
---| "ptrdiff_t"
---| "intptr_t"
---| "uintptr_t"
---| "int8_t"
---| "int16_t"
---| "int32_t"
---| "int64_t"
---| "uint8_t"
---| "uint16_t"
---| "uint32_t"
---| "uint64_t"

--- A number that fits the type of the Value or the Array.
---@alias threading.element number

--- An index of an Array; for a range that is empty, one beside it.
---@alias threading.position integer

--- Anything but nil.
---@alias threading.item any

--- An integer from 0 to 999999.
---@alias threading.argument_count integer

--- What reports call an object: text that is not empty, without control
--- characters. Of a long one they show the beginning.
---@alias threading.name string

--- Arguments as a list. `n` counts them if some at the end are nil.
---@class threading.Args
---@field n? threading.argument_count
---@field [integer] any

---@class (exact) threading.ThreadOptions
---@field target? threading.callable what `run` calls
---@field name? string|number by default `Thread-1`, `Thread-2`, ...
---@field args? threading.Args the target's arguments
---@field kwargs? table one argument more, behind them
---@field daemon? boolean by default the creator's

---@class (exact) threading.CancelOptions
---@field message? any what the error object's `message` says
---@field asynchronous? boolean also a thread that only computes is reached

---@class (exact) threading.AcquireOptions
---@field blocking? boolean by default true
---@field timeout? threading.lock_timeout by default for ever

---@class (exact) threading.SemaphoreAcquireOptions
---@field blocking? boolean by default true
---@field timeout? threading.timeout by default for ever

---@class (exact) threading.NameOptions
---@field name? threading.name what reports call the object

---@class (exact) threading.ArrayOptions
---@field name? threading.name what reports call the object
---@field shared? boolean may other processes share its memory? By default false

---@class (exact) threading.ConditionOptions
---@field lock? threading.Lockable by default a new RLock
---@field name? threading.name what reports call the object

---@class (exact) threading.SemaphoreOptions
---@field value? threading.natural by default 1
---@field name? threading.name what reports call the object

---@class (exact) threading.ReleaseOptions
---@field n? threading.positive by default 1

---@class (exact) threading.BarrierOptions
---@field parties threading.positive
---@field action? threading.callable
---@field timeout? threading.timeout
---@field name? threading.name what reports call the object

---@class (exact) threading.ParallelOptions
---@field nthreads? threading.positive by default the number of processors
---@field parts? threading.positive into how many the range is cut
---@field progress? threading.callable called with `done, total`
---@field interpreters? boolean true: each thread has one of its own

---@class (exact) threading.InterpreterOptions
---@field init? threading.callable|string what is called, or run, there first

---@class (exact) threading.KernelOptions
---@field cc? string|string[] the compiler; by default `$CC` or `cc`
---@field flags? string|string[] more flags
---@field timeout? threading.patience for the compiler; by default 60

---@class (exact) threading.CompileOptions
---@field eager? table types, or lists of types, to compile for at once
---@field fast? boolean not exactly Lua's results for floats
---@field fallback? boolean without a C compiler: the function as it is
---@field cc? string|string[] the compiler; by default `$CC` or `cc`
---@field flags? string|string[] more flags
---@field timeout? threading.patience for the compiler; by default 60

---@class (exact) threading.ExploreOptions
---@field schedules? threading.positive by default 1000
---@field seed? integer by default 1
---@field strategy? string|table "auto", "random", "pct", "systematic"
---@field depth? threading.positive of "pct"; by default 3
---@field bound? threading.natural of "systematic": preemptions; by default 2
---@field max_steps? threading.positive by default 100000
---@field max_time? threading.duration
---@field clock? string "explored": a timeout may come at any point
---@field isolate? string "fork": each schedule in a process of its own
---@field split? string "line": threads switch between lines only
---@field ignore? string|string[] patterns of sources that are not split
---@field library? boolean are the library's own files split?
---@field invariant? threading.callable
---@field replay? string the word of a report
---@field shrink? boolean by default true
---@field progress? threading.callable called with `tried, schedules`

---@class (exact) threading.LogOptions
---@field level? threading.level
---@field format? string by default
--- `"%(asctime)s %(levelname)s %(threadName)s: %(message)s"`
---@field datefmt? string of `asctime`, for `os.date`
---@field filename? string the file to which lines are appended
---@field filemode? threading.log_mode by default "a"
---@field stream? threading.Writer an open file
---@field handlers? table functions of a line and its record, or open files

---@class (exact) threading.QueueOptions
---@field maxsize? integer by default 0: no bound
---@field name? threading.name what reports call the object

---@class (exact) threading.WaitOptions
---@field block? boolean by default true
---@field timeout? threading.seconds by default for ever

---@class (exact) threading.ShutdownOptions
---@field immediate? boolean by default false

---@class (exact) threading.TimeoutOptions
---@field timeout? threading.timeout by default for ever

---@class (exact) threading.BarrierWaitOptions
---@field timeout? threading.timeout by default the constructor's

---@class (exact) threading.NotifyOptions
---@field n? integer how many at most; by default 1

---@class (exact) threading.PoolOptions
---@field max_workers? threading.positive by default processors + 4, at most 32
---@field thread_name_prefix? string
---@field initializer? threading.callable called first by each worker
---@field initargs? threading.Args the initializer's arguments

---@class (exact) threading.ProcessPoolOptions
---@field max_workers? threading.positive by default the number of processors
---@field initializer? threading.callable called first in each process
---@field initargs? threading.Args the initializer's arguments
---@field max_tasks_per_child? threading.positive calls of a process; by default
--- all that there are
---@field lua? string the program that runs Lua; by default this one

---@class (exact) threading.MapOptions
---@field timeout? threading.timeout by default for ever
---@field buffersize? threading.positive by default all
---@field chunksize? threading.positive items that a worker takes; by default 1

---@class (exact) threading.PoolShutdownOptions
---@field wait? boolean by default true
---@field cancel_futures? boolean by default false

---@class (exact) threading.WaitForOptions
---@field timeout? threading.timeout by default for ever
---@field return_when? threading.return_when by default `ALL_COMPLETED`

--- What `excepthook` is given.
---@class threading.ExceptHookArgs
---@field value any the error object
---@field traceback? string with the error's text
---@field thread? threading.Thread in which it was raised

--- The error object of a cancellation.
---@class threading.Cancelled
---@field message any what `cancel` was given; nil if nothing

--- What a Condition can stand on: one of the library's locks, another Condition
--- (for its lock), or an object of the program's. Such an object is held by the
--- caller where its method `_is_owned` says so; without one, where
--- `acquire(false)` is false.
---@class threading.Lockable
---@field acquire fun(self): any
---@field release fun(self): any

--- An object with a method `write`, as files have.
---@class threading.Writer
---@field write fun(self, text: string): any

-- Thread ----------------------------------------------------------------------

--- A thread of the operating system. Any other field may be set on it, and
--- `run` may be replaced.
---
--- Raises if an option is unknown or of the wrong type.
---@class threading.Thread
---@field name string may be set, also to a number; the OS thread bears it too
---@field daemon boolean may be set before the start
---@field ident integer? read only; nil before the start, never used twice
---@field native_id integer? read only; the kernel's id; nil before the start
---@overload fun(options?: threading.ThreadOptions): threading.Thread
local Thread = {}

--- What makes the object; a derived class calls it from its own `init`.
---
--- Raises if an option is unknown or of the wrong type.
---@param options? threading.ThreadOptions
function Thread:init(options) end

--- Derives a class. Its objects are made by calling it, which calls `init`.
---
--- Raises if the name is not a string.
---@param name string what `tostring` shows
---@return table class define `init` and `run` in it
function Thread:extend(name) end

--- Starts it: `run` is called in a thread of the operating system.
---
--- Raises if it was started before, or if the system refuses.
---@return self
function Thread:start() end

--- What the thread does: calls the target.
function Thread:run() end

--- Waits until it has ended.
---
--- Raises if it is not started, or is the calling thread.
---@param timeout? threading.timeout by default for ever
---@return boolean ended false at the timeout
---@overload fun(self, options: threading.TimeoutOptions): boolean
function Thread:join(timeout) end

--- Is it started and not ended?
---@return boolean
function Thread:is_alive() end

--- Asks it to end. It ends at its next cancellation point (a call that
--- blocks, or `threading.checkpoint()`) by an error, which runs `<close>`
--- variables and of which nothing is printed. A `pcall` catches it as any
--- other, and the thread goes on; `threading.is_cancelled` knows it.
---
--- Raises if an option is unknown or of the wrong type.
---@param message? any what the error object's `message` says
---@return boolean asked false if it has ended already
---@overload fun(self, options: threading.CancelOptions): boolean
function Thread:cancel(message) end

--- A thread that calls a function after a time, unless cancelled before.
---
--- Raises if an argument is of the wrong type.
---@class threading.Timer: threading.Thread
---@field interval number
---@field fn threading.callable
---@field args threading.Args
---@field kwargs? table nil if none was given
---@field finished threading.Event set when it was called, or cancelled
---@overload fun(interval: number, fn: function, ...: table): threading.Timer
local Timer = {}

--- What makes the object; a derived class calls it from its own `init`.
---
--- Raises if an argument is of the wrong type.
---@param interval threading.timeout
---@param fn threading.callable
---@param args? threading.Args
---@param kwargs? table one argument more, behind args
function Timer:init(interval, fn, args, kwargs) end

--- Waits, then calls the function.
function Timer:run() end

--- Keeps the function from being called, if it is not yet; the thread ends.
function Timer:cancel() end

--- An object whose fields every thread sees for itself. `init` of a derived
--- class runs once in each thread, with the arguments of the constructor.
---@class threading.Local
---@field [any] any
---@overload fun(...: any): threading.Local
local Local = {}

--- Derives a class.
---
--- Raises if the name is not a string.
---@param name string
---@return table class define `init` in it
function Local:extend(name) end

-- What threads wait for -------------------------------------------------------

--- A lock that one thread at a time holds. Any thread may release it.
---@class threading.Lock: threading.Lockable
local Lock = {}

--- Takes the lock, after waiting until it is free.
---
--- Raises if an argument is of the wrong type, or if a timeout is given for a
--- mere try.
---@param blocking? boolean by default true; false for a mere try
---@param timeout? threading.lock_timeout by default -1: for ever
---@return boolean acquired
---@overload fun(self, options: threading.AcquireOptions): boolean
function Lock:acquire(blocking, timeout) end

--- Frees the lock.
---
--- Raises "release unlocked lock".
function Lock:release() end

--- Does some thread hold it?
---@return boolean
function Lock:locked() end

--- Takes the lock, however long it takes.
---@return threading.Lock guard itself; released when closed
function Lock:guard() end

--- Calls `fn(...)` with the lock held; releases it also on an error.
---
--- Raises if fn is not callable; what fn raises.
---@param fn threading.callable
---@param ... any fn's arguments
---@return any ... what fn returns
function Lock:with(fn, ...) end

--- The name that it was given when it was made.
---@return string? name nil, where it has none
function Lock:get_name() end

--- A lock that its owner may take again; only the owner may release it, as
--- often as it took it.
---@class threading.RLock: threading.Lockable
local RLock = {}

--- Takes the lock, after waiting until it is free or the caller's.
---
--- Raises if an argument is of the wrong type, or if a timeout is given for a
--- mere try.
---@param blocking? boolean by default true; false for a mere try
---@param timeout? threading.lock_timeout by default -1: for ever
---@return boolean acquired
---@overload fun(self, options: threading.AcquireOptions): boolean
function RLock:acquire(blocking, timeout) end

--- Takes one acquire back; the last one frees the lock.
---
--- Raises "cannot release un-acquired lock" where the caller is not the owner.
function RLock:release() end

--- Does some thread hold it?
---@return boolean
function RLock:locked() end

--- Takes the lock, however long it takes.
---@return threading.RLock guard itself; released when closed
function RLock:guard() end

--- Calls `fn(...)` with the lock held; releases it also on an error.
---
--- Raises if fn is not callable; what fn raises.
---@param fn threading.callable
---@param ... any fn's arguments
---@return any ... what fn returns
function RLock:with(fn, ...) end

--- The name that it was given when it was made.
---@return string? name nil, where it has none
function RLock:get_name() end

--- A lock that any number of threads hold at once to read, or one alone to
--- write. Neither readers nor writers keep the others out for ever: one that
--- comes to read waits for those that wait to write, and gets in when the next
--- of them is done. A thread that reads cannot begin to write. Only the thread
--- that has acquired may release.
---@class threading.RWLock
local RWLock = {}

--- Takes the lock to read, after waiting until no thread writes or waits to
--- write. A thread that reads may take it again, and releases it as often.
---
--- Raises if an argument is of the wrong type, if a timeout is given for a mere
--- try, or if the calling thread writes.
---@param blocking? boolean by default true; false for a mere try
---@param timeout? threading.lock_timeout by default -1: for ever
---@return boolean acquired
---@overload fun(self, options: threading.AcquireOptions): boolean
function RWLock:acquire_read(blocking, timeout) end

--- Takes the lock to write, after waiting until no other thread has it.
---
--- Raises if an argument is of the wrong type, if a timeout is given for a mere
--- try, or if the calling thread reads, or writes already.
---@param blocking? boolean by default true; false for a mere try
---@param timeout? threading.lock_timeout by default -1: for ever
---@return boolean acquired
---@overload fun(self, options: threading.AcquireOptions): boolean
function RWLock:acquire_write(blocking, timeout) end

--- Takes one `acquire_read` back.
---
--- Raises where the calling thread does not read.
function RWLock:release_read() end

--- Takes the `acquire_write` back.
---
--- Raises where the calling thread does not write.
function RWLock:release_write() end

--- Takes the lock to read, however long it takes.
---
--- Raises where the calling thread writes.
---@return userdata guard released when closed
function RWLock:reading() end

--- Takes the lock to write, however long it takes.
---
--- Raises where the calling thread reads, or writes already.
---@return userdata guard released when closed
function RWLock:writing() end

--- The name that it was given when it was made.
---@return string? name nil, where it has none
function RWLock:get_name() end

--- A condition variable: threads wait for a change that others notify of.
---@class threading.Condition: threading.Lockable
local Condition = {}

--- Takes the lock that the condition stands on; see there.
---
--- Raises what the lock raises.
---@param blocking? boolean by default true; false for a mere try
---@param timeout? threading.lock_timeout by default -1: for ever
---@return boolean acquired
---@overload fun(self, options: threading.AcquireOptions): boolean
function Condition:acquire(blocking, timeout) end

--- Releases the lock that the condition stands on.
---
--- Raises what the lock raises.
function Condition:release() end

--- Does some thread hold the lock?
---@return boolean
function Condition:locked() end

--- Takes the lock, however long it takes.
---@return threading.Condition guard itself; released when closed
function Condition:guard() end

--- Calls `fn(...)` with the lock held; releases it also on an error.
---
--- Raises if fn is not callable; what fn raises.
---@param fn threading.callable
---@param ... any fn's arguments
---@return any ... what fn returns
function Condition:with(fn, ...) end

--- Releases the lock, waits to be notified, and takes the lock again.
---
--- Raises "cannot wait on un-acquired lock".
---@param timeout? threading.timeout by default for ever
---@return boolean notified false at the timeout
---@overload fun(self, options: threading.TimeoutOptions): boolean
function Condition:wait(timeout) end

--- Waits until the predicate holds.
---
--- Raises "cannot wait on un-acquired lock"; what the predicate raises.
---@param predicate threading.callable called with the lock held
---@param timeout? threading.timeout|threading.TimeoutOptions or the options; by
--- default for ever
---@return any value the predicate's; a false one at the timeout
function Condition:wait_for(predicate, timeout) end

--- Wakes some of the threads that wait.
---
--- Raises "cannot notify on un-acquired lock".
---@param n? integer how many at most; by default 1
---@overload fun(self, options: threading.NotifyOptions)
function Condition:notify(n) end

--- Wakes all threads that wait.
---
--- Raises "cannot notify on un-acquired lock".
function Condition:notify_all() end

--- The name that it was given when it was made.
---@return string? name nil, where it has none
function Condition:get_name() end

--- A number of permits.
---@class threading.Semaphore: threading.Lockable
local Semaphore = {}

--- Takes a permit, after waiting until there is one.
---
--- Raises if an argument is of the wrong type, or if a timeout is given for a
--- mere try.
---@param blocking? boolean by default true; false for a mere try
---@param timeout? threading.timeout by default for ever
---@return boolean acquired
---@overload fun(self, options: threading.SemaphoreAcquireOptions): boolean
function Semaphore:acquire(blocking, timeout) end

--- Gives permits back.
---
--- Raises if n is less than 1, or "Semaphore released too many times", where a
--- BoundedSemaphore would have more permits than at first.
---@param n? threading.positive by default 1
---@overload fun(self, options: threading.ReleaseOptions)
function Semaphore:release(n) end

--- Takes a permit, however long it takes.
---@return threading.Semaphore guard itself; gives it back when closed
function Semaphore:guard() end

--- Calls `fn(...)` with a permit; gives it back also on an error.
---
--- Raises if fn is not callable; what fn raises.
---@param fn threading.callable
---@param ... any fn's arguments
---@return any ... what fn returns
function Semaphore:with(fn, ...) end

--- The name that it was given when it was made.
---@return string? name nil, where it has none
function Semaphore:get_name() end

--- A flag that threads can wait for.
---@class threading.Event
local Event = {}

--- Is the flag set?
---@return boolean
function Event:is_set() end

--- Sets the flag; all that wait for it go on.
function Event:set() end

--- Takes the flag back.
function Event:clear() end

--- Waits until the flag is set.
---
--- Raises if the timeout is not valid.
---@param timeout? threading.timeout by default for ever
---@return boolean set false at the timeout
---@overload fun(self, options: threading.TimeoutOptions): boolean
function Event:wait(timeout) end

--- The name that it was given when it was made.
---@return string? name nil, where it has none
function Event:get_name() end

--- A Lua state with a global lock of its own, in the same process. As a
--- to-be-closed variable it is closed at the end of the block.
---@class threading.Interpreter
---@field id integer read only; never used twice; the main one has 0
local Interpreter = {}

--- Calls a function there, and waits for its end.
---
--- Raises what fn raises, text with the traceback added that it has there; if
--- something cannot cross; if the interpreter is closed, or the thread is in it
--- already.
---@param fn threading.callable
---@param ... any
---@return any ... what fn returns
function Interpreter:call(fn, ...) end

--- Calls a function there, in a thread of its own, and does not wait for it.
---
--- Raises if something cannot cross; if the system refuses.
---@param fn threading.callable
---@param ... any
---@return threading.Thread thread which is started
function Interpreter:call_in_thread(fn, ...) end

--- Runs code there, as a script would be, and waits for its end.
---
--- Raises an ExecutionFailed where it fails.
---@param code string
function Interpreter:exec(code) end

--- Sets globals there.
---
--- Raises if a name is no string; if something cannot cross; if the interpreter
--- is closed.
---@param globals table name -> value
function Interpreter:prepare_main(globals) end

--- Is a thread in it?
---@return boolean
function Interpreter:is_running() end

--- Closes it, when its non-daemon threads have ended. One that is closed stays
--- so.
---
--- Raises if a thread is in it.
function Interpreter:close() end

--- The error object of an `exec` that has failed.
---@class threading.ExecutionFailed
---@field value any what was raised; its text, where it cannot cross
---@field traceback? string with the error's text

--- A place where a number of threads wait for each other.
---@class threading.Barrier
---@field parties integer read only; how many threads it is for
---@field n_waiting integer read only; how many of them wait now; in the
--- action, all
---@field broken boolean read only
local Barrier = {}

--- Waits until all parties are here. A timeout breaks the barrier.
---
--- Raises "broken barrier"; in the thread that calls the action, what that
--- raises.
---@param timeout? threading.timeout by default the constructor's
---@return integer index from 0 to parties - 1, another one for each thread
---@overload fun(self, options: threading.BarrierWaitOptions): integer
function Barrier:wait(timeout) end

--- Makes it as new; threads that wait get "broken barrier".
function Barrier:reset() end

--- Breaks it; threads that wait get "broken barrier".
function Barrier:abort() end

--- The name that it was given when it was made.
---@return string? name nil, where it has none
function Barrier:get_name() end

--- A number that Lua and C share. What does not fit its type is refused. A
--- `uint64` reads as the Lua integer of the same bits.
---@class threading.Value
---@field value threading.element may be set; a plain load, a plain store
---@field type threading.number_type read only
local Value = {}

--- Adds atomically. `int64` and `uint64` wrap around, as Lua's integers do.
---
--- Raises if n is not a number of the value's kind, or the sum does not fit.
---@param n threading.element
---@return threading.element before
function Value:fetch_add(n) end

--- Stores atomically.
---
--- Raises if x is not a number of the value's type.
---@param x threading.element
---@return threading.element before
function Value:exchange(x) end

--- Stores atomically, if the value is the expected one. Bits are compared: 0.0
--- and -0.0 differ, a NaN equals itself, 3 and 3.0 are the same.
---
--- Raises if an argument is not a number of the value's type.
---@param old threading.element the expected one
---@param new threading.element
---@return boolean stored
---@return threading.element before
function Value:compare_exchange(old, new) end

--- The name that it was given when it was made.
---@return string? name nil, where it has none
function Value:get_name() end

--- A Lua function that was compiled; it is called like one.
---@class threading.Compiled
---@overload fun(...: any): any
local Compiled = {}

--- The C of a version, to look at.
---
--- Raises if a type is unknown.
---@param ... string the types of the arguments; by default the newest version
---@return string? text nil: there is none
function Compiled:c(...) end

--- What was compiled so far.
---@return table versions of each its types, results, blocks, why
function Compiled:versions() end

--- A block of numbers that Lua and C share: `a[i]`, from 1 to `#a`.
---@class threading.Array
---@field type threading.number_type read only
---@field [integer] threading.element
---@operator len: integer
local Array = {}

--- Sets elements to a number.
---
--- Raises if v does not fit the type, or i and j do not lie in the Array.
---@param v threading.element
---@param i? threading.position by default 1
---@param j? threading.position by default `#a`; `i - 1` for none
---@return threading.Array array itself
function Array:fill(v, i, j) end

--- Makes an Array of the same type with the same elements.
---
--- Raises if there is not enough memory.
---@return threading.Array
function Array:copy() end

--- Makes a table of elements.
---
--- Raises if i and j do not lie in the Array.
---@param i? threading.position by default 1
---@param j? threading.position by default `#a`; `i - 1` for none
---@return threading.element[]
function Array:totable(i, j) end

--- Adds to an element atomically, also where other processes share the Array.
--- An int64 and a uint64 wrap around.
---
--- Raises if there is no element i, n is not a number of its kind, or the sum
--- does not fit the type.
---@param i integer
---@param n number
---@return number before
function Array:fetch_add(i, n) end

--- The name that it was given when it was made.
---@return string? name nil, where it has none
function Array:get_name() end

--- Items that threads hand to each other.
---@class threading.Queue
local Queue = {}

--- Puts an item, after waiting for a free place.
---
--- Raises if the item is nil, or an argument is of the wrong type; in a
--- PriorityQueue what a comparison raises: the item is then not put.
---@param item threading.item
---@param block? boolean by default true; false for a mere try
---@param timeout? threading.seconds by default for ever
---@return true? done nil if not
---@return nil|"full"|"shutdown" why
---@overload fun(self, item: threading.item, options: threading.WaitOptions)
function Queue:put(item, block, timeout) end

--- Takes an item out, after waiting until there is one.
---
--- Raises if an argument is of the wrong type; in a PriorityQueue what a
--- comparison raises: no item is then taken.
---@param block? boolean by default true; false for a mere try
---@param timeout? threading.seconds by default for ever
---@return any item nil if there is none
---@return nil|"empty"|"shutdown" why
---@overload fun(self, options: threading.WaitOptions): any
function Queue:get(block, timeout) end

--- Puts an item if there is a free place.
---
--- Raises if the item is nil; what a comparison raises.
---@param item threading.item
---@return true? done nil if not
---@return nil|"full"|"shutdown" why
function Queue:put_nowait(item) end

--- Takes an item out if there is one.
---@return any item nil if there is none
---@return nil|"empty"|"shutdown" why
function Queue:get_nowait() end

--- Takes items out until the queue is shut down.
---@return fun(queue: threading.Queue): any iterator for a generic `for`
---@return threading.Queue queue
function Queue:items() end

--- Tells that the work on an item is done.
---
--- Raises "task_done() called too many times".
function Queue:task_done() end

--- Waits until `task_done` was called for each item that was put.
---
--- Raises if the timeout is not valid.
---@param timeout? threading.timeout by default for ever
---@return boolean done false at the timeout
---@overload fun(self, options: threading.TimeoutOptions): boolean
function Queue:join(timeout) end

--- How many items there are, just now.
---@return integer
function Queue:qsize() end

--- Is there no item, just now?
---@return boolean
function Queue:empty() end

--- Is there no free place, just now?
---@return boolean
function Queue:full() end

--- Ends its use: nothing can be put any more, and what is in it can be taken
--- out.
---
--- Raises if immediate is not a boolean.
---@param immediate? boolean by default false; true: the items are thrown away
---@overload fun(self, options: threading.ShutdownOptions)
function Queue:shutdown(immediate) end

--- The name that it was given when it was made.
---@return string? name nil, where it has none
function Queue:get_name() end

--- Items that threads hand to each other, also between interpreters: each is
--- copied, or goes by reference. The queue itself goes by reference.
---@class threading.interpreters.Queue
local CrossQueue = {}

--- Puts an item, after waiting for a free place.
---
--- Raises if the item is nil, or cannot cross: its path, and what to use
--- instead; if an argument is of the wrong type.
---@param item threading.item
---@param block? boolean by default true; false for a mere try
---@param timeout? threading.seconds by default for ever
---@return true? done nil if not
---@return nil|"full"|"shutdown" why
---@overload fun(self, item: threading.item, options: threading.WaitOptions)
function CrossQueue:put(item, block, timeout) end

--- Takes an item out, after waiting until there is one.
---
--- Raises if an argument is of the wrong type; if the item needs a module that
--- this interpreter does not find: the item is taken out nevertheless.
---@param block? boolean by default true; false for a mere try
---@param timeout? threading.seconds by default for ever
---@return any item nil if there is none
---@return nil|"empty"|"shutdown" why
---@overload fun(self, options: threading.WaitOptions): any
function CrossQueue:get(block, timeout) end

--- Puts an item if there is a free place.
---
--- Raises if the item is nil, or cannot cross.
---@param item threading.item
---@return true? done nil if not
---@return nil|"full"|"shutdown" why
function CrossQueue:put_nowait(item) end

--- Takes an item out if there is one.
---
--- Raises if the item needs a module that this interpreter does not find.
---@return any item nil if there is none
---@return nil|"empty"|"shutdown" why
function CrossQueue:get_nowait() end

--- Takes items out until the queue is shut down.
---
--- Raises as `get` does.
---@return fun(queue: threading.interpreters.Queue): any iterator for a
--- generic `for`
---@return threading.interpreters.Queue queue
function CrossQueue:items() end

--- Tells that the work on an item is done.
---
--- Raises "task_done() called too many times".
function CrossQueue:task_done() end

--- Waits until `task_done` was called for each item that was put.
---
--- Raises if the timeout is not valid.
---@param timeout? threading.timeout by default for ever
---@return boolean done false at the timeout
---@overload fun(self, options: threading.TimeoutOptions): boolean
function CrossQueue:join(timeout) end

--- How many items there are, just now.
---@return integer
function CrossQueue:qsize() end

--- Is there no item, just now?
---@return boolean
function CrossQueue:empty() end

--- Is there no free place, just now?
---@return boolean
function CrossQueue:full() end

--- Ends its use, in all interpreters: nothing can be put any more, and what is
--- in it can be taken out.
---
--- Raises if immediate is not a boolean.
---@param immediate? boolean by default false; true: the items are thrown away
---@overload fun(self, options: threading.ShutdownOptions)
function CrossQueue:shutdown(immediate) end

--- The name that it was given when it was made.
---@return string? name nil, where it has none
function CrossQueue:get_name() end

--- A queue without bound, `task_done` or `shutdown`.
---@class threading.SimpleQueue
local SimpleQueue = {}

--- Puts an item.
---
--- Raises if the item is nil, or an argument is of the wrong type.
---@param item threading.item
---@param block? boolean of no effect
---@param timeout? threading.seconds of no effect
---@return true done
---@overload fun(self, item: threading.item, options: threading.WaitOptions)
function SimpleQueue:put(item, block, timeout) end

--- Takes an item out, after waiting until there is one.
---
--- Raises if an argument is of the wrong type.
---@param block? boolean by default true; false for a mere try
---@param timeout? threading.seconds by default for ever
---@return any item nil if there is none
---@return nil|"empty" why
---@overload fun(self, options: threading.WaitOptions): any
function SimpleQueue:get(block, timeout) end

--- Puts an item.
---
--- Raises if the item is nil.
---@param item threading.item
---@return true done
function SimpleQueue:put_nowait(item) end

--- Takes an item out if there is one.
---@return any item nil if there is none
---@return nil|"empty" why
function SimpleQueue:get_nowait() end

--- How many items there are, just now.
---@return integer
function SimpleQueue:qsize() end

--- Is there no item, just now?
---@return boolean
function SimpleQueue:empty() end

--- The name that it was given when it was made.
---@return string? name nil, where it has none
function SimpleQueue:get_name() end

--- A TCP socket, with LuaSocket's methods.
---@class threading.TCP
local TCP = {}

--- Receives data.
---
--- Raises if an argument is of the wrong type, or the socket not connected.
---@param pattern? string|number "*l" (by default), "*a", or a number of bytes
---@param prefix? string|number what the result begins with
---@return string? data
---@return string? why "timeout", "closed", "line too long", ...
---@return string? partial what has come so far
function TCP:receive(pattern, prefix) end

--- Sends data, all of it.
---
--- Raises if an argument is of the wrong type, or the socket not connected.
---@param data string|number
---@param i? integer by default 1
---@param j? integer by default -1
---@return number? last
---@return string? why
---@return number? sent the place of the last byte that was sent
function TCP:send(data, i, j) end

--- Waits for a connection.
---
--- Raises if the socket does not listen.
---@return threading.TCP? client
---@return string? why
function TCP:accept() end

--- Connects the socket. A timeout holds for each address of the host.
---
--- Raises if an argument is of the wrong type.
---@param address string|number
---@param port string|number
---@return number?
---@return string? why
function TCP:connect(address, port) end

--- The same as `connect`.
---
--- Raises if an argument is of the wrong type.
---@param address string|number
---@param port string|number
---@return number?
---@return string? why
function TCP:setpeername(address, port) end

--- Gives the socket an address.
---
--- Raises if an argument is of the wrong type, or the socket connected.
---@param address string|number
---@param port string|number
---@return number?
---@return string? why
function TCP:bind(address, port) end

--- The same as `bind`.
---
--- Raises if an argument is of the wrong type, or the socket connected.
---@param address string|number
---@param port string|number
---@return number?
---@return string? why
function TCP:setsockname(address, port) end

--- Lets the socket take connections.
---
--- Raises if backlog is not an integer, or the socket connected.
---@param backlog? integer by default 32
---@return number?
---@return string? why
function TCP:listen(backlog) end

--- Ends one direction, or both.
---
--- Raises if there is no such mode, or the socket is not connected.
---@param mode? threading.direction by default "both"
---@return number?
---@return string? why
function TCP:shutdown(mode) end

--- What was received and sent.
---
--- Raises if the socket is not connected.
---@return number received
---@return number sent
---@return number age
function TCP:getstats() end

--- Sets what `getstats` returns.
---
--- Raises if an argument is not a number, or the socket not connected.
---@param received? number
---@param sent? number
---@param age? number
---@return number
function TCP:setstats(received, sent, age) end

--- Is there something that `receive` returns without waiting?
---@return boolean
function TCP:dirty() end

--- Closes the socket. Calls of other threads that wait for it return
--- `nil, "closed"`.
---@return number
function TCP:close() end

--- Sets how long a call may wait.
---
--- Raises if value is not a number, or there is no such mode.
---@param value? threading.limit nil: for ever; 0: not at all
---@param mode? threading.timeout_mode by default "b"
---@return number
function TCP:settimeout(value, mode) end

--- Sets how long a line may be that `receive` takes, and those that `accept`
--- returns from now on.
---
--- Raises if bytes is not a positive integer.
---@param bytes? threading.positive the end of the line not counted; nil: as
--- long as it gets
---@return number
function TCP:setmaxline(bytes) end

--- How long a call may wait.
---@return number block for each wait; -1: for ever
---@return number total for a call in all; -1: for ever
function TCP:gettimeout() end

--- The socket's own address.
---@return string? ip
---@return string? port without an address, why
---@return string? family "inet" or "inet6"
function TCP:getsockname() end

--- The address of the other end.
---
--- Raises if the socket was never connected.
---@return string? ip
---@return string? port without an address, why
---@return string? family "inet" or "inet6"
function TCP:getpeername() end

--- "inet4" or "inet6".
---@return string
function TCP:getfamily() end

--- An option of the socket.
---
--- Raises if there is no such option.
---@param option string
---@return any value nil and why, if there is none
function TCP:getoption(option) end

--- Sets an option of the socket.
---
--- Raises if there is no such option, or not with such a value.
---@param option string
---@param value any
---@return number?
---@return string? why
function TCP:setoption(option, value) end

--- The descriptor.
---@return number fd -1 if there is none
function TCP:getfd() end

--- Sets the descriptor, without closing the one before. Calls that wait for
--- that return `nil, "closed"`.
---
--- Raises if fd is not an integer.
---@param fd integer -1 for none
function TCP:setfd(fd) end

--- A UDP socket, with LuaSocket's methods.
---@class threading.UDP
local UDP = {}

--- Sends a datagram to the peer.
---
--- Raises if datagram is of the wrong type, or the socket has no peer.
---@param datagram string|number
---@return number? sent
---@return string? why
function UDP:send(datagram) end

--- Sends a datagram.
---
--- Raises if an argument is of the wrong type, or the socket has a peer.
---@param datagram string|number
---@param address string|number a number; names are not looked up
---@param port string|number
---@return number? sent
---@return string? why
function UDP:sendto(datagram, address, port) end

--- Receives a datagram.
---
--- Raises if size is not an integer of at least 0.
---@param size? threading.natural by default 8192
---@return string? datagram
---@return string? why
function UDP:receive(size) end

--- Receives a datagram, with the address of its sender.
---
--- Raises if size is not an integer of at least 0, or the socket has a peer.
---@param size? threading.natural by default 8192
---@return string? datagram
---@return string? ip without a datagram, why
---@return integer? port
function UDP:receivefrom(size) end

--- Sets the peer.
---
--- Raises if an argument is of the wrong type.
---@param address string|number "*": no peer
---@param port? string|number
---@return number?
---@return string? why
function UDP:setpeername(address, port) end

--- Gives the socket an address.
---
--- Raises if an argument is of the wrong type, or the socket has a peer.
---@param address string|number
---@param port string|number
---@return number?
---@return string? why
function UDP:setsockname(address, port) end

--- Always false.
---@return boolean
function UDP:dirty() end

--- Closes the socket. Calls of other threads that wait for it return
--- `nil, "closed"`.
---@return number
function UDP:close() end

--- Sets how long a call may wait.
---
--- Raises if value is not a number, or there is no such mode.
---@param value? threading.limit nil: for ever; 0: not at all
---@param mode? threading.timeout_mode by default "b"
---@return number
function UDP:settimeout(value, mode) end

--- How long a call may wait.
---@return number block for each wait; -1: for ever
---@return number total for a call in all; -1: for ever
function UDP:gettimeout() end

--- The socket's own address.
---@return string? ip
---@return string? port without an address, why
---@return string? family "inet" or "inet6"
function UDP:getsockname() end

--- The address of the other end.
---
--- Raises if the socket was never connected.
---@return string? ip
---@return string? port without an address, why
---@return string? family "inet" or "inet6"
function UDP:getpeername() end

--- "inet4" or "inet6".
---@return string
function UDP:getfamily() end

--- An option of the socket.
---
--- Raises if there is no such option.
---@param option string
---@return any value nil and why, if there is none
function UDP:getoption(option) end

--- Sets an option of the socket.
---
--- Raises if there is no such option, or not with such a value.
---@param option string
---@param value any
---@return number?
---@return string? why
function UDP:setoption(option, value) end

--- The descriptor.
---@return number fd -1 if there is none
function UDP:getfd() end

--- Sets the descriptor, without closing the one before. Calls that wait for
--- that return `nil, "closed"`.
---
--- Raises if fd is not an integer.
---@param fd integer -1 for none
function UDP:setfd(fd) end

--- The outcome of a call that a pool makes.
---@class threading.Future
local Future = {}

--- What the call returns, after waiting until it is done; nil and "timeout",
--- or nil and "cancelled", if there is nothing.
---
--- Raises the error object of the call; if the timeout is not valid.
---@param timeout? threading.timeout by default for ever
---@return any ...
---@overload fun(self, options: threading.TimeoutOptions): any
function Future:result(timeout) end

--- The call's error object and its traceback, after waiting until it is done;
--- nil if there was none, or as `result` says.
---
--- Raises if the timeout is not valid.
---@param timeout? threading.timeout by default for ever
---@return any error
---@return string? traceback
---@overload fun(self, options: threading.TimeoutOptions): any
function Future:exception(timeout) end

--- Is it cancelled, or has the call ended?
---@return boolean
function Future:done() end

--- Is the call being made?
---@return boolean
function Future:running() end

--- Is it cancelled?
---@return boolean
function Future:cancelled() end

--- Cancels the call, if it has not begun.
---@return boolean cancelled
function Future:cancel() end

--- Calls `fn(future)` when it is done, in the thread that has ended it, or here
--- if it is done already.
---
--- Raises if fn is not callable.
---@param fn threading.callable
function Future:add_done_callback(fn) end

--- Threads that make calls.
---@class threading.ThreadPoolExecutor
local ThreadPoolExecutor = {}

--- Has `fn(...)` called by a worker.
---
--- Raises if fn is not callable, or after a shutdown.
---@param fn threading.callable
---@param ... any fn's arguments
---@return threading.Future
function ThreadPoolExecutor:submit(fn, ...) end

--- Calls `fn(item)` for each item, several at a time:
--- `for i, result in pool:map(fn, list) do`.
---
--- Raises if an argument is of the wrong type, or after a shutdown.
---@param fn threading.callable
---@param list threading.items
---@param options? threading.MapOptions
---@return fun(...: any): integer?, ...any iterator for a generic `for`
---@return any state
---@return integer first
---@return any closing cancels what is left
function ThreadPoolExecutor:map(fn, list, options) end

--- How many workers it may have.
---@return integer
function ThreadPoolExecutor:num_workers() end

--- Ends its use: what was submitted is still done.
---
--- Raises if an option is unknown or of the wrong type.
---@param wait? boolean by default true: return when the workers have ended
---@overload fun(self, options: threading.PoolShutdownOptions)
function ThreadPoolExecutor:shutdown(wait) end

-- threading -------------------------------------------------------------------

--- Threads for stock Lua, after Python's `threading`.
---@class threading
---@field _VERSION string
---@field TIMEOUT_MAX number the longest timeout, in seconds
---@field Thread threading.Thread
---@field Timer threading.Timer
---@field Local threading.Local
local threading = {}

--- The calling thread's object.
---@return threading.Thread
function threading.current_thread() end

--- The thread in which the module was loaded first.
---@return threading.Thread
function threading.main_thread() end

--- All threads that live, in the order of their idents.
---@return threading.Thread[]
function threading.enumerate() end

--- How many threads live.
---@return integer
function threading.active_count() end

--- The number that identifies the calling thread; never used twice in a
--- process.
---@return integer
function threading.get_ident() end

--- The kernel's id of the calling thread.
---@return integer
function threading.get_native_id() end

--- How many processors this process may use.
---@return integer
function threading.cpu_count() end

--- The folder of `threading.h`, for C modules and hosts; nil and a message
--- where it is not installed.
---@return string? folder
---@return string? message
function threading.include_dir() end

--- The stack size of threads started later.
---
--- Raises if the size is not valid.
---@param size? threading.stack_bytes 0 for the system's default
---@return integer before
function threading.stack_size(size) end

--- How long a thread that computes may go on when others wait.
---@return number seconds
function threading.getswitchinterval() end

--- Sets the switch interval.
---
--- Raises if it is not more than 0.
---@param interval threading.interval
function threading.setswitchinterval(interval) end

--- Tells an uncaught error on stderr. Set it to a function of your own.
---
--- Raises if args is not a table.
---@param args threading.ExceptHookArgs
function threading.excepthook(args) end

--- The excepthook that the module came with.
---
--- Raises if args is not a table.
---@param args threading.ExceptHookArgs
function threading.__excepthook__(args) end

--- Sets the hook of threads that are started later, as by `debug.sethook`.
---
--- Raises if an argument is of the wrong type.
---@param fn? threading.hook by default none
---@param mask? string by default "crl": calls, returns, lines
---@param count? threading.natural by default 0, less than 2^31
function threading.settrace(fn, mask, count) end

--- Does what `settrace` does, and sets the hook of the threads that live, too.
---
--- Raises if an argument is of the wrong type.
---@param fn? threading.hook by default none
---@param mask? string by default "crl": calls, returns, lines
---@param count? threading.natural by default 0, less than 2^31
function threading.settrace_all_threads(fn, mask, count) end

--- What `settrace` has set; nil if nothing.
---@return threading.hook? fn
---@return string? mask
---@return integer? count
function threading.gettrace() end

--- Sets a second hook of threads that are started later, for calls and
--- returns. `level`, for `debug.getinfo`, is given where there is a hook of
--- `settrace`, too; otherwise it is 2.
---
--- Raises if fn is neither a function nor nil.
---@param fn? threading.hook by default none
function threading.setprofile(fn) end

--- Does what `setprofile` does, and sets the hook of the threads that live.
---
--- Raises if fn is neither a function nor nil.
---@param fn? threading.hook by default none
function threading.setprofile_all_threads(fn) end

--- What `setprofile` has set; nil if nothing.
---@return threading.hook? fn
function threading.getprofile() end

--- Ends the calling thread silently, by an error that unwinds it. Of the main
--- thread `lua` tells it as an error.
function threading.exit() end

--- A point at which the calling thread can be cancelled.
---
--- Raises the cancellation, if there is one.
function threading.checkpoint() end

--- Calls `fn(...)`, which cancellation does not reach; a cancellation waits
--- for the next cancellation point after it.
---
--- Raises if fn is not callable; what fn raises.
---@param fn threading.callable may not yield
---@param ... any fn's arguments
---@return any ... what fn returns
function threading.shield(fn, ...) end

--- Calls a function while no other thread of this interpreter runs. What would
--- have to wait in it, or let the others run, raises. It should not take longer
--- than a few milliseconds.
---
--- Raises if fn is not callable; what fn raises.
---@param fn threading.callable may not yield
---@param ... any its arguments
---@return any ... what fn returns
function threading.atomic(fn, ...) end

--- Makes a value for a to-be-closed variable that calls `fn(...)` at the end of
--- the block, also where that is left by an error or a cancellation. Without
--- such a variable nothing is called.
---
--- Raises if fn is not callable.
---@param fn threading.callable
---@param ... any its arguments
---@return userdata deferred
function threading.defer(fn, ...) end

--- Makes a function that runs `fn` once, with its first caller's arguments;
--- those that come meanwhile wait for the end, and all get the results. Where
--- `fn` raises an error the caller gets that, and the next one runs it again.
---
--- Raises if fn is not callable.
---@param fn threading.callable
---@return fun(...: any): ...any
function threading.once(fn) end

--- Is this the error object of a cancellation?
---@param err any
---@return boolean
function threading.is_cancelled(err) end

--- Is this the error of a timeout, or "timeout" itself, the second result of
--- calls that time out?
---@param err any
---@return boolean
function threading.is_timeout(err) end

--- Is this the error of a Barrier that is broken?
---@param err any
---@return boolean
function threading.is_broken_barrier(err) end

--- Simulates a signal that arrives in the main thread. SIGINT raises
--- "interrupted!" there, also out of a call that waits. Another one does
--- nothing where no handler is installed for it.
---
--- Raises if there is no such signal.
---@param signum? threading.signum by default 2: SIGINT
function threading.interrupt_main(signum) end

--- Waits for the non-daemon threads, then stops the daemons. For a program
--- that embeds Lua, before it closes the state.
---
--- Raises "interrupted!" on Ctrl-C.
function threading.shutdown() end

--- Tells what every thread does: its state, what it waits for and holds, and
--- its traceback.
---
--- Raises if the file is no such object.
---@param file? threading.Writer by default `io.stderr`
function threading.dump(file) end

--- Dumps to stderr whenever the process gets this signal.
---
--- Raises if the name is unknown, and elsewhere than in the main thread.
---@param name threading.signal
function threading.dump_on_signal(name) end

--- Derives a class from a constructor of objects, or from a class. Its objects
--- are tables, and do what the class does not define as before; `class.super`
--- has the methods that are overridden.
---
--- Raises if an argument is of the wrong type.
---@param base threading.callable what makes the objects; or a class
---@param name string what `tostring` shows
---@return table class which is called to make an object
function threading.extend(base, name) end

--- What to do about threads that wait for each other.
---
--- Raises if there is no such policy.
---@param policy? threading.policy without it nothing is changed
---@return threading.policy before
function threading.deadlock_policy(policy) end

--- Makes a lock.
---
--- Raises if an option is unknown or of the wrong type.
---@param options? threading.NameOptions
---@return threading.Lock
function threading.Lock(options) end

--- Makes a lock that its owner may take again.
---
--- Raises if an option is unknown or of the wrong type.
---@param options? threading.NameOptions
---@return threading.RLock
function threading.RLock(options) end

--- Makes a lock that many threads hold at once to read, or one to write.
---
--- Raises if an option is unknown or of the wrong type.
---@param options? threading.NameOptions
---@return threading.RWLock
function threading.RWLock(options) end

--- Makes a condition variable.
---
--- Raises if the lock is no such object.
---@param lock? threading.Lockable by default a new RLock
---@param options? threading.NameOptions
---@return threading.Condition
---@overload fun(options: threading.ConditionOptions): threading.Condition
function threading.Condition(lock, options) end

--- Makes a semaphore.
---
--- Raises if the value is negative or no integer.
---@param value? threading.natural permits at first; by default 1
---@param options? threading.NameOptions
---@return threading.Semaphore
---@overload fun(options: threading.SemaphoreOptions): threading.Semaphore
function threading.Semaphore(value, options) end

--- Makes a semaphore that never has more permits than at first.
---
--- Raises if the value is negative or no integer.
---@param value? threading.natural permits at first; by default 1
---@param options? threading.NameOptions
---@return threading.Semaphore
---@overload fun(options: threading.SemaphoreOptions): threading.Semaphore
function threading.BoundedSemaphore(value, options) end

--- Makes an event, not set.
---
--- Raises if an option is unknown or of the wrong type.
---@param options? threading.NameOptions
---@return threading.Event
function threading.Event(options) end

--- Makes a barrier.
---
--- Raises if an argument is of the wrong type, or less than one party.
---@param parties threading.positive
---@param action? threading.callable|threading.NameOptions called by one thread
---@param timeout? threading.timeout|threading.NameOptions for waits without one
---@param options? threading.NameOptions also in the place of what is left out
---@return threading.Barrier
---@overload fun(options: threading.BarrierOptions): threading.Barrier
function threading.Barrier(parties, action, timeout, options) end

--- Makes a number that Lua and C share.
---
--- Raises if the type is unknown, or the number does not fit it.
---@param type threading.number_type
---@param initial? threading.element|threading.NameOptions by default 0
---@param options? threading.NameOptions also in the place of `initial`
---@return threading.Value
function threading.Value(type, initial, options) end

--- Makes a block of numbers that Lua and C share.
---
--- Raises if the type is unknown, an element does not fit it, or there is not
--- enough memory.
---@param type threading.number_type
---@param n threading.natural|table how many, all 0; or a list of them
---@param options? threading.ArrayOptions
---@return threading.Array
function threading.Array(type, n, options) end

--- Compiles C functions, or finds them in the cache. Each function of the
--- source that is not static becomes one that is called like a function of
--- Lua, checks its arguments, and runs without the global lock.
---
--- Raises what the compiler says; if an argument is of the wrong type.
---@param source string
---@param options? threading.KernelOptions
---@return table<string, function> functions by name
function threading.kernel(source, options) end

--- Compiles a Lua function for the types that it is called with, to run without
--- the global lock, with exactly its results.
---
--- Raises if the function cannot be compiled; if there is no C compiler; if an
--- argument is of the wrong type.
---@param fn threading.lua_function
---@param options? threading.CompileOptions
---@return threading.Compiled
function threading.compile(fn, options) end

--- Runs a loop on several threads: cuts the range into parts and calls
--- `fn(lo, hi)` for each, in threads of their own. Returns when all have ended.
---
--- Raises the first error of fn; if an argument is of the wrong type.
---@param first integer
---@param last integer the end of the range, which belongs to it
---@param fn threading.callable called with the bounds of a part
---@param nthreads? threading.positive|threading.ParallelOptions or the options
---@param options? threading.ParallelOptions
function threading.parallel_for(first, last, fn, nthreads, options) end

-- threading._thread -----------------------------------------------------------

--- The low-level module. `threading` is built on it.
---@class threading._thread
---@field TIMEOUT_MAX number the longest timeout, in seconds
local _thread = {}

--- Calls `fn(...)` in a new thread, for which nobody waits. An error in it is
--- reported on stderr.
---
--- Raises if fn is not callable, or if the system refuses.
---@param fn threading.callable
---@param ... any fn's arguments
---@return integer ident
function _thread.start_new_thread(fn, ...) end

--- Makes a lock.
---
--- Raises if an option is unknown or of the wrong type.
---@param options? threading.NameOptions
---@return threading.Lock
function _thread.allocate_lock(options) end

--- The number that identifies the calling thread.
---@return integer
function _thread.get_ident() end

--- The kernel's id of the calling thread.
---@return integer
function _thread.get_native_id() end

--- Ends the calling thread silently, by an error that unwinds it.
function _thread.exit() end

--- Simulates a signal that arrives in the main thread.
---
--- Raises if there is no such signal.
---@param signum? threading.signum by default 2: SIGINT
function _thread.interrupt_main(signum) end

--- The stack size of threads started later.
---
--- Raises if the size is not valid.
---@param size? threading.stack_bytes 0 for the system's default
---@return integer before
function _thread.stack_size(size) end

-- threading.time --------------------------------------------------------------

--- Sleeping and clocks, after Python's `time`.
---@class threading.time
local time = {}

--- Lets the other threads run for this long.
---
--- Raises if secs is no such number; "interrupted!" on Ctrl-C.
---@param secs threading.seconds
function time.sleep(secs) end

--- Seconds since 1970.
---@return number
function time.time() end

--- Seconds on a clock that never goes back.
---@return number
function time.monotonic() end

--- Seconds on the clock with the highest resolution.
---@return number
function time.perf_counter() end

--- Seconds of CPU time of the calling thread.
---@return number
function time.thread_time() end

--- Seconds of CPU time of the process, all threads together.
---@return number
function time.process_time() end

-- threading.queue -------------------------------------------------------------

--- Queues, after Python's `queue`.
---@class threading.queue
local queue = {}

--- Makes a queue: first in, first out.
---
--- Raises if maxsize is not an integer, or an option is unknown.
---@param maxsize? integer by default 0; 0 or less: no bound
---@param options? threading.NameOptions
---@return threading.Queue
---@overload fun(options: threading.QueueOptions): threading.Queue
function queue.Queue(maxsize, options) end

--- Makes a queue: last in, first out.
---
--- Raises if maxsize is not an integer, or an option is unknown.
---@param maxsize? integer by default 0; 0 or less: no bound
---@param options? threading.NameOptions
---@return threading.Queue
---@overload fun(options: threading.QueueOptions): threading.Queue
function queue.LifoQueue(maxsize, options) end

--- Makes a queue whose least item comes out first, compared by `<`.
---
--- Raises if maxsize is not an integer, or an option is unknown.
---@param maxsize? integer by default 0; 0 or less: no bound
---@param options? threading.NameOptions
---@return threading.Queue
---@overload fun(options: threading.QueueOptions): threading.Queue
function queue.PriorityQueue(maxsize, options) end

--- Makes a simple queue: first in, first out.
---
--- Raises if an option is unknown or of the wrong type.
---@param options? threading.NameOptions
---@return threading.SimpleQueue
function queue.SimpleQueue(options) end

-- threading.interpreters ------------------------------------------------------

--- Interpreters, after Python's `concurrent.interpreters`.
---@class threading.interpreters
local interpreters = {}

--- Makes an interpreter.
---
--- Raises if an option is unknown or of the wrong type; what `init` raises; if
--- there is not enough memory.
---@param options? threading.InterpreterOptions
---@return threading.Interpreter
function interpreters.create(options) end

--- All interpreters that are not closed, in the order of their creation.
---@return threading.Interpreter[]
function interpreters.list_all() end

--- The one that this code runs in.
---@return threading.Interpreter
function interpreters.get_current() end

--- The one that the program has begun with.
---@return threading.Interpreter
function interpreters.get_main() end

--- Makes a queue, for threads of all interpreters: first in, first out.
---
--- Raises if maxsize is not an integer, or an option is unknown.
---@param maxsize? integer by default 0: no bound
---@param options? threading.NameOptions
---@return threading.interpreters.Queue
---@overload fun(options: threading.QueueOptions): threading.interpreters.Queue
function interpreters.create_queue(maxsize, options) end

--- Is this the error object of an `exec` that has failed?
---@param err any
---@return boolean
function interpreters.is_execution_failed(err) end

-- threading.explore -----------------------------------------------------------

--- Finds the schedule under which a program with threads fails.
---@class threading.explore
---@overload fun(fn: function, options?: table): threading.Explored
local explore = {}

--- Explores, and raises no report.
---
--- Raises if an argument is of the wrong type, an option unknown; where another
--- thread lives; inside of itself.
---@param fn threading.callable
---@param options? threading.ExploreOptions
---@return threading.Explored
function explore.run(fn, options) end

--- Makes a function that explores, and raises the report where a schedule
--- fails.
---
--- Raises if an argument is of the wrong type, an option unknown.
---@param fn threading.callable
---@param options? threading.ExploreOptions
---@return function
function explore.test(fn, options) end

--- What a search has found.
---@class threading.Explored
---@field ok boolean
---@field tried integer schedules
---@field seed integer
---@field report string
---@field failure? table kind, message, and of an error value, traceback, thread
---@field replay? string its word
---@field preemptions? integer
---@field switches? integer
---@field steps? integer
---@field hash? integer of what was seen on the way
---@field shrunk? table switches, before, and replays
---@field trace? table thread, source, line, values or false, and so on
---@field names? string[] of the threads, by number
---@field strayed? integer the step where a replay could not go on as recorded
---@field differs? string why a replay is not what was recorded

-- threading.trace -------------------------------------------------------------

--- Shows what threads do: a timeline of a run, who waited for whom, and tables.
---@class threading.trace
local trace = {}

---@class threading.TraceOptions
---@field file string a page (.html), a picture (.svg), or a file of events

--- Begins to record what the threads of all interpreters do.
---
--- Raises for bad arguments; where something is recorded already; if the file
--- cannot be written.
---@param options threading.TraceOptions
function trace.start(options) end

--- Ends what start began, and makes the page or the picture; or returns nil,
--- and why not.
---@return integer? lost events: 0, if all is there
---@return string? why
function trace.stop() end

--- Is anything recorded?
---@return boolean
function trace.is_on() end

--- Shows a part of the program under a name, until the value that it returns is
--- closed. Raises if the name is no string.
---@param name string
---@return table
function trace.span(name) end

--- Shows a moment of the calling thread under a name. Raises if that is no
--- string.
---@param name string
function trace.mark(name) end

--- The tables of a trace as text; or nil, and why not. Raises if there is no
--- trace.
---@param source? string a file of events; by default that of the last trace
---@return string?
---@return string? why
function trace.report(source) end

--- Makes a page of a file of events; or returns nil, and why not. Raises for
--- bad arguments.
---@param source string
---@param name string
---@return boolean?
---@return string? why
function trace.page(source, name) end

--- Makes a picture of a file of events; or returns nil, and why not. Raises for
--- bad arguments.
---@param source string
---@param name string
---@return boolean?
---@return string? why
function trace.picture(source, name) end

-- threading.io ----------------------------------------------------------------

--- Blocking input and output that stops the calling thread only.
---@class threading.io
local io = {}

--- Waits until a descriptor can be read from or written to without blocking,
--- or its other end is closed.
---
--- Raises if an argument is of the wrong type, or a closed file; when
--- cancelled; "interrupted!" on Ctrl-C.
---@param fd threading.descriptor
---@param mode threading.wait_mode
---@param timeout? threading.seconds by default for ever
---@return true? ready nil at the timeout, or where fd is closed
---@return string? which with "rw", what it is ready for: "r", "w" or "rw";
--- without the first: "timeout", "closed"
function io.wait_fd(fd, mode, timeout) end

--- Reads from a file as its method `read` does, while other threads run.
---
--- Raises if file is no open file, or a format is not valid; when cancelled;
--- "interrupted!" on Ctrl-C. It has then taken nothing out of the file.
---@param file? threading.file|threading.format by default `io.input()`
---@param ... threading.format by default "l"
---@return any ... what `file:read` returns; or nil and "closed", when another
--- thread closes the file meanwhile
function io.read(file, ...) end

--- Reads a file in a loop, as its method `lines` does, while other threads run:
--- `for line in io.lines(file) do`.
---
--- Raises if file is no open file, or a format is not valid; in the loop, what
--- keeps `read` from reading.
---@param file? threading.file|string by default `io.input()`; not closed at
--- its end, but where its name is given
---@param ... threading.format by default "l"
---@return fun(...: any): any iterator for a generic `for`
function io.lines(file, ...) end

--- Starts a program, as Lua's `io.popen` does. The file's methods `read`,
--- `lines` and `close` let the other threads run while they wait.
---
--- Raises if an argument is of the wrong type; `close` when cancelled, and
--- "interrupted!" on Ctrl-C.
---@param cmd string a command for the shell
---@param mode? threading.popen_mode by default "r"
---@return file*? file nil if it cannot be started
---@return string? message
---@return integer? code
function io.popen(cmd, mode) end

-- threading.os ----------------------------------------------------------------

--- Running programs without stopping the other threads.
---@class threading.os
local os = {}

--- Runs a command, as Lua's `os.execute` does, while other threads run.
---
--- Raises if command is not a string; when cancelled, and "interrupted!" on
--- Ctrl-C: the shell that carries it out is then sent a SIGTERM.
---@param command? string without one: is there a shell?
---@return boolean? ok true if the command ended well
---@return string? how "exit" or "signal"
---@return integer? code the exit status, or the signal's number
function os.execute(command) end

-- threading.futures -----------------------------------------------------------

--- Pools of threads, after Python's `concurrent.futures`.
---@class threading.futures
---@field FIRST_COMPLETED string for `wait`: until one is done
---@field FIRST_EXCEPTION string for `wait`: until one has failed
---@field ALL_COMPLETED string for `wait`: until all are done
local futures = {}

--- Makes a pool. No thread is started before it is needed.
---
--- Raises if an argument is unknown or of the wrong type.
---@param max_workers? threading.positive by default processors + 4, at most 32
---@param thread_name_prefix? string
---@param initializer? threading.callable called first by each worker
---@param initargs? threading.Args the initializer's arguments
---@return threading.ThreadPoolExecutor
---@overload fun(options: threading.PoolOptions): threading.ThreadPoolExecutor
function futures.ThreadPoolExecutor(max_workers, thread_name_prefix,
  initializer, initargs) end

--- Makes a pool whose workers own an interpreter each: Lua code of its calls
--- runs on all processors.
---
--- Raises if an argument is unknown or of the wrong type, or the initializer
--- cannot cross to another interpreter.
---@param max_workers? threading.positive by default processors + 4, at most 32
---@param thread_name_prefix? string
---@param initializer? threading.callable called first by each worker, there
---@param initargs? threading.Args the initializer's arguments
---@return threading.ThreadPoolExecutor
---@overload fun(options: threading.PoolOptions): threading.ThreadPoolExecutor
function futures.InterpreterPoolExecutor(max_workers, thread_name_prefix,
    initializer, initargs) end

--- Makes a pool whose workers are processes: fresh ones, to which calls are
--- sent. One that ends in the middle of a call is an error of that alone.
---
--- Raises if an argument is unknown or of the wrong type, or the initializer
--- cannot go to another process; if it is not known which program runs Lua.
---@param max_workers? threading.positive by default the number of processors
---@param initializer? threading.callable called first in each process
---@param initargs? threading.Args the initializer's arguments
---@param max_tasks_per_child? threading.positive calls of a process; by default
--- all that there are
---@param lua? string the program that runs Lua; by default this one
---@return threading.ThreadPoolExecutor
---@overload fun(o: threading.ProcessPoolOptions): threading.ThreadPoolExecutor
function futures.ProcessPoolExecutor(max_workers, initializer, initargs,
    max_tasks_per_child, lua) end

--- Is this the error of a call that a pool could not make: its process has
--- ended meanwhile, or the pool is broken, for an initializer has failed?
---@param err any
---@return boolean
function futures.is_broken_pool(err) end

--- Makes a pool whose calls are made by other processes, over MPI: the rock
--- threading-mpi.
---
--- Raises if an argument is unknown or of the wrong type, if the rock is not
--- installed, or if no process can be started.
---@param max_workers? threading.positive by default all ranks, or processors
---@param thread_name_prefix? string
---@param initializer? threading.callable
---@param initargs? threading.Args
---@return threading.ThreadPoolExecutor
---@overload fun(options: threading.PoolOptions): threading.ThreadPoolExecutor
function futures.MPIPoolExecutor(max_workers, thread_name_prefix,
    initializer, initargs) end

--- Waits for futures. A cancelled one is done.
---
--- Raises if an argument is of the wrong type.
---@param list threading.future_list
---@param timeout? threading.timeout by default for ever
---@param return_when? threading.return_when by default `ALL_COMPLETED`
---@return threading.Future[] done in the order of the list
---@return threading.Future[] not_done
---@overload fun(list: threading.future_list, options: threading.WaitForOptions)
function futures.wait(list, timeout, return_when) end

--- Gives futures as they are done:
--- `for future in futures.as_completed(list) do`.
---
--- Raises if an argument is of the wrong type; in the loop "N (of M) futures
--- unfinished", when the time is over.
---@param list threading.future_list
---@param timeout? threading.timeout by default for ever
---@return fun(...: any): threading.Future? iterator for a generic `for`
---@return any state
---@return nil first
---@return any closing
---@overload fun(list: threading.future_list, options: threading.TimeoutOptions)
function futures.as_completed(list, timeout) end

--- Waits for all futures, and reports on stderr how many are done.
---
--- Raises if an argument is of the wrong type.
---@param list threading.future_list
---@param label? string what is put in front
function futures.progress(list, label) end

-- threading.socket ------------------------------------------------------------

--- LuaSocket for threads. It needs LuaSocket.
---@class threading.socket
---@field dns table LuaSocket's functions that look up names
local socket = {}

--- Makes a TCP socket, of the family of the first address that it gets.
---@return threading.TCP?
---@return string? why
function socket.tcp() end

--- Makes a TCP socket for IPv4.
---@return threading.TCP?
---@return string? why
function socket.tcp4() end

--- Makes a TCP socket for IPv6.
---@return threading.TCP?
---@return string? why
function socket.tcp6() end

--- Makes a UDP socket, of the family of the first address that it gets.
---@return threading.UDP?
---@return string? why
function socket.udp() end

--- Makes a UDP socket for IPv4.
---@return threading.UDP?
---@return string? why
function socket.udp4() end

--- Makes a UDP socket for IPv6.
---@return threading.UDP?
---@return string? why
function socket.udp6() end

--- Makes a TCP socket that listens.
---
--- Raises if an argument is of the wrong type.
---@param host string|number "*" for all addresses of the machine
---@param port string|number 0 for any
---@param backlog? integer by default 32
---@return threading.TCP?
---@return string? why
function socket.bind(host, port, backlog) end

--- Makes a TCP socket that is connected.
---
--- Raises if an argument is of the wrong type.
---@param address string|number
---@param port string|number
---@param locaddr? string|number its own address
---@param locport? string|number its own port
---@param family? threading.family by default "unspec"
---@return threading.TCP?
---@return string? why
function socket.connect(address, port, locaddr, locport, family) end

--- Makes a TCP socket that is connected over IPv4.
---
--- Raises if an argument is of the wrong type.
---@param address string|number
---@param port string|number
---@param locaddr? string|number its own address
---@param locport? string|number its own port
---@return threading.TCP?
---@return string? why
function socket.connect4(address, port, locaddr, locport) end

--- Makes a TCP socket that is connected over IPv6.
---
--- Raises if an argument is of the wrong type.
---@param address string|number
---@param port string|number
---@param locaddr? string|number its own address
---@param locport? string|number its own port
---@return threading.TCP?
---@return string? why
function socket.connect6(address, port, locaddr, locport) end

--- Waits until one of several sockets is ready, or closed.
---
--- Raises if an argument is of the wrong type.
---@param recvt? table a list of those that shall have something to receive
---@param sendt? table a list of those that shall take something
---@param timeout? threading.limit by default for ever
---@return table can_receive each also as a key
---@return table can_send each also as a key
---@return string? why "timeout"
function socket.select(recvt, sendt, timeout) end

--- Makes a socket of an object that LuaSocket or LuaSec has made.
---
--- Raises if it is no such object.
---@param object threading.luasocket
---@return threading.TCP|threading.UDP socket of one object always the same
function socket.wrap(object) end

--- Lets the other threads run for this long.
---
--- Raises if secs is no number; "interrupted!" on Ctrl-C.
---@param secs threading.limit less than 0: none
function socket.sleep(secs) end

--- Seconds since 1970.
---@return number
function socket.gettime() end

-- threading.socket.http, smtp, ftp --------------------------------------------

--- LuaSocket's `socket.http` for threads; it has the other names, too.
---@class threading.socket.http
---@field TIMEOUT number seconds that each wait may last
local http = {}

--- Makes a request.
---
--- Raises a cancellation; "interrupted!" on Ctrl-C.
---@param url string|table
---@param body? string what is posted, with a string for a URL
---@return string|number? body 1 if it went into a sink
---@return number|string status or why there is no answer
---@return table? headers
---@return string? line with the status
function http.request(url, body) end

--- LuaSocket's `socket.smtp` for threads; it has the other names, too.
---@class threading.socket.smtp
---@field TIMEOUT number seconds that each wait may last
local smtp = {}

--- Sends a message.
---
--- Raises a cancellation; "interrupted!" on Ctrl-C.
---@param mail table
---@return number?
---@return string? why
function smtp.send(mail) end

--- LuaSocket's `socket.ftp` for threads; it has the other names, too.
---@class threading.socket.ftp
---@field TIMEOUT number seconds that each wait may last
local ftp = {}

--- Fetches a file.
---
--- Raises a cancellation; "interrupted!" on Ctrl-C.
---@param url string|table
---@return string|number? content 1 if it went into a sink
---@return string? why
function ftp.get(url) end

--- Stores a file.
---
--- Raises a cancellation; "interrupted!" on Ctrl-C.
---@param url string|table
---@param content? string with a string for a URL
---@return number? sent
---@return string? why
function ftp.put(url, content) end

-- threading.ssl ---------------------------------------------------------------

--- LuaSec for threads. It needs LuaSec, whose other names it has, too.
---@class threading.ssl
local ssl = {}

--- Makes a context: what connections have in common.
---
--- Raises if a parameter is of the wrong type.
---@param params table
---@return any? context
---@return string? why
function ssl.newcontext(params) end

--- Encrypts a connection.
---
--- Raises if an argument is of the wrong type.
---@param sock threading.TCP
---@param params any a table as for `newcontext`, or a context
---@return threading.Connection?
---@return string? why
function ssl.wrap(sock, params) end

--- An encrypted connection: a TCP socket with LuaSec's methods, too.
---@class threading.Connection: threading.TCP
local Connection = {}

--- Makes the two ends agree on how to encrypt, and checks the other one.
---
--- Raises if no host is known to check it for.
---@return boolean done
---@return string? why
function Connection:dohandshake() end

--- Says which host a client wants, or which names a server has.
---
--- Raises if name is of the wrong type.
---@param name string|table
---@param strict? boolean whether a server refuses other names
function Connection:sni(name, strict) end

--- HTTPS for threads, with the names of LuaSec's `ssl.https`.
---@class threading.ssl.https
---@field TIMEOUT number seconds that each wait may last
---@field PORT number of URLs without one
local https = {}

--- Makes a request.
---
--- Raises if an argument is of the wrong type; a cancellation; "interrupted!"
--- on Ctrl-C.
---@param url string|table
---@param body? string what is posted, with a string for a URL
---@return string|number? body 1 if it went into a sink
---@return number|string status or why there is no answer
---@return table? headers
---@return string? line with the status
function https.request(url, body) end

--- Makes a `create` for the modules of LuaSocket's.
---
--- Raises if params is not a table.
---@param params? table as for `newcontext`
---@return function
function https.tcp(params) end

-- threading.log ---------------------------------------------------------------

--- What logs under a name; without a level of its own, from that of the logger
--- whose name is before its last dot, and so on up to the root's.
---@class threading.Logger
local Logger = {}

--- Logs at the level DEBUG.
---@param fmt any a format for `string.format`; any value, where nothing follows
---@param ... any what is formatted
function Logger:debug(fmt, ...) end

--- Logs at the level INFO.
---@param fmt any a format for `string.format`; any value, where nothing follows
---@param ... any what is formatted
function Logger:info(fmt, ...) end

--- Logs at the level WARNING.
---@param fmt any a format for `string.format`; any value, where nothing follows
---@param ... any what is formatted
function Logger:warning(fmt, ...) end

--- Logs at the level ERROR.
---@param fmt any a format for `string.format`; any value, where nothing follows
---@param ... any what is formatted
function Logger:error(fmt, ...) end

--- Logs at the level CRITICAL.
---@param fmt any a format for `string.format`; any value, where nothing follows
---@param ... any what is formatted
function Logger:critical(fmt, ...) end

--- Logs at a level.
---
--- Raises if there is no such level.
---@param level threading.level
---@param fmt any a format for `string.format`; any value, where nothing follows
---@param ... any what is formatted
function Logger:log(level, fmt, ...) end

--- Does it write what is logged at this level?
---
--- Raises if there is no such level.
---@param level threading.level
---@return boolean
function Logger:isEnabledFor(level) end

--- Sets the level from which on it writes.
---
--- Raises if there is no such level; for the root, if it is nil.
---@param level? threading.level by default that of the logger above it
function Logger:setLevel(level) end

--- The level from which on it writes.
---@return integer
function Logger:getEffectiveLevel() end

--- Lines with the time, the level and the name of the thread, after Python's
--- `logging`.
---@class threading.log
---@field DEBUG integer 10
---@field INFO integer 20
---@field WARNING integer 30
---@field ERROR integer 40
---@field CRITICAL integer 50
local log = {}

--- Logs at the level DEBUG, by the root logger.
---@param fmt any a format for `string.format`; any value, where nothing follows
---@param ... any what is formatted
function log.debug(fmt, ...) end

--- Logs at the level INFO, by the root logger.
---@param fmt any a format for `string.format`; any value, where nothing follows
---@param ... any what is formatted
function log.info(fmt, ...) end

--- Logs at the level WARNING, by the root logger.
---@param fmt any a format for `string.format`; any value, where nothing follows
---@param ... any what is formatted
function log.warning(fmt, ...) end

--- Logs at the level ERROR, by the root logger.
---@param fmt any a format for `string.format`; any value, where nothing follows
---@param ... any what is formatted
function log.error(fmt, ...) end

--- Logs at the level CRITICAL, by the root logger.
---@param fmt any a format for `string.format`; any value, where nothing follows
---@param ... any what is formatted
function log.critical(fmt, ...) end

--- Logs at a level, by the root logger.
---
--- Raises if there is no such level.
---@param level threading.level
---@param fmt any a format for `string.format`; any value, where nothing follows
---@param ... any what is formatted
function log.log(level, fmt, ...) end

--- Does the root logger write what is logged at this level?
---
--- Raises if there is no such level.
---@param level threading.level
---@return boolean
function log.isEnabledFor(level) end

--- Sets the level from which on the root logger writes, and each logger that
--- has none of its own.
---
--- Raises if there is no such level.
---@param level threading.level
function log.setLevel(level) end

--- The logger of a name, the same one each time.
---
--- Raises if the name is not a string.
---@param name? string by default the root's
---@return threading.Logger
function log.getLogger(name) end

--- Says what is written, how, and where to; what is not given stays as it is.
---
--- Raises if an option is unknown or of the wrong type, or the file cannot be
--- opened; nothing has changed then.
---@param options threading.LogOptions
function log.basicConfig(options) end

-- threading.loops -------------------------------------------------------------

--- Two loops in C, without the global lock.
---@class threading.loops
local loops = {}

--- Adds n to the balance and subtracts it again, so many times, each a load
--- and a store of its own.
---
--- Raises if an argument is of the wrong type.
---@param balance threading.Value
---@param n threading.element
---@param times threading.natural
---@param lock? threading.Lock held around each change
---@return integer made less than `times` if the thread was told to stop
function loops.change(balance, n, times, lock) end

--- The endless loop `x = x ^ 1`.
---
--- Raises if the seconds are not valid, and it is no Event either.
---@param stop? threading.seconds|threading.Event by default for ever
---@return integer turns
function loops.spin(stop) end

error "threading.types is for editors, not for programs"
