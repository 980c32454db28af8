-- threading.io, on pipes and sockets of support/descriptors.c.

local compiler = require "spec.support.compiler"
local files = require "spec.support.files"
local io = require "threading.io"
local stdio = require "io"
local support = require "spec.support"
local threading = require "threading"

local dir = files.folder()
compiler.module("spec/support/descriptors.c", dir)
local descriptors =
  package.loadlib(dir .. "/descriptors.so", "luaopen_descriptors")()

local prelude = ([[
  package.cpath = "%s/?.so;" .. package.cpath
  local descriptors = require "descriptors"
  local threading = require "threading"
  local _thread = require "threading._thread"
  local time = require "threading.time"
  local io = require "threading.io"
  local stdio = require "io"
  local support = require "spec.support"
]]):format(dir)

teardown(function()
  os.execute("rm -r " .. dir)
end)

-- Each descriptor is closed once: its number may be somebody else's by then.
local open = {}

local function close(fd)
  if open[fd] then
    open[fd] = nil
    descriptors.close(fd)
  end
end

local function with_two(fn, a, b)
  open[a], open[b] = true, true
  local result = table.pack(pcall(fn, a, b))
  close(a)
  close(b)
  assert(table.unpack(result, 1, result.n))
end

-- Calls fn with the two ends of a pipe, and closes them.
local function with_pipe(fn)
  with_two(fn, descriptors.pipe())
end

local function with_pair(fn)
  with_two(fn, descriptors.pair())
end

-- A file of Lua's, which closes the descriptor.
local function file_of(fd, mode)
  open[fd] = nil
  return descriptors.file(fd, mode)
end

-- What a call in another thread returns, once `act` has ended its wait.
local function waiting(act, fn, ...)
  local result
  local t = support.start(function(...)
    result = table.pack(fn(...))
  end, ...)
  support.wait_thread_parked(t, "descriptor")
  act(t)
  support.join(t)
  if result then
    return table.unpack(result, 1, result.n)
  end
end

local P <const> = support.PATIENCE

-- For a shell. Not every one knows `<&` with a number of two digits.
local function from(fd)
  return " </dev/fd/" .. math.tointeger(fd)
end

