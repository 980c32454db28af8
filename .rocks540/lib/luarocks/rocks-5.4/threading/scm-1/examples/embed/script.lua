-- One idea: what a host runs that embeds threads. The host's own thread calls
-- on_block, beside a thread that Lua started; see host.c.

-- luacheck: globals on_block finish

local threading = require "threading"
local queue = require "threading.queue"

local blocks = queue.Queue()
local total, callers = 0, {}

local adder = threading.Thread {
  name = "adder",
  target = function()
    for block in blocks:items() do
      total = total + block
    end
  end,
}
adder:start()

-- A daemon is stopped where the host closes the state.
threading.Thread {
  daemon = true,
  target = function()
    threading.Event():wait()
  end,
}:start()

function on_block(block)
  callers[threading.current_thread().name] = true
  blocks:put(block)
end

function finish()
  blocks:shutdown()
  adder:join()
  print(("%s: blocks add up to %d"):format(next(callers), total))
end
