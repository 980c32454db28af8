-- What a Comm stands for in C.

local complain = require "threading.private.complain"
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

return handles
