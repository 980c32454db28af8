--- The order of the site. What is not named here comes after what is, in the
-- order of its name: a new page of docs/, a new example, a new class is there
-- without a word here.

local order = {}

-- Markdown, by the name in the repository. `*` is where what is not named goes;
-- what is last comes after the reference.
order.guides = {
  { part = "Guides", title = "Begin", "README.md", "docs/tutorial.md",
    "docs/cookbook.md", "docs/guide.md", "docs/from-python.md",
    "docs/from-lua.md", "docs/c.md", "docs/limits.md" },
  { part = "Guides", title = "Further", "docs/compile.md",
    "docs/interpreters.md", "docs/processes.md", "docs/mpi.md", "docs/io.md",
    "docs/wait_fd.md", "docs/testing.md", "docs/debugging.md", "*" },
  { part = "Inside", title = "Inside", last = true, "docs/security.md",
    "docs/architecture.md", "docs/decisions.md", "bench/RESULTS.md",
    "CONTRIBUTING.md", "CHANGELOG.md" },
}

-- What these pages are called in the menu, where their title is too long.
order.short = {
  ["README.md"] = "What it is",
  ["docs/tutorial.md"] = "Tutorial: threads in ten minutes",
  ["docs/compile.md"] = "Compile: from a loop to all cores",
  ["docs/interpreters.md"] = "Interpreters: what crosses",
  ["docs/debugging.md"] = "Debugging: silent traps",
  ["docs/wait_fd.md"] = "Other libraries that wait",
  ["bench/RESULTS.md"] = "Measurements",
}

order.examples = {
  "thread", "race", "lock", "deadlock", "multicore", "mandelbrot", "montecarlo",
  "histogram", "wordcount", "pools", "logs", "database", "echo", "http",
  "crawler",
  "gzip", "explore", "timeline", "cmodule", "embed",
}

-- Modules and classes, by their names without `threading.`.
order.reference = {
  { title = "Threads", "threading", "Thread", "Timer", "Local" },
  { title = "Locks and events", "Lock", "RLock", "RWLock", "Condition",
    "Semaphore", "Event", "Barrier" },
  { title = "Queues and pools", "queue", "Queue", "SimpleQueue", "futures",
    "ThreadPoolExecutor", "Future" },
  { title = "All cores", "Value", "Array", "Compiled", "interpreters",
    "Interpreter", "interpreters.Queue", "mpi", "mpi.Comm" },
  { title = "In C", "threading.h", "loops" },
  { title = "Files and time", "io", "os", "time" },
  { title = "Sockets", "socket", "TCP", "UDP", "socket.http", "socket.smtp",
    "socket.ftp", "ssl", "ssl.https", "Connection" },
  { title = "Tests, traces, logs", "explore", "trace", "log", "Logger" },
  { title = "More", "*", "_thread" },
}

-- What stands in a file of its own, and is a part of another class.
order.merged = { ["threading.mpi.together"] = "threading.mpi.Comm" }

-- The functions of the module `threading`, by what they are for.
order.groups = {
  { title = "Threads", "Thread", "Timer", "Local", "current_thread",
    "main_thread", "enumerate", "active_count", "get_ident", "get_native_id",
    "atomic", "extend" },
  { title = "Waiting for each other", "Lock", "RLock", "RWLock", "Condition",
    "Semaphore", "BoundedSemaphore", "Event", "Barrier", "once",
    "deadlock_policy", "is_timeout", "is_broken_barrier", "TIMEOUT_MAX" },
  { title = "All cores", "Value", "Array", "compile", "kernel", "parallel_for",
    "include_dir" },
  { title = "Ending", "exit", "checkpoint", "shield", "is_cancelled",
    "interrupt_main", "shutdown", "excepthook", "__excepthook__", "defer" },
  { title = "Looking", "dump", "dump_on_signal", "settrace",
    "settrace_all_threads", "gettrace", "setprofile", "setprofile_all_threads",
    "getprofile" },
  { title = "The machine", "cpu_count", "stack_size", "getswitchinterval",
    "setswitchinterval", "_VERSION" },
  { title = "More", "*" },
}

--- Sorts things into groups.
-- @tparam table groups lists of keys, with titles; `*` for what no list names
-- @tparam {string,...} keys those that there are, in the order of the rest
-- @treturn table the groups that are not empty: { title =, key, ... }
function order.sort(groups, keys)
  local there, named = {}, {}
  for _, key in ipairs(keys) do
    there[key] = true
  end
  for _, group in ipairs(groups) do
    for _, key in ipairs(group) do
      named[key] = true
    end
  end
  local sorted = {}
  for _, group in ipairs(groups) do
    local out = { part = group.part, title = group.title, last = group.last }
    for _, key in ipairs(group) do
      if there[key] then
        out[#out + 1] = key
      end
      for _, other in ipairs(key == "*" and keys or {}) do
        if not named[other] then
          out[#out + 1] = other
        end
      end
    end
    if #out > 0 then
      sorted[#sorted + 1] = out
    end
  end
  return sorted
end

return order
