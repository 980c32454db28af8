-- One idea: a trace shows what threads did. Three parts: the race, the same
-- with a lock, and a computation on all cores. `lua timeline.lua [name]` writes
-- name.json, name.html, a page to zoom and search, and name.svg, a picture.

local threading = require "threading"
local trace = require "threading.trace"

local name <const> = arg[1] or "timeline"

local primes = threading.compile(function(first, last)
  local n = 0
  for i = first, last do
    local d = 2
    while d * d <= i and i % d ~= 0 do
      d = d + 1
    end
    if d * d > i then
      n = n + 1
    end
  end
  return n
end)

balance = 0
local lock = threading.Lock()

local function race(n)
  for _ = 1, 1000000 do
    balance = balance + n
    balance = balance - n
  end
end

local function careful(n)
  for _ = 1, 200 do
    local _ <close> = lock:guard()
    for _ = 1, 3000 do
      balance = balance + n
      balance = balance - n
    end
  end
end

local function both(target)
  local threads = {}
  for i, n in ipairs { 5, 8 } do
    threads[i] = threading.Thread { target = target, args = { n } }
    threads[i]:start()
  end
  for _, t in ipairs(threads) do
    t:join()
  end
end

local function part(title, fn, ...)
  local _ <close> = trace.span(title)
  fn(...)
end

primes(1, 2) -- is compiled now
trace.start { file = name .. ".json" }
part("the race", both, race)
trace.mark("balance is " .. balance)
balance = 0
part("with a lock", both, careful)
trace.mark("balance is " .. balance)
part("all cores", threading.parallel_for, 1, 400000, primes)
trace.stop()

assert(trace.page(name .. ".json", name .. ".html"))
assert(trace.picture(name .. ".json", name .. ".svg"))
print(("see %s.html and %s.svg"):format(name, name))
