--- FTP for threads: LuaSocket's `socket.ftp`, with the same names, arguments
-- and results, in which what waits blocks the calling thread alone. A transfer
-- that ends with an error, such as a cancellation, leaves no connection open.
--
-- It is a copy of that module, with fields `TIMEOUT`, `USER`, `PASSWORD` of its
-- own.
-- @module threading.socket.ftp

local call = require "threading.socket.call"
local copy = require "threading.socket.copy"

local ftp = copy "socket.ftp"

--- Fetches a file, as LuaSocket's `ftp.get` does.
-- @function get
-- @tparam string|table url the URL, or a table with `host`, `path`, `sink`, ...
-- @treturn ?string|number the file, or 1 if it went into a sink
-- @treturn ?string why there is none
-- @raise a cancellation; "interrupted!" on Ctrl-C
ftp.get = call.closing(ftp.get)

--- Stores a file, as LuaSocket's `ftp.put` does.
-- @function put
-- @tparam string|table url the URL, or a table with `host`, `path`, `source`,
-- ...
-- @tparam[opt] string content what is stored, with a string for a URL
-- @treturn ?number how many bytes were sent
-- @treturn ?string why it was not stored
-- @raise a cancellation; "interrupted!" on Ctrl-C
ftp.put = call.closing(ftp.put)

if ftp.command then -- LuaSocket 3.0 has it
  ftp.command = call.closing(ftp.command)
end

return ftp
