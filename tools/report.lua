-- busted's plain report, with a last line that is easy to read for programs:
-- `N passed, N failed`, and `, N skipped` if there are any. Also sets the exit
-- status, since busted's is the number of failures, of which the system keeps
-- eight bits.

local busted = require "busted"
local leftovers = dofile "tools/leftovers.lua"

-- The test that runs is written down, for the case that it takes the whole
-- process with it.
local note = os.getenv "TEST_NOTE"

local function write_down(name)
  local file = assert(io.open(note, "w"))
  file:write(name, "\n")
  file:close()
end

return function(options)
  local handler = require "busted.outputHandlers.plainTerminal"(options)

  if note then
    busted.subscribe({ "test", "start" }, function(element)
      write_down(handler.getFullName(element))
      return nil, true
    end)
  end

  -- A failure, too: a file whose specs leave something running.
  local left = 0
  busted.subscribe({ "file", "end" }, function(element)
    for _, what in ipairs(leftovers()) do
      left = left + 1
      io.write("\nLeft behind by ", element.name, ": ", what, "\n")
    end
    return nil, true
  end)

  busted.subscribe({ "exit" }, function()
    local passed = handler.successesCount
    local failed = handler.failuresCount + handler.errorsCount + left
    local skipped = handler.pendingsCount
    if passed + failed + skipped == 0 then
      io.write("no test was run\n")
    end
    io.write(("\n%d passed, %d failed"):format(passed, failed),
      skipped > 0 and (", %d skipped"):format(skipped) or "", "\n")
    io.flush()
    if failed > 0 or passed + skipped == 0 then
      os.exit(1, false) -- does not wait for what a failed spec left behind
    end
    return nil, true
  end)

  return handler
end
