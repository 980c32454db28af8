--- Running programs without stopping the other threads. What is not here is as
-- in Lua's own `os`, so that this module can replace it.
-- @module threading.os
-- @usage
-- local threading = require "threading"
-- local os = require "threading.os"
--
-- local t = threading.Thread {
--   target = function()
--     print(os.execute "exit 3") --> nil exit 3
--   end,
-- }
-- t:start()
-- t:join()

local _thread = require "threading._thread"

local os = setmetatable({}, { __index = require "os" })

--- Runs a command, as Lua's `os.execute` does, while other threads run. Unlike
-- there, Ctrl-C is not ignored meanwhile. Where the wait ends with an error,
-- the shell that carries the command out is sent a SIGTERM.
-- @function execute
-- @tparam[opt] string command for the shell; without one: is there a shell?
-- @treturn ?boolean true if the command ended well, else nil
-- @treturn string "exit" or "signal"
-- @treturn integer the exit status, or the signal's number
-- @raise if command is not a string; a cancellation; "interrupted!" on Ctrl-C
os.execute = _thread._execute

_thread._public(os)

return os
