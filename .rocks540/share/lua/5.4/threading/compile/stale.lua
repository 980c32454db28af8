-- Before Lua 5.4.5, the line of a division by zero is that of an earlier
-- instruction: true there.

local standard = require "threading.private.standard"
local string = standard.string
local load, pcall = load, pcall

local _, message = pcall(load "local x = 0\n\n\nreturn 1 // x")
return not string.find(message, ":4:", 1, true)
