--- What the specs share: programs in a child process, threads that are known
-- to wait, errors that are compared as text.
--
-- Nothing here sleeps to let something happen: it looks until it is so. The
-- patience below is only how long a spec that fails takes to say so.
--
-- Threads are preempted between any two instructions: what several of them
-- change is a counter or a list of these here, or a field for each thread.

local _thread = require "threading._thread"
local files = require "spec.support.files"
local threading = require "threading"
local time = require "threading.time"

local PATIENCE = 60 -- seconds

local support = {}

--- Seconds that no spec comes near; for timeouts that must not run out.
support.PATIENCE = PATIENCE

--- Is this a Lua before 5.4.3? No variable's __close may yield there, nor is it
-- sure to be called when there is no memory at all; a coroutine that is being
-- closed may be resumed, and who sets a hook while another traces lines makes
-- a line count twice.
support.before_5_4_3 = not pcall(coroutine.wrap(function()
  local _ <close> = setmetatable({}, { __close = coroutine.yield })
end))

--- Do these specs run under a sanitizer (tools/sanitize)? It needs more memory
-- and time.
-- @tparam[opt] string kind under this one? "thread" has a thread of its own
function support.is_instrumented(kind)
  local name = os.getenv "THREADING_SANITIZER"
  return name ~= nil and (kind == nil or name == kind)
end

-- After how many seconds a child is killed.
local LIMIT <const> = support.is_instrumented() and 1100 or 300

--- Lets other threads run until the predicate is true.
-- @tparam function predicate
-- @tparam[opt] string what what is waited for, for the error message
-- @return what the predicate returned
function support.wait_until(predicate, what)
  local deadline = time.monotonic() + PATIENCE
  while true do
    local result = predicate()
    if result then
      return result
    end
    if time.monotonic() > deadline then
      error("waited in vain for " .. (what or "a condition"), 2)
    end
    time.sleep(0)
  end
end

--- Computes until the predicate is true, and never waits: others run only if
-- they are let.
-- @return whether it came true
function support.spin_until(predicate)
  local deadline = time.monotonic() + PATIENCE
  repeat
    if predicate() then
      return true
    end
  until time.monotonic() > deadline
  return false
end

local function parked_on(what)
  local n = 0
  for _, it in pairs(_thread._parked()) do
    if not what or it == what then
      n = n + 1
    end
  end
  return n
end

--- Waits until at least n threads wait for `what` ("Lock", "thread", "sleep",
-- any if nil), as the list of parked threads tells.
function support.wait_parked(n, what)
  support.wait_until(function()
    return parked_on(what) >= n
  end, n .. " thread(s) parked on " .. tostring(what or "anything"))
end

--- Waits until this thread is parked.
-- @tparam Thread|integer thread the Thread or its ident
function support.wait_thread_parked(thread, what)
  local ident = type(thread) == "table" and thread.ident or thread
  support.wait_until(function()
    local it = _thread._parked()[ident]
    return it and (not what or it == what)
  end, ("thread %d to be parked on %s"):format(ident, what or "anything"))
end

local usual = threading.getswitchinterval()

--- Threads that compute preempt each other very often, until
-- switch_as_usual, or the end of the block.
-- @return for a to-be-closed variable
function support.switch_often()
  threading.setswitchinterval(5e-5)
  return setmetatable({}, { __close = support.switch_as_usual })
end

function support.switch_as_usual()
  threading.setswitchinterval(usual)
end

--- A number that several threads change.
-- @treturn function adds its argument (by default nothing), returns the sum
function support.counter()
  local lock, n = threading.Lock(), 0
  return function(more)
    local _ <close> = lock:guard()
    n = n + (more or 0)
    return n
  end
end

