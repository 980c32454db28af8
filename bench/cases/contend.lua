-- contend.lua THREADS: they contend for one Lock with a short body, until
-- TURNS were taken in all. Turns a second, and the share in percent of the
-- thread that took fewest.
local threading = require "threading"
local now = require "probe".now
local TURNS <const> = 2000000
local lock, total = threading.Lock(), 0
local turns = {}

local function contend(me)
  local mine = 0
  while total < TURNS do
    lock:acquire()
    total = total + 1
    lock:release()
    mine = mine + 1
  end
  turns[me] = mine
end

local threads = {}
for i = 1, tonumber(arg[1]) do
  threads[i] = threading.Thread { target = contend, args = { i } }
end
local t = now()
for _, thread in ipairs(threads) do
  thread:start()
end
for _, thread in ipairs(threads) do
  thread:join()
end
t = now() - t
print(total / t, 100 * math.min(table.unpack(turns)) / total)
