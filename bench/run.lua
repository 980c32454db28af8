-- Measures the cases of bench/cases.lua and prints one table.
--
--   lua5.4 bench/run.lua [-q] [name ...]
--
-- From the top of the checkout, with LUA_PATH and LUA_CPATH leading to the
-- built rock (`make bench` sees to it). `-q` measures three rounds; names
-- select cases. A full run writes build/bench/RESULTS.md. LUA, PYTHON and CC in
-- the environment name the programs used, LUA_INCDIR the headers of that Lua;
-- without a Python its column is empty. PYTHON_INTERPRETERS names one that has
-- interpreters, by default python3.13. MPI is measured where the rock
-- threading-mpi is built, beside mpi4py where the Python has it.
--
-- THREADING_PEERS names a folder with other libraries that run Lua states side
-- by side; a column is left out where its library is not there. Each is built
-- from its source as it says itself, for this Lua:
--   lib/    lanes.lua, lanes/, lanes_core.so of Lanes 4; llthreads.so of
--           llthreads2
--   lib53/  effil.so, for lua5.3, which effil ends with; its headers are taken
--           from LUA53_INCDIR

package.path = "bench/?.lua;" .. package.path

local threading = require "threading"
local report = require "report"

local BUILD <const> = "build/bench"
local ROUNDS <const>, QUICK_ROUNDS <const> = 5, 3
local SECONDS_MOST <const> = 120 -- a program that takes longer has failed

local contestants = { "ours", "base", "cpython", "c", "lanes", "llthreads2",
  "effil" }

local function first_line(command)
  local p <close> = io.popen(command .. " 2>/dev/null")
  return p:read "l"
end

local function must(command)
  assert(os.execute(command), command)
end

local lua = os.getenv "LUA" or "lua5.4"
local cc = os.getenv "CC" or "cc"
local taskset = first_line "command -v taskset"
-- The program itself: a wrapper script would be timed with it.
local function find_python(name)
  return first_line(name .. " -c 'import sys; print(sys.executable)'")
end

local python = find_python(os.getenv "PYTHON" or "python3")
local python_interpreters = find_python(os.getenv "PYTHON_INTERPRETERS"
  or "python3.13")

-- The first that has mpi4py; nil if none has.
local function find_mpi4py()
  for _, name in ipairs { os.getenv "PYTHON" or "python3",
    "/usr/bin/python3" } do
    if first_line(name .. " -c 'import mpi4py.futures; print(1)'") then
      return name
    end
  end
end

local python_mpi = find_mpi4py()

local function build_probe(folder, headers)
  must("mkdir -p " .. folder)
  must(("%s -O2 -fPIC -shared -I%s -o %s/probe.so bench/probe.c"):format(cc,
    headers, folder))
end

local function build()
  build_probe(BUILD, os.getenv "LUA_INCDIR" or "/usr/include/lua5.4")
  must(("%s -O2 -o %s/client bench/client.c"):format(cc, BUILD))
  must(("%s -O2 -pthread -o %s/echoserver bench/cases/echoserver.c"):format(cc,
    BUILD))
end

-- What runs the programs of the peers; false for one that is not there.
local peers = { ["lanes.lua"] = false, ["llthreads2.lua"] = false,
  ["effil.lua"] = false }

local function find_peer(name, file, command)
  local folder = os.getenv "THREADING_PEERS"
  local f <close> = folder and io.open(folder .. "/" .. file)
  if f then
    peers[name] = command:gsub("PEERS", folder):gsub("BUILD", BUILD)
  end
end

local function find_peers()
  local with_modules = 'env LUA_PATH="PEERS/lib/?.lua;$LUA_PATH" '
    .. 'LUA_CPATH="PEERS/lib/?.so;BUILD/?.so;$LUA_CPATH" ' .. lua
  find_peer("lanes.lua", "lib/lanes_core.so", with_modules)
  find_peer("llthreads2.lua", "lib/llthreads.so", with_modules)
  find_peer("effil.lua", "lib53/effil.so",
    'env LUA_CPATH_5_3="PEERS/lib53/?.so;BUILD/lua53/?.so" lua5.3')
  if peers["effil.lua"] then
    build_probe(BUILD .. "/lua53",
      os.getenv "LUA53_INCDIR" or "/usr/include/lua5.3")
  end
end

-- What starts a program on two ranks.
local MPIRUN <const> = "env OMPI_ALLOW_RUN_AS_ROOT=1 "
  .. "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun --oversubscribe -n 2 "

