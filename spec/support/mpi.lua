--- Programs on several ranks, for the specs of mpi/.

local files = require "spec.support.files"
local support = require "spec.support"

local mpi = {}

--- Why there is nothing to run on ranks; nil if there is.
function mpi.obstacle()
  if not files.has "mpirun" then
    return "needs mpirun"
  elseif not pcall(require, "threading.mpi") then
    return "needs the rock threading-mpi in this tree"
  elseif support.is_instrumented() then
    return "MPI is not made for sanitizers"
  end
end

--- Specifies what is left out where there is no MPI; `it` and `pending` are
-- busted's.
function mpi.it(it, pending)
  local obstacle = mpi.obstacle()
  return obstacle and function(name)
    pending(name .. ": " .. obstacle)
  end or it
end

-- Root may do it, and there may be more ranks than processors; what mpirun says
-- of a program's status is of no interest.
local ENVIRONMENT <const> = "OMPI_ALLOW_RUN_AS_ROOT=1 "
  .. "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1 "

--- Runs a program.
-- @tparam integer|string n on so many ranks; 0: without mpirun; or what starts
-- them
-- @tparam string options of lua, such as "-lthreading.mpi"
-- @tparam string program its text
-- @tparam[opt] string others what comes behind the program's name
-- @return what it says, on stdout and stderr
-- @return its status
function mpi.run(n, options, program, others)
  local name = files.new(program)
  local command = ("%s timeout -s KILL 100 %s %s %s %s %s"):format(
    ENVIRONMENT,
    n == 0 and "" or type(n) == "string" and n or "mpirun -n " .. n,
    support.lua_command(),
    options, name, others or "")
  local text, _, status = files.shell("%s", command)
  os.remove(name)
  return text, status
end

--- The same for a program that must end well.
function mpi.output_of(...)
  local text, status = mpi.run(...)
  if status ~= 0 then
    error(("status %s: %s"):format(status, text), 2)
  end
  return text
end

return mpi
