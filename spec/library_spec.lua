-- A program may change the standard library, before `require "threading"` and
-- after it, and finalisers may run after ours.

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
