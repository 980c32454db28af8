-- One idea: a library that keeps the lock while it works gets an interpreter of
-- its own. A query of SQLite that takes long stops nobody: the main thread goes
-- on, and so do all others. It needs LuaSQL (Debian: lua-sql-sqlite3).

local interpreters = require "threading.interpreters"
local threading = require "threading"
local time = require "threading.time"

local database <close> = interpreters.create()

-- The connection is a global there: it cannot cross, and need not.
database:exec [[
  local luasql = require "luasql.sqlite3"
  connection = assert(luasql.sqlite3():connect ":memory:")

  function query(text)
    local cursor = assert(connection:execute(text))
    if type(cursor) == "number" then
      return cursor
    end
    local rows, row = {}, cursor:fetch({}, "a")
    while row do
      rows[#rows + 1] = row
      row = cursor:fetch({}, "a")
    end
    cursor:close()
    return rows
  end
]]

-- Runs there, where `query` is a global.
local function ask(text)
  return query(text) -- luacheck: ignore 113
end

database:call(ask, "create table numbers (n integer)")
database:call(ask, [[
  insert into numbers with recursive k(n) as
    (select 1 union all select n + 1 from k where n < 1500) select n from k]])

-- Long work for SQLite, in one call of C.
local slow <const> = [[
  select count(*) as pairs from numbers a, numbers b, numbers c
    where a.n + b.n = c.n and c.n < 200]]

local rows, ticks
local t = threading.Thread {
  target = function()
    rows = database:call(ask, slow)
  end,
}
t:start()
ticks = 0
repeat -- meanwhile
  time.sleep(0.01)
  ticks = ticks + 1
until not t:is_alive()
print(("%d pairs; the main thread ran %s meanwhile"):format(rows[1].pairs,
  ticks > 1 and "many times" or "once"))
