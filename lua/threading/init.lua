--- Threads for stock Lua, after Python's `threading`.
--
-- The high-level module, on top of the C module `threading._thread`.
-- @module threading

local _thread = require "threading._thread"
local thread = require "threading.thread"

local threading = {
  _VERSION = "threading scm",
  TIMEOUT_MAX = _thread.TIMEOUT_MAX,
}

threading.Thread = thread.Thread
threading.current_thread = thread.current_thread
threading.main_thread = thread.main_thread
threading.enumerate = thread.enumerate
threading.active_count = thread.active_count
threading.excepthook = thread.excepthook
threading.__excepthook__ = thread.excepthook

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
-- 256 KiB; 0 for the system's default
-- @treturn integer the size before
-- @raise if the size is not valid
threading.stack_size = _thread.stack_size

--- Ends the calling thread silently, as an error that unwinds it.
-- @function exit
threading.exit = _thread.exit

--- Simulates a signal that arrives in the main thread, where it raises
-- `"interrupted!"`, also out of a blocking call.
-- @function interrupt_main
-- @tparam[opt=2] integer signum
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
-- @raise "interrupted!" on Ctrl-C
threading.shutdown = _thread.shutdown

--- Makes a lock that one thread at a time can hold, and any may release.
-- @function Lock
-- @treturn Lock
threading.Lock = _thread.allocate_lock

--- Makes a number that Lua and C share.
-- @function Value
-- @tparam string type "int64" or "float64"
-- @tparam[opt=0] number initial
-- @treturn Value
-- @raise if the type is unknown or the initial value does not fit it
threading.Value = _thread.value

thread.bind(threading)

return threading
