-- cores.lua lua|c: as many endless loops x = x ~ 1 as processors; how much
-- CPU they use, in percent of one core.
local threading, time = require "threading", require "threading.time"
local SECONDS <const> = 0.5

local function loop()
  local x = 0
  while true do
    x = x ~ 1
  end
end

if arg[1] == "c" then
  loop = require "threading.loops".spin
end

for _ = 1, threading.cpu_count() do
  threading.Thread { target = loop, daemon = true }:start()
end
time.sleep(0.05)
local wall, cpu = time.perf_counter(), time.process_time()
time.sleep(SECONDS)
cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
print(100 * cpu / wall)
