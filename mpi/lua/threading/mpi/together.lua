--- What all ranks do together: methods of a Comm, which each of them calls, in
-- the same order.
-- @classmod threading.mpi.together

local _mpi = require "threading._mpi"
local arrays = require "threading.mpi.arrays"
local check = require "threading.private.check"
local complain = require "threading.private.complain"
local handles = require "threading.mpi.handles"
local portable = require "threading.private.portable"
local standard = require "threading.private.standard"
local string, table = standard.string, standard.table
local error, ipairs, pcall = error, ipairs, pcall
local tostring, type = tostring, type

local TAG <const> = -2 -- of these messages: below those of the user
local BROADCAST <const>, GATHER <const>, ALLGATHER <const> = 0, 1, 2
local SCATTER <const>, REDUCE <const>, ALLREDUCE <const> = 3, 4, 5

local together = {}

-- Messages ------------------------------------------------------------------

-- `what` says which call it is of, so that ranks that do different things are
-- told so.
local function send(self, to, what, ...)
  local ok, why = _mpi.send(handles.of(self), to, TAG,
    portable.pack("what,value", what, ...))
  if not ok then
    complain("%s", why)
  end
end

local function describe_difference(rank, what, other, theirs)
  return string.format("rank %d does this: %s; and rank %d this: %s", rank,
    what, other, tostring(theirs))
end

local function check_what(self, from, what, theirs)
  if theirs ~= what then
    complain("%s", describe_difference(self.rank, what, from, theirs))
  end
end

local function receive(self, from, what)
  local parcel, why = _mpi.receive(handles.of(self), from, TAG)
  if parcel then
    parcel, why = _mpi.fetch(parcel)
  end
  if not parcel then
    complain("%s", why == "stopped" and "the other ranks are at their end"
      or why)
  end
  local theirs, value = portable.unpack(parcel)
  check_what(self, from, what, theirs)
  return value
end

-- The tree of the ranks: 0 is its root, below each are its next ones.

local function parent_of(rank)
  return rank & (rank - 1)
end

