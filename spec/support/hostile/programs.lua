-- Programs, and waiting for descriptors: see ../hostile.lua.

local io = require "threading.io"
local os = require "threading.os"

local testing = _G.testing

local cases = {}

local function nothing() end

cases["popen, to read"] = function()
  return function()
    local f <close> = assert(io.popen "printf 'hello\\n\\n5\\n' 2>/dev/null")
    local line, empty, n = f:read("L", "l", "n")
    return line .. empty, n, f:read "a"
  end, nothing, function(line, n, rest)
    assert(line == "hello\n" and n == 5 and rest == "\n")
  end
end

cases["popen, line by line"] = function()
  return function()
    local lines = {}
    local f <close> = assert(io.popen "printf 'a\\nb\\n' 2>/dev/null")
    for line in f:lines() do
      lines[#lines + 1] = line
    end
    return table.concat(lines), f:close()
  end, nothing, function(lines, ok, how, status)
    assert(lines == "ab" and ok and how == "exit" and status == 0)
  end
end

cases["popen, to write"] = function()
  return function()
    local f <close> = assert(io.popen("read x; exit $x", "w"))
    f:write "7\n"
    return f:close()
  end, nothing, function(ok, how, status)
    assert(not ok and how == "exit" and status == 7)
  end
end

cases["popen, and to forget"] = function()
  local before = testing.held()
  return function()
    assert(io.popen "true")
  end, nothing, function()
    repeat -- it is remembered until it has ended
      collectgarbage()
      os.execute ":"
    until testing.held() == before
  end
end

cases["execute"] = function()
  return function()
    local ok, how, status = os.execute "exit 3"
    if type(status) ~= "number" or how ~= "exit" then
      error(how, 0) -- it has not been started
    end
    return ok, status
  end, nothing, function(ok, status)
    assert(not ok and status == 3)
  end
end

cases["wait_fd"] = function()
  local f = assert(io.popen("cat", "w"))
  return function()
    return io.wait_fd(f, "w")
  end, nothing, function(ready)
    assert(ready)
    f:close()
  end
end

return cases
