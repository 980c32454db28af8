-- Errors say where the program has called the library, and which function, by
-- the name that the program knows.

local _thread = require "threading._thread"
local futures = require "threading.futures"
local queue = require "threading.queue"
local support = require "spec.support"
local threading = require "threading"
local tio = require "threading.io"
local time = require "threading.time"
local tos = require "threading.os"

-- The text of the error of fn(...), called by no Lua code.
local function text(fn, ...)
  local ok, err = pcall(fn, ...)
  assert(not ok, "no error")
  return tostring(err)
end

describe("An error about an argument names the function", function()
  local objects = {
    threading.Lock(), threading.RLock(), threading.Condition(),
    threading.Semaphore(), threading.Event(), threading.Barrier(1),
    threading.Value "int8", threading.Array("int8", 1), queue.Queue(),
    queue.SimpleQueue(), _thread._future(print),
  }

  for _, object in ipairs(objects) do
    local meta = debug.getmetatable(object)
    local methods = meta.__index
    if type(methods) == "function" then
      methods = select(2, debug.getupvalue(methods, 1))
    end
    it("of each method of a " .. meta.__name, function()
      local n = 0
      for name, method in pairs(methods) do
        assert.matches(("^bad argument #1 to '%s' %%(%s expected, got n")
          :format((name:gsub("^_", "")), meta.__name), text(method))
        n = n + 1
      end
      assert.is_true(n > 0)
    end)
  end

  it("as it is called in the module", function()
    local file <close> = io.tmpfile()
    for name, call in pairs {
      read = { tio.read, file, "x" }, lines = { tio.lines, file, "x" },
      popen = { tio.popen, {} }, wait_fd = { tio.wait_fd, 0, "x" },
      execute = { tos.execute, {} }, sleep = { time.sleep, "x" },
      Semaphore = { threading.Semaphore, "x" },
      Queue = { queue.Queue, "x" }, Value = { threading.Value, "x" },
      join = { threading.Thread.join, 1 },
      is_alive = { threading.Thread.is_alive, 1 },
      shield = { threading.shield }, stack_size = { threading.stack_size, 1 },
    } do
      assert.matches("^bad argument #%d to '" .. name .. "' %(",
        text(table.unpack(call)))
    end
  end)

  it("as the program calls it", function()
    assert.matches(":%d+: bad argument #1 to 'mine' %(", text(function()
      local mine = threading.Semaphore
      mine "x"
    end))
    assert.matches(":%d+: calling 'acquire' on bad self %(threading.Lock "
      .. "expected, got table%)", text(function()
        local it = { acquire = threading.Lock().acquire }
        it:acquire()
      end))
  end)
end)

describe("An error is where the program has called the library", function()
  it("for errors of C functions that our Lua calls", function()
    local here = debug.getinfo(1, "l").currentline
    local started = threading.Thread()
    started:start()
    started:join()
    local pool = futures.ThreadPoolExecutor()
    pool:shutdown()
    local list = {
      text(function() started:start() end),
      text(function() pool:submit(print) end),
      text(function() threading.dump(1) end),
      text(function() threading.Thread { name = {} } end),
      text(function() threading.parallel_for(1, 2, {}) end),
    }
    for i, message in ipairs(list) do
      assert.matches(("^spec/blame_spec.lua:%d: "):format(here + 6 + i),
        message)
    end
  end)

  it("once the Lua state is closed", function()
    local out = support.output_of [[
      local threading, Local, pool
      local keep = setmetatable({}, { __gc = function()
        for _, f in ipairs {
          function() threading.current_thread() end,
          function() threading.enumerate() end,
          function() threading.main_thread() end,
          function() threading.dump() end,
          function() return Local.x end,
          function() threading.Thread():start() end,
          function() threading.Timer(1, print) end,
          function() pool:submit(print) end,
        } do
          local ok, err = pcall(f)
          print((err:gsub("^.*/lua_%w+:", "")))
        end
      end })
      threading = require "threading"
      Local = threading.Local()
      pool = require "threading.futures".ThreadPoolExecutor()
    ]]
    local n = 0
    for line in out:gmatch "[^\n]+" do
      n = n + 1
      assert.matches("^" .. 3 + n .. ": ", line)
    end
    assert.equal(8, n)
    assert.matches("4: the Lua state is being closed, and threading with it\n",
      out, 1, true)
  end)

  -- luaL_error blames the Lua function that has called, which may be ours.
  it("whatever raises it", function()
    local spared = {
      capi = "is called before there are Lua files of ours",
      coroutine = "raises as Lua does", require = "raises as Lua does",
      finaliser = "is called by the collector", loops = "is a stranger",
      open = "is called before there are Lua files of ours",
      testing = "is not for programs",
    }
    local pipe <close> = assert(io.popen
      "grep -rl 'luaL_error(' csrc --include='*.c'")
    for file in pipe:lines() do
      assert(spared[file:match "([^/]+)%.c$"], file .. " calls luaL_error")
    end
  end)
end)
