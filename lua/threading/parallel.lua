--- A loop whose parts run in threads of their own.
--
-- The range is cut into parts of equal length, but for one element; threads
-- take the next one until there is none. Lengths are unsigned: a range may
-- have more elements than the largest integer.

local _thread = require "threading._thread"
local thread = require "threading.thread"

local PIECES <const> = 100 -- of a loop that reports its progress

-- Raises an error at the place from which parallel_for was called.
local function complain(message, ...)
  error(message:format(...), 3)
end

local function unsigned_float(n)
  return n >= 0 and n or n + 0x1p64
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

local function integer(value, name)
  local n = math.type(value) and math.tointeger(value)
  if not n then
    error(("bad argument '%s' to 'parallel_for' (integer expected, got %s)")
      :format(name, math.type(value) and tostring(value) or type(value)), 4)
  end
  return n
end

local function positive(value, name)
  local n = integer(value, name)
  if n < 1 then
    error(("bad argument '%s' to 'parallel_for' (must be at least 1)")
      :format(name), 4)
  end
  return n
end

local function is_callable(value)
  local meta = getmetatable(value)
  return type(value) == "function" or type(meta) == "table" and meta.__call
end

local known = { nthreads = true, parts = true, progress = true }

local function read_options(nthreads, options)
  if type(nthreads) == "table" and options == nil then
    nthreads, options = nil, nthreads
  end
  options = options == nil and {} or options
  if type(options) ~= "table" then
    complain("bad argument 'options' to 'parallel_for' (table expected, "
      .. "got %s)", type(options))
  end
  for name in pairs(options) do
    if not known[name] then
      complain("unexpected option '%s' to 'parallel_for'", tostring(name))
    end
  end
  local progress = options.progress
  if progress ~= nil and not is_callable(progress) then
    complain("bad option 'progress' to 'parallel_for' (callable expected, "
      .. "got %s)", type(progress))
  end
  if nthreads == nil then
    nthreads = options.nthreads
  end
  nthreads = nthreads == nil and _thread.cpu_count()
    or positive(nthreads, "nthreads")
  local parts = options.parts
  if parts == nil then
    parts = progress and math.max(nthreads, PIECES) or nthreads
  end
  return nthreads, positive(parts, "parts"), progress
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
    loop.progress(unsigned_float(loop.done), loop.total)
  end
end

local function stop(loop)
  loop.stopped = true
  for _, t in ipairs(loop.threads) do
    t:cancel()
  end
end

local function run_parts(loop)
  local i = take(loop)
  while i do
    local lo, hi = loop.bounds(i)
    loop.fn(lo, hi)
    report(loop, hi - lo + 1)
    i = take(loop)
  end
end

-- What a thread does. Only the first error gets the lock `failure`.
local function work(loop)
  local ok, err = pcall(run_parts, loop)
  if not ok and loop.failure:acquire(false) then
    loop.failed, loop.error = true, err
    stop(loop)
  end
end

local function join(loop)
  for _, t in ipairs(loop.threads) do
    t:join()
  end
end

local function start(loop, n)
  for i = 1, n do
    local t = thread.Thread { target = work, args = { loop } }
    t:start()
    loop.threads[i] = t -- only what is started can be joined
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

--- Runs a loop on several threads: cuts the range into contiguous parts and
-- calls `fn(lo, hi)` for each, in threads of their own. Returns when all have
-- ended. The parts run side by side where `fn` lets go of the global lock, as
-- a kernel does.
--
-- The first error in a part cancels the other threads, waits for them, and is
-- raised here, as it is. The same is done when the calling thread is cancelled
-- or interrupted.
-- @function parallel_for
-- @tparam integer first
-- @tparam integer last the end of the range, which belongs to it; where it is
-- less than `first` nothing is called
-- @tparam function fn called with the first and the last number of a part
-- @tparam[opt] integer nthreads by default the number of processors
-- @tparam[opt] table options instead of `nthreads` or after it: `nthreads`;
-- `parts`, into how many the range is cut (by default one for each thread, 100
-- where there is a `progress`; threads take the next one as they are ready,
-- which also evens out parts of unequal work); `progress(done, total)`, called
-- after each part, with numbers of elements, in the part's thread, one call at
-- a time
-- @raise the first error of `fn` or `progress`; if an argument is of the wrong
-- type
-- @usage threading.parallel_for(1, #a, function(lo, hi)
--   k.scale(a, lo, hi)
-- end)
local function parallel_for(first, last, fn, nthreads, options)
  first, last = integer(first, "first"), integer(last, "last")
  if not is_callable(fn) then
    complain("bad argument 'fn' to 'parallel_for' (callable expected, got %s)",
      type(fn))
  end
  local most, parts, progress = read_options(nthreads, options)
  if last < first then
    return
  end
  local bounds
  parts, bounds = cut(first, last, parts)
  local loop = {
    fn = fn, parts = parts, bounds = bounds, progress = progress,
    lock = _thread.allocate_lock(), -- of next
    next = 0, -- number of a part
    reports = _thread.allocate_lock(), -- of done and finished
    done = 0, finished = 0, -- elements and parts
    total = unsigned_float(last - first + 1),
    failure = _thread.allocate_lock(),
    threads = {},
  }
  run(loop, math.min(most, parts))
  if loop.failed then
    error(loop.error, 0)
  elseif loop.finished < parts then -- others have cancelled the threads
    complain "the threads of 'parallel_for' were cancelled"
  end
end

return parallel_for
