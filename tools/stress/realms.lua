--- Interpreters: threads enter them, share objects and queues there, wait in a
-- circle over two of them, and are cancelled inside.

local interpreters = require "threading.interpreters"
local threading = require "threading"

local ADD <const> = load [[
  local by, deep = ...
  if deep then return next_one:call(again, by) end
  local _ <close> = lock:guard()
  sums[1] = sums[1] + by
  return by
]]

local TAKE <const> = load [[
  local first, second, both, told = ...
  local _ <close> = first:guard()
  both:wait()
  local ok, err = pcall(second.acquire, second)
  if ok then
    second:release()
  else
    assert(tostring(err):find "deadlock", err)
    told:fetch_add(1)
  end
]]

local REST <const> = load [[
  local time = require "threading.time"
  if (...) then pcall(time.sleep, 0.0003) end
  time.sleep(0.0003)
]]

return function(world)
  local deeds, all = {}, {}
  local lock, sums = threading.RLock(), threading.Array("int64", 1)
  local queue = interpreters.create_queue()

  for i = 1, 3 do
    all[i] = interpreters.create()
  end
  for i = 1, 3 do
    all[i]:prepare_main {
      lock = lock, sums = sums, queue = queue, again = ADD,
      next_one = all[i % 3 + 1],
    }
  end

  local function one(doer)
    return all[doer.random(3)]
  end

  function deeds.enter(doer)
    local by <const> = doer.random(9)
    doer.safely(threading.shield, function()
      local i = one(doer)
      assert(i:call(ADD, by, doer.random(3) == 1) == by, "results")
      doer.count("realms", by)
    end)
  end

  function deeds.rest(doer)
    one(doer):call(REST, doer.random(2) == 1)
  end

  function deeds.hand(doer)
    local n <const> = doer.random(1000)
    doer.safely(threading.shield, function()
      queue:put { n = n, from = { lock } }
      local got = one(doer):call(load "return queue:get()")
      assert(math.type(got.n) == "integer" and got.from[1] == lock, "handed")
    end)
  end

  function deeds.circle(doer)
    if threading.deadlock_policy() == "off" then
      return
    end
    local a, b = threading.RLock(), threading.RLock()
    local both, told = threading.Barrier(2), threading.Value "int64"
    local i, j = one(doer), one(doer)
    doer.safely(threading.shield, function()
      local t = world:start(i.call, i, TAKE, a, b, both, told)
      j:call(TAKE, b, a, both, told)
      t:join()
      assert(told.value == 1, "circle")
    end)
  end

  function deeds.make(doer)
    if doer.random(5) > 1 then
      return
    end
    doer.safely(threading.shield, function()
      local i <close> = interpreters.create()
      assert(i:call(load "return ...", 5) == 5, "made")
      if doer.random(2) == 1 then
        i:call(load [[
          local threading = require "threading"
          threading.Thread { daemon = true, target = function()
            threading.Event():wait(60)
          end }:start()
        ]])
      end
    end)
  end

  return deeds, function()
    for i = 1, 3 do
      all[i]:close()
    end
    assert(sums[1] == world:total "realms", "sums")
    assert(queue:empty(), "left in the queue")
  end
end
