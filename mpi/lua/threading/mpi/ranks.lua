-- The ranks of this process's world: to join them, and to start others.

local _mpi = require "threading._mpi"
local portable = require "threading.private.portable"
local standard = require "threading.private.standard"
local threading = require "threading"
local io, os = standard.io, standard.os
local string, table = standard.string, standard.table
local error, ipairs, tostring = error, ipairs, tostring
local arg, package = arg, package -- luacheck: ignore 113

local ranks = {}

-- What every rank says of itself: it is compared, and told to people.
local function host()
  local f <close> = io.open "/proc/sys/kernel/hostname"
  return f and f:read "l" or os.getenv "HOSTNAME" or "?"
end

local function hello()
  return string.pack("s2s2s2", portable.header, threading._VERSION, host())
end

-- Those who differ from this one; they could not read what it sends.
local function find_unlike(hellos, mine)
  local list = {}
  for i, said in ipairs(hellos) do
    local header, version, on = string.unpack("s2s2s2", said)
    local same, why = portable.check(header)
    if same and version ~= threading._VERSION then
      why = string.format("it has %s, and this one %s", version,
        threading._VERSION)
    end
    if why then
      list[#list + 1] = string.format("rank %d on %s is not like rank %d: %s",
        i - 1, on, mine, why)
    end
  end
  return table.concat(list, "\n")
end

local function check_hellos(handle, hellos)
  local unlike = find_unlike(hellos, (_mpi.rank(handle)))
  if unlike ~= "" then
    error("threading.mpi: " .. unlike
      .. "\nAll ranks need the same Lua and the same `threading`.", 0)
  end
  return handle
end

-- Is this process one of several that a launcher, such as mpirun, has started,
-- or may it be?
function ranks.launched()
  for _, name in ipairs { "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "PMIX_RANK",
    "MPI_LOCALNRANKS", "SLURM_STEP_NUM_TASKS" } do
    if os.getenv(name) then
      return true
    end
  end
  return false
end

if not ranks.launched() then
  _mpi.alone()
end

local world -- a handle
local lock = threading.Lock()

-- The handle of the world's ranks. It is collective: all must call it.
-- @raise if MPI cannot be used; if the ranks are not of one kind
function ranks.world()
  local _ <close> = lock:guard()
  world = world or _mpi.world()
  if not world then
    local handle, hellos = _mpi.join(hello())
    if not handle then
      error("threading.mpi: " .. hellos, 0)
    end
    world = check_hellos(handle, hellos)
  end
  return world
end

-- Where `arg` begins: the interpreter that runs this program is there.
local function first_argument()
  local i = 0
  while arg and arg[i - 1] do
    i = i - 1
  end
  return i
end

-- Starts n processes that serve this one, as rank 0; they find modules as it
-- does.
-- @return the handle; or nil and why not
function ranks.spawn(n)
  local paths = string.format("package.path, package.cpath = %q, %q",
    package.path, package.cpath)
  local interpreter = arg and arg[first_argument()] or "lua"
  local handle, hellos = _mpi.spawn(hello(), n, interpreter, "-e", paths,
    "-lthreading.mpi", "-e", "")
  if not handle then
    return nil, tostring(hellos)
  end
  return check_hellos(handle, hellos)
end

-- Was the module loaded by an option of lua, `-lthreading.mpi`? The options are
-- before the script, or behind the interpreter where there is no script.
function ranks.is_option()
  local function is_name(text)
    return text ~= nil and string.find(text, "^[%w_]*=?threading%.mpi$") ~= nil
  end
  local first = first_argument()
  local last = first == 0 and arg and #arg or -1
  for k = first, last do
    local text = arg[k]
    if string.sub(text, 1, 2) == "-l" and (is_name(string.sub(text, 3))
        or text == "-l" and is_name(arg[k + 1])) then
      return true
    end
  end
  return false
end

return ranks
