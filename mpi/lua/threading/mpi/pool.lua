-- How the workers of an MPIPoolExecutor have calls made: each by a rank of its
-- own, to which a call is sent as bytes, and which sends back its outcome.

local _mpi = require "threading._mpi"
local _thread = require "threading._thread"
local check = require "threading.private.check"
local chunk = require "threading.private.chunk"
local complain = require "threading.private.complain"
local define = require "threading.private.executor"
local portable = require "threading.private.portable"
local ranks = require "threading.mpi.ranks"
local server = require "threading.mpi.server"
local standard = require "threading.private.standard"
local threading = require "threading"
local string, table = standard.string, standard.table
local error, ipairs, setmetatable = error, ipairs, setmetatable
local tostring = tostring

local STAFF <const> = {} -- key of a worker's locals
local FIRST_ANSWER <const> = 16 -- tags below -16 are those of answers
local TAGS <const> = 1 << 30

-- The tag of an answer is no other's, so that what comes too late, when its
-- worker has been cancelled, is taken for nothing else.
local calls = 0
local function next_tag()
  calls = (calls + 1) % TAGS
  return -FIRST_ANSWER - calls
end

-- Has a call made by a rank.
-- @return true and its results; or false, the error, its traceback
local function call(handle, rank, bytes)
  local tag = next_tag()
  local answer, why = _mpi.call(handle, rank, server.CALL,
    string.pack("<i4", tag) .. bytes, tag)
  if answer then
    answer, why = _mpi.fetch(answer)
  end
  if not answer then
    error(string.format("rank %d: %s", rank, why == "stopped"
      and "it serves no more" or why), 0)
  end
  return portable.unpack(answer)
end

-- The ranks that serve a pool, n of them. Guarded by `changed`:
--   ready: those that have been prepared; load: how many calls each has
-- By the pool's lock:
--   fresh: the others; busy: how many workers there are
--   dismissed: `dismiss()` has been called, for it is over
-- over: there is no more to do; whoever sees that says it, and then takes the
-- pool's lock.
local Staff = {}
Staff.__index = Staff

