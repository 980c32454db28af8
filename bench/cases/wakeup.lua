-- How late a sleeper wakes while another thread computes: median, and the
-- 99th percentile.
local threading, time = require "threading", require "threading.time"
local now = require "probe".now
local N <const>, NAP <const> = 300, 0.002

local function loop()
  local x = 0
  while true do
    x = x ~ 1
  end
end

threading.Thread { target = loop, daemon = true }:start()
time.sleep(0.05)
local late = {}
for i = 1, N do
  local t = now()
  time.sleep(NAP)
  late[i] = now() - t - NAP
end
table.sort(late)
print(late[N // 2], late[N * 99 // 100])
