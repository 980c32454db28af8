--- SMTP for threads: LuaSocket's `socket.smtp`, with the same names, arguments
-- and results, in which what waits blocks the calling thread alone. A message
-- whose sending ends with an error, such as a cancellation, leaves no
-- connection open.
--
-- It is a copy of that module, with fields `TIMEOUT`, `SERVER`, `PORT`, ... of
-- its own.
-- @module threading.socket.smtp
-- @usage
-- local smtp = require "threading.socket.smtp"
-- local https = require "threading.ssl.https"
-- print(smtp.send {
--   server = "mail.example.org", port = 465, create = https.tcp {},
--   user = "me", password = "secret",
--   from = "<me@example.org>", rcpt = "<you@example.org>",
--   source = smtp.message { headers = { subject = "hello" }, body = "Hi." },
-- })

local call = require "threading.socket.call"
local copy = require "threading.socket.copy"

local smtp = copy "socket.smtp"

--- Sends a message, as LuaSocket's `smtp.send` does.
-- @function send
-- @tparam table mail with `from`, `rcpt`, `source`, and if need be `server`,
-- `port`, `user`, `password`, `domain`, `create`
-- @treturn ?number 1
-- @treturn ?string why it was not sent
-- @raise a cancellation; "interrupted!" on Ctrl-C
smtp.send = call.closing(smtp.send)

return smtp
