--- Blocking input and output that stops the calling thread only. What is not
-- here is as in Lua's own `io`, so that this module can replace it.
-- @module threading.io
-- @usage
-- local io = require "threading.io"
-- io.write "Your name, within ten seconds: " -- the others run meanwhile
-- if io.wait_fd(io.stdin, "r", 10) then
--   print("Hello " .. io.read())
-- end

local _thread = require "threading._thread"
local standard = require "io"

local io = setmetatable({}, { __index = standard })

--- Waits until a descriptor can be read from or written to without blocking,
-- or its other end is closed.
-- @function wait_fd
-- @param fd a descriptor: an integer, a file of Lua's, or an object with a
-- method `getfd`, as LuaSocket's and LuaSec's have, or `pollfd`, as those of
-- cqueues
-- @tparam string mode "r" for reading, "w" for writing, "rw" for either
-- @tparam[opt] number timeout seconds, not negative; without it for ever
-- @treturn boolean true, and with "rw" a second result that says for what:
-- "r", "w" or "rw". Or nil and "timeout"; or nil and "closed" where no such
-- descriptor is open, or another thread closes it.
-- @raise if an argument is of the wrong type, or a closed file; a
-- cancellation; "interrupted!" on Ctrl-C
io.wait_fd = _thread._wait_fd

--- Reads from a file as its method `read` does; where that would block (a
-- pipe, a terminal, stdin), the other threads run meanwhile. A call reads all
-- that it returns in one piece, however many threads read the same file: they
-- take turns. A call that ends with an error takes nothing out of the file.
-- @function read
-- @tparam[opt] file file by default what `io.input` has set
-- @param ... formats, as for `file:read`; "l" without any
-- @return what `file:read` returns; or nil and "closed" when another thread
-- closes the file meanwhile
-- @raise if file is no open file, or a format is not valid; a cancellation;
-- "interrupted!" on Ctrl-C
io.read = _thread._read

--- Reads a file in a loop, as its method `lines` does, and as `read` waits:
-- `for line in io.lines(file) do`.
-- @function lines
-- @param[opt] file by default what `io.input` has set; not closed at its end.
-- Of a file's name, it is the standard function that is called
-- @param ... formats, as for `file:lines`
-- @treturn function for a generic `for`
-- @raise if file is no open file, or a format is not valid; in the loop, what
-- keeps `read` from reading
io.lines = _thread._lines

--- Starts a program, as Lua's `io.popen` does. The methods `file:read`,
-- `file:lines` and `file:close` let the other threads run while they wait; all
-- else is as with any file. A file that is not closed, but collected, does not
-- wait for its program.
-- @function popen
-- @tparam string cmd a command for the shell
-- @tparam[opt="r"] string mode "r": the file reads what the program prints;
-- "w": the program reads what is written to the file
-- @treturn file or nil, a message and a number
-- @raise if an argument is of the wrong type; of `close`: a cancellation, and
-- "interrupted!" on Ctrl-C
io.popen = _thread._popen

-- Wakes the threads that wait for a descriptor: it is about to be closed.
io._closing = _thread._closing

_thread._public(io)

return io
