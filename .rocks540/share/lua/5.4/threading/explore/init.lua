--- Finds the schedule under which a program with threads fails.
--
-- A bug of concurrency shows once in a million runs, and then on somebody
-- else's machine. Here the program is run again and again, under a scheduler
-- that chooses which thread goes on after each instruction and at each wait,
-- until it fails; the schedule is made small, shown with its lines of source,
-- and can be replayed exactly.
--
--     local explore = require "threading.explore"
--
--     explore(function() -- raises a report where it fails
--       local balance = 0
--       local function deposit(n) balance = balance + n end
--       local t = threading.Thread { target = deposit, args = { 5 } }
--       t:start()
--       deposit(8)
--       t:join()
--       assert(balance == 13)
--     end)
--
-- A schedule fails by an error in any thread that nothing catches, by a
-- deadlock, by a thread that is left over and no daemon, by the `invariant`, by
-- more than `max_steps` steps, and where the function returns `false`.
--
-- A step is a VM instruction in a source that is split: all sources, but for
-- the library's own, those of busted, luassert and luaunit, and those that
-- `ignore` names. Inside, clocks are virtual: nobody waits for a timeout.
--
-- Variables of the environment have the last word: `THREADING_REPLAY` replays
-- the word of a report in the program that it is of; `THREADING_SEED`;
-- `THREADING_EXPLORE_SCHEDULES`. A script is explored as it is by
-- `lua -lthreading.explore script.lua`.
--
-- The module itself is called as `run` is: it raises the report.
--
-- Options:
--
-- - `schedules`: how many are tried (1000); `seed`: with another one, other
--   schedules are tried (1); `max_time`: seconds, after which no more are tried
-- - `strategy`: `"auto"`: the default schedule; then random ones, and in turn
--   with them those that differ from the default at one point. `"random"`: a
--   thread goes on with a probability that is drawn for the schedule. `"pct"`:
--   by priorities, which change `depth` - 1 times (3). `"systematic"`: all with
--   at most `bound` preemptions (2). Or a table with a method
--   `next(threads, current)`, which returns one of the numbers in the list
--   `threads`; and, if you like, a method `start(n, last)`, which is called
--   before schedule n, and ends the search where it returns `false`
-- - `max_steps`: a longer schedule fails (100000)
-- - `clock = "explored"`: a timeout may come at any point, not only when no
--   thread can run
-- - `isolate = "fork"`: each schedule in a process of its own
-- - `split = "line"`: threads switch between lines only
-- - `ignore`: patterns of sources that are not split; a source is the name of a
--   file after "@". `library = true`: the library's own files are split, too
-- - `invariant`: a function that is called wherever another thread goes on; the
--   schedule fails where it raises, or returns `false`
-- - `replay`: the word of a report: this schedule alone
-- - `shrink = false`: a schedule that fails is shown as it was found
-- - `progress`: called after each schedule, with how many were tried, and how
--   many are to be tried
--
-- See docs/testing.md.
-- @module threading.explore
-- @usage
-- local threading = require "threading"
-- local explore = require "threading.explore"
--
-- local function program()
--   local balance = 0
--   local function pay_in()
--     balance = balance + 1
--   end
--   local a = threading.Thread { target = pay_in }
--   local b = threading.Thread { target = pay_in }
--   a:start()
--   b:start()
--   a:join()
--   b:join()
--   assert(balance == 2, "one payment is lost")
-- end
--
-- local result = explore.run(program, { schedules = 200 })
-- print(result.ok) --> false
-- print(result.failure.kind) --> error

local check = require "threading.private.check"
local read = require("threading.explore.options").read
local search = require "threading.explore.search"
local script = require "threading.explore.script"
local word = require "threading.explore.word"
local error, setmetatable = error, setmetatable

local explore = {}

--- Explores, and raises nothing but for bad arguments.
-- @function run
-- @tparam function fn the program: it starts threads, waits for them, and
-- raises, or returns `false`, where something is wrong. It is called many
-- times, and should find the same each time: see docs/testing.md
-- @tparam[opt] table options see above
-- @treturn table `ok`; `tried`, how many schedules; `seed`; `report`, a text;
-- and of a schedule that failed `failure` (with `kind`, `message`, and for an
-- error `value`, `traceback` and `thread`), `replay` (its word), `preemptions`,
-- `switches`, `steps`, `hash`, `shrunk` (with `switches`, before, and
-- `replays`), `trace` (thread, source, line, values or false, and so on) and
-- `names` of the threads; of a replay `differs`, a text: it is not the schedule
-- that was recorded
-- @raise bad arguments; where another thread lives; inside of itself
function explore.run(fn, options)
  check.callable(fn, "fn", "explore")
  return search(fn, read(options, word.place_of(fn)))
end

--- Makes a test: a function, for busted and luaunit.
--
--     it("keeps the balance", explore.test(function() ... end))
-- @tparam function fn the program, as for `run`
-- @tparam[opt] table options as for `run`
-- @treturn function that calls `explore(fn, options)`
-- @raise bad arguments
function explore.test(fn, options)
  check.callable(fn, "fn", "explore.test")
  read(options, word.place_of(fn)) -- bad ones are told at once
  return function()
    explore(fn, options)
  end
end

-- As run; but raises the report where a schedule fails, or where a replay is
-- not of this program.
setmetatable(explore, {
  __call = function(_, fn, options)
    local result = explore.run(fn, options)
    if not result.ok or result.differs then
      error(result.report, 0)
    end
    return result
  end,
})

if script.is_asked() then
  script.explore()
end

return explore
