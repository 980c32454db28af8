--- HTTP for threads: LuaSocket's `socket.http`, with the same names, arguments
-- and results, in which what waits blocks the calling thread alone. A request
-- that ends with an error, such as a cancellation, leaves no connection open.
--
-- It is a copy of that module, with fields `TIMEOUT`, `PROXY`, `USERAGENT` of
-- its own. URLs with "https" go through @{threading.ssl.https}, which checks
-- certificates.
-- @module threading.socket.http
-- @usage
-- local http = require "threading.socket.http"
-- local body, status = http.request "http://www.example.org/"

local call = require "threading.socket.call"
local copy = require "threading.socket.copy"

local http = copy "socket.http"

--- Makes a request, as LuaSocket's `http.request` does. `http.TIMEOUT`, by
-- default 60 seconds, is how long each wait may last.
-- @function request
-- @tparam string|table url the URL, or a table with `url`, `sink`, `method`,
-- `headers`, `source`, `redirect`, `proxy`, `create`, ...; and for "https" what
-- @{threading.ssl.newcontext} takes
-- @tparam[opt] string body what is posted, with a string for a URL
-- @treturn ?string|number the body, or 1 if it went into a sink; nil if there
-- is no answer
-- @treturn number|string the status; or why there is no answer
-- @treturn ?table the headers of the answer
-- @treturn ?string the line with the status
-- @raise a cancellation; "interrupted!" on Ctrl-C
http.request = call.closing(http.request)

return http
