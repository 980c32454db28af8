--- What must stand when memory runs out, or the system refuses something: for
-- every operation, at each of its chances to fail. Runs in the hostile build,
-- in a Lua state of its own, where `testing` is `_thread._testing`.
--
-- A case makes what it needs, and returns three functions: the operation; what
-- is true after it has failed; and what is true after it has succeeded, which
-- is given its results. An operation that has failed must succeed the next
-- time. A fourth result says that the operation is that of a thread of C's:
-- "everywhere", for that is where it may fail.

local support = require "spec.support"
local threading = require "threading"

local testing = _G.testing

local FOREVER <const> = math.maxinteger
local MOST <const> = 5000 -- chances of one operation
local MOST_EVERYWHERE <const> = 60

-- The hostile build comes to each chance. A sanitizer, that takes long, looks
-- for what goes wrong silently: of many it sees some.
local STRIDE <const> = support.is_instrumented() and 5 or 1

-- A function is translated anew at each of its thousand chances, a kernel is
-- read anew. `make hostile` comes to all of them, `make test` to some, and each
-- time to others.
local LONG_STRIDE <const> = os.getenv "HOSTILE_FEW" and 31 or STRIDE

-- What an error may say.
local REASONS <const> = {
  memory = { "not enough memory", "Cannot allocate memory",
    "stack overflow" }, -- Lua's, where the stack cannot grow
  call = { "not enough memory", "can't start", "Too many open files",
    "Resource temporarily unavailable", "No space left on device" },
}

local function nothing() end

local cases, long = {}, {}
for _, part in ipairs { "objects", "outside", "kernels", "compiled",
    "programs", "sockets", "messages", "interpreters", "explored",
    "remote", "processes" } do
  for name, case in pairs(require("spec.support.hostile." .. part)) do
    assert(not cases[name], name)
    cases[name], long[name] = case,
      part == "compiled" or part == "kernels"
  end
end

-- One operation, at its nth chance and those up to `last`; false at its end.
local function attempt(name, kind, n, last)
  local operate, failed, done, where = cases[name]()
  collectgarbage() -- Lua drops a finaliser that it has no memory to call
  local t = table.pack(testing.attempt(where and kind .. " " .. where or kind,
    n, last, operate))
  local reached, ok, err = t[1], t[2], t[3]
  if ok then
    done(table.unpack(t, 3, t.n))
    return reached
  end
  assert(reached, err)
  local clear = false
  for _, reason in ipairs(REASONS[kind]) do
    clear = clear or tostring(err):find(reason, 1, true)
  end
  assert(clear, "not clear: " .. tostring(err))
  failed()
  done(operate())
  return true
end

-- The same where other threads, too, meet the failures: they may die of them,
-- and take with them what was waited for; what is left of them grows.
local function survive(name, kind, n, last)
  local operate = cases[name]()
  local reached = testing.attempt(kind .. " everywhere", n, last, operate)
  collectgarbage()
  return reached
end

local function run(name, kind, everywhere)
  threading.excepthook = nothing
  local try = everywhere and survive or attempt
  local most = everywhere and MOST_EVERYWHERE or MOST
  local stride = long[name] and LONG_STRIDE or STRIDE
  local first = 10 + os.time() % stride -- of those that are not near
  -- The library's own string buffers keep half a metatable when they fail.
  local _ = ("x"):rep(1 << 14)
  for _, more in ipairs { 0, FOREVER // 2 } do
    local n = 1
    while n <= most do
      local ok, err = xpcall(try, debug.traceback, name, kind, n, n + more)
      if not ok then
        error(("%s, at chance %d%s: %s"):format(name, n,
          more > 0 and " and all that follow" or "", err), 0)
      elseif not err then
        break
      end
      n = n < 9 and n + 1 or math.max(n + stride, first)
    end
    assert(everywhere or n <= most, "no end")
  end
end

return { cases = cases, run = run }
