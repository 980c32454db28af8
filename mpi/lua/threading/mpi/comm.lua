--- Ranks that send each other values: all processes that were started together.
-- Each has a number, from 0 on.
--
-- Any thread may send and receive. What all ranks do together (`barrier`,
-- `broadcast`, …) each does in the same order, one at a time.
-- @classmod threading.mpi.Comm
-- @usage
-- local mpi = require "threading.mpi" -- mpirun -n 2 lua script.lua
--
-- local comm = mpi.comm_world()
-- if comm.rank == 0 then
--   comm:send("hello", 1)
-- else
--   local words, from = comm:receive { source = 0, timeout = 5 }
--   print(words, from) -- hello 0
-- end

local _mpi = require "threading._mpi"
local _thread = require "threading._thread"
local arrays = require "threading.mpi.arrays"
local check = require "threading.private.check"
local complain = require "threading.private.complain"
local handles = require "threading.mpi.handles"
local pool = require "threading.mpi.pool"
local portable = require "threading.private.portable"
local ranks = require "threading.mpi.ranks"
local server = require "threading.mpi.server"
local together = require "threading.mpi.together"
local standard = require "threading.private.standard"
local math, string = standard.math, standard.string
local pairs, select, setmetatable = pairs, select, setmetatable
local type = type

local ANY <const> = -1 -- source
local MAX_TAG <const> = 0x7fffffff

local Comm = {}
for name, method in pairs(together) do
  Comm[name] = method
end

local comm_meta = { __name = "threading.mpi.Comm", __index = Comm }

--- Which of the ranks this process is (integer), from 0 on.
-- @field rank

--- How many ranks there are (integer).
-- @field size

local function check_tag(value, where)
  local tag = check.integer(value, "tag", where)
  if tag and (tag < 0 or tag > MAX_TAG) then
    check.bad("tag", where, "integer from 0 to 2147483647", value)
  end
  return tag
end

--- Sends a value to a rank. An Array is sent from its memory, and other values
-- are copied, as those of a call are (docs/mpi.md). A small value is sent, and
-- the call returns; for what has more than 64 KiB, and for an Array, it waits
-- until the rank has received it.
-- @param value
-- @tparam integer dest the rank
-- @tparam[opt=0] integer tag a number, from 0 on, that the receiver may ask for
-- @raise what cannot go to another process: its path, and what to do instead;
-- if the rank refuses an Array, for it has asked for another one; a
-- cancellation
function Comm:send(value, dest, tag)
  local handle = handles.of(self, "send")
  dest = handles.rank(self, dest, "dest", "send")
  tag = check_tag(tag, "send") or 0
  local ok, why
  if _mpi.array(value) then
    ok, why = _mpi.send_array(handle, dest, tag, value)
  else
    ok, why = _mpi.send(handle, dest, tag, portable.pack("value", value))
  end
  if not ok then
    complain("%s", why)
  end
end

local receive_options = { source = true, tag = true, timeout = true,
  into = true }

local function read_options(self, options)
  options = check.options(options, receive_options, "receive")
  check.timeout(options.timeout, "timeout", "receive")
  local into = options.into
  if into ~= nil and not _mpi.array(into) then
    check.bad("into", "receive", "Array", into)
  end
  local source = options.source
  return source == nil and ANY or handles.rank(self, source, "source",
    "receive"), check_tag(options.tag, "receive"), options.timeout, into
end

-- An Array comes into the memory of one here.
local function fetch_array(parcel, source, into)
  local _, kind, length = _mpi.describe(parcel)
  if into then
    local wanted, n = _mpi.array(into)
    if kind ~= wanted or length ~= n then
      local why = string.format("%s expected, got %s from rank %d",
        arrays.title(wanted, n), arrays.title(kind, length), source)
      _mpi.refuse(parcel, "refused by the receiver: " .. why)
      complain("bad argument 'into' to 'receive' (%s)", why)
    end
  end
  local array = into or arrays.new(kind, length)
  local ok, why = _mpi.fetch(parcel, array)
  if not ok then
    complain("%s", why)
  end
  return array
end

local function fetch_value(parcel, source, into)
  if into then
    if type(parcel) ~= "string" then
      _mpi.refuse(parcel, "refused by the receiver, which expects an Array")
    end
    complain("bad argument 'into' to 'receive' (rank %d has sent a value, and "
      .. "no Array)", source)
  end
  local bytes, why = _mpi.fetch(parcel)
  if not bytes then
    complain("%s", why)
  end
  return (portable.unpack(bytes))
end

--- Receives what a rank has sent.
-- @tparam[opt] table options `source`: the rank, by default any; `tag`, by
-- default any; `timeout`: seconds (below 0 is 0), by default for ever; `into`:
-- an Array of the type and length of the one that is sent, whose elements come
-- into its memory
-- @return the value; for an Array, `into` or a new one. nil and "timeout", if
-- nothing has come in that time
-- @treturn integer the rank that has sent it
-- @treturn integer its tag
-- @raise if an option is unknown or of the wrong type; if something else has
-- come than an Array such as `into`; if the ranks are at their end; a
-- cancellation
function Comm:receive(options)
  local handle = handles.of(self, "receive")
  local source, tag, timeout, into = read_options(self, options)
  local parcel, from, its_tag = _mpi.receive(handle, source, tag,
    timeout and timeout ~= math.huge and math.max(0, timeout) or nil)
  if not parcel then
    if from == "stopped" then
      complain "the other ranks are at their end"
    end
    return nil, from
  end
  if type(parcel) ~= "string" and select(2, _mpi.describe(parcel)) then
    return fetch_array(parcel, from, into), from, its_tag
  end
  return fetch_value(parcel, from, into), from, its_tag
end

function comm_meta:__tostring()
  return string.format("<threading.mpi.Comm(rank %d of %d)>", self.rank,
    self.size)
end

_thread._public(Comm)

local comm = {}

local world

function comm.world()
  if not world then
    local handle = ranks.world()
    local rank, size = _mpi.rank(handle)
    world = handles.give(setmetatable({ rank = rank, size = size }, comm_meta),
      handle)
  end
  return world
end

local executor_options = { root = true, max_workers = true, initializer = true,
  initargs = true, thread_name_prefix = true }

-- The pool's own options.
local function without_root(options)
  local rest = {}
  for name, value in pairs(options) do
    rest[name] = name ~= "root" and value or nil
  end
  return rest
end

function comm.executor(options)
  options = check.options(options, executor_options, "MPICommExecutor")
  local self = comm.world()
  local root = handles.rank(self, options.root or 0, "root", "MPICommExecutor")
  if self.size == 1 then
    complain("there is one rank only: start the program with `mpirun -n 3 lua "
      .. "script.lua`")
  elseif ranks.option then
    complain("the other ranks serve already, for the option -lthreading.mpi: "
      .. "use MPIPoolExecutor")
  elseif self.rank ~= root then
    server.run(handles.of(self), root)
    return nil
  end
  return pool.of_comm(handles.of(self), without_root(options))
end

return comm
