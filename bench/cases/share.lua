-- One thread that computes beside 30 that sleep often and compute, too, more
-- than there is time for: how often it has what the middle one of them has.
local threading, time = require "threading", require "threading.time"
local WAKERS <const>, WORK <const> = 30, 5000
local NAP <const>, SECONDS <const> = 0.0001, 2
local over, done = false, {}

local function work(i, rest)
  local n = 0
  while not over do
    rest(NAP)
    for _ = 1, WORK do
      n = n + 1
    end
    done[i] = n
  end
end

local threads = {}
for i = 1, WAKERS + 1 do
  done[i] = 0
  threads[i] = threading.Thread {
    target = work,
    args = { i, i > WAKERS and math.abs or time.sleep },
  }
  threads[i]:start()
end
time.sleep(SECONDS)
over = true
for _, thread in ipairs(threads) do
  thread:join()
end
local alone = table.remove(done)
table.sort(done)
print(alone / done[WAKERS // 2])
