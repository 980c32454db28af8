-- What a pool's map has still to do, and the results that come in order.

local _thread = require "threading._thread"
local check = require "threading.private.check"
local chunk = require "threading.private.chunk"
local complain = require "threading.private.complain"
local standard = require "threading.private.standard"
local math, table = standard.math, standard.table
local error, getmetatable, pairs, pcall = error, getmetatable, pairs, pcall
local rawequal, setmetatable, type = rawequal, setmetatable, type
local monotonic = _thread.time.monotonic

-- It is cancelled when the loop is left.
local Mapping = {} -- methods
local mapping_meta = { __index = Mapping }

local function no_item() end

function Mapping:cancel()
  self.next_item = no_item
  for i, f in pairs(self.futures) do
    f:cancel()
    self.futures[i] = nil
  end
end

mapping_meta.__close = Mapping.cancel

function mapping_meta:__gc()
  for _, f in pairs(self.futures) do
    pcall(f.cancel, f) -- one that is done may be finalised already
  end
end

-- The next items, at most a chunk of them; and how many they are.
local function take_items(self)
  local items, n = {}, 0
  repeat
    local item = self.next_item()
    if item == nil then
      self.next_item = no_item
      break
    end
    n = n + 1
    items[n] = item
  until n == self.chunksize
  return items, n
end

local function submit_chunk(self)
  local items, n = take_items(self)
  return n > 0 and self.submit(self.state, chunk.call, self.fn, items, n)
end

local function submit_item(self)
  local item = self.next_item()
  return item ~= nil and self.submit(self.state, self.fn, item)
end

function Mapping:submit_one()
  local f = (self.chunksize and submit_chunk or submit_item)(self)
  if f then
    self.last = self.last + 1
    self.futures[self.last] = f
  end
  return f
end

function Mapping:submit_all()
  local n = 0
  while (not self.buffersize or n < self.buffersize) and self:submit_one() do
    n = n + 1
  end
end

-- Waits for a future; the error of its call comes at its place.
function Mapping:await(f)
  local deadline = self.deadline
  local left = deadline and math.max(0, deadline - monotonic())
  local err, traceback = f:exception(left)
  if not f:done() or f:cancelled() or f:_failed() then
    local why = not f:done() and "timeout" or f:cancelled() and "cancelled"
    self:cancel()
    if why then
      complain(why)
    end
    _thread._raise(err, traceback)
  end
  if self.buffersize then
    self:submit_one()
  end
end

function Mapping:step(i)
  i = i + 1
  local f = self.futures[i]
  if not f then
    return nil
  end
  self:await(f)
  self.futures[i] = nil
  return i, f:result()
end

-- The calls of the next chunk, or nil.
local function next_calls(self)
  local at, calls = self:step(self.at)
  self.at = at or self.at
  return calls
end

-- The same, where a future is of many items: a function of its own, for it is
-- called for each.
local function step_in_chunks(self)
  local calls, results, packed
  local n, k = 0, 0 -- of the calls; of those that were given
  return function(_, i)
    while k == n do
      if calls and calls.failed then
        self:cancel()
        error(calls.err, 0)
      end
      calls = next_calls(self)
      if not calls then
        return nil
      end
      results, packed, n, k = calls.results, calls.packed, calls.n, 0
    end
    k = k + 1
    local result = results[k]
    if packed and packed[k] then
      return i + 1, table.unpack(result, 1, result.n)
    end
    return i + 1, result
  end
end

local function items_of(list)
  if type(list) ~= "table" or not rawequal(getmetatable(list), nil) and
      check.is_callable(list) then
    if not check.is_callable(list) then
      check.bad("list", "map", "list or function", list)
    end
    return function()
      return (list())
    end
  end
  local i = 0
  return function()
    i = i + 1
    return list[i]
  end
end

local known = { timeout = true, buffersize = true, chunksize = true }

-- What a generic `for` needs. `submit(state, fn, ...)` returns a future.
return function(submit, executor, state, fn, list, options)
  check.callable(fn, "fn", "map")
  local next_item = items_of(list)
  options = check.options(options, known, "map")
  check.timeout(options.timeout, "timeout", "map")
  local size = check.positive(options.chunksize, "chunksize", "map")
  local mapping = setmetatable({
    executor = executor, -- which would end the workers if it were collected
    submit = submit, state = state, fn = fn, next_item = next_item,
    buffersize = check.positive(options.buffersize, "buffersize", "map"),
    chunksize = size and size > 1 and size or nil, at = 0,
    deadline = options.timeout and monotonic() + options.timeout,
    futures = {}, last = 0,
  }, mapping_meta)
  if mapping.chunksize and state.way.chunked then
    state.way.chunked(state)
  end
  mapping:submit_all()
  local step = mapping.chunksize and step_in_chunks(mapping) or Mapping.step
  return step, mapping, 0, mapping
end
