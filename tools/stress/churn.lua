--- Threads that come and go, fail, exit, and are cancelled at any moment; and
-- who looks on.

local _thread = require "threading._thread"
local threading = require "threading"

local GENERATIONS <const> = 3
local FAILURE <const> = {}

return function(world)
  local deeds, told = {}, threading.Value "int64"
  local own = threading.Local()
  local generation = 0

  local function pick(doer)
    local list = world.threads -- empty, while the first one has only started
    return #list > 0 and list[doer.random(#list)]
  end

  -- Whoever is cancelled does not do the rest of its deeds.
  function deeds.cancel(doer)
    local t = #world.victims > 0
      and world.victims[doer.random(#world.victims)]
    if t and t.exposed then
      t.thread:cancel { message = "storm", asynchronous = doer.random(2) == 1 }
    elseif t then
      t.thread:cancel "storm"
    end
  end

  function deeds.child(doer)
    local mine <const> = doer.random(1000000)
    doer.safely(function()
      local got
      local t = threading.shield(world.start, world, function(a, b, c)
        got = { a, b, c }
        if doer.random(4) == 1 then
          threading.exit()
        end
      end, mine, nil, 3)
      if doer.random(2) == 1 then
        threading.shield(t.join, t)
        assert(got[1] == mine and got[2] == nil and got[3] == 3, "arguments")
        assert(not t:is_alive(), "joined, and alive")
      end
    end)
  end

  function deeds.grandchild(doer)
    if generation < GENERATIONS then
      generation = generation + 1
      world:start_doer(3, doer.random(1000000), doer.random(2) == 1)
    end
  end

  -- What is cancelled before or after its start ends; others see nothing.
  function deeds.victim(doer)
    doer.safely(threading.shield, function()
      local closed = threading.Value "int64"
      local t = world:start(function()
        local _ <close> = setmetatable({}, { __close = function()
          closed:fetch_add(1)
        end })
        while true do
          local _ = {}
        end
      end)
      t:cancel { asynchronous = true }
      t:join()
      assert(closed.value <= 1, "closed twice")
    end)
  end

  function deeds.failure(doer)
    doer.safely(threading.shield, function()
      world:start(error, FAILURE)
      doer.count "failures"
    end)
  end

  function deeds.own(doer)
    local token = {}
    own.token = token
    own[doer.random(10)] = token
    threading.checkpoint()
    assert(own.token == token, "Local")
  end

  function deeds.look(doer)
    local me, seen = threading.current_thread(), 0
    for _, t in ipairs(threading.enumerate()) do
      seen = seen + (t == me and 1 or 0)
      tostring(t)
    end
    assert(seen == 1, "enumerate")
    assert(threading.active_count() >= 1)
    _thread._parked()
    if doer.random(10) == 1 then
      local text
      threading.dump { write = function(_, s)
        text = (text or "") .. s
      end }
      assert(text:find("MainThread", 1, true), "dump")
    end
    local t = pick(doer)
    if t and t ~= me then
      t:join(0.0002)
    end
  end

  -- The driver's excepthook; each world has its own.
  function world.on_error(args)
    if args.value ~= FAILURE then
      return false
    end
    told:fetch_add(1)
    return true
  end

  return deeds, function()
    assert(told.value == world:total "failures", "excepthook")
  end
end
