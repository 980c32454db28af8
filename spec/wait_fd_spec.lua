-- The recipes of docs/wait_fd.md, with the libraries and servers that are
-- installed.

local files = require "spec.support.files"
local support = require "spec.support"
local threading = require "threading"
local wait_fd = require "threading.io".wait_fd

local page = files.read "docs/wait_fd.md"

-- What the program below a heading returns.
local function recipe(heading)
  local body = page:match("\n## " .. heading .. "\n.-\n```lua\n(.-)\n```\n")
  return assert(load(body, "=" .. heading))()
end

local has_socket, luasocket = pcall(require, "socket")
local has_unix, unix = pcall(require, "socket.unix")

-- A socket's other end may not be there yet.
local function connect(path)
  local make = type(unix) == "table" and unix.stream or unix
  local s
  support.wait_until(function()
    s = make()
    if s:connect(path) then
      return true
    end
    s:close()
  end, "the server to be there")
  return s
end

-- Starts a server, calls fn, and ends the server.
local function with_server(command, fn)
  local p = assert(io.popen("echo $$; exec " .. command .. " 2>&1"))
  local pid = p:read "n"
  local ok, err = pcall(fn)
  os.execute("kill -INT " .. pid)
  p:read "a"
  p:close()
  assert(ok, err)
end

-- Calls fn(...) in a thread, which waits for a descriptor.
local function parked(fn, ...)
  local t = support.start(fn, ...)
  support.wait_thread_parked(t, "descriptor")
  return t
end

