-- The table of what is measured, and of what must be reached.
--
-- A case has programs, each `file arguments` in bench/cases, which print a
-- line of numbers. They run in turn, `rounds` times: ours, and what it is
-- compared with: cpython, c, base, another Lua program, described by `than`,
-- and the libraries of run.lua's THREADING_PEERS. The case's rows are the
-- columns of what they print: what it is, its unit, and goals. A goal bounds
-- our median, or its ratio to another's. `needs` names a module that may not be
-- there, `needs_program` a program; `pin` keeps all on one core. Cases with
-- `peers` have a table of their own.

local CORES <const> = require "threading".cpu_count()

local function most(ratio, to)
  return { most = ratio, to = to }
end

local function least(ratio, to)
  return { least = ratio, to = to }
end

local cases = {}

local function case(t)
  cases[#cases + 1] = t
end

case {
  name = "loops",
  than = "without threading",
  rounds = 15,
  ours = "loops.lua with",
  base = "loops.lua without",
  { "the document's run_thread, one thread", "s", most(1.01, "base") },
  { "the document's x ^ 1 loop, one thread", "s", most(1.01, "base") },
}

case {
  name = "race",
  than = "one Lua thread",
  rounds = 11, -- runs are of two kinds, a tenth apart, with and without us
  ours = "race.lua two",
  base = "race.lua one",
  cpython = "race.py",
  { "race, 2 x 2,000,000 changes", "s", most(0.75, "cpython"),
    most(1.05, "base") },
}

case {
  name = "debug",
  than = "without",
  rounds = 9,
  ours = "under.lua THREADING_DEBUG=1 race.lua two",
  base = "race.lua two",
  { "the same under THREADING_DEBUG: all calls are watched", "s" },
}

case {
  name = "trace",
  than = "without",
  rounds = 11,
  ours = "under.lua THREADING_TRACE=build/bench/race.json race.lua two",
  base = "race.lua two",
  { "the same while it is recorded", "s", most(1.05, "base") },
}

case {
  name = "lock",
  than = "two empty C methods",
  rounds = 9,
  ours = "lock.lua lock",
  base = "lock.lua empty",
  cpython = "lock.py",
  c = "lock.c",
  { "Lock acquire + release, uncontended", "s", most(1.5, "base"),
    most(0.65, "cpython") },
}

case {
  name = "tracelock",
  than = "without",
  rounds = 9,
  ours = "under.lua THREADING_TRACE=build/bench/lock.json lock.lua lock",
  base = "lock.lua lock",
  { "the same while it is recorded", "s", most(1.25, "base") },
}

case {
  name = "start",
  rounds = 9,
  ours = "start.lua",
  cpython = "start.py",
  c = "start.c",
  { "Thread start + join", "s", most(1.5, "c"), most(0.55, "cpython") },
}

case {
  name = "wakeup",
  ours = "wakeup.lua",
  cpython = "wakeup.py",
  c = "wakeup.c",
  { "wake-up beside a computing thread, median", "s",
    most(1 / 30, "cpython") },
  { "the same, 99th percentile", "s", most(0.3e-3) },
}

for _, interval in ipairs { 0.005, 0.0005 } do
  case {
    name = "callback",
    ours = "callback.lua " .. interval,
    { ("callback of a C thread beside 4 loops, interval %g ms, median"):format(
      1000 * interval), "s", most(60e-6) },
    { "the same, 99th percentile", "s", most(1e-3) },
  }
end

case {
  name = "share",
  ours = "share.lua",
  { "a loop's share beside 30 threads that wake, of one of theirs", "",
    most(3) },
}

case {
  name = "deep",
  than = "alone",
  rounds = 9,
  ours = "deep.lua beside",
  base = "deep.lua alone",
  { "190,000 frames, beside a sleeper", "s", most(1.5, "base") },
}

case {
  name = "cores",
  rounds = 3,
  ours = "cores.lua c",
  cpython = "cores.py",
  c = "cores.c",
  { "CPU use of loops.spin, a thread per core", "%", least(97 * CORES) },
}

case {
  name = "onecore",
  rounds = 3,
  ours = "cores.lua lua",
  cpython = "cores.py",
  c = "cores.c",
  { "CPU use of Lua loops, a thread per core", "%",
    { least = 95, most = 105 } },
}

case {
  name = "memory",
  rounds = 3,
  ours = "memory.lua",
  cpython = "memory.py",
  c = "memory.c",
  { "memory of an idle thread, 500 sleeping", "B", most(1.35, "c") },
}

for _, kind in ipairs { "Condition", "Event", "Semaphore" } do
  for _, pin in ipairs { true, false } do
    case {
      name = "pingpong",
      pin = pin,
      ours = "pingpong.lua " .. kind,
      cpython = "pingpong.py " .. kind,
      c = "pingpong.c",
      { "ping-pong over " .. kind .. (pin and ", pinned" or ", free"), "s",
        most(1.5, "c"), most(0.6, "cpython") },
    }
  end
end

case {
  name = "barrier",
  ours = "barrier.lua",
  cpython = "barrier.py",
  c = "barrier.c",
  { "100 threads at a Barrier, a round", "s", most(0.5, "cpython") },
}

case {
  name = "rlock",
  than = "a Lock",
  rounds = 9,
  ours = "rlock.lua RLock",
  base = "rlock.lua Lock",
  cpython = "rlock.py",
  c = "rlock.c",
  { "RLock nested acquire + release", "s", most(1.2, "base") },
}

case {
  name = "contend",
  than = "one thread",
  ours = "contend.lua 2",
  base = "contend.lua 1",
  cpython = "contend.py",
  c = "contend.c",
  { "two threads contend for a Lock, turns", "/s", least(0.9, "base") },
  { "the same, who got fewer", "%", least(40) },
}

case {
  name = "many",
  rounds = 3,
  ours = "many.lua",
  cpython = "many.py",
  c = "many.c",
  { "10,000 threads started, woken, joined", "s" },
  { "the same, memory per thread", "B", most(1.35, "c") },
}

case {
  name = "array",
  than = "the least C can do",
  rounds = 9,
  ours = "array.lua array",
  base = "array.lua numbers",
  cpython = "elements.py",
  { "Array element read", "s", most(1.3, "base") },
  { "Array element write", "s", most(1.3, "base") },
}

case {
  name = "kernelcall",
  than = "C that releases and takes",
  rounds = 9,
  ours = "kernelcall.lua kernel",
  base = "kernelcall.lua plain",
  { "call of a kernel with two numbers", "s", most(1.3, "base") },
}

case {
  name = "brackets",
  rounds = 9,
  ours = "brackets.lua",
  c = "lock.c",
  { "BEGIN_NOGIL + END_NOGIL, nobody waiting", "s", most(4, "c") },
}

case {
  name = "kernelloop",
  ours = "kernelloop.lua one",
  c = "kernelloop.c",
  { "a loop in a kernel, one thread, turns", "/s", least(0.98, "c") },
}

case {
  name = "kernelcores",
  than = "one thread",
  ours = "kernelloop.lua all",
  base = "kernelloop.lua one",
  { "the same, a thread per core, turns", "/s", least(0.95 * CORES, "base") },
}

case {
  name = "mandelbrot",
  than = "pure Lua",
  ours = "mandelbrot.lua kernel",
  base = "mandelbrot.lua lua",
  cpython = "mandelbrot.py plain",
  { "Mandelbrot, 300 x 200, all cores", "s", most(0.1, "base"),
    most(0.1, "cpython") },
}

if os.execute((os.getenv "PYTHON" or "python3")
  .. " -c 'import numpy' 2>/dev/null") then
  case {
    name = "numpy",
    ours = "mandelbrot.lua kernel",
    cpython = "mandelbrot.py numpy",
    { "the same, beside numpy", "s", most(0.5, "cpython") },
  }
end

-- A program, and how its compiled time compares at most with that of the
-- interpreter, of LuaJIT, and of the same C in a kernel.
for _, program in ipairs {
  { "xor", 1 / 50, 0.2, 1.1 },
  { "mandelbrot", 1 / 9, 1.1, 1.1 },
  { "nbody", 1 / 15, 0.8, 1.1 },
  { "sieve", 1 / 7, 0.6, 1.2 },
  { "fannkuch", 1 / 9, 0.6, 1.2 },
  { "spectral", 1 / 24, 1.1, 1.3 },
  { "fib", 1 / 25, 0.4, 1.2 },
  { "matmul", 1 / 20, 1, 1.2 },
  { "sum", 1 / 7, 1, 1.05 },
  { "collatz", 1 / 10, 0.3, 1.05 },
} do
  local name, lua, jit, c = table.unpack(program)
  case {
    name = "compile",
    than = "interpreted",
    rounds = 3,
    ours = ("compile.lua %s compiled"):format(name),
    base = ("compile.lua %s lua"):format(name),
    cpython = "compile.py " .. name,
    c = ("compile.lua %s kernel"):format(name), -- C, in a kernel
    { name .. ", compiled", "s", most(lua, "base"), most(c, "c") },
  }
  case {
    name = "compilejit",
    needs_program = "luajit",
    than = "LuaJIT",
    rounds = 3,
    ours = ("compile.lua %s compiled"):format(name),
    base = "compile.jit " .. name,
    { name .. ", compiled", "s", most(jit, "base") },
  }
end

case {
  name = "compilecores",
  than = "one thread",
  ours = "compilecores.lua all",
  base = "compilecores.lua one",
  { "xor, compiled, a thread per core, turns", "/s",
    least(0.95 * CORES, "base") },
}

case {
  name = "compilecall",
  than = "a kernel",
  ours = "kernelcall.lua compiled",
  base = "kernelcall.lua kernel",
  { "a compiled function's call with two floats", "s", most(1.25, "base") },
}

case {
  name = "compilefirst",
  ours = "compilefirst.lua",
  { "compiled before, the first of a process", "s", most(5e-3) },
  { "compiled before, a later one", "s", most(1e-3) },
  { "compiled for the first time, the slowest program", "s", most(0.15) },
  { "compiled for the first time, 1000 lines", "s", most(2) },
}

for _, n in ipairs { 1, 4 } do
  for _, kind in ipairs { "Queue", "SimpleQueue" } do
    case {
      name = kind:lower() .. n,
      ours = ("queues.lua %s %d"):format(kind, n),
      cpython = ("queues.py %s %d"):format(kind, n),
      { ("%s, %d thread%s to %d, items"):format(kind, n, n > 1 and "s" or "",
        n), "/s", least(kind == "Queue" and 4 or 1.5, "cpython") },
    }
  end
end

case {
  name = "queuepong",
  ours = "queuepong.lua",
  cpython = "queuepong.py",
  { "ping-pong over two Queues, round trip", "s", most(0.5, "cpython") },
}

case {
  name = "submit",
  ours = "submit.lua ThreadPoolExecutor",
  cpython = "submit.py",
  { "submit + result of an empty task", "s", most(0.4, "cpython") },
}

-- What interpreters cost and give, beside other libraries that run Lua states
-- side by side, see run.lua. Each has one program for all of these cases.

local PEERS <const> = { cpython = "interpreters.py", lanes = "lanes.lua",
  llthreads2 = "llthreads2.lua", effil = "effil.lua" }

-- A case that these peers measure, too, by their programs' `what`.
local function beside_peers(what, peers, t)
  t.peers = true
  for _, peer in ipairs(peers) do
    t[peer] = PEERS[peer] .. " " .. what
  end
  case(t)
end

beside_peers("start", { "cpython", "lanes", "llthreads2", "effil" }, {
  name = "interpstart",
  than = "a thread",
  rounds = 9,
  ours = "interpstart.lua",
  base = "start.lua",
  c = "start.c",
  { "an interpreter with a thread, start + finish", "s",
    most(1.6, "llthreads2"), most(1, "lanes") },
})

case {
  name = "interprequire",
  peers = true,
  than = "a plain Lua state",
  ours = "interprequire.lua inside",
  base = "interprequire.lua plain",
  { "require 'threading' in an interpreter", "s", most(400 / 70, "base") },
}

beside_peers("memory", { "cpython", "lanes", "effil" }, {
  name = "interpmemory",
  rounds = 3,
  ours = "interpmemory.lua",
  { "memory of an interpreter with an idle thread", "B", most(1.1, "lanes") },
})

beside_peers("call", { "cpython" }, {
  name = "interpcall",
  ours = "interpcall.lua",
  { "call of an empty function in an interpreter", "s", most(1e-6),
    most(0.1, "cpython") },
})

case {
  name = "interppool",
  peers = true,
  than = "a pool of threads",
  rounds = 9,
  ours = "submit.lua InterpreterPoolExecutor",
  base = "submit.lua ThreadPoolExecutor",
  { "submit + result of an empty task, in an interpreter", "s",
    most(1.2, "base") },
}

case {
  name = "processpool",
  rounds = 7,
  ours = "submit.lua ProcessPoolExecutor",
  cpython = "processpool.py submit",
  { "submit + result of an empty task, in a process", "s",
    most(0.5, "cpython") },
}

case {
  name = "processpool",
  rounds = 7,
  ours = "poolmap.lua ProcessPoolExecutor",
  cpython = "processpool.py map",
  { "map of 100,000 small calls, in chunks of 100, on two processes", "/s",
    least(2, "cpython") },
}

case {
  name = "processpool",
  rounds = 7,
  ours = "poolarray.lua",
  c = "poolarray.c",
  { "Arrays of 100 MB to another process", "B/s", least(0.8, "c") },
}

case {
  name = "mpi",
  needs = "threading.mpi",
  needs_program = "mpirun",
  ours = "mpisubmit.lua",
  cpython = "mpisubmit.py",
  { "submit + result of an empty task, on another rank of MPI", "s",
    most(0.5, "cpython") },
  { "map of 100,000 small calls, in chunks of 250, on another rank", "/s",
    least(2, "cpython") },
}

case {
  name = "mpi",
  needs = "threading.mpi",
  needs_program = "mpirun",
  ours = "mpiarrays.lua",
  c = "mpiarrays.c",
  { "Arrays of 100 MB to another rank", "B/s", least(0.8, "c") },
}

beside_peers("integers", { "cpython", "lanes", "effil" }, {
  name = "crossqueue",
  than = "a Queue of threads",
  rounds = 9,
  ours = "crossqueue.lua integers",
  base = "queues.lua Queue 1",
  c = "crossqueue.c",
  { "a queue between interpreters, integers", "/s", least(8, "lanes"),
    least(0.8, "c") },
})

-- What goes through the queue, and by how much it is faster than Lanes.
for _, it in ipairs {
  { "records", "records {id, name, ok}", 4 },
  { "tables", "tables of 1000 numbers", 3 },
} do
  local kind, what, times = table.unpack(it)
  beside_peers(kind, { "cpython", "lanes", "effil" }, {
    name = "crossqueue",
    ours = "crossqueue.lua " .. kind,
    { "the same, " .. what, "/s", least(times, "lanes"),
      kind == "tables" and least(1, "cpython") or nil },
  })
end

beside_peers("floats", { "cpython", "lanes" }, {
  name = "crossfloats",
  ours = "crossfloats.lua",
  { "the same, a table of a million floats", "s", most(0.25, "lanes") },
})

-- A loop, and how its speed in an interpreter per core compares with one.
for _, it in ipairs { { "numbers", 0.975 }, { "tables", 0.925 } } do
  local kind, share = table.unpack(it)
  beside_peers(("cores %d %s"):format(CORES, kind),
    { "cpython", "lanes", "effil" }, {
    name = "interpcores",
    than = "one interpreter",
    ours = "interpcores.lua all " .. kind,
    base = "interpcores.lua one " .. kind,
    { kind == "numbers" and "a Lua loop of numbers on all cores, turns"
      or "the same, of tables and strings", "/s",
      least(share * CORES, "base") },
  })
end

local function beside(n)
  return n == 0 and "" or (", %d thread%s beside it"):format(n,
    n > 1 and "s" or "")
end

-- Clients; each sends a line and waits for it.
for _, connections in ipairs { 4, 16 } do
  for _, n in ipairs { 0, 1, 2, 4 } do
    local alone = n == 0
    case {
      name = "echo",
      needs = "threading.socket",
      than = "alone",
      ours = ("echo.lua lua %d %d"):format(connections, n),
      base = not alone and ("echo.lua lua %d 0"):format(connections) or nil,
      cpython = ("echo.py %d %d"):format(connections, n),
      c = ("echo.lua c %d %d"):format(connections, n),
      { ("echo server, %d clients%s, requests"):format(connections, beside(n)),
        "/s", alone and least(0.95, "cpython") or least(0.5, "base"),
        alone and least(0.95, "c") or nil },
      { "the same, median", "s" },
      { "the same, 99th percentile", "s",
        alone and most(1.2, "cpython") or most(1e-3) },
    }
  end
end

for _, n in ipairs { 0, 2 } do
  case {
    name = "http",
    needs = "threading.socket",
    needs_program = "wrk",
    ours = "http.lua lua " .. n,
    cpython = "http.lua py " .. n, -- its http.server
    { "HTTP server, 8 clients" .. beside(n) .. ", requests", "/s" },
    { "the same, median", "s" },
    { "the same, 99th percentile", "s" },
  }
end

case {
  name = "transfer",
  needs = "threading.socket",
  ours = "transfer.lua",
  cpython = "transfer.py",
  c = "transfer.c",
  { "a gigabyte from thread to thread by a connection", "B/s",
    least(0.8, "c") },
}

-- CPython is left out: it takes more than 100 s.
case {
  name = "connections",
  needs = "threading.socket",
  rounds = 3,
  ours = "connections.lua lua",
  c = "connections.lua c",
  { "10,000 connections to an echo server, each served twice", "s",
    most(1.5, "c") },
  { "the same, open at the same time", "" },
}

return cases
