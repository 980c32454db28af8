--- Blocking input and output that stops the calling thread only.
-- @module threading.io
-- @usage
-- local io = require "threading.io"
-- if io.wait_fd(0, "r", 5) then -- the others run meanwhile
--   print(io.read(io.stdin))
-- end

local _thread = require "threading._thread"

local io = {}

--- Waits until a descriptor can be read from or written to without blocking,
-- or its other end is closed.
-- @function wait_fd
-- @param fd a descriptor: an integer, a file of Lua's, or an object with a
-- method `getfd`, as LuaSocket's and LuaSec's have
-- @tparam string mode "r" for reading, "w" for writing, "rw" for either
-- @tparam[opt] number timeout seconds, not negative; without it for ever
-- @treturn boolean true, and with "rw" a second result that tells for what:
-- "r", "w" or "rw". Or nil and "timeout"; or nil and "closed" where no such
-- descriptor is open, or another thread closes it.
-- @raise if an argument is of the wrong type, or a closed file; a
-- cancellation; "interrupted!" on Ctrl-C
io.wait_fd = _thread._wait_fd

-- Tells those who wait for a descriptor that it is about to be closed.
io._closing = _thread._closing

return io
