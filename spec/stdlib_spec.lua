-- Lua's own functions for files and programs, once the library is loaded: they
-- let the other threads run while they wait, and are else as they were.

local compiler = require "spec.support.compiler"
local files = require "spec.support.files"
local support = require "spec.support"
local threading = require "threading"
local wait_fd = require "threading.io".wait_fd

local dir = files.folder()
compiler.module("spec/support/descriptors.c", dir)
local descriptors =
  package.loadlib(dir .. "/descriptors.so", "luaopen_descriptors")()

teardown(function()
  os.execute("rm -r " .. dir)
end)

-- Calls fn with the file that reads a pipe and the one that writes to it, and
-- the descriptor that is read.
local function with_pipe(fn, mode)
  local r, w = descriptors.pipe()
  local reader <close> = descriptors.file(r, "r")
  local writer <close> = descriptors.file(w, "w")
  writer:setvbuf(mode or "no")
  fn(reader, writer, math.tointeger(r))
end

-- What the call returns in another thread, which waits until `act` is called.
local function waiting(act, fn, ...)
  local result
  local t = support.start(function(...)
    result = table.pack(pcall(fn, ...))
  end, ...)
  support.wait_thread_parked(t, "descriptor")
  act(t)
  support.join(t)
  return table.unpack(result, 2, result.n)
end

-- Calls fn with a default input or output.
local function with_default(which, file, fn, ...)
  local before = io[which]()
  io[which](file)
  local result = table.pack(pcall(fn, ...))
  io[which](before)
  assert(table.unpack(result, 1, result.n))
  return table.unpack(result, 2, result.n)
end