local function staff_of(handle, dismiss)
  local rank, size = _mpi.rank(handle)
  local fresh = {}
  for i = size - 1, 0, -1 do
    fresh[#fresh + 1] = i ~= rank and i or nil
  end
  return setmetatable({
    handle = handle, fresh = fresh, n = #fresh, ready = {}, load = {},
    changed = threading.Condition(), busy = 0,
    dismiss = dismiss or function() end,
  }, Staff)
end

local function least_loaded(self)
  local best
  for _, rank in ipairs(self.ready) do
    if self.load[rank] == 0 then
      return rank
    end
    best = best and self.load[best] <= self.load[rank] and best or rank
  end
  return best
end

-- A rank that has not as many calls as `most`; waits for one.
function Staff:take(most)
  local _ <close> = self.changed:guard()
  while true do
    local rank = least_loaded(self)
    if rank and self.load[rank] < most then
      self.load[rank] = self.load[rank] + 1
      return rank
    end
    self.changed:wait()
  end
end

function Staff:put_back(rank)
  local _ <close> = self.changed:guard()
  self.load[rank] = self.load[rank] - 1
  self.changed:notify()
end

-- A rank that has been prepared makes calls.
function Staff:add(rank)
  local _ <close> = self.changed:guard()
  self.load[rank] = 0
  table.insert(self.ready, rank)
  self.changed:notify()
end

local function title_of(n)
  return n == 1 and "one process" or n .. " processes"
end

local function spawn(n)
  local handle, why = ranks.spawn(n)
  if not handle then
    complain("%s cannot be started (%s): start them with the program, "
      .. "`mpirun -n %d lua -lthreading.mpi script.lua`", title_of(n), why,
      n + 1)
  end
  return staff_of(handle, function()
    _mpi.part(handle)
  end)
end

-- Those that were started with the program; nil where it is alone.
local function started_with_us()
  if not ranks.launched() then
    return nil
  end
  local handle = ranks.world()
  local rank, size = _mpi.rank(handle)
  if size == 1 then
    return nil
  elseif not ranks.option then
    complain("this program runs on %d ranks, and each would start others: "
      .. "start it with `mpirun -n %d lua -lthreading.mpi script.lua`, where "
      .. "rank 0 alone runs it; or use MPICommExecutor", size, size)
  elseif rank ~= 0 then
    complain("this is rank %d, which makes calls: a pool is made by rank 0",
      rank)
  end
  return staff_of(handle)
end

-- While a call is with a rank.
local visit_meta = {
  __close = function(self)
    self.staff:put_back(self.rank)
  end,
}

local function call_one_of(most, bytes)
  local staff = _thread._locals()[STAFF]
  local visit <close> = setmetatable({ staff = staff, rank = staff:take(most) },
    visit_meta)
  return call(staff.handle, visit.rank, bytes)
end

local function call_there(bytes)
  return call_one_of(1, bytes)
end

-- A rank that has made a chunk finds the next one there; no call waits for
-- another one longer than a chunk takes.
local function call_chunk_there(bytes)
  return call_one_of(2, bytes)
end

-- The ranks may go when nothing is left to do, and nothing more can come. The
-- caller has the pool's lock.
local function dismiss_unneeded(state)
  local staff = state.staff
  if staff.over and staff.busy == 0 and not staff.dismissed
      and state.queue:qsize() == 0 then
    staff.dismissed = true
    staff.dismiss()
  end
end

-- While a thread is a worker.
local worker_meta = {
  __close = function(self)
    local state = self.state
    local _ <close> = state.lock:guard()
    local staff = state.staff
    staff.busy = staff.busy - 1
    staff.fresh[#staff.fresh + 1] = self.rank -- if it was not prepared
    _thread._locals()[STAFF] = nil
    dismiss_unneeded(state)
  end,
}

-- Makes the calling thread a worker, with a rank that it is to prepare, if
-- there is one; nil where nothing is left to do.
local function begin_work(state)
  local staff = state.staff
  local _ <close> = state.lock:guard()
  if staff.dismissed then
    return nil
  end
  staff.busy = staff.busy + 1
  _thread._locals()[STAFF] = staff
  return setmetatable({ state = state, rank = table.remove(staff.fresh) },
    worker_meta)
end

-- The words of an executor; `find_staff(max_workers)`: who serves it.
local function way_of(title, find_staff)
  local way = { title = title, describe = tostring }

  function way.future(fn, ...)
    check.callable(fn, "fn", "submit")
    return _thread._future(fn == chunk.call and call_chunk_there or call_there,
      portable.pack("fn,args[]", fn, ...))
  end

  function way.open(state, max_workers)
    local staff = find_staff(max_workers)
    while max_workers and staff.n > max_workers do
      table.remove(staff.fresh, 1)
      staff.n = staff.n - 1
    end
    state.staff, state.most, state.workers = staff, staff.n, staff.n
  end

  -- For each rank one more thread, which sends it the next chunk.
  function way.chunked(state)
    state.most = 2 * state.staff.n
  end

  function way.prepare(initializer, args)
    local bytes = initializer ~= nil and portable.pack(
      "initializer,initargs[]", initializer,
      table.unpack(args, 1, args.n or #args))
    return function(handle, rank)
      if bytes then
        local ok, err, traceback = call(handle, rank, bytes)
        if not ok then
          error(traceback or err, 0)
        end
      end
    end
  end

  function way.serve(state, initialize)
    local staff = state.staff
    local worker <close> = begin_work(state)
    if not worker or worker.rank
        and not initialize(state, staff.handle, worker.rank) then
      return
    elseif worker.rank then
      staff:add(worker.rank)
      worker.rank = nil
    end
    _thread._relay(state.queue)
    staff.over = true
  end

  function way.shut(state)
    local _ <close> = state.lock:guard()
    state.staff.over = true
    dismiss_unneeded(state)
  end

  return way
end

local pool = {}

pool.MPIPoolExecutor = define(way_of("MPIPoolExecutor", function(max_workers)
  return started_with_us() or spawn(max_workers or threading.cpu_count())
end))

-- A pool that is served by the other ranks of a handle, which call
-- `server.run`.
function pool.of_comm(handle, options)
  local all
  local staff = staff_of(handle, function()
    _mpi.lead(handle, false)
    for _, rank in ipairs(all) do
      _mpi.send(handle, rank, server.CALL, server.LEAVE)
    end
  end)
  all = table.move(staff.fresh, 1, staff.n, 1, {})
  local define_comm = define(way_of("MPICommExecutor", function()
    return staff
  end))
  local executor = define_comm(options)
  _mpi.lead(handle, true)
  return executor
end

return pool
