local files = require "spec.support.files"
local interpreters = require "threading.interpreters"
local log = require "threading.log"
local support = require "spec.support"
local threading = require "threading"

local USUAL <const> =
  "%(asctime)s %(levelname)s %(threadName)s: %(message)s"

-- luacheck: ignore 122

-- The lines that go on from now to a list, and their records.
local function collect(options)
  options = options or {}
  local lines, records = {}, {}
  options.handlers = { function(line, record)
    lines[#lines + 1] = line
    records[#records + 1] = record
  end }
  options.format = options.format or "%(levelname)s %(message)s"
  log.basicConfig(options)
  return lines, records
end

describe("log", function()
  local err = io.stderr

  after_each(function()
    log.basicConfig {
      level = "warning", format = USUAL, stream = err,
    }
  end)

  it("writes from its level on", function()
    local lines = collect { level = "info" }
    for _, name in ipairs { "debug", "info", "warning", "error",
        "critical" } do
      log[name](name)
    end
    assert.same({ "INFO info\n", "WARNING warning\n", "ERROR error\n",
      "CRITICAL critical\n" }, lines)
    log.log("debug", "x")
    log.log(log.ERROR, "%d", 5)
    log.log(35, "between")
    assert.same({ "ERROR 5\n", "Level 35 between\n" },
      { lines[5], lines[6], lines[7] })
  end)

  it("the level may be changed, and asked for", function()
    local lines = collect { level = "critical" }
    log.error "no"
    log.setLevel "DEBUG"
    log.debug "yes"
    assert.same({ "DEBUG yes\n" }, lines)
    assert.is_true(log.isEnabledFor(log.DEBUG))
    log.setLevel(45)
    assert.is_false(log.isEnabledFor "error")
    assert.is_true(log.isEnabledFor "Critical")
    assert.equal(45, log.getLogger():getEffectiveLevel())
  end)

  it("formats as string.format, nil too; without more it does not", function()
    local lines = collect { level = "debug" }
    log.info("%s has %d of %5.2f %s", "it", 3, 1.5, nil)
    log.info "100 %d"
    log.info(nil)
    log.info({} and 5)
    log.info(setmetatable({}, { __tostring = function()
      return "object"
    end }))
    assert.same({ "INFO it has 3 of  1.50 nil\n", "INFO 100 %d\n",
      "INFO nil\n", "INFO 5\n", "INFO object\n" }, lines)
  end)

  it("formats nothing below the level", function()
    local lines, calls = collect { level = "info" }, 0
    local object = setmetatable({}, { __tostring = function()
      calls = calls + 1
      return "object"
    end })
    log.debug("%s", object)
    log.debug(object)
    log.getLogger("a"):debug("%s", object)
    assert.equal(0, calls)
    log.info("%s", object)
    assert.equal(1, calls)
    assert.equal(1, #lines)
  end)

  it("what cannot be formatted is written with the reason", function()
    local lines = collect()
    log.error("%d of %d", 1)
    log.error("%d", "x")
    log.error(setmetatable({}, { __tostring = function()
      error("bad object", 0)
    end }))
    log.error({}, 1)
    assert.matches("^ERROR %%d of %%d %(cannot be formatted: .*no value",
      lines[1])
    assert.matches("^ERROR %%d %(cannot be formatted: .*number expected",
      lines[2])
    assert.equal("ERROR table (cannot be formatted: bad object)\n", lines[3])
    assert.matches("^ERROR table %(cannot be formatted: ", lines[4])
  end)

  it("knows the fields of Python's formats", function()
    local before = os.time()
    local lines, records = collect {
      format = "%(asctime)s|%(created)f|%(msecs)03d|%(levelname)-8s|"
        .. "%(levelno)s|%(name)5s|%(threadName)s|%(thread)d|%(message).3s|%%",
    }
    local t = support.start(function()
      log.warning("abcdef")
    end)
    support.join(t)
    local asctime, created, msecs, level, no, name, thread, ident, message =
      lines[1]:match("^(.-)|(.-)|(.-)|(.-)|(.-)|(.-)|(.-)|(.-)|(.-)|%%\n$")
    local stamp, ms = asctime:match "^(%d+%-%d+%-%d+ %d+:%d+:%d+),(%d%d%d)$"
    assert.equal(os.date("%Y-%m-%d %H:%M:%S", tonumber(created) // 1), stamp)
    assert.equal(ms, msecs)
    assert.is_true(tonumber(created) // 1 >= before)
    assert.same({ "WARNING ", "30", " root", t.name, tostring(t.ident),
      "abc" }, { level, no, name, thread, ident, message })
    assert.equal("abcdef", records[1].message)
    assert.equal(log.WARNING, records[1].level)
    assert.equal(t.name, records[1].threadName)
  end)

  it("takes a format for the time", function()
    local lines = collect { format = "%(asctime)s", datefmt = "[%Y]" }
    log.error "x"
    assert.matches("^%[%d%d%d%d%]\n$", lines[1])
    log.basicConfig { level = "error" }
    log.error "x"
    assert.equal(lines[1], lines[2])
    log.basicConfig { format = "%(asctime)s" }
    log.error "x"
    assert.matches("^%d+%-%d%d%-%d%d %d%d:%d%d:%d%d,%d%d%d\n$", lines[3])
  end)

  it("says where the call is", function()
    local lines = collect { format = "%(filename)s:%(lineno)d" }
    local line = debug.getinfo(1, "l").currentline + 1
    log.error "x"
    log.getLogger("a.b"):error "x"
    log.log("error", "x")
    pcall(log.error, "x")
    for i = 1, 4 do
      assert.equal(("log_spec.lua:%d\n"):format(line + i - 1), lines[i])
    end
  end)

  it("a message with zeros goes through any format", function()
    local lines = collect { format = "%(message)5s %(message)s" }
    log.error "a\0b"
    assert.equal(" a\\0b a\\0b\n", lines[1])
  end)

  it("loggers have names, and levels from those above them", function()
    local lines = collect { level = "warning", format = "%(name)s %(message)s" }
    local a, b = log.getLogger "spec_a", log.getLogger "spec_a.b.c"
    assert.equal(a, log.getLogger "spec_a")
    assert.equal(log.getLogger(), log.getLogger "root")
    b:info "no"
    a:setLevel "info"
    b:info "yes"
    assert.equal(log.INFO, b:getEffectiveLevel())
    local middle = log.getLogger "spec_a.b"
    middle:setLevel(log.ERROR)
    b:warning "no"
    b:setLevel "debug"
    b:debug("%d", 1)
    b:log("info", "two")
    middle:setLevel()
    b:setLevel(nil)
    b:debug "no"
    b:info "three"
    a:setLevel(nil)
    b:info "no"
    b:critical "four"
    assert.is_true(b:isEnabledFor "warning")
    assert.is_false(b:isEnabledFor(29))
    assert.same({ "spec_a.b.c yes\n", "spec_a.b.c 1\n", "spec_a.b.c two\n",
      "spec_a.b.c three\n", "spec_a.b.c four\n" }, lines)
    assert.equal("<Logger spec_a (WARNING)>", tostring(a))
    assert.equal("<Logger root (WARNING)>", tostring(log.getLogger()))
  end)

  it("a handler may wait, fail and log; others go on", function()
    local texts, lock = {}, threading.Lock()
    local function first(line)
      lock:acquire()
      lock:release()
      texts[#texts + 1] = line
      log.error "from the handler"
    end
    local second = { write = function(_, line)
      texts[#texts + 1] = "2 " .. line
    end }
    log.basicConfig {
      format = "%(message)s",
      handlers = { function()
        error "broken handler"
      end, first, second },
    }
    local told = {}
    io.stderr = { write = function(_, text)
      told[#told + 1] = text
    end }
    lock:acquire()
    local t = support.start(log.error, "x")
    support.wait_thread_parked(t, "Lock")
    lock:release()
    support.join(t)
    io.stderr = err
    assert.same({ "x\n", "2 from the handler\n", "2 x\n" }, texts)
    assert.equal(2, #told) -- of the one that the handler has logged, too
    assert.matches("^threading.log: a line cannot be written: .*broken handler",
      told[1])
  end)

  it("an error object is told, whatever its __tostring does", function()
    local before = io.stderr
    log.basicConfig { format = "%(message)s", handlers = { function()
      error(setmetatable({}, { __tostring = error }))
    end } }
    local told = {}
    io.stderr = { write = function(_, text)
      told[#told + 1] = text
    end }
    local ok = pcall(log.error, "x")
    io.stderr = before
    assert.is_true(ok)
    assert.same({ "threading.log: a line cannot be written: "
      .. "(error object is a table value)\n" }, told)

    local lines = collect()
    log.error(setmetatable({}, { __tostring = error }))
    assert.equal("ERROR table (cannot be formatted: "
      .. "(error object is a table value))\n", lines[1])
  end)

  it("a cancelled thread logs what it has to, and stays cancelled", function()
    local lines = collect { format = "%(message)s" }
    local t = support.start(function()
      local _ <close> = threading.defer(log.error, "ended")
      threading.Event():wait()
    end)
    support.wait_thread_parked(t, "Event")
    t:cancel()
    support.join(t)
    assert.same({ "ended\n" }, lines)
  end)

  it("appends to a file, or writes it anew", function()
    local name = os.tmpname()
    log.basicConfig { filename = name, format = "%(message)s" }
    log.error "one"
    assert.equal("one\n", files.read(name))
    log.basicConfig { filename = name }
    log.error "two"
    assert.equal("one\ntwo\n", files.read(name))
    log.basicConfig { filename = name, filemode = "w" }
    log.error "three"
    assert.equal("three\n", files.read(name))
    os.remove(name)
  end)

  it("writes to stderr, from warnings on, until it is told", function()
    local r = support.run [[
      local log = require "threading.log"
      log.info "no"
      log.warning("%s", "yes")
    ]]
    assert.equal(0, r.code)
    assert.matches("^%d+%-%d%d%-%d%d %d%d:%d%d:%d%d,%d%d%d WARNING "
      .. "MainThread: yes\n$", r.err)
  end)

  it("what is wrong raises, and changes nothing", function()
    local lines = collect { level = "info" }
    local function bad(text, options)
      assert.matches(text, support.message(log.basicConfig, options), 1, true)
    end
    bad("options", nil)
    bad("options", 5)
    bad("unexpected keyword argument 'levl'", { levl = "info" })
    bad("bad argument 'level' to 'basicConfig' (level expected: debug, info, "
      .. "warning, error, critical, or an integer)", { level = "loud" })
    bad("level", { level = 1.5 })
    bad("'format'", { format = 5 })
    bad("(unknown field 'mesage'; known: asctime, created, ",
      { format = "%(mesage)s" })
    bad("no field such as '%(message)s' at '%s'", { format = "%s" })
    bad("no field such as '%(message)s' at '%(message'",
      { format = "a %(message" })
    bad("bad argument 'format' to 'basicConfig' (",
      { format = "%(message)d" })
    bad("datefmt", { datefmt = 1 })
    bad("basicConfig: /no/such/folder/x", { filename = "/no/such/folder/x" })
    bad("filename", { filename = 5 })
    bad("filemode", { filename = "x", filemode = "r" })
    bad("give either 'filename' or 'stream'",
      { filename = "x", stream = io.stdout })
    bad("bad argument 'stream' to 'basicConfig' (open file expected, got",
      { stream = 5 })
    bad("handlers", { handlers = print })
    bad("bad argument 'handlers[2]' to 'basicConfig' (function or open file "
      .. "expected, got 5)", { handlers = { print, 5 } })
    local closed = io.tmpfile()
    closed:close()
    bad("stream", { stream = closed })
    bad("datefmt", { datefmt = "%Ez%" })
    bad("datefmt", { datefmt = "*t" })
    for _, value in ipairs { "loud", 1.5, {}, true } do
      assert.matches("bad argument 'level' to 'setLevel'",
        support.message(log.setLevel, value), 1, true)
      assert.matches("bad argument 'level' to 'isEnabledFor'",
        support.message(log.isEnabledFor, value), 1, true)
      assert.matches("bad argument 'level' to 'log'",
        support.message(log.log, value, "x"), 1, true)
    end
    assert.matches("level", support.message(log.setLevel), 1, true)
    local root = log.getLogger()
    assert.matches("level", support.message(root.setLevel, root), 1, true)
    assert.matches("name", support.message(log.getLogger, 5), 1, true)
    for _, name in ipairs { "info", "log", "setLevel", "isEnabledFor",
        "getEffectiveLevel" } do
      assert.matches("Logger", support.message(root[name], {}, "info"), 1,
        true)
    end
    log.info "as before"
    assert.same({ "INFO as before\n" }, lines)
    assert.is_nil(io.open "x")
  end)
end)

describe("lines are whole", function()
  -- Each is of one letter, and as long as its number says.
  local function check(name, n)
    local seen = 0
    for line in io.lines(name) do
      local length, text = line:match "^(%d+) (%a+)$"
      assert(length and #text == tonumber(length)
        and text == text:sub(1, 1):rep(#text), line)
      seen = seen + 1
    end
    assert.equal(n, seen)
  end

  local write = [[
    local log = require "threading.log"
    return function(first)
      for i = 1, 200 do
        local n = i * 37 % 9000 + 1
        log.error("%d %s", n, ("abcdefgh"):sub(first, first):rep(n))
      end
    end
  ]]

  it("of many threads", function()
    local name = os.tmpname()
    assert.equal("", support.output_of(([[
      local threading = require "threading"
      local log = require "threading.log"
      log.basicConfig { filename = %q, format = "%%(message)s" }
      threading.setswitchinterval(1e-5)
      local write = load(%q)()
      for i = 1, 8 do
        threading.Thread { target = write, args = { i } }:start()
      end
    ]]):format(name, write)))
    check(name, 1600)
    os.remove(name)
  end)

  it("of many threads that write into a pipe", function()
    local name = os.tmpname()
    local program = files.new(([[
      local threading = require "threading"
      local log = require "threading.log"
      log.basicConfig { format = "%%(message)s" }
      local write = load(%q)()
      for i = 1, 8 do
        threading.Thread { target = write, args = { i } }:start()
      end
    ]]):format(write))
    os.execute(("%s %s 2>&1 | cat >%s"):format(support.lua_command(), program,
      name))
    check(name, 1600)
    os.remove(program)
    os.remove(name)
  end)

  it("of several interpreters, each with a configuration of its own",
    function()
      local name = os.tmpname()
      local list = {}
      for i = 1, 4 do
        list[i] = interpreters.create()
        list[i]:exec(([[
          local log = require "threading.log"
          log.basicConfig { filename = %q, format = "%%(message)s" }
          write = load(%q)()
        ]]):format(name, write))
      end
      local threads = {}
      for i, interpreter in ipairs(list) do
        threads[i] = interpreter:call_in_thread(load("write(" .. i .. ")"))
      end
      support.join(threads)
      for _, interpreter in ipairs(list) do
        interpreter:close()
      end
      check(name, 800)
      os.remove(name)
    end)
end)
