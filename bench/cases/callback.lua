-- callback.lua INTERVAL: how long a thread of C's that calls back 1,000 times
-- a second waits beside four threads that compute, with that switch interval
-- in seconds: median, and the 99th percentile.
local threading = require "threading"
local LOOPS <const> = 4

local p <close> = io.popen "pkg-config --cflags lua5.4 2>/dev/null"
assert(os.execute(("%s -O2 -fPIC -shared -pthread %s "
  .. "-o build/bench/callback.so bench/cases/callback.c"):format(
  os.getenv "CC" or "cc", p:read "l" or "-I/usr/include/lua5.4")))
local measure = require "callback"

local function loop()
  local x = 0
  while true do
    x = x ~ 1
  end
end

_G.callback = function() end

threading.setswitchinterval(tonumber(arg[1]))
for _ = 1, LOOPS do
  threading.Thread { target = loop, daemon = true }:start()
end
print(measure())
