-- A loop whose parts run in threads of their own.
--
-- The range is cut into parts of equal length, but for one element; threads
-- take the next one until there is none. Lengths are unsigned: a range may
-- have more elements than the largest integer.

local _thread = require "threading._thread"
local check = require "threading.private.check"
local complain = require "threading.private.complain"
local thread = require "threading.private.thread"
local shown = require "threading.private.show"
local standard = require "threading.private.standard"
local math, string = standard.math, standard.string
local error, ipairs, setmetatable, type = error, ipairs, setmetatable, type
local xpcall = xpcall

local NAME <const> = "parallel_for"
local PIECES <const> = 100 -- of a loop that reports its progress

-- How many elements [lo, hi] has; a float where no integer can tell.
local function count(lo, hi)
  local n = hi - lo
  if n >= 0 and n < math.maxinteger then
    return n + 1
  end
  return (n >= 0 and n or n + 0x1p64) + 1.0
end

-- Unsigned division by a positive integer.
local function divide(n, by)
  if n >= 0 then
    return n // by, n % by
  end
  local quotient = ((n >> 1) // by) << 1
  local rest = n - quotient * by
  if not math.ult(rest, by) then
    quotient, rest = quotient + 1, rest - by
  end
  return quotient, rest
end

-- The parts of [first, last]: how many, and a function that gives the bounds
-- of number i, from 0.
local function cut(first, last, parts)
  local most = last - first -- one less than there are elements
  if math.ult(most, parts) then
    parts = most + 1
  end
  local size, longer = divide(most, parts)
  longer = longer + 1 -- so many parts have one element more
  if longer == parts then
    size, longer = size + 1, 0
  end
  local function start(i)
    return first + i * size + (i < longer and i or longer)
  end
  return parts, function(i)
    return start(i), start(i + 1) - 1
  end
end

local function bound(value, name)
  return check.integer(value, name, NAME)
    or check.bad(name, NAME, "integer", value) -- nil
end

local known = {
  nthreads = true, parts = true, progress = true, interpreters = true,
}

local function read_options(nthreads, options)
  if type(nthreads) == "table" and options == nil then
    nthreads, options = nil, nthreads
  end
  options = check.options(options, known, NAME)
  check.boolean(options.interpreters, "interpreters", NAME)
  local progress = options.progress
  if progress ~= nil then
    check.callable(progress, "progress", NAME)
  end
  local most = check.positive(options.nthreads, "nthreads", NAME)
  most = check.positive(nthreads, "nthreads", NAME) or most
    or _thread.cpu_count()
  local parts = check.positive(options.parts, "parts", NAME)
  parts = parts or progress and math.max(most, PIECES) or most
  return most, parts, progress, options.interpreters
end

-- The next part's number, or nothing.
local function take(loop)
  local _ <close> = loop.lock:guard()
  local i = loop.next
  if i < loop.parts and not loop.stopped then
    loop.next = i + 1
    return i
  end
end

local function report(loop, n)
  local _ <close> = loop.reports:guard()
  loop.done, loop.finished = loop.done + n, loop.finished + 1
  if loop.progress then
    loop.progress(loop.done, loop.total)
  end
end

local function stop(loop)
  loop.stopped = true
  for _, t in ipairs(loop.threads) do
    t:cancel()
  end
end

local function run_parts(loop, fn)
  local i = take(loop)
  while i do
    local lo, hi = loop.bounds(i)
    fn(lo, hi)
    report(loop, count(lo, hi))
    i = take(loop)
  end
end

local function run_here(loop)
  run_parts(loop, loop.fn)
end

local function run_there(loop)
  local interpreter <close> = _thread._interpreter()
  run_parts(loop, function(lo, hi)
    interpreter:call(loop.fn, lo, hi)
  end)
end

-- What a thread does. Only the first error gets the lock `failure`.
local function work(loop)
  local traceback
  local ok, err = xpcall(loop.run, function(value)
    traceback = not _thread._is_exit(value)
      and _thread._traceback(shown(value)) or nil
    return value
  end, loop)
  if not ok and loop.failure:acquire(false) then
    loop.failed, loop.error, loop.traceback = true, err, traceback
    stop(loop)
  end
end

local function join(loop)
  for _, t in ipairs(loop.threads) do
    if _thread._is_alive(t) then -- it may not have been started
      t:join()
    end
  end
end

local function start(loop, n)
  for i = 1, n do
    local t = thread.Thread { target = work, args = { loop } }
    loop.threads[i] = t -- before anything can end this thread
    local ok, err = _thread._try(t.start, t)
    if type(err) == "string" then -- the system refuses: blame our caller
      complain("%s", (string.gsub(err, "^[^\n]-:%d+: ", "", 1)))
    elseif not ok then
      error(err, 0)
    end
  end
end

-- Whatever ends the wait of the caller ends the loop.
local scope = {
  __close = function(loop, err)
    if err ~= nil then
      stop(loop)
    end
    join(loop)
  end,
}

local function run(loop, nthreads)
  local scoped <close> = setmetatable(loop, scope)
  start(scoped, nthreads)
  join(scoped)
end

-- See init.lua.
local function parallel_for(first, last, fn, nthreads, options)
  first, last = bound(first, "first"), bound(last, "last")
  check.callable(fn, "fn", NAME)
  local most, parts, progress, there = read_options(nthreads, options)
  if there then
    _thread._encode_as("fn", fn) -- raises, if it cannot cross
  end
  if last < first then
    return
  end
  local bounds
  parts, bounds = cut(first, last, parts)
  local total = count(first, last)
  local loop = {
    fn = fn, run = there and run_there or run_here,
    parts = parts, bounds = bounds, progress = progress,
    lock = _thread.allocate_lock(), -- of next
    next = 0, -- number of a part
    reports = _thread.allocate_lock(), -- of done and finished
    done = 0 * total, finished = 0, -- elements and parts
    total = total,
    failure = _thread.allocate_lock(),
    threads = {},
  }
  run(loop, math.min(most, parts))
  if loop.failed then
    _thread._raise(loop.error, loop.traceback)
  elseif loop.finished < parts then -- others have cancelled the threads
    complain "the threads of 'parallel_for' were cancelled"
  end
end

return parallel_for
