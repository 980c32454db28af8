-- Measures the cases of bench/cases.lua and prints one table.
--
--   lua5.4 bench/run.lua [-q] [name ...]
--
-- From the top of the checkout, with LUA_PATH and LUA_CPATH leading to the
-- built rock (`make bench` sees to it). `-q` measures three rounds; names
-- select cases. A full run writes build/bench/RESULTS.md. LUA, PYTHON and CC in
-- the environment name the programs used, LUA_INCDIR the headers of that Lua;
-- without a Python its column is empty.

package.path = "bench/?.lua;" .. package.path

local threading = require "threading"
local report = require "report"

local BUILD <const> = "build/bench"
local ROUNDS <const>, QUICK_ROUNDS <const> = 5, 3
local SECONDS_MOST <const> = 120 -- a program that takes longer has failed

local contestants = { "ours", "base", "cpython", "c" }

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
local python = first_line((os.getenv "PYTHON" or "python3")
  .. " -c 'import sys; print(sys.executable)'")

local function build_probe()
  must("mkdir -p " .. BUILD)
  must(("%s -O2 -fPIC -shared -I%s -o %s/probe.so bench/probe.c"):format(
    cc, os.getenv "LUA_INCDIR" or "/usr/include/lua5.4", BUILD))
  must(("%s -O2 -o %s/client bench/client.c"):format(cc, BUILD))
  must(("%s -O2 -pthread -o %s/echoserver bench/cases/echoserver.c"):format(cc,
    BUILD))
end

-- What runs a program of each language; nil where there is nothing to.
local prepare = {}

function prepare.lua(file)
  return lua .. " bench/cases/" .. file
end

function prepare.py(file)
  return python and python .. " bench/cases/" .. file
end

-- What is in LuaJIT's dialect.
function prepare.jit(file)
  return "luajit bench/cases/" .. file
end

function prepare.c(file)
  local program = BUILD .. "/" .. file:gsub("%.c$", "")
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
    runs[who] = commands[who] and {}
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
  build_probe()
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
