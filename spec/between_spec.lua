-- What another thread may do between two instructions of the library's Lua
-- code, done there each time: by a hook, for that comes as surely as a switch
-- comes rarely.

local support = require "spec.support"
local threading = require "threading"

-- A global of busted's is looked up by Lua code, of many instructions.
local pcall, sethook = pcall, debug.sethook

-- Calls fn with deed(i) between any two of its instructions.
local function between(fn, deed)
  local i = 0
  sethook(function()
    i = i + 1
    deed(i)
  end, "", 1)
  local ok, result = pcall(fn)
  sethook()
  assert(ok, result)
  assert(i > 5, "nothing came between")
  return result
end

describe("between two instructions", function()
  it("threads that come and go do not disturb enumerate", function()
    local function start_some()
      local over = threading.Event()
      return support.start_many(10, function()
        over:wait(support.PATIENCE)
      end), over
    end
    local function finish(list, over)
      over:set()
      support.join(list)
    end
    for at = 1, 60, 2 do
      local list, over = start_some()
      local seen = between(threading.enumerate, function(i)
        if i == at then
          for _ = 1, 4 do -- the register is laid out anew
            finish(list, over)
            list, over = start_some()
          end
        end
      end)
      finish(list, over)
      assert.equal(threading.main_thread(), seen[1])
    end
  end)

  it("no other thread takes the same name", function()
    local names = {}
    local function add()
      local name = threading.Thread().name
      assert.is_nil(names[name])
      names[name] = true
    end
    between(add, add)
  end)
end)
