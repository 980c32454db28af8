-- What THREADING_DEBUG tells, and what it does not.

local compiler = require "spec.support.compiler"
local files = require "spec.support.files"
local support = require "spec.support"

local ON <const> = "export THREADING_DEBUG=1"

local preamble = [[
local threading, time = require "threading", require "threading.time"
local futures = require "threading.futures"
local _thread = require "threading._thread"
]]

-- The lines that a program has told, without "threading: " and the folders of
-- its places. It says nothing else on stderr.
local function told(program, options)
  local r = support.run(preamble .. program, options or { before = ON })
  assert.equal(0, r.code, r.err)
  local list = {}
  for line in r.err:gmatch "[^\n]+" do
    local text = line:match "^threading: (.+)$"
    assert(text, line)
    list[#list + 1] = text:gsub("/tmp/[^%s:]*:(%d+)", "%1")
  end
  return list
end

-- Has it told one line, which matches?
local function assert_told(pattern, program, options)
  local list = told(program, options)
  assert.equal(1, #list, table.concat(list, "\n"))
  assert.matches(pattern, list[1])
end

local function assert_silent(program, options)
  assert.same({}, told(program, options))
end

describe("THREADING_DEBUG", function()
  local off = { "unset THREADING_DEBUG", "export THREADING_DEBUG=",
    "export THREADING_DEBUG=0" }

  it("is off where it is empty, or 0", function()
    for _, before in ipairs(off) do
      assert_silent("threading.Thread { name = 'Never' } _G.made = nil",
        { before = before })
    end
    for _, value in ipairs { "1", "yes", "2" } do
      assert_told("^the thread 'Never'", "threading.Thread { name = 'Never' }",
        { before = "export THREADING_DEBUG=" .. value })
    end
  end)

  it("tells nothing of right programs", function()
    for _, name in ipairs { "lock", "logs", "wordcount", "crawler" } do
      assert.equal("", support.run("examples/" .. name .. ".lua",
        { before = ON }).err)
    end
  end)
end)

describe("C that keeps the global lock while others wait", function()
  local dir

  setup(function()
    dir = files.folder()
    files.write(dir .. "/keep.c", [[
#define _GNU_SOURCE 1
#include <lauxlib.h>
#include <time.h>
static double now(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
static int compute(lua_State *L) {
  double end = now(CLOCK_THREAD_CPUTIME_ID) + luaL_checknumber(L, 1);
  while (now(CLOCK_THREAD_CPUTIME_ID) < end) {}
  return 0;
}
static int nap(lua_State *L) {
  double left, end = now(CLOCK_MONOTONIC) + luaL_checknumber(L, 1);
  while ((left = end - now(CLOCK_MONOTONIC)) > 0) {
    struct timespec t = {(time_t)left, (long)((left - (long)left) * 1e9)};
    nanosleep(&t, NULL);
  }
  return 0;
}
static int call(lua_State *L) {
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}
int luaopen_keep(lua_State *L);
int luaopen_keep(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"compute", compute}, {"nap", nap}, {"call", call}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
]])
    compiler.module(dir .. "/keep.c", dir, "-Wall -Wextra -Werror")
  end)

  teardown(function()
    os.execute("rm -rf " .. dir)
  end)

  -- A program with n threads that want the lock all the time, until its end.
  local function beside(n, program)
    return ([[
package.cpath = %q .. "/?.so;" .. package.cpath
local keep = require "keep"
for i = 1, %d do
  threading.Thread { daemon = true, target = function()
    while true do end
  end }:start()
end
]]):format(dir, n) .. program
  end

  it("is told with its function, place, time, and how many waited", function()
    for _, name in ipairs { "compute", "nap" } do
      local list = told(beside(2, ([[
for _ = 1, 3 do
  keep.%s(0.3)
end
]]):format(name)))
      assert.equal(1, #list, table.concat(list, "\n"))
      local ms, n, advice = list[1]:match("^" .. name .. " at 12 kept the "
        .. "global lock for (%d+) ms in C while (%d) threads waited for it: "
        .. "(.+)$")
      assert.is_true(tonumber(ms) >= 200, list[1])
      assert.equal("2", n)
      assert.matches("threading.h", advice, 1, true)
    end
  end)

  it("is told of threads, coroutines, and functions without a name", function()
    if support.is_instrumented "thread" then
      return -- it holds signals back, and the hook comes late
    end
    for _, program in ipairs {
      "local t = threading.Thread { target = function()\n  keep.nap(0.3)\nend }"
        .. " t:start() t:join()",
      "coroutine.wrap(function()\n  keep.compute(0.3)\nend)()",
      "local ok = pcall(function()\nkeep.call(keep.nap, 0.3)\nend)",
      "local t = setmetatable({}, { __index = function(_, s)\n"
        .. "  keep.nap(s) end })\nlocal x = t[0.3]",
      "local woken = threading.Event()\nthreading.Thread { target = function() "
        .. "woken:wait() end }:start() woken:set() keep.nap(0.3)",
    } do
      assert_told("kept the global lock for %d+ ms in C while %d thread",
        beside(1, program))
    end
  end)

  it("is told at each of its places", function()
    local list = told(beside(1, "keep.nap(0.2)\nkeep.nap(0.2) keep.nap(0.2)"))
    assert.equal(2, #list)
  end)

  it("is not told where it is short, or nobody waits", function()
    assert_silent(beside(1, "for _ = 1, 30 do keep.compute(0.01) end"))
    assert_silent(beside(0, [[
local t = threading.Thread { daemon = true, target = function()
  time.sleep(1000)
end }
t:start()
while not _thread._parked()[t.ident] do time.sleep(0) end
keep.nap(0.3)
]]))
  end)

  it("is not told of Lua code, nor of a finaliser", function()
    local turns = support.is_instrumented() and 300000 or 30000000
    assert_silent(beside(1, ("local n = 0 while n < %d do n = n + 1 end")
      :format(turns)))
    assert_silent(beside(1, ([[
local done
setmetatable({}, { __gc = function()
  local n = 0
  while n < %d do n = n + 1 end
  done = true
end })
while not done do local t = {} end
math.abs(1)
]]):format(turns)))
  end)

  it("is not told without", function()
    assert_silent(beside(1, "keep.nap(0.3)"),
      { before = "unset THREADING_DEBUG" })
  end)
end)

describe("C that comes back without the global lock", function()
  it("is told, and raised, where it was called", function()
    local dir = files.folder()
    files.write(dir .. "/leak.c", [[
#include <lauxlib.h>
#include <threading.h>
static int leak(lua_State *L) {
  (void)threading_release(L);
  return 0;
}
int luaopen_leak(lua_State *L);
int luaopen_leak(lua_State *L) {
  lua_pushcfunction(L, leak);
  return 1;
}
]])
    compiler.module(dir .. "/leak.c", dir, ("-Wall -Wextra -Werror -I'%s'")
      :format(require("threading").include_dir()))
    local list = told(([[
package.cpath = %q .. "/?.so;" .. package.cpath
local leak = require "leak"
threading.Thread { daemon = true, target = time.sleep, args = { 1000 } }:start()
local function f()
  leak()
  local x = 1
  return x
end
for _ = 1, 2 do
  local ok, err = pcall(f)
  assert(not ok and err:find ":8: Lua goes on without the global lock", err)
end
]]):format(dir))
    os.execute("rm -rf " .. dir)
    assert.equal(1, #list)
    assert.matches("^leak at 8 has come back without the global lock: ",
      list[1])
  end)
end)

describe("A thread that is never started", function()
  it("is told when it is collected, or at the end", function()
    assert_told("^the thread 'Never' that was made at 4 was never started: "
      .. "call its start%(%)$", [[
for _ = 1, 3 do threading.Thread { name = "Never", target = print } end
collectgarbage()
]])
    assert_told("^the thread 'T' that was made at 5 was never started", [[
local Class = threading.Thread:extend "Class"
function Class:init() threading.Thread.init(self, { name = "T" }) end
kept = Class()
]])
    assert_told("that was made at 4 was never started",
      "kept = threading.Timer(1, print)")
  end)

  it("is not told if it was tried, or cancelled before", function()
    assert_silent [[
local t = threading.Thread {}
t:start()
t:join()
threading.Thread {}:cancel()
local function start(n)
  local list = {}
  for i = 1, n do
    list[i] = threading.Thread { target = time.sleep, args = { 0 } }
    if not pcall(list[i].start, list[i]) then return end
  end
end
start(2)
t = threading.Thread { target = function() threading.current_thread() end }
t:start()
]]
  end)
end)

describe("An error that nobody asks for", function()
  it("is told with the place of the call", function()
    assert_told("^nobody asked for the error of a call that was submitted at 5 "
      .. "%(oops%): call the future's result%(%) or exception%(%)", [[
local pool <close> = futures.ThreadPoolExecutor(1)
pool:submit(error, "oops", 0)
]])
    assert_told("submitted at 6 %(5: bad%)", [[
local pool <close> = futures.ThreadPoolExecutor(1)
local function fail() error "bad" end
kept = pool:submit(fail)
futures.wait { kept }
]])
    assert_told("submitted at 5 %({}%)", [[
local pool <close> = futures.ThreadPoolExecutor(1)
pool:submit(error, setmetatable({}, { __name = false }))
]])
  end)

  it("is not told if somebody asks, or wants none", function()
    for _, ask in ipairs {
      "pcall(f.result, f)", "f:exception()", "f:add_done_callback(print)",
      "futures.wait { f } f:cancel()",
    } do
      assert_silent(([[
io.stdout:setvbuf "no"
local pool <close> = futures.ThreadPoolExecutor(1)
local f = pool:submit(error, "oops")
%s
]]):format(ask))
    end
  end)

  it("is not told of calls without one, or of the pool's end", function()
    assert_silent [[
local pool <close> = futures.ThreadPoolExecutor(1)
pool:submit(print)
pool:submit(threading.exit)
]]
    assert_silent [[
local pool <close> = futures.ThreadPoolExecutor(2)
pcall(function()
  for _ in pool:map(function(i) error(i) end, { 1, 2, 3 }) do end
end)
]]
  end)
end)

describe("A pool that is not shut down", function()
  it("is told when it is collected, or at the end", function()
    for _, after in ipairs { "pool = nil collectgarbage()", "" } do
      assert_told("^the ThreadPoolExecutor that was made at 4 was not shut "
        .. "down, .*: declare it as 'local pool <close>', or call its "
        .. "shutdown%(%)$", ([[
pool = futures.ThreadPoolExecutor(1)
pool:submit(print):result()
%s
]]):format(after))
    end
  end)

  it("is not told where it is, or was not used", function()
    assert_silent [[
local unused = futures.ThreadPoolExecutor(1)
local pool = futures.ThreadPoolExecutor(1)
pool:submit(print)
pool:shutdown(false)
local closed <close> = futures.ThreadPoolExecutor(1)
closed:submit(print)
]]
  end)
end)

describe("A change of a number that is lost", function()
  local function in_threads(n, body)
    return ([[
local v, a = threading.Value("int64"), threading.Array("float64", 3)
local lock = threading.Lock()
-- it takes longer than all else: a switch comes here
local function work(x)
  for _ = 1, 500 do end
  return x
end
local function change()
  for i = 1, 2000 do
    %s
  end
end
threading.setswitchinterval(5e-5)
local list = {}
for i = 1, %d do
  list[i] = threading.Thread { target = change }
  list[i]:start()
end
for _, t in ipairs(list) do t:join() end
]]):format(body, n)
  end

  -- It depends on when threads take turns: not each run loses one.
  local function assert_lost(pattern, program)
    local list, runs = {}, 0
    while #list == 0 and runs < 20 do
      list, runs = told(program), runs + 1
    end
    assert.equal(1, #list, table.concat(list, "\n"))
    assert.matches(pattern, list[1])
  end

  it("is told of Values and Arrays", function()
    assert_lost("^13 reads a number of a Value and stores another one, and "
      .. "what another thread has stored in between is lost: use fetch_add or "
      .. "compare_exchange, or hold a Lock$",
      in_threads(2, "v.value = v.value + work(1)"))
    assert_lost("^13 reads a number of an Array and stores another one, and "
      .. "what another thread has stored in between is lost: use fetch_add, "
      .. "or hold a Lock$",
      in_threads(2, "a[2] = a[2] + work(1)"))
    assert_lost('^15 reads a number of Array "prices" and stores another',
      "\n\n" .. in_threads(2, "a[2] = a[2] + work(1)"):gsub("3%)",
        '3, { name = "prices" })', 1))
    assert_lost("^13 reads",
      in_threads(2, "if v.value < work(i) then v.value = i end"))
  end)

  it("is not told where none is", function()
    for _, body in ipairs {
      "lock:acquire() v.value = v.value + work(1) lock:release()",
      "v:fetch_add(work(1))",
      "a:fetch_add(2, work(1))",
      "repeat local n = v.value until v:compare_exchange(n, n + work(1))",
      "local n = v.value\nv.value = work(i)",
      "v.value = i local n = v.value work()",
      "a[1] = i; local n = a[2]; a[3] = work(n)",
    } do
      assert_silent(in_threads(2, body))
    end
    assert_silent(in_threads(1, "v.value = v.value + 1 a[1] = a[1] + 1"))
  end)
end)

describe("compare_exchange in the place of a lock", function()
  it("is told where a thread tries it again and again", function()
    assert_told("^7 tries compare_exchange of a Value again and again", [[
local v = threading.Value("int64", 1)
local trying
local t = threading.Thread { target = function()
  trying = true while not v:compare_exchange(0, 1) do end
end }
t:start()
while not trying do time.sleep(0) end
for i = 1, 2e6 do local _ = i % 3 end
time.sleep(0.02)
v.value = 0
t:join()
]])
  end)

  it("is not told where it is tried now and then", function()
    assert_silent [[
local v = threading.Value("int64", 1)
for _ = 1, 900 do v:compare_exchange(0, 1) end
v:compare_exchange(1, 1)
for _ = 1, 900 do v:compare_exchange(0, 1) end
]]
  end)
end)