local function children_of(self)
  local list, rank, step = {}, self.rank, 1
  while rank & step == 0 and rank + step < self.size do
    list[#list + 1] = rank + step
    step = step << 1
  end
  return list
end

-- The values of all come to rank 0, put together on the way, from the left to
-- the right; returns there what comes of it.
local function up(self, what, value, combine)
  for _, child in ipairs(children_of(self)) do
    value = combine(value, receive(self, child, what))
  end
  if self.rank ~= 0 then
    send(self, parent_of(self.rank), what, value)
    return nil
  end
  return value
end

-- A value of rank 0 comes to all.
local function down(self, what, value)
  if self.rank ~= 0 then
    value = receive(self, parent_of(self.rank), what)
  end
  local children = children_of(self)
  for i = #children, 1, -1 do
    send(self, children[i], what, value)
  end
  return value
end

-- From rank 0 to another one, and back.
local function hand(self, from, to, what, value)
  if from == to then
    return value
  elseif self.rank == from then
    send(self, to, what, value)
  elseif self.rank == to then
    return receive(self, from, what)
  end
end

-- Arguments -----------------------------------------------------------------

local function check_root(self, root, where)
  return root == nil and 0 or handles.rank(self, root, "root", where)
end

-- All ranks must do what they do with Arrays of the same type and length: else
-- MPI would write where nothing is.
local function agree(self, what)
  local function first_difference(mine, theirs)
    return mine.unlike and mine or theirs.unlike and theirs
      or mine.what ~= theirs.what and { unlike = describe_difference(mine.rank,
        mine.what, theirs.rank, theirs.what) }
      or mine
  end
  local all = up(self, "Arrays", { what = what, rank = self.rank },
    first_difference)
  local unlike = down(self, "Arrays", all and all.unlike)
  if unlike then
    complain("%s", unlike)
  end
end

local function collect(self, kind, root, operation, count, from, to)
  local ok, why = _mpi.collect(handles.of(self), kind, root, operation, count,
    from, to)
  if not ok then
    complain("%s", why)
  end
  return to
end

-- The calls -----------------------------------------------------------------

--- Waits until all ranks have called it.
function together:barrier()
  handles.of(self, "barrier")
  up(self, "barrier", nil, function() end)
  down(self, "barrier")
end

--- Gives a value of one rank to all.
-- @param value what the root gives; where that is an Array, all give one of the
-- same type and length, which it is written to
-- @tparam[opt=0] integer root the rank
-- @return the value; for an Array, one's own
function together:broadcast(value, root)
  handles.of(self, "broadcast")
  root = check_root(self, root, "broadcast")
  local kind, length = _mpi.array(value)
  if kind then
    agree(self, string.format("broadcast of an %s by %d",
      arrays.title(kind, length), root))
    return collect(self, BROADCAST, root, 0, length, nil, value)
  end
  local what = string.format("broadcast by %d", root)
  local at_0 = hand(self, root, 0, what, value)
  local result = down(self, what, at_0)
  if self.rank == root then
    return value
  end
  return result
end

local function join(list, more)
  table.move(more, 1, more.n, list.n + 1, list)
  list.n = list.n + more.n
  return list
end

local function gather_array(self, value, root, where)
  local kind, length = _mpi.array(value)
  local all = where == "allgather"
  agree(self, string.format("%s of an %s%s", where,
    arrays.title(kind, length), all and "" or " to " .. root))
  local to = (all or self.rank == root)
    and arrays.new(kind, length * self.size) or nil
  return collect(self, all and ALLGATHER or GATHER, root, 0, length, value, to)
end

--- Gives the values of all ranks to one.
-- @param value of this rank
-- @tparam[opt=0] integer root the rank that gets them
-- @return there a list with them, in the order of the ranks, from rank 0 at 1
-- on, and `n`; where they are Arrays, one Array with all their elements. nil
-- elsewhere
function together:gather(value, root)
  handles.of(self, "gather")
  root = check_root(self, root, "gather")
  if _mpi.array(value) then
    return gather_array(self, value, root, "gather")
  end
  local what = string.format("gather to %d", root)
  return hand(self, 0, root, what, up(self, what, { n = 1, value }, join))
end

--- Gives the values of all ranks to all.
-- @param value of this rank
-- @return what `gather` returns to one
function together:allgather(value)
  handles.of(self, "allgather")
  if _mpi.array(value) then
    return gather_array(self, value, 0, "allgather")
  end
  return down(self, "allgather", up(self, "allgather", { n = 1, value }, join))
end

local function check_list(list, self)
  if type(list) ~= "table" then
    return "list or Array expected, got " .. type(list)
  end
  local n = list.n or #list
  if n ~= self.size then
    return string.format("a list of %d values expected, got %s", self.size,
      tostring(n))
  end
end

-- What the root gives, as it tells the others: an Array's type, and how much of
-- it each gets; or why it gives nothing.
local function plan_scatter(self, list)
  local kind, length = _mpi.array(list)
  if not kind then
    return { why = check_list(list, self) }
  elseif length % self.size ~= 0 then
    return { why = string.format("%s is not divisible by %d",
      arrays.title(kind, length), self.size) }
  end
  return { kind = kind, share = length // self.size }
end

--- Gives each rank its part of what one rank has.
-- @param list of that rank: a list of one value for each rank, or an Array, of
-- which each gets an equal part; what the others give is not looked at
-- @tparam[opt=0] integer root the rank
-- @return this rank's value, or its part as an Array
function together:scatter(list, root)
  handles.of(self, "scatter")
  root = check_root(self, root, "scatter")
  local what = string.format("scatter by %d", root)
  local plan = self.rank == root and plan_scatter(self, list) or nil
  plan = down(self, what, hand(self, root, 0, what, plan))
  if plan.why then
    complain("bad argument 'list' to 'scatter' on rank %d (%s)", root, plan.why)
  elseif plan.kind then
    return collect(self, SCATTER, root, 0, plan.share,
      self.rank == root and list or nil, arrays.new(plan.kind, plan.share))
  elseif self.rank ~= root then
    return receive(self, root, what)
  end
  for rank = 0, self.size - 1 do
    if rank ~= root then
      send(self, rank, what, list[rank + 1])
    end
  end
  return list[root + 1]
end

local operations = {
  sum = { 0, function(a, b)
    return a + b
  end },
  product = { 1, function(a, b)
    return a * b
  end },
  min = { 2, function(a, b)
    return b < a and b or a
  end },
  max = { 3, function(a, b)
    return b > a and b or a
  end },
}

-- The name of an operation that MPI has, too, or nil; and its function.
local function check_operation(op, where)
  local name = op == nil and "sum" or op
  local known = operations[name]
  if not known and not check.is_callable(op) then
    check.bad("op", where, [["sum", "product", "min", "max" or function]], op)
  end
  return known and name, known and known[2] or op
end

local function reduce_array(self, value, name, root, where)
  local kind, length = _mpi.array(value)
  if not name then
    complain([[bad argument 'op' to '%s' (for Arrays: "sum", "product", "min" ]]
      .. [[or "max")]], where)
  end
  local all = where == "allreduce"
  agree(self, string.format([[%s ("%s") of an %s%s]], where, name,
    arrays.title(kind, length), all and "" or " to " .. root))
  local to = (all or self.rank == root) and arrays.new(kind, length) or nil
  return collect(self, all and ALLREDUCE or REDUCE, root,
    operations[name][1], length, value, to)
end

-- An error of the operation is that of all ranks, not of one.
local function combining(combine)
  return function(a, b)
    if a.err or b.err then
      return a.err and a or b
    end
    local ok, value = pcall(combine, a.value, b.value)
    return ok and { value = value } or { err = tostring(value) }
  end
end

local function reduce_value(self, what, value, combine)
  return up(self, what, { value = value }, combining(combine))
end

local function value_of(result)
  if result and result.err then
    error(result.err, 0)
  end
  return result and result.value
end

--- Puts the values of all ranks together: those of two, then what came of that
-- with the next one's, in the order of the ranks.
-- @param value of this rank; or an Array of the same type and length on all,
-- whose elements are put together
-- @tparam[opt="sum"] string|function op `"sum"`, `"product"`, `"min"`, `"max"`;
-- or, but for Arrays, an associative function of two values
-- @tparam[opt=0] integer root the rank that gets the result
-- @return the result, there; nil elsewhere
function together:reduce(value, op, root)
  handles.of(self, "reduce")
  local name, combine = check_operation(op, "reduce")
  root = check_root(self, root, "reduce")
  if _mpi.array(value) then
    return reduce_array(self, value, name, root, "reduce")
  end
  local what = string.format("reduce to %d", root)
  return value_of(hand(self, 0, root, what,
    reduce_value(self, what, value, combine)))
end

--- The same, and all ranks get the result.
-- @param value see `reduce`
-- @tparam[opt="sum"] string|function op see `reduce`
-- @return the result
function together:allreduce(value, op)
  handles.of(self, "allreduce")
  local name, combine = check_operation(op, "allreduce")
  if _mpi.array(value) then
    return reduce_array(self, value, name, 0, "allreduce")
  end
  return value_of(down(self, "allreduce",
    reduce_value(self, "allreduce", value, combine)))
end

return together
