-- Every program of docs/cookbook.md runs, and prints what the page says; those
-- that need a library or a server where it is installed.

local files = require "spec.support.files"
local pages = require "spec.support.pages"
local site = require "spec.support.site"
local sockets = require "spec.support.sockets"
local support = require "spec.support"

local MOST_LINES <const> = 30 -- of a program

-- The program below a heading of docs/wait_fd.md.
local function recipe(heading)
  return files.read "docs/wait_fd.md":match("\n## " .. heading
    .. "\n.-\n```lua\n(.-\n)```")
end

-- The page's recipes in their order: lists of `heading` and `blocks`.
local function recipes(page)
  local list = {}
  for heading, body in page:gsub("\n## ", "\0"):gmatch "%z([^\n]+)([^%z]*)" do
    list[#list + 1] = { heading = heading, blocks = pages.blocks(body) }
  end
  return list
end

-- A module that the program requires and that is not there.
local function missing(program)
  for name in program:gmatch 'require "([^"]+)"' do
    if name ~= "redis" and name ~= "perform" and name ~= "busted.runner"
      and not pcall(require, name) then
      return name
    end
  end
end

-- What a program prints, errors in its threads included.
local function output_of(folder, program)
  files.write(folder .. "/waiter.lua", program)
  local progress = program:find("futures.progress", 1, true)
  return (files.shell("cd %s && %s waiter.lua 2>%s", folder,
    support.lua_command(), progress and "/dev/null" or "&1")) .. "\n"
end

-- Calls fn with the port of a Redis that is there meanwhile.
local function with_redis(fn)
  local server, port = sockets.listen()
  server:close()
  local p = assert(io.popen(("echo $$; exec redis-server --port %d --bind "
    .. "127.0.0.1 --save '' 2>&1"):format(port)))
  local pid = p:read "n"
  repeat
    local line = p:read "l"
  until not line or line:find "eady to accept"
  local ok, err = pcall(fn, tostring(port))
  os.execute("kill -INT " .. pid)
  p:read "a"
  p:close()
  assert(ok, err)
end

-- What is special about some of them, by heading: `run` makes the output,
-- `check` looks at one that is not on the page, `same` leaves of an output what
-- is the same each time.
local special = {
  ["What does every thread do?"] = {
    same = function(text)
      return (text:gsub("0x%x+", "0x"):gsub("%d+", "N")
        :gsub("\t%S*/threading/", "\t.../threading/"))
    end,
  },
  ["Log lines with thread names"] = {
    same = function(text)
      return (text:gsub("%d+%-%d+%-%d+ %d+:%d+:%d+,%d+", "TIME"))
    end,
  },
  ["A test"] = {
    same = function(text)
      return text:match "1 success[^:]*pending"
    end,
  },
  ["Hash files in parallel"] = {
    run = function(folder, program)
      files.write(folder .. "/it's one", "1")
      return output_of(folder, [[arg = { "it's one", "redis.lua" } ]]
        .. program)
    end,
    check = function(folder, out)
      local said = files.shell("cd %s && sha256sum \"it's one\" redis.lua",
        folder)
      assert.equal(said:gsub("  ", "\t") .. "\n", out)
    end,
  },
  curl = {
    run = function(folder, program)
      return output_of(folder, site .. program)
    end,
    check = function(_, out)
      assert.matches("^http://%S+/3\t15\nhttp://%S+/2000\t10000\n$", out)
    end,
  },
  Redis = {
    needs = not files.has "redis-server" and "redis-server",
    run = function(folder, program)
      local out
      with_redis(function(port)
        out = output_of(folder, program:gsub("6379", port))
      end)
      return out
    end,
  },
  TLS = { needs = not files.has "openssl" and "openssl" },
}

local function unchanged(text)
  return text
end

describe("docs/cookbook.md", function()
  local list = recipes(files.read "docs/cookbook.md")
  local folder

  setup(function()
    folder = files.folder()
    files.write(folder .. "/redis.lua", recipe "Redis")
    files.write(folder .. "/perform.lua", recipe "curl")
    files.shell("cd %s && openssl req -x509 -newkey ec -pkeyopt "
      .. "ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost "
      .. "-addext subjectAltName=DNS:localhost -keyout key.pem -out cert.pem",
      folder)
  end)

  teardown(function()
    os.execute("rm -r " .. folder)
  end)

  for _, entry in ipairs(list) do
    local program, shown = entry.blocks[1].text, entry.blocks[2]
    local how = special[entry.heading] or {}

    it("runs: " .. entry.heading .. " #long", function()
      local needs = how.needs or missing(program)
      if needs then
        pending("needs " .. needs)
        return
      end
      local out = (how.run or output_of)(folder, program)
      if shown then
        local same = how.same or unchanged
        assert.equal(same(shown.text), same(out))
      else
        how.check(folder, out)
      end
    end)

    it("is short: " .. entry.heading, function()
      local lines = select(2, program:gsub("\n", ""))
      assert.is_true(lines <= MOST_LINES, lines .. " lines")
    end)
  end

  it("has thirty and more recipes", function()
    assert.is_true(#list >= 30)
  end)
end)
