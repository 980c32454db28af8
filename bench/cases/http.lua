-- wrk, on 8 connections that it keeps, at an HTTP server beside N threads that
-- compute: http.lua SERVER N, where SERVER is lua or py. Prints requests a
-- second, the median and the 99th percentile of how long one took.
local programs = { lua = arg[-1], py = os.getenv "PYTHON" or "python3" }
local scales = { us = 1e-6, ms = 1e-3, s = 1 }

local function seconds(text)
  local number, unit = text:match "^([%d.]+)(%l+)$"
  return number * scales[unit]
end

local server <close> = assert(io.popen(("echo $$; exec %s "
  .. "bench/cases/httpserver.%s %s 2>/dev/null"):format(programs[arg[1]],
  arg[1], arg[2])))
local pid, port = server:read("l", "l")
local wrk <close> = assert(io.popen(
  "wrk -t1 -c8 -d2s --latency http://127.0.0.1:" .. port))
local out = wrk:read "a"
os.execute("kill -9 " .. pid)
print(out:match "Requests/sec:%s*(%S+)", seconds(out:match "50%%%s*(%S+)"),
  seconds(out:match "99%%%s*(%S+)"))
