-- The order in which locks are taken, as THREADING_DEBUG and explore tell it.

local support = require "spec.support"

local before = { before = "export THREADING_DEBUG=1" }

local preamble = [[
local threading = require "threading"
local function both(first, second, ...)
  first:acquire() second:acquire(...) second:release() first:release()
end
]]

-- Returns what a program says of orders: a list of lists of pairs, each with
-- its kinds and line.
local function told(program, options)
  local r = support.run(preamble .. program, options or before)
  assert.equal(0, r.code, r.err)
  local list = {}
  for line in r.err:gmatch "[^\n]+" do
    local pairs_of = line:match("^threading: locks are taken in different "
      .. "orders.-: (.+): take them in the same order everywhere$")
    list[#list + 1] = pairs_of and {}
    for first, a, second, b, where in (pairs_of or ""):gmatch("(%a+) (0x%x+) "
      .. "%(made at %S+:%d+%) then (%a+) (0x%x+) %(made at %S+:%d+%) at "
      .. "[^,]*:(%d+)") do
      table.insert(list[#list], ("%s then %s at %s"):format(first, second,
        where))
      list[#list].first = list[#list].first or a
      list[#list].last = b
    end
  end
  for _, fault in ipairs(list) do
    assert.equal(fault.first, fault.last) -- a circle
    fault.first, fault.last = nil, nil
  end
  return list
end

describe("locks that are taken in different orders", function()
  it("are told once, with the places", function()
    assert.same({
      { "RLock then Lock at 7", "Lock then RLock at 6" },
    }, told [[
local a, b = threading.Lock(), threading.RLock()
local function ab() a:acquire() b:acquire() b:release() a:release() end
local function ba() b:acquire() a:acquire() a:release() b:release() end
for _ = 1, 3 do ab() ba() end
]])
  end)

  it("are told of threads, guards, conditions and with", function()
    assert.same({
      { "Lock then Lock at 13", "Lock then Lock at 7" },
      { "RLock then Lock at 16", "Lock then RLock at 14" },
    }, told [[
local a, b, c = threading.Lock(), threading.Lock(), threading.Condition()
local function ab()
  local _ <close> = a:guard() local _ <close> = b:guard()
end
local t = threading.Thread { target = ab }
t:start()
t:join()
b:with(function()
  a:with(function() end) end)
a:with(function() c:acquire() end)
c:release()
c:with(function() a:with(function() end) end)
]])
  end)

  it("are told of a circle of three", function()
    assert.same({
      { "Lock then Lock at 8", "Lock then Lock at 6", "Lock then Lock at 7" },
    }, told [[
local a, b, c = threading.Lock(), threading.Lock(), threading.Lock()
a:acquire() b:acquire() b:release() a:release()
b:acquire() c:acquire() c:release() b:release()
c:acquire() a:acquire() a:release() c:release()
]])
  end)

  it("are none where one of them is only tried", function()
    assert.same({}, told [[
local a, b = threading.Lock(), threading.Lock()
both(a, b)
both(b, a, false)
both(b, a, true, 1)
]])
  end)

  it("are none where another one has been made in the place of one", function()
    assert.same({}, told [[
for _ = 1, 200 do
  local a, b = threading.Lock(), threading.Lock()
  both(a, b)
  a, b = nil, nil
  collectgarbage()
end
]])
  end)

  it("are none of what was released elsewhere, or taken again", function()
    assert.same({}, told [[
local a, b, r = threading.Lock(), threading.Lock(), threading.RLock()
both(a, b)
b:acquire()
local t = threading.Thread { target = b.release, args = { b } }
t:start()
t:join()
a:acquire()
a:release()
r:acquire() both(a, r) r:release()
]])
  end)

  it("are told while there are more pairs than are kept", function()
    assert.equal(1, #told [[
local many = {}
for k = 1, 100 do many[k] = threading.Lock() end
for i = 1, 100 do
  for k = i + 1, 100 do both(many[i], many[k]) end
end
both(many[100], many[99])
]])
  end)

  it("are not told without", function()
    assert.same({}, told([[
local a, b = threading.Lock(), threading.Lock()
both(a, b)
both(b, a)
]], { before = "unset THREADING_DEBUG" }))
  end)

  it("are told once while a program is explored, and not after", function()
    assert.equal(1, #told([[
local explore = require "threading.explore"
local function run()
  local a, b = threading.Lock(), threading.Lock()
  local t = threading.Thread { target = both, args = { a, b } }
  t:start()
  t:join()
  both(b, a)
end
explore(run, { schedules = 20 })
run()
]], { before = "unset THREADING_DEBUG" }))
  end)
end)
