-- lua.c's prompt in a real terminal: other threads run while it waits.

local compiler = require "spec.support.compiler"
local files = require "spec.support.files"
local io = require "threading.io"
local support = require "spec.support"

local dir = files.folder()
compiler.module("spec/support/descriptors.c", dir)
local descriptors =
  package.loadlib(dir .. "/descriptors.so", "luaopen_descriptors")()
os.execute("rm -r " .. dir)

-- A session of `lua -i` with this prelude. `sees(pattern)` waits for output
-- that it matches, and returns what it captures; `types(text)`.
local function with_session(prelude, fn)
  local name = files.new(prelude)
  local fd, pid = descriptors.terminal(("TERM=dumb exec %s -i %s"):format(
    support.lua_command(), name))
  local seen, session = "", {}

  function session.sees(pattern)
    while not seen:find(pattern) do
      assert(io.wait_fd(fd, "r", support.PATIENCE), seen)
      seen = seen .. assert(descriptors.read(fd), seen)
    end
    local first = seen:match(pattern)
    seen = seen:sub(select(2, seen:find(pattern)) + 1)
    return first
  end

  function session.types(text)
    descriptors.write(fd, text)
  end

  function session.echoes()
    return descriptors.echoes(fd)
  end

  function session.resize()
    assert(descriptors.resize(fd))
  end

  function session.ends()
    local how, code
    support.wait_until(function()
      how, code = descriptors.ended(pid)
      return how
    end, "lua -i to end")
    pid = nil
    return how, code
  end

  local ok, err = pcall(fn, session)
  descriptors.close(fd)
  os.remove(name)
  if pid then
    os.execute("kill -9 " .. pid)
    support.wait_until(function()
      return descriptors.ended(pid)
    end)
  end
  assert(ok, err)
end

-- Pending where there are no terminals to be had, or, `with_readline`, where
-- this Lua is linked with no readline that can be told to wait elsewhere.
local function is_missing(with_readline)
  local ok, fd, pid = pcall(descriptors.terminal, "exit")
  if not ok then
    pending "no terminals here"
    return true
  end
  support.wait_until(function()
    return descriptors.ended(pid)
  end)
  descriptors.close(fd)
  if with_readline and support.output_of [[
      local f = io.open "/proc/self/maps"
      print(f and f:read "a":find "libreadline.so.8" ~= nil)
    ]] ~= "true\n" then
    pending "this Lua is not linked with readline"
    return true
  end
end

-- For each time that it is asked to, prints when the main thread has come to
-- wait. Else it sleeps, and asks the main thread, which reads a line, for
-- nothing: Valgrind lets readline's pselect fail where a signal interrupts it
-- (see tools/memcheck.supp).
local prelude <const> = [[
  local _thread = require "threading._thread"
  threading = require "threading"
  local time = require "threading.time"
  local main = threading.get_ident()
  threading.setswitchinterval(60)
  asked = threading.Semaphore(0)
  threading.Thread { daemon = true, target = function()
    while asked:acquire() do
      while not _thread._parked()[main] do
        time.sleep(0)
      end
      io.write("others", " run\n")
    end
  end }:start()
]]
local asking <const> = prelude .. "asked:release()"

describe("the prompt of lua -i", function()
  it("lets other threads run while it waits for a line", function()
    if is_missing "readline" then
      return
    end
    with_session(asking, function(session)
      session.sees "others run"
      session.types "print(6 * 7)\n"
      session.sees "\n42\r?\n"
      session.types "asked:release()\n"
      session.sees "others run"
      session.types "asked:release()\n"
      session.sees "others run"
      session.types "print(\n"
      session.types "3)\n"
      session.sees "\n3\r?\n"
      session.types "os.exit(5)\n"
      assert.same({ "exit", 5 }, { session.ends() })
    end)
  end)

  it("is not alone: what is asked is shown before a wait", function()
    if is_missing() then
      return
    end
    with_session([[
      local io = require "threading.io"
      io.write "ready? "
      print(io.wait_fd(io.stdin, "r", 1000))
      io.read()
      io.write "name? "
      print("Hello " .. io.read())
    ]], function(session)
      session.sees "ready%? "
      session.types "yes\n"
      session.sees "true"
      session.sees "name%? "
      session.types "Ada\n"
      session.sees "Hello Ada"
    end)
  end)

  it("goes on after a signal that readline deals with", function()
    if is_missing "readline" then
      return
    end
    with_session(asking, function(session)
      session.sees "others run"
      session.resize()
      session.types "asked:release()\n"
      session.sees "others run"
      session.resize()
      session.types "print(6 * 7)\n"
      session.sees "\n42\r?\n"
    end)
  end)

  it("leaves the terminal as it was when another thread ends all", function()
    if is_missing "readline" then
      return
    end
    with_session(asking, function(session)
      session.sees "others run"
      assert.is_false(session.echoes())
      session.types("gone = threading.Semaphore(0) threading.Thread { target "
        .. "= function() gone:acquire() os.exit(6) end }:start() "
        .. "asked:release()\n")
      session.sees "others run"
      session.types "gone:release()\n"
      assert.same({ "exit", 6 }, { session.ends() })
      assert.is_true(session.echoes())
    end)
  end)

  it("ends with Ctrl-C and Ctrl-D as ever", function()
    if is_missing() then
      return
    end
    with_session(prelude, function(session)
      session.sees "> $"
      session.types "x"
      session.sees "x$"
      session.types "\3"
      assert.same({ "signal", 2 }, { session.ends() })
    end)
    with_session(prelude, function(session)
      session.sees "> $"
      session.types "\4"
      assert.same({ "exit", 0 }, { session.ends() })
    end)
  end)

  it("reads a pipe to its end", function()
    local f = assert(io.popen(("printf 'print(6*7)\\nprint(7)' | %s -i -e '"
      .. "require \"threading\"' 2>&1"):format(support.lua_command())))
    local text = f:read "a"
    assert.same({ true, "exit", 0 }, { f:close() })
    assert.matches("42\n.*7\n", text)
  end)
end)