describe("reading", function()
  local function a_line(call)
    with_pipe(function(r, w)
      assert.same({ "a line" }, { waiting(function()
        w:write "a line\n"
      end, call, r) })
    end)
  end

  it("by a file's method lets others run", function()
    a_line(function(f)
      return f:read()
    end)
    a_line(function(f)
      return f:lines()()
    end)
  end)

  it("of the default input lets others run", function()
    a_line(function(f)
      return with_default("input", f, io.read)
    end)
    a_line(function(f)
      return with_default("input", f, function()
        return io.lines()()
      end)
    end)
  end)

  it("of a named pipe lets others run", function()
    local name = dir .. "/fifo"
    assert(os.execute("mkfifo " .. name))
    local f <close> = assert(io.open(name, "r+"))
    f:setvbuf "no"
    local list = {}
    waiting(function()
      f:write "one\ntwo\n"
    end, function()
      for line in io.lines(name) do
        list[#list + 1] = line
        if line == "two" then
          break
        end
      end
    end)
    assert.same({ "one", "two" }, list)
    os.remove(name)
  end)

  it("can be cancelled, and takes nothing then", function()
    with_pipe(function(r, w)
      w:write "half"
      local err = waiting(function(t)
        t:cancel()
      end, r.read, r)
      assert(threading.is_cancelled(err))
      w:write " a line\n"
      assert.equal("half a line", r:read())
    end)
  end)

  it("is told that another thread closes the file", function()
    with_pipe(function(r)
      assert.same({ nil, "closed" }, { waiting(function()
        r:close()
      end, r.read, r) })
    end)
  end)

  it("in a daemon does not hold up the end", function()
    local name = files.new [[
      local threading = require "threading"
      local support = require "spec.support"
      local t = threading.Thread { daemon = true, target = function()
        io.stdin:read()
      end }
      t:start()
      support.wait_thread_parked(t, "descriptor")
      print "ends"
    ]]
    local out = files.shell(
      [[{ sleep 1000 & echo $! >%s/pid; } | timeout 100 %s %s >%s/out;
      kill $(cat %s/pid)]], dir, support.lua_command(), name, dir, dir)
    assert(out)
    assert.equal("ends\n", files.read_and_remove(dir .. "/out"))
    os.remove(name)
  end)
end)

describe("opening a named pipe", function()
  local name

  before_each(function()
    name = dir .. "/fifo"
    assert(os.execute("mkfifo " .. name))
  end)

  after_each(function()
    os.remove(name)
  end)

  -- What the call returns in another thread, once this one has opened the other
  -- end, in which `act` is called with that; or that is closed at once.
  local function opening(mode, act, fn, ...)
    local result
    local t = support.start(function(...)
      result = table.pack(pcall(fn, ...))
    end, ...)
    support.wait_thread_parked(t, "file")
    local f <close> = assert(io.open(name, mode))
    if act then
      act(f)
    end
    f:close()
    support.join(t)
    assert.is_true(result[1], result[2])
    return table.unpack(result, 2, result.n)
  end

  local function say(f)
    f:write "said\n"
  end

  for mode in ("r rb w a wb ab"):gmatch "%S+" do
    it("lets others run: " .. mode, function()
      local other = mode:find "r" and "w" or "r"
      assert.equal("file", opening(other, nil, function()
        local f <close> = assert(io.open(name, mode))
        return io.type(f)
      end))
    end)
  end

  it("by io.lines and io.input lets others run", function()
    assert.equal("said", opening("w", say, function()
      local said
      for line in io.lines(name) do -- closes it: the next open has to wait
        said = line
      end
      return said
    end))
    assert.equal("said", opening("w", say, function()
      return with_default("input", io.stdin, function()
        io.input(name)
        local line = io.read()
        io.input():close()
        return line
      end)
    end))
  end)

  it("by io.output lets others run", function()
    local said
    opening("r", function(f)
      said = f:read "a"
    end, function()
      with_default("output", io.stdout, function()
        io.output(name)
        io.write "said\n"
        io.output():close()
      end)
    end)
    assert.equal("said\n", said)
  end)

  it("takes what was written by who has left already", function()
    assert.equal("said\n", opening("w", say, function()
      local f <close> = assert(io.open(name))
      return f:read "a"
    end))
  end)

  for _, mode in ipairs { "r", "w" } do
    it("can be cancelled, and has opened nothing then: " .. mode, function()
      local t = support.start(function()
        return pcall(io.open, name, mode)
      end)
      support.wait_thread_parked(t, "file")
      t:cancel()
      support.join(t)
      -- Whoever opens the other end finds nobody there.
      local other = mode == "r" and "w" or "r"
      local command = ("exec %s%s"):format(other == "r" and "<" or ">", name)
      assert.equal(124, select(3, os.execute(
        ("timeout 0.2 sh -c '%s' 2>/dev/null"):format(command))))
    end)
  end

  it("raises and returns what Lua's own does", function()
    local f, why, code = io.open(name .. "/x")
    assert.is_nil(f)
    assert.equal(name .. "/x: Not a directory", why)
    assert.equal(20, code)
    assert.has_error(function()
      io.open(name, "rw")
    end, "bad argument #2 to 'open' (invalid mode)")
  end)
end)

describe("writing", function()
  local big = ("0123456789"):rep(50000)

  -- Reads so much from a pipe, by and by.
  local function drain(r, n)
    return r:read(n)
  end

  it("by a file's method lets others run", function()
    for _, mode in ipairs { "no", "line", "full" } do
      with_pipe(function(r, w)
        local seen
        assert.equal(w, waiting(function()
          seen = drain(r, #big - 4096)
        end, w.write, w, big))
        w:flush()
        assert.equal(big, seen .. drain(r, 4096))
      end, mode)
    end
  end)

  it("by many small calls lets others run", function()
    with_pipe(function(r, w)
      local seen
      waiting(function()
        seen = drain(r, 20000 * 10)
      end, function()
        for i = 1, 20000 do
          assert(w:write(1000000 + i, ":", 1, "\n"))
        end
        w:flush()
      end)
      assert.equal("1000001:1\n", seen:sub(1, 10))
      assert.equal("1020000:1\n", seen:sub(-10))
    end, "full")
  end)

  it("to the default output lets others run", function()
    with_pipe(function(r, w)
      local seen
      assert.equal(w, waiting(function()
        seen = drain(r, #big)
      end, with_default, "output", w, io.write, big))
      assert.equal(big, seen)
    end)
  end)

  -- Fills the pipe, and leaves something in the buffer.
  local function fill(w)
    while wait_fd(w, "w", 0) do
      w:write(("x"):rep(4096)):flush()
    end
    w:write "last"
  end

  it("what is in the buffer lets others run", function()
    for _, name in ipairs { "flush", "close" } do
      with_pipe(function(r, w)
        fill(w)
        local ok = waiting(function()
          drain(r, 60000)
        end, w[name], w)
        assert(ok)
        local _ = io.type(w) == "file" and w:close()
        assert.equal("last", r:read "a":sub(-4))
      end, "full")
    end
    with_pipe(function(r, w)
      fill(w)
      assert(waiting(function()
        drain(r, 60000)
      end, with_default, "output", w, io.flush))
    end, "full")
  end)

  it("can be cancelled", function()
    with_pipe(function(r, w)
      assert(threading.is_cancelled(waiting(function(t)
        t:cancel()
      end, w.write, w, big)))
      r:close()
    end)
  end)

  it("is told that another thread closes the file", function()
    with_pipe(function(r, w)
      local closer
      assert.same({ nil, "closed" }, { waiting(function()
        closer = support.start(w.close, w)
      end, w.write, w, big) })
      r:read(200000)
      support.join(closer)
      assert.equal("closed file", io.type(w))
    end)
  end)

  it("stays in one piece, whoever writes meanwhile", function()
    with_pipe(function(r, w)
      local list = {}
      for i = 1, 4 do
        list[i] = support.start(w.write, w, tostring(i):rep(100000))
      end
      local seen, runs = r:read(400000), 0
      support.join(list)
      for i = 1, 4 do
        runs = runs + select(2, seen:gsub(tostring(i):rep(100000), ""))
      end
      assert.equal(4, runs)
    end)
  end)

  -- The program's standard output is a pipe that nobody reads before another
  -- thread of it has run.
  it("by print lets others run", function()
    local name = files.new(([[
      local threading = require "threading"
      local support = require "spec.support"
      local main = threading.main_thread()
      threading.Thread { target = function()
        support.wait_thread_parked(main, "descriptor")
        assert(io.open("%s/go", "w")):close()
      end }:start()
      for i = 1, 20000 do
        print(i, "is printed")
      end
      print(("x"):rep(100000), setmetatable({}, { __tostring = function()
        return "object"
      end }))
    ]]):format(dir))
    files.shell("timeout 100 %s %s | " ..
      "{ while ! test -f %s/go; do sleep 0.01; done; cat >%s/out; }",
      support.lua_command(), name, dir, dir)
    os.remove(name)
    local out = files.read_and_remove(dir .. "/out")
    local expected = {}
    for i = 1, 20000 do
      expected[i] = i .. "\tis printed\n"
    end
    expected[#expected + 1] = ("x"):rep(100000) .. "\tobject\n"
    assert.equal(table.concat(expected), out)
  end)

  -- A terminal takes less than a whole line when it is nearly full.
  it("to a terminal that is full lets others run", function()
    local name = files.new(([[
      local threading = require "threading"
      local support = require "spec.support"
      local n, last = 0, -1
      threading.Thread { daemon = true, target = function()
        repeat -- nothing was printed between two looks
          last = n
          threading.Event():wait(0.3)
        until n > 100 and n == last
        assert(io.open("%s/done", "w")):close()
        os.exit(0)
      end }:start()
      while true do
        n = n + 1
        print(n, ("x"):rep(n %% 70))
      end
    ]]):format(dir))
    local fd = descriptors.terminal(support.lua_command() .. " " .. name)
    support.wait_until(function()
      local f = io.open(dir .. "/done")
      return f and f:close()
    end, "the other thread of the program to run")
    descriptors.close(fd)
    os.remove(name)
  end)
end)

describe("a program", function()
  it("is read from, written to and waited for while others run", function()
    with_pipe(function(_, w, r)
      local from = (" </dev/fd/%d"):format(r)
      local f = assert(io.popen("read x" .. from .. "; echo $x; read x"
        .. from))
      assert.equal("one", waiting(function()
        w:write "one\n"
      end, f.read, f))
      local t = support.start(f.close, f)
      support.wait_thread_parked(t, "program")
      w:write "\n"
      support.join(t)
    end)
  end)

  it("is carried out by os.execute while others run", function()
    with_pipe(function(_, w, r)
      local result
      local t = support.start(function()
        result = { os.execute(("read x </dev/fd/%d; exit $x"):format(
          r)) }
      end)
      support.wait_thread_parked(t, "program")
      w:write "7\n"
      support.join(t)
      assert.same({ nil, "exit", 7 }, result)
    end)
  end)
end)

describe("Lua's own results", function()
  local battery = [==[
    local function show(...)
      local t = table.pack(...)
      for i = 1, t.n do
        t[i] = tostring(t[i]):gsub("0x%x+", "0x")
      end
      out:write(table.concat(t, " | "), "\n")
    end
    local function try(f, ...)
      show(pcall(f, ...))
    end
    local data = [[one\ntwo\n12 0x1F -3.5e1 nan\n\n]]
      .. [[last one\nand this]]
    local formats = {
      {}, { "l" }, { "L" }, { "n" }, { "a" }, { 0 }, { 3 }, { 3.0 }, { 1000 },
      { "l", "l" }, { "l", "n", "n", 1, "L", "a", "a" }, { "*l", "*n", "*a" },
      { "x" }, { "l", "x" }, { "n", "x" }, { "l", 1.5 }, { {} }, { "l", {} },
      { "l", true }, { "" }, { "a", "l" }, { "a", 0, "a" }, { "l", nil, "l" },
    }
    for _, f in ipairs(formats) do
      local n = #f
      local p = io.popen("printf '" .. data .. "'")
      for _ = 1, 3 do
        try(p.read, p, table.unpack(f, 1, n))
      end
      p:read "a"
      show(p:close())
      p = io.popen("printf '" .. data .. "'")
      try(function()
        for a, b in p:lines(table.unpack(f, 1, n)) do
          show(a, b)
          if a == "" or f[1] == 0 then break end
        end
      end)
      try(function()
        return p:read "x"
      end)
      p:read "a"
      show(p:close())
      try(p.read, p)
      try(p.lines, p)
    end
    try(io.popen)
    try(io.popen, {})
    try(io.popen, "true", "rw")
    try(io.popen, "true", {})
    try(io.stdin.close, io.stdin)
    try(os.execute)
    try(os.execute, nil)
    try(os.execute, {})
    try(os.execute, "exit 3")
    try(os.execute, "kill -9 $$")
    try(os.execute, 12345678)
    local main = not threading
      or threading.current_thread() == threading.main_thread()
    if main then
      try(os.execute, "kill -INT $PPID; exit 4")
    end
    try(io.read, "x")
    try(io.read, "l", {})
    try(io.read, 1.5)
    for _, f in ipairs { "n", "l", 2, "L" } do
      try(io.read, f)
    end
    try(function()
      for line in io.lines() do show(line) end
    end)
    try(io.lines, "/nowhere")
    try(io.lines, {})
    try(io.lines, nil, table.unpack({}, 1, 251))
    try(io.lines, "/dev/null", table.unpack({}, 1, 251))
    local next, a, b, f = io.lines "/dev/null"
    show(type(next), a, b, io.type(f))
    show(next())
    show(io.type(f))
    try(next)
    -- It says nothing before its input ends: this program writes there, too.
    local p = io.popen("all=$(cat); echo \"$all\" >&2", "w")
    try(p.write, p, "to stderr", 1, 2.0, 1e100, -0.0, "\n")
    try(p.write, p, "before", {})
    try(p.write, p, nil)
    show(p:write() == p, p:flush())
    try(p.setvbuf, p, "full", 10)
    try(p.write, p, ("long "):rep(10))
    try(p.write, p, "fits", math.mininteger, -7, 0, {})
    try(p.write, p, 1.5, "fits", ("long "):rep(10), 123456789, nil)
    show(p:close())
    local file = io.tmpfile()
    file:setvbuf("full", 200)
    try(file.write, file, "first", 1, -2.5, ("long "):rep(100), 3, {})
    for i = 1, 50 do
      file:write(i, math.maxinteger // i)
      if i % 3 == 0 then file:flush() end
    end
    show(file:seek "set", file:read "a", file:seek "cur")
    show(file:write("after reading", 4), file:seek "end", file:close())
    try(p.write, p, "x")
    try(p.flush, p)
    try(io.stdout.write, io.stdout, {})
    try(io.write, "x", {})
    try(io.write, 1.5, 3, "\n")
    try(print, setmetatable({}, { __tostring = function() return 1 end }))
    try(print, setmetatable({}, { __tostring = function()
      error "no"
    end }))
    print(1, 2.0, nil, true, "x", setmetatable({}, { __name = "My" }) and 1)
    try(io.close, io.popen "exit 9")
    io.output(io.popen("cat", "w"))
    io.write "through cat\n"
    show(io.close())
    try(io.write, "x")
    try(io.flush)
    try(io.close)
    io.input(io.popen "true")
    io.input():close()
    try(io.read)
    try(io.lines)
  ]==]

  -- With other threads, for otherwise nobody is let go on; and with pipes for
  -- all streams.
  local function run(prelude, ending)
    local name = files.new(prelude .. " out = io.stderr\n"
      .. "local function all() " .. battery .. " end " .. ending)
    files.shell("printf '12 rest\\nabc\\nlast\\n' | { %s %s 2>&1; echo $?; }"
      .. " | cat >%s/out", support.lua_command(), name, dir)
    os.remove(name)
    return (files.read_and_remove(dir .. "/out"):gsub("/tmp/[%w_]+", "FILE"))
  end

  local others = [[ threading = require "threading" threading.Thread {]]
    .. "daemon = true, target = threading.Event().wait, "
    .. "args = { threading.Event() } }:start() "

  it("are those of the main thread", function()
    assert.equal(run("", "all()"), run(others, "all()"))
  end)

  it("are those of another thread", function()
    local plain = run("local main = false threading = { current_thread = "
      .. "function() end, main_thread = function() return 1 end } ", "all()")
    assert.equal(plain, run(others, "local t = threading.Thread { "
      .. "target = all } t:start() t:join()"))
  end)

  it("are those of a program that has put its own there", function()
    local out = support.output_of [[
      local count = 0
      for _, name in ipairs { "read", "lines", "write", "close" } do
        local f = io[name]
        io[name] = function(...)
          count = count + 1
          return f(...)
        end
      end
      require "threading"
      for _ in io.lines "/dev/null" do end
      io.write("")
      io.read()
      print(count)
    ]]
    assert.equal("3\n", out)
  end)
end)
