---@meta _

-- Types for editors (LuaCATS): the public names of `threading.mpi`. Editors
-- read it; programs do not.

-- luacheck: ignore 212 241

--- Calls, and messages, over MPI.
---@class threading.mpi
local mpi = {}

--- Makes a pool whose calls are made by other ranks, or processes.
---
--- Raises if an argument is unknown or of the wrong type, or no process can be
--- started.
---@param max_workers? threading.positive by default all ranks, or processors
---@param thread_name_prefix? string
---@param initializer? threading.callable
---@param initargs? threading.Args
---@return threading.ThreadPoolExecutor
---@overload fun(options: threading.PoolOptions): threading.ThreadPoolExecutor
function mpi.MPIPoolExecutor(max_workers, thread_name_prefix, initializer,
    initargs) end

---@class (exact) threading.MPICommOptions: threading.PoolOptions
---@field root? threading.natural the rank that gets the pool; by default 0

--- Makes a pool on one of the ranks; the others serve it, and get nil.
---
--- Raises if an option is unknown or of the wrong type, or there is one rank.
---@param options? threading.MPICommOptions
---@return threading.ThreadPoolExecutor?
function mpi.MPICommExecutor(options) end

--- All ranks. The first call waits for theirs.
---
--- Raises if MPI cannot be used, or the ranks are not of one kind.
---@return threading.mpi.Comm
function mpi.comm_world() end

--- Ranks that send each other values.
---@class threading.mpi.Comm
---@field rank integer which of the ranks this process is, from 0 on
---@field size integer how many ranks there are
local Comm = {}

---@class (exact) threading.ReceiveOptions
---@field source? threading.natural the rank; by default any
---@field tag? threading.natural by default any
---@field timeout? threading.timeout by default for ever
---@field into? threading.Array whose memory an Array's elements come to

--- Sends a value.
---
--- Raises if it cannot go to another process, or is refused.
---@param value any
---@param dest threading.natural the rank
---@param tag? threading.natural by default 0
function Comm:send(value, dest, tag) end

--- Receives a value.
---
--- Raises if an option is unknown or of the wrong type, or what has come is no
--- Array such as `into`.
---@param options? threading.ReceiveOptions
---@return any value nil and "timeout" if nothing has come
---@return integer|string source
---@return integer? tag
function Comm:receive(options) end

--- Waits until all ranks have called it.
function Comm:barrier() end

--- Gives a value of one rank to all.
---@param value any
---@param root? threading.natural the rank; by default 0
---@return any
function Comm:broadcast(value, root) end

--- Gives the values of all to one.
---@param value any
---@param root? threading.natural the rank; by default 0
---@return table|threading.Array|nil
function Comm:gather(value, root) end

--- Gives the values of all to all.
---@param value any
---@return table|threading.Array
function Comm:allgather(value) end

--- Gives each its part of what one has.
---@param list table|threading.Array|nil
---@param root? threading.natural the rank; by default 0
---@return any
function Comm:scatter(list, root) end

--- Puts the values of all together.
---@param value any
---@param op? "sum"|"product"|"min"|"max"|function by default "sum"
---@param root? threading.natural the rank; by default 0
---@return any
function Comm:reduce(value, op, root) end

--- The same, for all.
---@param value any
---@param op? "sum"|"product"|"min"|"max"|function by default "sum"
---@return any
function Comm:allreduce(value, op) end

return mpi