describe("wait_fd", function()
  it("returns at once where there is something to read", function()
    with_pipe(function(r, w)
      descriptors.write(w, "x")
      assert.same({ true }, { io.wait_fd(r, "r") })
      assert.same({ true }, { io.wait_fd(r, "r", 0) })
      assert.same({ true }, { io.wait_fd(w, "w", 0) })
    end)
  end)

  it("waits for something to read, while others run", function()
    with_pipe(function(r, w)
      assert.same({ true }, { waiting(function()
        descriptors.write(w, "x")
      end, io.wait_fd, r, "r") })
    end)
  end)

  it("waits for room to write", function()
    with_pair(function(a, b)
      descriptors.fill(a)
      assert.same({ nil, "timeout" }, { io.wait_fd(a, "w", 0) })
      assert.same({ true }, { waiting(function()
        descriptors.drain(b)
      end, io.wait_fd, a, "w", P) })
    end)
  end)

  it("tells what is ready of two", function()
    with_pair(function(a, b)
      assert.same({ true, "w" }, { io.wait_fd(a, "rw") })
      descriptors.write(b, "x")
      assert.same({ true, "rw" }, { io.wait_fd(a, "rw") })
      descriptors.fill(a)
      assert.same({ true, "r" }, { io.wait_fd(a, "rw") })
    end)
  end)

  it("takes a closed other end for ready", function()
    with_pipe(function(r, w)
      close(w)
      assert.same({ true }, { io.wait_fd(r, "r") })
    end)
    with_pipe(function(r, w)
      assert.same({ true }, { waiting(function()
        close(w)
      end, io.wait_fd, r, "r") })
    end)
    with_pipe(function(r, w)
      close(r)
      assert.same({ true }, { io.wait_fd(w, "w") })
    end)
  end)

  it("returns at the timeout", function()
    with_pipe(function(r)
      assert.same({ nil, "timeout" }, { io.wait_fd(r, "r", 0) })
      assert.same({ nil, "timeout" }, { io.wait_fd(r, "r", 0.001) })
      assert.same({ nil, "timeout" },
        { support.in_thread(io.wait_fd, r, "r", 0.001) })
    end)
  end)

  it("is told that another thread closes it", function()
    with_pipe(function(r)
      local results = {}
      local list = support.start_many(3, function(i)
        results[i] = table.pack(io.wait_fd(r, "r"))
      end)
      support.wait_parked(3, "descriptor")
      assert.equal(3, io._closing(r))
      support.join(list)
      for i = 1, 3 do
        assert.same({ nil, "closed", n = 2 }, results[i])
      end
      assert.equal(0, io._closing(r))
    end)
  end)

  it("of one that is not open says so", function()
    with_pipe(function(r, w)
      close(r)
      close(w)
      assert.same({ nil, "closed" }, { io.wait_fd(r, "r") })
      assert.same({ nil, "closed" }, { io.wait_fd(r, "rw", 1) })
    end)
    assert.same({ nil, "closed" }, { io.wait_fd(0x7fffffff, "r") })
  end)

  it("takes a file, and knows what that has buffered", function()
    with_pipe(function(r, w)
      local f = file_of(r, "r")
      assert.same({ nil, "timeout" }, { io.wait_fd(f, "r", 0) })
      descriptors.write(w, "one\ntwo\n")
      assert.same({ true }, { io.wait_fd(f, "r", 0) })
      assert.equal("one", f:read())
      assert.same({ true }, { io.wait_fd(f, "r") })
      assert.equal("t", f:read(1))
      assert.equal("wo", f:read())
      assert.same({ nil, "timeout" }, { io.wait_fd(f, "r", 0) })
      f:close()
      assert.matches("wait_fd' %(fd: a closed file%)",
        support.message(io.wait_fd, f, "r"))
    end)
  end)

  it("takes an object that has a descriptor", function()
    with_pair(function(a, b)
      local object = { getfd = function() return a end }
      assert.same({ nil, "timeout" }, { io.wait_fd(object, "r", 0) })
      descriptors.write(b, "x")
      assert.same({ true }, { io.wait_fd(object, "r") })
      descriptors.drain(a)
      function object.dirty() return true end
      assert.same({ true }, { io.wait_fd(object, "r") })
      assert.same({ true, "rw" }, { io.wait_fd(object, "rw") })
      function object.getfd() return -1 end
      assert.same({ nil, "closed" }, { io.wait_fd(object, "r") })
      function object.getfd() return "x" end
      assert.matches("fd: its getfd gave no descriptor",
        support.message(io.wait_fd, object, "r"))
      function object.getfd() error "no" end
      assert.matches("no", support.message(io.wait_fd, object, "r"))
    end)
  end)

  it("takes a number that is an integer, however it is written", function()
    with_pipe(function(r, w)
      local float = { getfd = function() return r + 0.0 end }
      assert.same({ nil, "timeout" }, { io.wait_fd(float, "r", 0) })
      assert.same({ nil, "timeout" }, { io.wait_fd(r + 0.0, "r", 0) })
      descriptors.write(w, "x")
      assert.same({ true }, { io.wait_fd(float, "r") })
      function float.getfd() return r + 0.5 end
      assert.matches("fd: its getfd gave no descriptor",
        support.message(io.wait_fd, float, "r"))
    end)
  end)

  it("takes an object with a pollfd, and asks what is pending", function()
    with_pipe(function(r)
      local object = { pollfd = function() return r end }
      assert.same({ nil, "timeout" }, { io.wait_fd(object, "r", 0) })
      function object.pending() return 0, 7 end
      assert.same({ nil, "timeout" }, { io.wait_fd(object, "r", 0) })
      function object.pending() return 1 end
      assert.same({ true }, { io.wait_fd(object, "r", 0) })
      function object.pollfd() end
      assert.matches("fd: its pollfd gave no descriptor",
        support.message(io.wait_fd, object, "r"))
    end)
  end)

  it("takes the objects of cqueues", function()
    local found, sockets = pcall(require, "cqueues.socket")
    if not found then
      pending "needs cqueues"
      return
    end
    local a, b = sockets.pair()
    b:setmode("bn", "bn")
    assert.same({ nil, "timeout" }, { io.wait_fd(a, "r", 0) })
    b:write "one\ntwo\n"
    assert.same({ true }, { io.wait_fd(a, "r", P) })
    assert.equal("one", a:read())
    assert.same({ true }, { io.wait_fd(a, "r", 0) }) -- in its buffer
    assert.equal("two", a:read())
    assert.same({ nil, "timeout" }, { io.wait_fd(a, "r", 0) })
    a:close()
    b:close()
  end)

  -- The number is a stranger's when the wait would begin.
  it("reads the number again where it was closed meanwhile", function()
    with_pipe(function(r)
      local f, strangers = file_of(r, "r"), nil
      local object = {}
      function object.getfd()
        if strangers then
          return -1
        end
        f:close()
        strangers = { descriptors.pipe() }
        return r
      end
      assert.same({ nil, "closed" }, { io.wait_fd(object, "r", P) })
      assert.equal(r, strangers[1])
      with_two(function() end, table.unpack(strangers))
    end)
  end)

  it("is told that io.close closes the default output", function()
    with_pair(function(a)
      descriptors.fill(a)
      local f = file_of(a, "w")
      local result = { waiting(function()
        stdio.output(f)
        stdio.close()
        stdio.output(stdio.stdout)
      end, io.wait_fd, f, "w") }
      assert.same({ nil, "closed" }, result)
      assert.matches("got string", support.message(stdio.close, "no file"))
    end)
  end)

  it("does not disturb the end of a file that was never open", function()
    assert.is_nil(stdio.open("/none/such", "r"))
    collectgarbage()
    collectgarbage()
  end)

  it("is told that a finaliser is called by hand", function()
    with_pair(function(a)
      local f = file_of(a, "r")
      assert.same({ nil, "closed" }, { waiting(function()
        getmetatable(f).__gc(f)
      end, io.wait_fd, f, "r") })
    end)
  end)

  it("ends with a cancellation", function()
    with_pipe(function(r)
      local err
      waiting(function(t)
        t:cancel "enough"
      end, function()
        local ok
        ok, err = pcall(io.wait_fd, r, "r")
        assert(not ok)
      end)
      assert.equal("cancelled: enough", tostring(err))
      assert.same({ nil, "timeout" }, { io.wait_fd(r, "r", 0) })
    end)
  end)

  it("is a place where a cancellation is met, ready or not", function()
    with_pipe(function(_, w)
      local ready, cancelled = threading.Event(), threading.Event()
      local ok, err
      local t = support.start(function()
        ready:set()
        threading.shield(cancelled.wait, cancelled)
        ok, err = pcall(io.wait_fd, w, "w")
      end)
      ready:wait()
      t:cancel()
      cancelled:set()
      support.join(t)
      assert.is_false(ok)
      assert(threading.is_cancelled(err))
    end)
  end)

  it("is no deadlock, for it can end", function()
    assert.equal("true\n", support.output_of(prelude .. [[
      local r, w = descriptors.pipe()
      local held = threading.Lock()
      held:acquire()
      threading.Thread { target = function()
        support.wait_parked(1, "Lock")
        io.wait_fd(r, "r")
        held:release()
      end }:start()
      threading.Thread { daemon = true, target = function()
        support.wait_parked(1, "descriptor")
        support.wait_parked(1, "Lock")
        descriptors.write(w, "x")
      end }:start()
      print(held:acquire())
    ]]))
  end)

  it("in a daemon thread does not hold up the end", function()
    assert.equal("closed\n", support.output_of(prelude .. [[
      local r = descriptors.pipe()
      threading.Thread { daemon = true, target = function()
        local _ <close> = setmetatable({}, { __close = function()
          print "closed"
        end })
        io.wait_fd(r, "r")
      end }:start()
      support.wait_parked(1, "descriptor")
    ]]))
  end)

  it("is told in a dump with its number", function()
    with_pipe(function(r)
      local text
      waiting(function()
        local f = stdio.tmpfile()
        threading.dump(f)
        f:seek "set"
        text = f:read "a"
        f:close()
        io._closing(r)
      end, io.wait_fd, r, "r")
      assert.matches("waits for descriptor " .. r .. "%f[%D]", text)
    end)
  end)

  it("leaves no descriptor behind when the thread ends", function()
    with_pipe(function(r)
      local function highest()
        local a, b = descriptors.pipe()
        descriptors.close(a)
        descriptors.close(b)
        return b
      end
      local before = highest()
      local kept = {}
      for _ = 1, 5 do
        waiting(function(t)
          kept[#kept + 1] = t
          io._closing(r)
        end, io.wait_fd, r, "r")
      end
      support.wait_until(function()
        return highest() <= before -- one of a spec before may be closed, too
      end, "the threads' descriptors to be closed")
    end)
  end)

  it("needs no descriptor of its own", function()
    assert.equal("nil\ttimeout\nnil\tclosed\ncancelled\n",
      support.output_of(prelude .. [[
        local r, w = descriptors.pipe()
        descriptors.limit(w + 1)
        print(support.in_thread(io.wait_fd, r, "r", 0.001))
        local t = support.start(function()
          print(io.wait_fd(r, "r"))
          print(select(2, pcall(io.wait_fd, r, "r")))
        end)
        support.wait_thread_parked(t, "descriptor")
        io._closing(r)
        support.wait_thread_parked(t, "descriptor")
        t:cancel()
        support.join(t)
      ]]))
  end)

  it("works in hundreds of threads at once", function()
    local out = support.output_of(prelude .. [[
      local N = 500
      if not descriptors.limit(5 * N) then
        return print "too few descriptors"
      end
      local ends, ready = {}, {}
      local list = support.start_many(N, function(i)
        local a
        a, ends[i] = descriptors.pair()
        ready[i] = io.wait_fd(a, "r")
      end)
      support.wait_parked(N, "descriptor")
      for i = 1, N do
        assert(not ready[i])
        descriptors.write(ends[i], "x")
      end
      support.join(list)
      for i = 1, N do
        assert(ready[i] == true)
      end
      print "ok"
    ]])
    if out == "too few descriptors\n" then
      pending "a limit that is not ours to raise"
      return
    end
    assert.equal("ok\n", out)
  end)
end)

-- A file on the reading end of a pipe; `act(f, r, w)`.
local function with_file(act)
  with_pipe(function(r, w)
    local f = file_of(r, "r")
    act(f, r, w)
    if stdio.type(f) == "file" then
      f:close()
    end
  end)
end

describe("read", function()
  -- What a file's own method makes of the same bytes.
  local function by_lua(text, ...)
    local f <close> = stdio.tmpfile()
    f:write(text)
    f:seek "set"
    local result = table.pack(f:read(...))
    result[result.n + 1] = f:read "a"
    return result
  end

  local function by_us(text, ...)
    local result
    local formats = table.pack(...)
    with_file(function(f, _, w)
      descriptors.write(w, text)
      close(w)
      result = table.pack(io.read(f, table.unpack(formats, 1, formats.n)))
      result[result.n + 1] = f:read "a" -- nothing is kept from others
    end)
    return result
  end

  it("reads as Lua's own does", function()
    local texts = {
      "", "\n", "one", "one\n", "one\ntwo\n", "\n\nthree", "a\0b\nc\0",
      "12 0x1F -3.5e2 .5 5. +7", "0x", "0x.8p1z", "1e", "1e+", "--1", "nan",
      " \t\n 42abc", "1..2", "0x1.8P-1,", "00012", "+", "- 1", "9e99999",
      ("7"):rep(199), ("7"):rep(200) .. "x", ("7"):rep(201), ("8"):rep(500),
      ("x"):rep(5000) .. "\n" .. ("y"):rep(10000), "99999999999999999999",
    }
    local formats = {
      {}, { "l" }, { "L" }, { "n" }, { "a" }, { 0 }, { 1 }, { 3 }, { 6000 },
      { "*l" }, { "*n" }, { "n", "n", "n", "n" }, { "n", "l" }, { "l", "L" },
      { "a", "a" }, { "a", "l" }, { "l", 0, "a" }, { 2, "n", "L", 1 },
      { "line" }, { 1 << 40 }, { "l", "l", "l", "l" }, { 0, 0, 1, 0 },
    }
    for _, text in ipairs(texts) do
      for _, list in ipairs(formats) do
        if list[1] ~= 1 << 40 then
          assert.same(by_lua(text, table.unpack(list)),
            by_us(text, table.unpack(list)))
        else
          assert.equal(text ~= "" and text or nil, by_us(text, list[1])[1])
        end
      end
    end
  end)

  it("waits in the middle of what it reads, while others run", function()
    with_file(function(f, _, w)
      assert.same({ "one line", 42, "rest\n" }, { waiting(function(t)
        for piece in ("one |line\n|4|2|\nre|st\n"):gmatch "[^|]+" do
          support.wait_thread_parked(t, "descriptor")
          descriptors.write(w, piece)
        end
      end, function()
        local line, number = io.read(f, "l", "n")
        return line, number, io.read(f, 0) and f:read() and io.read(f, "L")
      end) })
    end)
  end)

  it("does not wait for more than it needs", function()
    with_file(function(f, _, w)
      descriptors.write(w, "abc\ndef")
      assert.equal("abc", io.read(f))
      assert.equal("", io.read(f, 0))
      assert.equal("de", io.read(f, 2))
      assert.equal("f", io.read(f, 1))
      assert.same({ nil, "timeout" }, { io.wait_fd(f, "r", 0) })
    end)
  end)

  it("shares the file with its own methods", function()
    with_file(function(f, _, w)
      descriptors.write(w, "a 1\nb 2\nc 3\n")
      assert.equal("a", f:read(1))
      assert.equal(1, io.read(f, "n"))
      assert.equal("\n", f:read "L")
      assert.equal("b 2", io.read(f))
      assert.equal("c 3\n", f:read "L")
    end)
  end)

  it("cancelled, has taken nothing out of the file", function()
    with_file(function(f, _, w)
      for _, start in ipairs { "half a li", ("long "):rep(3000) } do
        local err
        waiting(function(t)
          descriptors.write(w, start)
          support.wait_until(function()
            return (io.wait_fd(f, "r", 0)) == nil
          end)
          support.wait_thread_parked(t, "descriptor")
          t:cancel "enough"
        end, function()
          err = select(2, pcall(io.read, f, 1, "l"))
        end)
        assert.equal("cancelled: enough", tostring(err))
        descriptors.write(w, "ne\nnext\n")
        assert.equal(start .. "ne", f:read())
        assert.equal("next", io.read(f))
      end
    end)
  end)

  it("by several threads gives each whole lines, and none twice", function()
    with_file(function(f, _, w)
      local lines = {}
      local list = support.start_many(4, function(i)
        lines[i] = {}
        for line in io.lines(f) do
          table.insert(lines[i], line)
        end
      end)
      support.wait_parked(1, "descriptor")
      support.wait_parked(3, "file")
      for i = 1, 100 do
        descriptors.write(w, ("%d "):format(i))
        descriptors.write(w, ("%s\n"):format(("x"):rep(i)))
      end
      close(w)
      support.join(list)
      local seen = {}
      for i = 1, 4 do
        for _, line in ipairs(lines[i]) do
          local n = tonumber(line:match "^%d+")
          assert.equal(("%d %s"):format(n, ("x"):rep(n)), line)
          assert.is_nil(seen[n])
          seen[n] = true
        end
      end
      assert.equal(100, #seen)
    end)
  end)

  -- What is read is allocated, and that may run a finaliser.
  it("by a finaliser of the thread that reads is refused", function()
    with_file(function(f, _, w)
      local line, said = ("x"):rep(4000) .. "\n", nil
      descriptors.write(w, line) -- one more: to read elsewhere must not wait
      while not said do
        setmetatable({}, { __gc = function()
          local ok, err = pcall(io.read, f, 0)
          said = said or not ok and err
        end })
        descriptors.write(w, line)
        assert.equal(4000, #io.read(f))
      end
      assert.matches("this thread reads the file already", said)
    end)
  end)

  it("of an endless file lets others run, and can be cancelled", function()
    for _, format in ipairs { "l", "a", "n", 1 << 40 } do
      with_pipe(function(r, w)
        -- It tells when more has been read than a pipe holds.
        local f = assert(io.popen(([[fill() { tr '\0' '%s' </dev/zero; }
          fill | head -c 1000000; echo >/dev/fd/%d; fill]])
          :format(format == "n" and " " or "x", w)))
        local err
        local t = support.start(function()
          err = select(2, pcall(io.read, f, format))
        end)
        assert(io.wait_fd(r, "r", P))
        t:cancel()
        support.join(t)
        assert(threading.is_cancelled(err))
        getmetatable(f).__gc(f)
      end)
    end
  end)

  it("is told that another thread closes the file", function()
    with_file(function(f, _, w)
      assert.same({ nil, "closed" }, { waiting(function()
        f:close()
      end, io.read, f) })
      assert.matches("file: a closed file", support.message(io.read, f))
      close(w)
    end)
    with_file(function(f)
      local lines
      assert.same({}, { waiting(function()
        stdio.close(f)
      end, function()
        lines = select(2, pcall(io.lines(f)))
      end) })
      assert.matches("closed$", lines)
    end)
  end)

  it("is told that its finaliser is called by hand", function()
    local function close_by_hand(f)
      assert.same({ nil, "closed" }, { waiting(function()
        getmetatable(f).__gc(f)
      end, io.read, f) })
      assert.equal("closed file", stdio.type(f))
    end
    with_file(close_by_hand)
    with_pipe(function(r, w)
      close_by_hand(assert(io.popen("read x" .. from(r))))
      descriptors.write(w, "\n")
    end)
  end)

  it("takes a number of bytes that is an integer", function()
    with_file(function(f, _, w)
      descriptors.write(w, "abcdef")
      assert.same({ "ab", "c" }, { io.read(f, 2 ^ 1, 1.0) })
      assert.equal("def", io.lines(f, 3.0)())
      for _, bad in ipairs { 1.5, -1.0, 2 ^ 63, 0 / 0 } do
        assert.matches("invalid format", support.message(io.read, f, bad))
      end
    end)
    local f <close> = stdio.tmpfile()
    f:write "abc"
    f:seek "set"
    assert.equal("ab", io.read(f, 2 ^ 1))
  end)

  it("reads plain files, and tells the errors of the system", function()
    local f <close> = stdio.tmpfile()
    f:write "one\n2 three"
    f:seek "set"
    assert.same({ "one", 2, " three" }, { io.read(f, "l", "n", "a") })
    local list = {}
    f:seek "set"
    for line in io.lines(f, "L") do
      list[#list + 1] = line
    end
    assert.same({ "one\n", "2 three" }, list)
    with_pipe(function(_, w)
      local out = file_of(w, "w")
      assert.same({ out:read() }, { io.read(out) })
      out:close()
    end)
  end)

  it("reads the default input, as io.read and io.lines do", function()
    local source = prelude .. [[
      print(io.read("n", "l"))
      print(io.read())
      for line in io.lines() do
        print(line)
      end
      for line in io.lines(arg[1]) do
        print(line)
      end
      io.stdout:write(tostring(io.read()), "\n")
    ]]
    local name = os.tmpname()
    local f = assert(stdio.open(name, "w"))
    f:write "in a file\n"
    f:close()
    assert.equal("12\t ab\nline\nlast\nin a file\nnil\n",
      support.output_of(source, { stdin = "12 ab\nline\nlast",
        args = { name } }))
    os.remove(name)
  end)
end)

describe("popen", function()
  it("returns a file whose reads let others run", function()
    with_pipe(function(r, w)
      local f = assert(io.popen("read x" .. from(r)
        .. "; echo got $x; exit 3"))
      assert.equal("file", stdio.type(f))
      assert.equal("got it", (waiting(function()
        descriptors.write(w, "it\n")
      end, f.read, f)))
      assert.is_nil(f:read())
      assert.same({ nil, "exit", 3 }, { f:close() })
      assert.equal("closed file", stdio.type(f))
      assert.matches("closed file", support.message(f.read, f))
      assert.matches("closed file", support.message(f.close, f))
    end)
  end)

  it("returns a file whose lines and close let others run", function()
    with_pipe(function(r, w)
      local f = assert(io.popen("echo 1; echo 2; exec >&-; read x"
        .. from(r) .. "; kill -9 $$"))
      local list = {}
      for line in f:lines "n" do
        list[#list + 1] = line
      end
      assert.same({ 1, 2 }, list)
      local result
      local t = support.start(function()
        result = table.pack(f:close())
      end)
      support.wait_thread_parked(t, "program")
      descriptors.write(w, "\n")
      support.join(t)
      assert.same({ nil, "signal", 9, n = 3 }, result)
    end)
  end)

  it("writes to a program, whose end close waits for", function()
    local name = os.tmpname()
    local f = assert(io.popen("cat >" .. name, "w"))
    f:write("x", 1, "\n")
    f:write(("y"):rep(100000))
    assert.same({ true, "exit", 0 }, { f:close() })
    local copy <close> = assert(stdio.open(name))
    assert.equal("x1\n" .. ("y"):rep(100000), copy:read "a")
    os.remove(name)
  end)

  it("is closed at the end of a block, by waiting", function()
    local name = os.tmpname()
    do
      local f <close> = assert(io.popen("cat >" .. name, "w"))
      f:write "all"
    end
    local copy <close> = assert(stdio.open(name))
    assert.equal("all", copy:read "a")
    os.remove(name)
  end)

  it("collected, is not waited for; what has ended is not kept", function()
    assert.equal("ok\n", support.output_of(prelude .. [[
      local r, w = descriptors.pipe()
      local name = os.tmpname()
      io.popen(("echo $$ >%s; read x </dev/fd/%d"):format(name, r))
      local pid = support.wait_until(function()
        local f <close> = stdio.open(name)
        return f:read "n"
      end)
      collectgarbage()
      collectgarbage()
      descriptors.write(w, "\n")
      support.wait_until(function()
        io.popen("true"):close() -- looks after the others, too
        return not os.execute(("kill -0 %d 2>/dev/null"):format(pid))
      end, "the ended program to be forgotten")
      os.remove(name)
      print "ok"
    ]]))
  end)

  it("closed with a cancellation, is closed all the same", function()
    with_pipe(function(r, w)
      local f = assert(io.popen("exec >&-; read x" .. from(r)))
      local err
      local t = support.start(function()
        err = select(2, pcall(f.close, f))
      end)
      support.wait_thread_parked(t, "program")
      t:cancel()
      support.join(t)
      assert(threading.is_cancelled(err))
      assert.equal("closed file", stdio.type(f))
      descriptors.write(w, "\n")
    end)
  end)

  it("lets signals reach its programs, from any thread", function()
    local function ended_by_int()
      local f = assert(io.popen "kill -INT $$; echo alive")
      return f:read "a", select(2, f:close())
    end
    assert.same({ "", "signal", 2 }, { ended_by_int() })
    assert.same({ "", "signal", 2 }, { support.in_thread(ended_by_int) })
  end)
end)

describe("execute", function()
  local execute = require("threading.os").execute

  it("returns what os.execute does", function()
    for _, command in ipairs { "true", "exit 3", "kill -9 $$", "no-such-one",
      "exit 300" } do
      command = "exec 2>&-;" .. command
      assert.same({ os.execute(command) }, { execute(command) })
      assert.same({ os.execute(command) },
        { support.in_thread(execute, command) })
    end
    assert.equal(os.execute(), execute())
  end)

  it("blames in a thread whom it blames in the main one", function()
    for _, call in ipairs { os.execute, io.popen } do
      local expected = support.message(call, {})
      assert.equal(expected, support.in_thread(support.message, call, {}))
    end
  end)

  it("needs no standard streams", function()
    local name = files.new [[
      local io = require "threading.io"
      local file = io.popen "echo seen"
      local said = file:read()
      os.exit(said == "seen" and file:close() and 7 or 1)
    ]]
    local _, _, status = files.shell("%s %s <&- >&- 2>&-",
      support.lua_command(), name)
    os.remove(name)
    assert.equal(7, status)
  end)

  -- Read from a program that runs beside it.
  it("gives none of ours the number of a standard stream", function()
    local name = files.new(prelude .. [[
      local function free(what)
        for fd = 0, 2 do
          local _, why = io.wait_fd(fd, "r", 0)
          if why ~= "closed" then
            stdio.open(arg[1], "w"):write(what)
            os.exit(1)
          end
        end
      end
      free "the module's"
      local file = io.popen("read x", "w")
      free "of a program"
      local held = {}
      for i = 1, 3 do
        held[i] = support.start(io.wait_fd, file, "r")
        support.wait_thread_parked(held[i], "descriptor")
        free "of a thread that waits"
      end
      local found, socket = pcall(require, "threading.socket")
      if found then
        local server = socket.bind("127.0.0.1", 0)
        free "of a server"
        local ip, port = server:getsockname()
        local s = { socket.tcp4(), socket.udp4(), socket.udp(), socket.udp(),
          socket.udp(), socket.connect(ip, port), server:accept() }
        s[3]:setsockname(ip, 0)
        s[4]:setpeername(ip, port)
        s[5]:sendto("x", ip, port)
        free "of sockets"
        held[4] = support.start(socket.select, { server })
        support.wait_thread_parked(held[4], "descriptor")
        free "of select"
      end
      os.exit(7)
    ]])
    local said = files.new ""
    local text, _, status = files.shell("%s %s %s <&- >&- 2>&-",
      support.lua_command(), name, said)
    os.remove(name)
    assert.same({ "", "", 7 }, { files.read_and_remove(said), text, status })
  end)

  it("leaves standard input closed", function()
    assert.equal("nil\tBad file descriptor\t9", (files.shell(
      "%s -e 'require [[threading]] print(io.read())' <&-",
      support.lua_command())))
  end)

  it("lets others run", function()
    with_pipe(function(r, w)
      local result
      local t = support.start(function()
        result = table.pack(execute("read x" .. from(r) .. "; exit $x"))
      end)
      support.wait_thread_parked(t, "program")
      descriptors.write(w, "5\n")
      support.join(t)
      assert.same({ nil, "exit", 5, n = 3 }, result)
    end)
  end)

  it("cancelled, ends its shell", function()
    with_pipe(function(r, w)
      local err
      local t = support.start(function()
        err = select(2, pcall(execute, ("exec >/dev/fd/%d; "
          .. "trap 'echo over; exit' TERM; echo begun; "
          .. "while :; do sleep 0.01; done"):format(w)))
      end)
      local f = file_of(r, "r")
      assert.equal("begun", io.read(f))
      t:cancel()
      support.join(t)
      assert(threading.is_cancelled(err))
      assert.equal("over", io.read(f))
      f:close()
    end)
  end)
end)
