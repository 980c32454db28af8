--- A random program: threads that do deeds in an order that the seed says.
--
-- A subject (a file of this directory) is a function that gets the world and
-- returns its deeds, by name, and a check of what must be true at the end. A
-- deed gets the doer: `random`, its own generator; `count(name, n)`, its own
-- book; `safely(fn, ...)`, which keeps an asynchronous cancellation out where
-- two things must both be done or none.

local keys = require "tools.keys"
local new_random = require "tools.stress.random"
local threading = require "threading"

local SUBJECTS <const> = {
  "churn", "flow", "meetings", "money", "numbers", "outside", "pipes", "realms",
  "tasks", "vm",
}

local function call(fn, ...)
  return fn(...)
end

local world = {}
world.__index = world

local function new(seed)
  local self = setmetatable({
    random = new_random(seed), deeds = {}, checks = {}, books = {},
    threads = {}, victims = {}, m = threading.Lock(),
  }, world)
  for _, subject in ipairs(SUBJECTS) do
    local deeds, check = require("tools.stress." .. subject)(self)
    for _, name in ipairs(keys(deeds)) do
      self.deeds[#self.deeds + 1] = deeds[name]
    end
    self.checks[#self.checks + 1] = check
  end
  return self
end

--- Who does deeds. `exposed`: it may be cancelled asynchronously.
function world:doer(seed, exposed)
  local book = {}
  local doer = {
    random = new_random(seed),
    safely = exposed and threading.shield or call,
    exposed = exposed,
  }
  function doer.count(name, n)
    book[name] = (book[name] or 0) + (n or 1)
  end
  threading.shield(function()
    local _ <close> = self.m:guard()
    self.books[#self.books + 1] = book
  end)
  return doer
end

--- Starts a thread that the world joins in the end.
function world:start(fn, ...)
  local t = threading.Thread { target = fn, args = table.pack(...) }
  threading.shield(function()
    t:start()
    local _ <close> = self.m:guard()
    self.threads[#self.threads + 1] = t
  end)
  return t
end

--- Starts a thread that does n deeds.
function world:start_doer(n, seed, exposed)
  return self:start(self.work, self, self:doer(seed, exposed), n)
end

--- The same; deeds may cancel it.
function world:start_victim(n, seed, exposed)
  local t = self:start_doer(n, seed, exposed)
  self.victims[#self.victims + 1] = { thread = t, exposed = exposed }
end

function world:work(doer, n)
  for _ = 1, n do
    self.deeds[doer.random(#self.deeds)](doer)
  end
end

--- What all books together say.
function world:total(name)
  local sum = 0
  for _, book in ipairs(self.books) do
    sum = sum + (book[name] or 0)
  end
  return sum
end

--- Waits for all that have been started.
function world:join()
  local i = 1
  while self.threads[i] do -- the list may grow
    self.threads[i]:join()
    i = i + 1
  end
end

function world:check()
  for _, check in ipairs(self.checks) do
    check()
  end
end

return new