-- The ranks but the first serve.
local pools_of_ranks = {
  ["mpisubmit.lua"] = lua .. " -lthreading.mpi",
  ["mpisubmit.py"] = python_mpi and python_mpi .. " -m mpi4py.futures",
}

local function prepare_ranks(program, file)
  program = pools_of_ranks[file] or program
  return program and MPIRUN .. program .. " bench/cases/" .. file
end

-- What runs a program of each language; nil where there is nothing to.
local prepare = {}

function prepare.lua(file)
  local program = peers[file]
  if program == nil then
    program = lua
  end
  if file:find "^mpi" then
    return prepare_ranks(program, file)
  end
  return program and program .. " bench/cases/" .. file
end

function prepare.py(file)
  local program = python
  if file:find "^mpi" then
    return prepare_ranks(python_mpi, file)
  end
  if file == "interpreters.py" then
    program = python_interpreters
  end
  return program and program .. " bench/cases/" .. file
end

-- What is in LuaJIT's dialect.
function prepare.jit(file)
  return "luajit bench/cases/" .. file
end

function prepare.c(file)
  local program = BUILD .. "/" .. file:gsub("%.c$", "")
  if file:find "^mpi" then
    must(("mpicc -O2 -o %s bench/cases/%s"):format(program, file))
    return MPIRUN .. program
  end
  must(("%s -O2 -pthread -o %s bench/cases/%s"):format(cc, program, file))
  return program
end

local function command_of(program, pin)
  local file, args = program:match "^(%S+)(.*)$"
  local command = prepare[file:match "%.(%l+)$"](file)
  return command and ('LUA_CPATH="%s/?.so;$LUA_CPATH" timeout %d %s %s%s')
    :format(BUILD, SECONDS_MOST, pin and taskset .. " -c 0" or "", command,
      args)
end

-- The numbers that a program printed; none if it failed.
local function run(command)
  local p = io.popen(command)
  local out, numbers = p:read "a", {}
  if p:close() then
    for word in out:gmatch "%S+" do
      numbers[#numbers + 1] = tonumber(word)
    end
  end
  return numbers
end

-- All runs of each contestant, taken in turn: what disturbs the machine for a
-- while disturbs all alike.
local function measure(case, rounds)
  local commands, runs = {}, {}
  for _, who in ipairs(contestants) do
    commands[who] = case[who] and command_of(case[who], case.pin)
    runs[who] = commands[who] and {} or nil
  end
  for _ = 1, rounds do
    for _, who in ipairs(contestants) do
      if runs[who] then
        table.insert(runs[who], run(commands[who]))
      end
    end
  end
  return runs
end

-- Why a case cannot run here, if so.
local function obstacle(case)
  if case.needs and not pcall(require, case.needs) then
    return "no " .. case.needs
  elseif case.needs_program
    and not first_line("command -v " .. case.needs_program) then
    return "no " .. case.needs_program
  elseif case.pin and not taskset then
    return "no taskset"
  end
end

-- What the figures depend on.
local function facts()
  local list = {
    os.date "%Y-%m-%d",
    threading.cpu_count() .. " cores",
    first_line "sed -n 's/^model name[^:]*: //p' /proc/cpuinfo",
    first_line "uname -sr",
    first_line(lua .. " -v"):match "^Lua [%d.]+",
  }
  list[#list + 1] = python and first_line(python .. " -V") or "no Python"
  list[#list + 1] = first_line(cc .. " --version")
  -- Beside other work the ratios to C, on more than one core, say little.
  list[#list + 1] = "load at the start "
    .. (first_line "cut -d' ' -f1 /proc/loadavg" or "unknown")
  return table.concat(list, "; ")
end

local function parse(args)
  local quick, names = false, {}
  for _, word in ipairs(args) do
    if word == "-q" then
      quick = true
    else
      names[word] = true
    end
  end
  return quick, next(names) and names
end

local function main()
  local quick, names = parse(arg)
  build()
  find_peers()
  local out, machine = report.new(), facts()
  for _, case in ipairs(require "cases") do
    if not names or names[case.name] then
      local why = obstacle(case)
      local rounds = quick and QUICK_ROUNDS or case.rounds or ROUNDS
      io.stderr:write(case.name, why and ": " .. why or "", "\n")
      out:add(case, why and {} or measure(case, rounds), why)
    end
  end
  local text = out:text(machine)
  io.write(text)
  if not quick and not names then
    local f <close> = assert(io.open(BUILD .. "/RESULTS.md", "w"))
    f:write(text)
  end
end

main()