describe("cqueues", function()
  local found, cqueues = pcall(require, "cqueues")
  if not found then
    pending "needs cqueues (Debian: lua-cqueues)"
    return
  end

  it("loops while other threads run", function()
    local loop = recipe "cqueues"
    local condition = require "cqueues.condition".new()
    local cq, order = cqueues.new(), {}
    cq:wrap(function()
      condition:wait(support.PATIENCE)
      order[#order + 1] = "woken"
    end)
    cq:wrap(function()
      cqueues.sleep(0.02)
      order[#order + 1] = "slept"
    end)
    local t = parked(loop, cq)
    support.wait_until(function()
      return order[1]
    end, "the coroutine that sleeps")
    t:cancel()
    support.join(t)
    condition:signal()
    loop(cq)
    assert.same({ "slept", "woken" }, order)
  end)
end)

describe("Redis", function()
  if not (files.has "redis-server" and has_socket and has_unix) then
    pending "needs redis-server and LuaSocket's socket.unix"
    return
  end

  it("keeps no thread but that which asks", function()
    local redis, dir = recipe "Redis", files.folder()
    with_server(("redis-server --port 0 --save '' --dir %s "
      .. "--unixsocket %s/s"):format(dir, dir), function()
      local one, two = redis(connect(dir .. "/s")), redis(connect(dir .. "/s"))
      local job
      local t = parked(function()
        job = one:call("BLPOP", "jobs", 0)
      end)
      assert.equal("OK", two:call("SET", "key", "a value"))
      assert.equal("a value", two:call("GET", "key"))
      assert.equal(nil, two:call("GET", "nothing"))
      assert.matches("unknown command", support.message(two.call, two, "XX"))
      assert.equal(1, two:call("RPUSH", "jobs", ("x"):rep(1000000)))
      support.join(t)
      assert.same({ "jobs", ("x"):rep(1000000) }, job)

      local err
      t = parked(function()
        err = select(2, pcall(one.call, one, "BLPOP", "jobs", 0))
      end)
      t:cancel()
      support.join(t)
      assert(threading.is_cancelled(err))
    end)
    os.execute("rm -r " .. dir)
  end)
end)

-- What `exec` needs of a binding, over a socket of LuaSocket's: enough of
-- PostgreSQL's protocol for a query and its first column.
local PG = {}
PG.__index = PG

local function message(kind, ...)
  local body = table.concat { ... }
  return kind .. string.pack(">I4", #body + 4) .. body
end

local function pg(socket, user)
  socket:settimeout(0)
  local self = setmetatable({ it = socket, buffer = "", rows = {} }, PG)
  socket:send(message("", string.pack(">I4zzzzz", 196608, "user", user,
    "database", "postgres", "")))
  while self:isBusy() do
    assert(wait_fd(socket, "r"))
    self:consumeInput()
  end
  self:getResult()
  return self
end

function PG:socket()
  return self.it:getfd()
end

function PG:errorMessage()
  return self.err
end

function PG:consumeInput()
  local data, err, part = self.it:receive(65536)
  self.buffer = self.buffer .. (data or part)
  self.err = err
  return data or err == "timeout" or part ~= ""
end

function PG:sendQuery(sql)
  self.done, self.rows = false, {}
  return self.it:send(message("Q", string.pack("z", sql)))
end

-- Takes the messages that are there.
function PG:isBusy()
  while not self.done and #self.buffer >= 5 do
    local kind, n = string.unpack(">c1I4", self.buffer)
    if #self.buffer <= n then
      break
    end
    local body = self.buffer:sub(6, n + 1)
    self.buffer = self.buffer:sub(n + 2)
    if kind == "D" then
      self.rows[#self.rows + 1] = string.unpack(">s4", body, 3)
    elseif kind == "Z" then
      self.done = true
    end
  end
  return not self.done
end

function PG:getResult()
  local rows = self.rows
  self.rows = nil
  return rows
end

describe("PostgreSQL", function()
  local bin = files.shell "pg_config --bindir"
  if not (files.has(bin .. "/initdb") and has_socket and has_unix) then
    pending "needs PostgreSQL and LuaSocket's socket.unix"
    return
  end

  -- The server refuses to be run by root.
  local as = ""
  if files.shell "id -u" == "0" then
    as = "setpriv --reuid postgres --regid postgres --clear-groups "
  end

  it("keeps no thread but that which asks", function()
    local exec, dir = recipe "PostgreSQL", files.folder()
    if as ~= "" then
      assert(os.execute("chown postgres " .. dir))
    end
    local said, ok = files.shell("cd %s && %s %s/initdb -D %s/data -A trust "
      .. "-U test --no-sync", dir, as, bin, dir)
    assert(ok, said)
    with_server(("%s %s/postgres -D %s/data -k %s -c listen_addresses= "
      .. "-c fsync=off"):format(as, bin, dir, dir), function()
      local path = dir .. "/.s.PGSQL.5432"
      local ready
      support.wait_until(function()
        ready = select(2, files.shell("%s/pg_isready -h %s", bin, dir))
        return ready
      end, "the server to be ready")
      local one, two = pg(connect(path), "test"), pg(connect(path), "test")
      local result
      local t = parked(function()
        result = exec(one, "select pg_advisory_lock(1); select 'one' ")
      end, exec(two, "select pg_advisory_lock(1)"))
      assert.same({ "42" }, exec(two, "select 6 * 7"))
      exec(two, "select pg_advisory_unlock(1)")
      support.join(t)
      assert.same({ "", "one" }, result)

      local err
      t = parked(function()
        err = select(2, pcall(exec, two, "select pg_advisory_lock(1)"))
      end)
      t:cancel()
      support.join(t)
      assert(threading.is_cancelled(err))
    end)
    os.execute("rm -r " .. dir)
  end)
end)

describe("curl", function()
  if not (pcall(require, "cURL") and has_socket) then
    pending "needs Lua-cURL for this Lua"
    return
  end

  it("keeps no thread but that which transfers", function()
    local perform, curl = recipe "curl", require "cURL"
    local server = assert(luasocket.bind("127.0.0.1", 0))
    local _, port = server:getsockname()
    local text, ok = {}, nil
    local t = parked(function()
      ok = perform(curl.easy {
        url = ("http://127.0.0.1:%d/"):format(port),
        writefunction = function(s)
          text[#text + 1] = s
        end,
      })
    end)
    local client = server:accept()
    repeat
      local line = client:receive()
    until line == ""
    client:send "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello"
    client:close()
    support.join(t)
    server:close()
    assert.equal("hello", table.concat(text))
    assert(ok)
  end)
end)