--- A list to which several threads append.
-- @return the list, and the function that appends an item to it
function support.shared_list()
  local lock, list = threading.Lock(), {}
  return list, function(item)
    local _ <close> = lock:guard()
    list[#list + 1] = item
  end
end

--- Starts one thread.
-- @return the started Thread
function support.start(fn, ...)
  local t = threading.Thread { target = fn, args = table.pack(...) }
  t:start()
  return t
end

--- Starts n threads that call fn(i, ...).
-- @return the list of the started Threads
function support.start_many(n, fn, ...)
  local list = {}
  for i = 1, n do
    list[i] = support.start(fn, i, ...)
  end
  return list
end

--- Joins the threads; fails if one does not end.
function support.join(list)
  if list.join then
    list = { list }
  end
  for _, t in ipairs(list) do
    if not t:join(PATIENCE) then
      error(tostring(t) .. " does not end", 2)
    end
  end
end

--- Calls fn in a new thread and returns what it returns; raises what it
-- raises, unchanged.
function support.in_thread(fn, ...)
  local result
  support.join(support.start(function(...)
    result = table.pack(pcall(fn, ...))
  end, ...))
  if not result[1] then
    error(result[2], 0)
  end
  return table.unpack(result, 2, result.n)
end

--- The text of the error that fn(...) raises; nil if it raises none. The
-- place ("file:line: ") that error() puts in front is left out.
function support.message(fn, ...)
  local ok, err = pcall(fn, ...)
  if not ok then
    return (tostring(err):gsub("^[^\n]-:%d+: ", "", 1))
  end
end

--- Collects what uncaught errors tell while fn runs.
-- @return the list of the tables that excepthook was given
function support.excepthook_calls(fn)
  local before = threading.excepthook
  local calls, note = support.shared_list()
  threading.excepthook = note
  local ok, err = pcall(fn, calls)
  threading.excepthook = before
  if not ok then
    error(err, 0)
  end
  return calls
end

-- Child processes.

local function quote(s)
  return "'" .. s:gsub("'", "'\\''") .. "'"
end

--- The program that runs this Lua. The tools say which, for it may be a script
-- that starts it.
function support.interpreter()
  local said, i = os.getenv "LUA", 0
  if said then
    return said
  end
  while arg and arg[i - 1] do
    i = i - 1
  end
  local name = arg and arg[i]
  if i < 0 and name and name:find("lua", 1, true) then
    return name
  end
  return "lua5.4"
end

--- The command that starts this Lua with the module paths of this process.
function support.lua_command()
  return (("env LUA_INIT_V= LUA_PATH_V=%s LUA_CPATH_V=%s %s"):gsub("_V",
    (_VERSION:gsub("%D+", "_")))):format(quote(package.path),
    quote(package.cpath), quote(support.interpreter()))
end

--- Put in front of a program, on its first line: its sleeps are ten times
-- shorter.
support.hurried = 'do local time = require "threading.time" '
  .. "local sleep = time.sleep "
  .. "function time.sleep(secs) sleep(secs / 10) end end "

--- Runs a program in a child process.
-- @tparam string program Lua source, or the name of a file that ends in .lua
-- @tparam[opt] table options `before`: a shell command run in front of it in
-- the same shell (say "ulimit -v 1000000"); `args`: a list of strings;
-- `stdin`: its standard input; `seconds`: after how many it is killed (300)
-- @treturn table `out`, `err` (strings), `code` (exit status), `signal`
-- (number, if one ended it)
function support.run(program, options)
  options = options or {}
  local out, err = os.tmpname(), os.tmpname()
  local made = not program:find "^[^\n]*%.lua$" and files.new(program)
  local stdin = options.stdin and files.new(options.stdin)
  local words = {
    options.before and options.before .. "; " or "",
    "exec timeout -s KILL ", options.seconds or LIMIT, " ",
    support.lua_command(), " ", quote(made or program),
  }
  for _, word in ipairs(options.args or {}) do
    words[#words + 1] = " " .. quote(word)
  end
  words[#words + 1] = (" <%s >%s 2>%s"):format(stdin or "/dev/null", out, err)
  local _, how, code = os.execute(table.concat(words))
  local result = {
    out = files.read_and_remove(out), err = files.read_and_remove(err),
  }
  if made then
    os.remove(made)
  end
  if stdin then
    os.remove(stdin)
  end
  if how == "signal" or code > 128 then
    result.signal = how == "signal" and code or code - 128
  else
    result.code = code
  end
  return result
end

--- Runs a program that must end well and say nothing on stderr.
-- @return its output
function support.output_of(program, options)
  local r = support.run(program, options)
  if r.code ~= 0 or r.err ~= "" then
    error(("exit %s, signal %s, stderr: %s\nstdout: %s"):format(
      tostring(r.code), tostring(r.signal), r.err, r.out), 2)
  end
  return r.out
end

return support
