-- A program may change the standard library, before `require "threading"` and
-- after it, and finalisers may run after ours.

local files = require "spec.support.files"
local support = require "spec.support"

-- Programs print with what they have put aside.
local function output_of(program)
  return (support.output_of(program))
end

describe("A wrapper that was there before the library", function()
  -- WRAP(library, name) puts a function around a standard one, which counts
  -- its calls in COUNT: with that in an upvalue, or where nobody finds it.
  local ways = {
    "in an upvalue", [[
      function WRAP(library, name)
        local f = library[name]
        library[name] = function(...)
          COUNT[name] = (COUNT[name] or 0) + 1
          return f(...)
        end
      end
    ]], "in a table", [[
      function WRAP(library, name)
        local t = { library[name] }
        library[name] = function(...)
          COUNT[name] = (COUNT[name] or 0) + 1
          return t[1](...)
        end
      end
    ]],
  }

  local wrapped = [[
    COUNT = {}
    for _, name in ipairs { "resume", "create", "wrap", "yield", "close" } do
      WRAP(coroutine, name)
    end
    for _, name in ipairs { "sethook", "gethook" } do WRAP(debug, name) end
    for _, name in ipairs { "popen", "close" } do WRAP(io, name) end
    for _, name in ipairs { "execute", "exit" } do WRAP(os, name) end
    local threading = require "threading"
    local time = require "threading.time"
    COUNT = {}
  ]]

  for i = 1, #ways, 2 do
    local prelude = ways[i + 1] .. wrapped

    it("is still called, once each time; " .. ways[i], function()
      assert.equal([[
true a b
true c
true
close 2
create 2
execute 1
gethook 1
popen 1
resume 2
sethook 1
wrap 1
yield 2
exit 1
]], output_of(prelude .. [[
        local co = coroutine.create(function(...)
          return coroutine.yield(...)
        end)
        print(coroutine.resume(co, "a", "b"))
        print(coroutine.resume(co, "c"))
        print(coroutine.close(coroutine.create(print)))
        coroutine.wrap(function() coroutine.yield() end)()
        debug.sethook()
        debug.gethook()
        os.execute "true"
        io.close(io.popen "true")
        local names = {}
        for name in pairs(COUNT) do names[#names + 1] = name end
        table.sort(names)
        for _, name in ipairs(names) do print(name, COUNT[name]) end
        setmetatable(COUNT, { __newindex = function(_, name, n)
          print(name, n)
        end })
        os.exit(true, true)
      ]]):gsub("\t", " ") .. "")
    end)

    it("leaves its coroutines to be preempted; " .. ways[i], function()
      assert.equal("true\ndone\n", output_of(prelude .. [[
        local flag = false
        local t = threading.Thread { target = function()
          time.sleep(0)
          flag = true
        end }
        local co = coroutine.create(function()
          t:start()
          while not flag do end
          return "done"
        end)
        local ok, word = coroutine.resume(co)
        print(ok) print(word)
      ]]))
    end)
  end

  it("leaves those of coroutine.wrap to be preempted", function()
    assert.equal("done\n", output_of(ways[2] .. wrapped .. [[
      local flag = false
      local t = threading.Thread { target = function()
        time.sleep(0)
        flag = true
      end }
      print(coroutine.wrap(function()
        t:start()
        while not flag do end
        return "done"
      end)())
    ]]))
  end)

  it("may raise errors", function()
    assert.equal("false\tmine\n", output_of [[
      local t = { coroutine.resume }
      function coroutine.resume(co, ...)
        if co == "bad" then error("mine", 0) end
        t[1](co, ...)
        error("mine", 0)
      end
      require "threading"
      print(pcall(coroutine.resume, coroutine.create(function() end)))
      assert(not pcall(coroutine.resume, "bad"))
    ]])
  end)
end)

describe("After our finaliser", function()
  it("the functions that we have replaced are Lua's own", function()
    local battery = [[
      local wrapped = coroutine.wrap(function()
        while true do coroutine.yield "wrapped" end
      end)
      wrapped()
      local program, lines
      local function battery(when)
        local function try(...)
          local t = table.pack(pcall(...))
          for i = 1, t.n do t[i] = tostring(t[i]):gsub("0x%x+", "") end
          print(table.concat(t, " "))
        end
        local co = coroutine.create(function(...)
          local x <close> = setmetatable({}, { __close = function()
            print "closed"
          end })
          return coroutine.yield(...)
        end)
        try(coroutine.resume, co, 1, 2)
        try(coroutine.close, co)
        try(coroutine.resume, co)
        try(coroutine.resume)
        try(coroutine.wrap(error), "an error")
        try(coroutine.wrap(function() coroutine.yield(3) end))
        try(wrapped)
        try(coroutine.yield)
        try(debug.sethook, print, "", 1000000)
        try(debug.gethook)
        try(debug.sethook)
        try(debug.gethook)
        try(os.execute, "exit 3")
        local f = io.popen("echo a b; exit 4")
        try(f.read, f, "l")
        for line in f:lines() do print(line) end
        try(f.close, f)
        try(io.close, io.tmpfile())
        if program then try(program.read, program) end
        if program then try(program.close, program) end
      end
      local keep = setmetatable({}, { __gc = function()
        battery()
        os.exit(5)
      end })
    ]]
    local plain = support.run(battery)
    local ours = support.run(battery .. ' require "threading"')
    assert.equal("", ours.err)
    assert.equal(5, plain.code)
    assert.equal(5, ours.code)
    assert.equal(plain.out, ours.out)
  end)

  it("threading.io reads programs as Lua does", function()
    assert.equal("a\nb\nc\nnil\texit\t4\n", output_of [[
      local io
      local keep = setmetatable({}, { __gc = function()
        local f = io.popen "echo a; echo b; echo c; exit 4"
        print(io.read(f))
        for line in f:lines() do print(line) end
        print(f:close())
      end })
      io = require "threading.io"
    ]])
  end)

  it("a hook goes on, as a tool for coverage needs it to", function()
    assert.equal("true\n", output_of [[
      local lines = 0
      local function hook() lines = lines + 1 end
      local keep = setmetatable({}, { __gc = function()
        debug.sethook()
        print(lines > 10)
      end })
      debug.sethook(hook, "l")
      local threading = require "threading"
      local t = threading.Thread { target = function()
        for _ = 1, 10 do end
      end }
      t:start()
      t:join()
    ]])
  end)
end)

describe("What is written in Lua", function()
  -- Prints of each of our functions that indexes a global where it is, as far
  -- as one can get from the registry: all that will ever be called.
  local walk = [[
    local threading = require "threading"
    for _, name in ipairs {
      "futures", "io", "os", "queue", "socket", "time", "loops", "ssl",
      "ssl.https", "socket.http", "socket.smtp", "socket.ftp",
    } do
      pcall(require, "threading." .. name)
    end
    local folder = debug.getinfo(threading.dump, "S").source:gsub("[^/]*$", "")
    local seen, found = {}, {}
    local visit
    local function visit_function(f)
      local info = debug.getinfo(f, "S")
      local ours = info.source:sub(1, #folder) == folder
      for i = 1, math.huge do
        local name, value = debug.getupvalue(f, i)
        if not name then break end
        if name == "_ENV" and ours and info.what ~= "main" then
          found[#found + 1] = info.source:sub(#folder + 1) .. ":"
            .. info.linedefined
        end
        visit(value)
      end
    end
    function visit(value)
      local kind = type(value)
      if value == nil or seen[value] then return end
      seen[value] = true
      if kind == "table" then
        for k, v in next, value do visit(k) visit(v) end
      elseif kind == "function" then
        visit_function(value)
      elseif kind == "userdata" then
        for i = 1, 9 do visit((debug.getuservalue(value, i))) end
      end
      visit(debug.getmetatable(value))
    end
    package.loaded.bad = assert(load(
      "local function f() return function() return print end end return f",
      folder .. "a_file_with_a_fault.lua"))()
    visit(debug.getregistry())
    table.sort(found)
    for _, name in ipairs(found) do print(name) end
  ]]

  it("indexes no global when it runs", function()
    assert.equal("a_file_with_a_fault.lua:1\n", output_of(walk))
  end)

  local METHODS <const> = { "byte", "find", "format", "gmatch", "gsub", "len",
    "lower", "match", "pack", "rep", "reverse", "sub", "unpack", "upper" }

  it("uses no function of threading._thread that is not there", function()
    local _thread = require "threading._thread"
    local pipe <close> =
      assert(io.popen "cat $(find lua -name '*.lua' ! -name types.lua)")
    local n = 0
    for name in pipe:read "a":gmatch "[^%w_]_thread%.([%w_]+)" do
      assert(_thread[name] ~= nil, name)
      n = n + 1
    end
    assert.is_true(n > 100)
  end)

  it("calls no method of a string", function()
    local pipe <close> =
      assert(io.popen "grep -n ':' $(find lua -name '*.lua')")
    local lines = 0
    for line in pipe:lines() do
      local code = line:match "^[^:]*:%d+:(.*)$":gsub("%-%-.*", "")
      for name in code:gmatch ":(%l+) *[(\"'{%[]" do
        for _, method in ipairs(METHODS) do
          assert(name ~= method, line)
        end
      end
      lines = lines + 1
    end
    assert.is_true(lines > 100)
  end)
end)

describe("Without a standard library", function()
  -- A program that has taken it away, but for what it keeps for itself; `try`
  -- prints an error, or that there was none.
  local prelude = [[
    local threading = require "threading"
    local _thread = require "threading._thread"
    local futures = require "threading.futures"
    local queue = require "threading.queue"
    local time = require "threading.time"
    local tio, tos = require "threading.io", require "threading.os"
    local out, collect = io.stdout, collectgarbage
    local pcall, tostring, type, error = pcall, tostring, type, error
    local ipairs, next, find, gsub = ipairs, next, string.find, string.gsub
    local tmpfile, exit = io.tmpfile, os.exit
    local setmetatable, select = setmetatable, select
    local function print(...)
      for i = 1, select("#", ...) do
        out:write(i > 1 and " " or "", tostring((select(i, ...))))
      end
      out:write "\n"
    end
    local function try(...)
      local ok, err = pcall(...)
      print(ok and "no error" or err)
    end
    debug.setmetatable("", nil)
    for _, library in ipairs { coroutine, debug, io, math, os, string, table,
        utf8, package } do
      for name in next, library do library[name] = nil end
    end
    local globals = _G
    for name in next, globals do globals[name] = nil end
  ]]
  prelude = prelude:gsub("\n%s*", " ")

  it("threads work, and tell their errors", function()
    local r = support.run(prelude .. [[

local seen = threading.Local()
local t = threading.Thread { name = "a", args = { n = 1 }, target = function()
  seen.x = 1
  local me = threading.current_thread()
  print(me.name, me.daemon, me:is_alive(), seen.x)
end }
t:start()
t:join()
print((gsub(tostring(t), "%d+", "N")))
print(#threading.enumerate(), threading.active_count(), seen.x == nil)
local Class = threading.Thread:extend "Class"
function Class:run() error("in run", 2) end
local c = Class { name = "c" }
c:start()
c:join()
local e = threading.Event()
local waits = threading.Thread { target = e.wait, args = { e } }
waits:start()
waits:cancel "enough"
waits:join()
local timer = threading.Timer(0, print, { "timer" })
timer:start()
timer:join()
local l = threading.Lock()
l:acquire()
try(l.acquire, l)
try(threading.Thread, { what = 1 })
try(threading.Thread, { name = {} })
try(t.start, t)
try(threading.dump, 1)
threading.excepthook = function() error "of the hook" end
c = Class { name = "d" }
c:start()
c:join()
threading.dump()
]])
    assert.equal(0, r.code, r.err)
    local out = r.out:gsub("0x%x+", "ADDRESS")
      :gsub("/tmp/lua_%w+:%d+", "FILE"):gsub("; it takes [^\n]*", "")
    assert.equal([[
a false true 1
<Thread(a, stopped N)>
1 1 true
timer
FILE: deadlock: a thread waits for itself
    MainThread waits for Lock ADDRESS at FILE, held by MainThread
    its holder cannot acquire a Lock again: use an RLock
unexpected keyword argument 'what' to 'Thread'
bad argument 'name' to 'Thread' (string expected, got table)
threads can only be started once; make another Thread
bad argument 'file' to 'dump' (file expected, got number)
]], out)
    assert.matches("^Exception in thread c:\n[^\n]*in run\nstack traceback:",
      r.err)
    assert.matches("\nException in threading.excepthook:\n[^\n]*of the hook\n",
      r.err)
    assert.matches("\nException in thread d:\n[^\n]*in run\n", r.err)
    assert.matches("\nMainThread %(ident 1, native id %d+%) running\n", r.err)
  end)

  it("pools and loops work", function()
    local r = support.run(prelude .. [[

local pool = futures.ThreadPoolExecutor { max_workers = 2 }
print(pool:submit(function(...) return ... end, 1, 2):result())
for i, x in pool:map(function(x) return x * x end, { 1, 2, 3 }) do
  print(i, x)
end
local f = pool:submit(error, "failed")
try(f.result, f)
for one in futures.as_completed { f } do print(one == f) end
local done = futures.wait({ f }, { timeout = 1 })
print(#done, type(tostring(pool)))
if futures.gather then futures.gather({ f }) end
pool:shutdown()
try(pool.submit, pool, print)
local calls = 0
local bad = futures.ThreadPoolExecutor { max_workers = 1,
  initializer = function() calls = calls + 1 error "bad" end }
local g = bad:submit(print)
try(g.result, g)
bad:shutdown()
print(calls)
threading.parallel_for(1, 4, function() end, { nthreads = 2, parts = 2,
  progress = function(n, total) if n == total then print(n) end end })
try(threading.parallel_for, 1, 2, function() error "in a part" end)
local q = queue.PriorityQueue { maxsize = 2 }
q:put(2)
q:put(1)
print(q:get(), q:get())
]])
    assert.equal(0, r.code, r.err)
    assert.matches("Exception in initializer:\n", r.err)
    assert.equal([[
1 2
1 1
2 4
3 9
failed
true
1 string
cannot schedule new futures after shutdown
a thread initializer failed, the pool is not usable any more
1
4
FILE: in a part
1 2
]], (r.out:gsub("/tmp/lua_%w+:%d+", "FILE")))
  end)

  it("files, programs and kernels work", function()
    assert.equal([[
a line
another 3
b
true exit 0
kernel 5.0
<kernel>:1: function 'f': the type of the parameter 'char * x' is not supported
true
true
]], output_of(prelude .. [[

local f = tmpfile()
f:write "a line\nanother\n3\n"
f:seek "set"
print(tio.read(f))
print(tio.read(f, "l", "n"))
local p = tio.popen "echo b"
for line in tio.lines(p) do print(line) end
print(tos.execute "true")
print("kernel", threading.kernel [=[
  #include <stdlib.h>
  double f(int n, const double x[n]) { return x[0] + n; }
]=].f(2, threading.Array("float64", { 3, 4 })))
local ok, err = pcall(threading.kernel, "int f(char *x) { return 0; }")
print((gsub(gsub(err, "; .*", ""), "^.*:%d+: (<kernel>)", "%1")))
ok, err = pcall(threading.kernel, "int f(int x) { return y; }")
print(find(err, "undeclared", 1, true) ~= nil)
print(type(threading.include_dir()) == "string")
]]))
  end)

  it("sockets work", function()
    if not pcall(require, "socket") then
      pending "no LuaSocket"
      return
    end
    assert.equal([[
hello
timeout
closed
bad argument 'backlog' to 'listen' (integer expected, got table)
]], output_of("local socket = require 'threading.socket' " .. prelude .. [[

local server = socket.tcp() -- LuaSocket's own bind calls ipairs
server:bind("127.0.0.1", 0)
server:listen()
local _, port = server:getsockname()
local t = threading.Thread { target = function()
  local c = server:accept()
  c:send "hello\n"
  c:receive "*l"
  c:close()
end }
t:start()
local c = socket.tcp()
c:connect("127.0.0.1", port)
print((c:receive()))
c:settimeout(0)
print((select(2, c:receive())))
c:settimeout(nil)
c:send "go\n"
print((select(2, c:receive "*a")))
t:join()
socket.select({ server }, nil, 0)
try(server.listen, server, {})
]]))
  end)

  -- Every function with arguments that it does not take.
  it("wrong arguments are told of", function()
    local out = output_of(prelude .. [[

local spared = { exit = true, shutdown = true, interrupt_main = true,
  dump = true, dump_on_signal = true, init = true, run = true,
  excepthook = true, __excepthook__ = true }
local values = { {}, true, 0 / 0, "x", -1, function() end }
local n = 0
local function abuse(t)
  for name, f in next, t do
    if type(f) == "function" and not spared[name]
      and not find(name, "^_") then
      for _, a in ipairs(values) do
        for _, b in ipairs(values) do
          local ok, err = pcall(f, a, b)
          n = n + 1
          if not ok and find(tostring(err), "attempt to") then
            print(name, err)
          end
        end
      end
    end
  end
end
threading.deadlock_policy "off"
abuse(threading)
abuse(futures)
abuse(queue)
abuse(threading.Thread)
print(n > 500)
exit(0)
]])
    assert.equal("true\n", out)
  end)
end)

describe("The library's Lua", function()
  it("calls no function of threading._thread that is not there", function()
    local _thread = require "threading._thread"
    local n = 0
    local pipe <close> = assert(io.popen "find lua -name '*.lua'")
    for file in pipe:lines() do
      for name in files.read(file):gmatch "_thread%.([%w_]+)" do
        assert.is_not_nil(_thread[name], file .. ": " .. name)
        n = n + 1
      end
    end
    assert.is_true(n > 50)
  end)
end)
