-- How the workers of an MPIPoolExecutor have calls made: each by a rank of its
-- own, to which a call is sent as bytes, and which sends back its outcome.

local _mpi = require "threading._mpi"
local _thread = require "threading._thread"
local check = require "threading.private.check"
local complain = require "threading.private.complain"
local define = require "threading.private.executor"
local portable = require "threading.private.portable"
local ranks = require "threading.mpi.ranks"
local server = require "threading.mpi.server"
local standard = require "threading.private.standard"
local threading = require "threading"
local math, string, table = standard.math, standard.string, standard.table
local error, ipairs, setmetatable = error, ipairs, setmetatable
local tostring, type = tostring, type

local HOME <const> = {} -- key of a worker's locals: where its calls are made
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
local function call(home, bytes)
  local tag = next_tag()
  local answer, why = _mpi.call(home.handle, home.rank, server.CALL,
    string.pack("<i4", tag) .. bytes, tag)
  if answer ~= nil and type(answer) ~= "string" then
    answer, why = _mpi.fetch(answer)
  end
  if not answer then
    error(string.format("rank %d: %s", home.rank, why == "stopped"
      and "it serves no more" or why), 0)
  end
  return portable.unpack(answer)
end

local function call_there(bytes)
  return call(_thread._locals()[HOME], bytes)
end

-- The ranks that serve a pool; `dismiss()`: when it is over.
local function staff_of(handle, dismiss)
  local rank, size = _mpi.rank(handle)
  local free = {}
  for i = size - 1, 0, -1 do
    free[#free + 1] = i ~= rank and i or nil
  end
  return { handle = handle, free = free, busy = 0,
    dismiss = dismiss or function() end }
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
  _mpi.lead(handle, true)
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

-- Home of a worker, while it has one.
local home_meta = {}

function home_meta:__close()
  local state = self.state
  local staff = state.staff
  local _ <close> = state.lock:guard()
  table.insert(staff.free, self.rank)
  staff.busy = staff.busy - 1
  _thread._locals()[HOME] = nil
  dismiss_unneeded(state)
end

-- A rank for the calling thread; nil where nothing is left to do.
local function take_home(state)
  local staff = state.staff
  local _ <close> = state.lock:guard()
  if staff.dismissed then
    return nil
  end
  staff.busy = staff.busy + 1
  local home = setmetatable({
    state = state, handle = staff.handle, rank = table.remove(staff.free),
  }, home_meta)
  _thread._locals()[HOME] = home
  return home
end

-- The words of an executor; `find_staff(max_workers)`: who serves it.
local function way_of(title, find_staff)
  local way = { title = title, describe = tostring }

  function way.future(fn, ...)
    check.callable(fn, "fn", "submit")
    return _thread._future(call_there, portable.pack("fn,args[]", fn, ...))
  end

  function way.open(state, max_workers)
    state.staff = find_staff(max_workers)
    state.most = math.min(max_workers or math.huge, #state.staff.free)
  end

  function way.prepare(initializer, args)
    local bytes = initializer ~= nil and portable.pack(
      "initializer,initargs[]", initializer,
      table.unpack(args, 1, args.n or #args))
    return function(home)
      if bytes then
        local ok, err, traceback = call(home, bytes)
        if not ok then
          error(traceback or err, 0)
        end
      end
    end
  end

  function way.serve(state, initialize)
    local home <close> = take_home(state)
    if home and initialize(state, home) then
      _thread._relay(state.queue)
      state.staff.over = true
    end
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

local given -- the staff of the next MPICommExecutor
local given_lock = threading.Lock()

local define_comm = define(way_of("MPICommExecutor", function()
  return given
end))

-- A pool that is served by the other ranks of a handle, which call
-- `server.run`.
function pool.of_comm(handle, options)
  local _ <close> = given_lock:guard()
  local staff
  staff = staff_of(handle, function()
    _mpi.lead(handle, false)
    for _, rank in ipairs(staff.free) do
      _mpi.send(handle, rank, server.CALL, server.LEAVE)
    end
  end)
  given = staff
  local executor = define_comm(options)
  _mpi.lead(handle, true)
  return executor
end

return pool
