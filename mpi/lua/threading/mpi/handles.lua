-- What a Comm stands for in C, and its ranks.

local check = require "threading.private.check"
local complain = require "threading.private.complain"
local standard = require "threading.private.standard"
local string = standard.string
local rawget, rawset, type = rawget, rawset, type

local HANDLE <const> = {} -- key

local handles = {}

function handles.give(self, handle)
  rawset(self, HANDLE, handle)
  return self
end

-- Raises where self is no Comm.
function handles.of(self, where)
  local handle = type(self) == "table" and rawget(self, HANDLE)
  if not handle then
    complain("bad self (threading.mpi.Comm expected, got %s); use "
      .. "`comm:%s(...)`", type(self), where)
  end
  return handle
end

-- An argument that is a rank of a Comm; raises where it is none.
function handles.rank(self, value, name, where)
  local n = check.integer(value, name, where)
  if not n or n < 0 or n >= self.size then
    check.bad(name, where, string.format("rank from 0 to %d", self.size - 1),
      value)
  end
  return n
end

return handles
