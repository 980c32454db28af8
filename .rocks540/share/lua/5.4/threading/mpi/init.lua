--- Calls, and messages, over MPI: on the cores of many machines.
--
-- `mpirun -n 9 lua -lthreading.mpi script.lua`: rank 0 runs the script, and the
-- others make the calls of its pools. `mpirun -n 9 lua script.lua`: all run the
-- script, and send each other what they like.
-- @module threading.mpi
-- @usage
-- local mpi = require "threading.mpi"
-- local pool <close> = mpi.MPIPoolExecutor()
-- print(pool:submit(math.max, 2, 8):result())

local _mpi = require "threading._mpi"
local _thread = require "threading._thread"
local comm = require "threading.mpi.comm"
local pool = require "threading.mpi.pool"
local ranks = require "threading.mpi.ranks"
local server = require "threading.mpi.server"
local standard = require "threading.private.standard"
local os = standard.os

local mpi = {}

--- Makes a pool whose calls are made by other processes: by those that were
-- started with the program, `mpirun -n 9 lua -lthreading.mpi script.lua`; or,
-- where it was started alone, by such that it starts itself. It is used as a
-- ThreadPoolExecutor is; the function and the arguments of a call, and what it
-- returns, are copied to another process and back, see docs/mpi.md.
-- @function MPIPoolExecutor
-- @tparam[opt] integer max_workers how many of the ranks it uses at most, by
-- default all; or how many processes it starts, by default as many as there
-- are processors
-- @tparam[opt] string thread_name_prefix the threads that wait for them are
-- called Prefix_0, Prefix_1, …
-- @tparam[opt] function initializer each worker calls it first; if it fails
-- the pool is broken
-- @tparam[opt] table initargs its arguments. All may be given as a table:
-- `{max_workers = ..., initializer = ...}`
-- @treturn ThreadPoolExecutor whose `submit` and `map` also raise what cannot
-- go to another process: its path, and what to use instead
-- @raise if an argument is unknown or of the wrong type; if no process can be
-- started
mpi.MPIPoolExecutor = pool.MPIPoolExecutor

--- Makes, on one of the ranks that all run the script, a pool that the others
-- serve. All ranks must call it: it returns the pool on one, and, when that is
-- shut down, nil on the others.
-- @function MPICommExecutor
-- @tparam[opt] table options `root`: the rank that gets the pool, by default
-- 0; `max_workers`, `thread_name_prefix`, `initializer`, `initargs`: see
-- `MPIPoolExecutor`
-- @treturn ThreadPoolExecutor or nil
-- @raise if an option is unknown or of the wrong type; if there is one rank
-- only
mpi.MPICommExecutor = comm.executor

--- All ranks that were started with this one, or that the same process has
-- started. The first call waits until they all call it.
-- @function comm_world
-- @treturn threading.mpi.Comm
-- @raise if MPI cannot be used; if the ranks do not have the same Lua and the
-- same version of this library
mpi.comm_world = comm.world

_thread._public(mpi)

-- Where `lua -lthreading.mpi` has loaded it, rank 0 alone comes back. The calls
-- that the others make may require it, too.
package.loaded["threading.mpi"] = mpi
ranks.option = ranks.is_option()
if ranks.option and ranks.launched() then
  local handle = ranks.world()
  if _mpi.rank(handle) ~= 0 then
    server.run(handle, 0)
    os.exit(true, true)
  end
  _mpi.lead(handle, true)
end

return mpi
