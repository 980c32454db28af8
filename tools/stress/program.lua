--- run(seed, most): one random program, of at most so many threads at first,
-- and the check at its end. Returns how many threads there were. A failure is
-- told with the seed, and with what all threads do, and ends the process.

local _thread = require "threading._thread"
local new_random = require "tools.stress.random"
local new_world = require "tools.stress.world"
local threading = require "threading"

local PATIENCE <const> = tonumber(os.getenv "STRESS_PATIENCE") or 120

local current

local function fail(text)
  io.stderr:write(("stress: seed %d: %s\n"):format(current, text))
  threading.dump()
  os.exit(1, false)
end

local function on_error(world)
  return function(args)
    if not world.on_error(args) then
      fail(args.traceback or tostring(args.value))
    end
  end
end

local function tune(random)
  local function of(...)
    return (select(random(select("#", ...)), ...))
  end
  threading.setswitchinterval(of(1e-5, 5e-5, 1e-3, 5e-3))
  threading.deadlock_policy(of("certain", "certain", "cycle", "off"))
  threading.stack_size(of(0, 0, 1 << 20))
  if random(2) == 1 then
    collectgarbage("incremental", of(1, 50, 200), of(100, 400))
  else
    collectgarbage("generational", of(1, 20), of(1, 100))
  end
end

local function check(world)
  local ok, err = xpcall(world.check, debug.traceback, world)
  if not ok then
    fail(err)
  elseif next(_thread._parked()) or threading.active_count() ~= 1 then
    fail "somebody is left"
  end
end

-- Fails when the program is not done in time.
local function watch(done)
  local t = threading.Thread { target = function()
    if not done:wait(PATIENCE) then
      fail "it does not come to its end"
    end
  end }
  t:start()
  return t
end

-- The main thread does its part.
return function(seed, most)
  current = seed
  local random = new_random(seed)
  tune(random)
  local world = new_world(random(1 << 30))
  threading.excepthook = on_error(world)
  local done = threading.Event()
  local watcher = watch(done)
  for _ = 1, random(most) do
    world:start_victim(random(60), random(1 << 30), random(2) == 1)
  end
  local ok, err = xpcall(world.work, debug.traceback, world,
    world:doer(random(1 << 30)), random(30))
  if not ok then
    fail(err)
  end
  world:join()
  done:set()
  watcher:join()
  check(world)
  return #world.threads
end
