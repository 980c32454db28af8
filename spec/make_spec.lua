-- What the targets of the Makefile leave behind, and what `make test` makes of
-- what the specs leave. Each in a copy of what it is about.

local files = require "spec.support.files"

local function must(command, ...)
  local said, ok = files.shell(command, ...)
  assert.is_true(ok, said)
  return said
end

local function has_git()
  return (select(2, files.shell "git rev-parse"))
end

describe("make", function()
  local dir

  before_each(function()
    dir = files.folder()
  end)

  after_each(function()
    must("rm -r %s", dir)
  end)

  local function put(name)
    must("mkdir -p %s/%s", dir, name:match "^(.*)/" or ".")
    files.write(dir .. "/" .. name, "")
  end

  -- What LuaRocks makes of a rockspec in a folder of the checkout.
  local function made_by_luarocks(folder, rockspec)
    local it, list = { rockspec_format = "" }, {}
    assert(loadfile(folder .. rockspec, "t", it))()
    for name, how in pairs(it.build.modules) do
      if type(how) == "table" then
        list[#list + 1] = folder .. name:gsub("%.", "/") .. ".so"
        for _, source in ipairs(how.sources or how) do
          list[#list + 1] = folder .. source:gsub("%.c$", ".o")
        end
      end
    end
    return list
  end

  -- What is made in a checkout by the ways that the documents name.
  local function all_that_is_made()
    local list = {
      ".rocks/built", "build/log", "doc/index.html", "examples/embed/host",
      "luacov.stats.out", "threading-scm-1.all.rock",
    }
    for folder, rockspec in pairs {
      [""] = "threading-scm-1.rockspec",
      ["examples/cmodule/"] = "zfiles-1.0-1.rockspec",
    } do
      local made = made_by_luarocks(folder, rockspec)
      assert.is_true(#made >= 2)
      table.move(made, 1, #made, #list + 1, list)
    end
    return list
  end

  it("clean removes what was made, and nothing else", function()
    must("cp -R Makefile LICENSE *.rockspec csrc lua examples tools %s", dir)
    must("cd %s && find csrc -name '*.o' -exec rm {} +", dir)
    must("cd %s && rm -f examples/cmodule/*.o examples/cmodule/*.so", dir)
    local before = must("cd %s && find . -type f | sort", dir)
    for _, name in ipairs(all_that_is_made()) do
      put(name)
    end
    must("cd %s && MAKEFLAGS= make TREE=.rocks clean", dir)
    assert.equal(before, must("cd %s && find . -type f | sort", dir))
  end)

  it("makes nothing that git does not ignore", function()
    if not has_git() then
      pending "no git, or no repository"
      return
    end
    for _, name in ipairs(all_that_is_made()) do
      assert.equal(name, must("git check-ignore --no-index %s", name))
    end
  end)

  it("bench leaves bench/RESULTS.md alone, bench-record does not", function()
    must("cp -R bench tools %s", dir)
    local tracked, made = dir .. "/bench/RESULTS.md",
      dir .. "/build/bench/RESULTS.md"
    files.write(tracked, "before")
    files.write(dir .. "/bench/cases.lua", "return {}")
    must("cd %s && tools/bench", dir)
    assert.equal("before", files.read(tracked))
    assert.matches("^# How fast\n", files.read(made))
    os.remove(made)
    must("cd %s && tools/bench record", dir)
    assert.equal(files.read(made), files.read(tracked))
    assert.matches("\nbench%-record:[^\n]*\n[^\n]*\n?\t@tools/bench record\n",
      files.read "Makefile")
  end)
end)

describe("the runner of the specs", function()
  -- What it says of a file with one test, and its status.
  local function run(source, patience, seconds)
    local dir = files.folder()
    local name = dir .. "/x_spec.lua"
    files.write(name, ([[
      local support = require "spec.support"
      it("is a test", function() %s end)
    ]]):format(source))
    local said, _, code = files.shell("TREE=%s TEST_PATIENCE=%d "
      .. "TEST_SECONDS=%d tools/test %s", dir, patience, seconds or 300, name)
    must("rm -r %s", dir)
    return said, code
  end

  local has_proc = io.open "/proc/self/status"

  it("passes what leaves nothing behind", function()
    local said, code = run([[
      support.join(support.start(os.execute, ":"))
    ]], 200)
    assert.matches("\n1 passed, 0 failed$", said)
    assert.equal(0, code)
  end)

  it("fails what leaves a process, and says which", function()
    if not has_proc then
      pending "no /proc"
      return
    end
    local said, code = run([[
      os.execute "sleep 1000 >/dev/null 2>&1 &"
    ]], 1)
    local pid = said:match
      "Left behind by [^\n]*x_spec.lua: process (%d+): sleep 1000"
    assert.is_truthy(pid, said)
    must("kill %s", pid)
    assert.matches("\n1 passed, 1 failed$", said)
    assert.equal(1, code)
  end)

  it("fails what leaves a thread", function()
    if not has_proc then
      pending "no /proc"
      return
    end
    local said, code = run([[
      support.wait_thread_parked(support.start(function()
        require "threading".Event():wait(support.PATIENCE)
      end))
    ]], 1)
    assert.matches("Left behind by [^\n]*x_spec.lua: 1 thread%(s%)\n", said)
    assert.matches("\n1 passed, 1 failed$", said)
    assert.equal(1, code)
  end)

  it("adds up what several files come to", function()
    local dir = files.folder()
    local function spec(name, body)
      local file = ("%s/%s_spec.lua"):format(dir, name)
      files.write(file, ('it("is %s", function() %s end)'):format(name, body))
      return file
    end
    local right = spec("right", "")
    local list = { right, spec("left_out", "pending 'nothing'"), right,
      spec("wrong", "error 'as it should'"), spec("dead", "os.exit(0)") }
    local said, _, code = files.shell("tools/specs %s",
      table.concat(list, " "))
    must("rm -r %s", dir)
    assert.matches("right_spec.lua +%d+ s  1 passed, 0 failed\n", said)
    assert.matches("as it should", said)
    assert.matches("dead_spec.lua +%d+ s  0 passed, 1 failed\n", said)
    assert.matches("\n1 passed, 2 failed, 1 skipped$", said)
    assert.equal(1, code)
  end)

  it("ends what hangs, and says where each thread is", function()
    local said, code = run([[
      local threading = require "threading"
      threading.deadlock_policy "off"
      local t = threading.Thread { name = "stuck", target = function()
        threading.Event():wait()
      end }
      t:start()
      t:join()
    ]], 1, 1)
    assert.matches("threading: 1 seconds in this test: is a test\n", said, 1,
      true)
    assert.matches("\nMainThread %(.- waits for stuck to end at ", said)
    assert.matches("\nstuck %(.- waits for Event ", said)
    assert.matches("died with status 137 in this test:\nis a test$", said)
    assert.equal(137, code)
  end)
end)
