--- A pipe with lines, which each thread writes before it reads one: every line
-- comes out once, and whole. And programs, with files that are closed while
-- others wait for them.

local execute = require("threading.os").execute
local threading = require "threading"
local tio = require "threading.io"

local function open_pipe()
  local name = os.tmpname()
  os.remove(name)
  assert(os.execute("mkfifo " .. name))
  local input = assert(io.open(name, "r+")) -- does not wait for the other end
  local output = assert(io.open(name, "r+"))
  os.remove(name)
  output:setvbuf "no"
  return input, output
end

local function is_whole(line)
  local n, rest = line:match "^(%d+) (x*)$"
  return n and tonumber(n) == #rest
end

return function(world)
  local deeds = {}
  local input, output

  -- A reader who is cancelled has taken nothing.
  function deeds.pass_on(doer)
    doer.safely(world.m.with, world.m, function()
      if not input then
        input, output = open_pipe()
      end
    end)
    local n = doer.random(30)
    doer.safely(function()
      output:write(("%d %s\n"):format(n, ("x"):rep(n)))
      doer.count "lines"
    end)
    tio.wait_fd(input, "r", 0.0005)
    doer.safely(function()
      local line = tio.read(input)
      doer.count("lines", -1)
      assert(is_whole(line), line)
    end)
  end

  -- Seldom, for to start a program takes its time.
  function deeds.close_under(doer)
    if doer.random(20) > 1 then
      return
    end
    doer.safely(threading.shield, function()
      local file = tio.popen "echo line; exec sleep 0.002"
      local t = world:start(function()
        local ok, line = pcall(tio.read, file) -- it may be closed already
        assert(not ok or line == "line" or line == nil, line)
        pcall(tio.read, file)
      end)
      file:close()
      t:join()
      assert(select(3, execute "exit 3") == 3)
    end)
  end

  return deeds, function()
    if not input then
      return
    end
    local left = world:total "lines"
    output:write "the last\n"
    while tio.read(input) ~= "the last" do
      left = left - 1
    end
    assert(left == 0, ("%d lines too many or too few"):format(left))
    input:close()
    output:close()
  end
end
