local cancelling = require "spec.support.cancelling"
local interpreters = require "threading.interpreters"
local support = require "spec.support"
local threading = require "threading"

local tostring = tostring -- for functions that cross

-- A thread that holds the lock until the function that is returned is called.
local function hold(rw, how)
  local over, held = threading.Event(), threading.Event()
  local t = support.start(function()
    local _ <close> = rw[how](rw)
    held:set()
    over:wait()
  end)
  return t, function()
    over:set()
    support.join(t)
  end, held
end

local function holding(rw, how)
  local t, finish, held = hold(rw, how)
  held:wait()
  return finish, t
end

local function waiting(rw, how)
  local t, finish, held = hold(rw, how)
  support.wait_thread_parked(t, "RWLock")
  return finish, t, held
end

local function assert_free(rw)
  assert.matches("^<unlocked threading.RWLock at ", tostring(rw))
  assert.is_true(rw:acquire_write(false))
  rw:release_write()
end

describe("RWLock", function()
  it("is held by many to read", function()
    local rw = threading.RWLock()
    local one, two = holding(rw, "reading"), holding(rw, "reading")
    assert.is_true(rw:acquire_read())
    assert.matches("^<locked threading.RWLock readers=3 at ", tostring(rw))
    one()
    two()
    assert.matches("readers=1 at", tostring(rw), 1, true)
    rw:release_read()
    assert_free(rw)
  end)

  it("is held by one alone to write", function()
    local rw = threading.RWLock()
    local finish, t = holding(rw, "writing")
    assert.matches("<locked threading.RWLock writer=" .. t.name .. " at ",
      tostring(rw), 1, true)
    assert.is_false(rw:acquire_read(false))
    assert.is_false(rw:acquire_write(false))
    assert.is_false(rw:acquire_read(true, 0.001))
    assert.is_false(rw:acquire_write { timeout = 0.001 })
    finish()
    assert_free(rw)
  end)

  it("to write one waits until the last reader is done", function()
    local rw = threading.RWLock()
    local one, two = holding(rw, "reading"), holding(rw, "reading")
    local finish, _, held = waiting(rw, "writing")
    one()
    assert.is_false(held:is_set())
    two()
    held:wait()
    finish()
    assert_free(rw)
  end)

  it("a reader that comes waits behind a writer that waits", function()
    local rw = threading.RWLock()
    local first = holding(rw, "reading")
    local writer, _, wrote = waiting(rw, "writing")
    local reader, _, read = waiting(rw, "reading")
    assert.is_false(rw:acquire_read(false))
    assert.is_false(rw:acquire_read(true, 0.001))
    first()
    wrote:wait()
    assert.is_false(read:is_set())
    writer()
    read:wait()
    reader()
    assert_free(rw)
  end)

  it("but one that reads already gets it at once", function()
    local rw = threading.RWLock()
    rw:acquire_read()
    local writer, _, wrote = waiting(rw, "writing")
    assert.is_true(rw:acquire_read())
    assert.is_true(rw:acquire_read(false))
    for _ = 1, 3 do
      assert.is_false(wrote:is_set())
      rw:release_read()
    end
    wrote:wait()
    writer()
    assert_free(rw)
  end)

  it("all readers that wait come before the next writer", function()
    local rw = threading.RWLock()
    local first = holding(rw, "writing")
    local writer, _, wrote = waiting(rw, "writing")
    local one, _, read1 = waiting(rw, "reading")
    local two, _, read2 = waiting(rw, "reading")
    first()
    read1:wait()
    read2:wait()
    assert.is_false(wrote:is_set())
    one()
    assert.is_false(wrote:is_set())
    two()
    wrote:wait()
    writer()
    assert_free(rw)
  end)

  it("writers come one after the other, and all of them", function()
    local rw, n, most, total = threading.RWLock(), 0, 0, 0
    local _ <close> = support.switch_often()
    support.join(support.start_many(8, function()
      for _ = 1, 200 do
        local _ <close> = rw:writing()
        n = n + 1
        most = math.max(most, n)
        total = total + 1
        n = n - 1
      end
    end))
    assert.equal(1, most)
    assert.equal(1600, total)
    assert_free(rw)
  end)

  it("no reader sees half of what a writer does", function()
    local rw, a, b, torn = threading.RWLock(), 0, 0, 0
    local _ <close> = support.switch_often()
    local list = support.start_many(3, function()
      for i = 1, 300 do
        local _ <close> = rw:writing()
        a = i
        b = i
      end
    end)
    for _, t in ipairs(support.start_many(5, function()
      for _ = 1, 300 do
        local _ <close> = rw:reading()
        if a ~= b then
          torn = torn + 1
        end
      end
    end)) do
      list[#list + 1] = t
    end
    support.join(list)
    assert.equal(0, torn)
    assert_free(rw)
  end)

  it("where the only writer that waits gives up, readers get in", function()
    local rw = threading.RWLock()
    local first = holding(rw, "reading")
    local writer, result = cancelling.start(function()
      local _ <close> = rw:writing()
    end)
    support.wait_thread_parked(writer, "RWLock")
    local reader, _, read = waiting(rw, "reading")
    writer:cancel()
    read:wait()
    support.join(writer)
    cancelling.assert_cancelled(result)
    reader()
    first()
    assert_free(rw)
  end)

  it("a writer that times out leaves no trace", function()
    local rw = threading.RWLock()
    local first = holding(rw, "reading")
    assert.is_false(rw:acquire_write(true, 0.001))
    assert.is_true(rw:acquire_read(false))
    rw:release_read()
    first()
    assert_free(rw)
  end)

  it("a reader that gives up leaves no trace", function()
    local rw = threading.RWLock()
    local first = holding(rw, "writing")
    for _ = 1, 50 do
      assert.is_false(rw:acquire_read(true, 1e-5))
    end
    first()
    assert_free(rw)
    assert.is_true(rw:acquire_read(false))
    rw:release_read()
  end)

  it("guards release at an error, a break and a cancellation", function()
    local rw = threading.RWLock()
    for _, how in ipairs { "reading", "writing" } do
      assert.equal("x", support.message(function()
        local _ <close> = rw[how](rw)
        error("x", 0)
      end))
      assert_free(rw)
      local t, result = cancelling.start(function()
        local _ <close> = rw[how](rw)
        threading.Event():wait()
      end)
      support.wait_thread_parked(t, "Event")
      t:cancel()
      support.join(t)
      cancelling.assert_cancelled(result)
      assert_free(rw)
    end
  end)

  it("a thread that reads cannot begin to write, not even try", function()
    local rw = threading.RWLock()
    rw:acquire_read()
    for _, call in ipairs {
      function() rw:acquire_write() end,
      function() rw:acquire_write(false) end,
      function() rw:acquire_write(true, 1) end,
      function() rw:writing() end,
    } do
      assert.equal("cannot write: this thread reads, and would wait for "
        .. "itself; call release_read() first", support.message(call))
    end
    assert.matches("readers=1 ", tostring(rw), 1, true)
    rw:release_read()
    assert_free(rw)
  end)

  it("a thread that writes cannot take it again", function()
    local rw = threading.RWLock()
    rw:acquire_write()
    assert.equal("cannot write: this thread writes already",
      support.message(rw.acquire_write, rw))
    assert.equal("cannot write: this thread writes already",
      support.message(rw.writing, rw))
    assert.equal("cannot read: this thread writes already",
      support.message(rw.acquire_read, rw, false))
    assert.equal("cannot read: this thread writes already",
      support.message(rw.reading, rw))
    rw:release_write()
    assert_free(rw)
  end)

  it("only the thread that has acquired may release", function()
    local rw = threading.RWLock()
    local reads = "release_read: this thread does not read"
    local writes = "release_write: this thread does not write"
    assert.equal(reads, support.message(rw.release_read, rw))
    assert.equal(writes, support.message(rw.release_write, rw))
    rw:acquire_read()
    assert.equal(writes, support.message(rw.release_write, rw))
    assert.equal(reads, support.in_thread(support.message, rw.release_read,
      rw))
    rw:release_read()
    rw:acquire_write()
    assert.equal(reads, support.message(rw.release_read, rw))
    assert.equal(writes, support.in_thread(support.message, rw.release_write,
      rw))
    rw:release_write()
    assert.equal(reads, support.message(rw.release_read, rw))
    assert_free(rw)
  end)

  it("a timeout for a try, and one less than 0, are errors", function()
    local rw = threading.RWLock()
    for _, name in ipairs { "acquire_read", "acquire_write" } do
      assert.equal("can't specify a timeout for a non-blocking call",
        support.message(rw[name], rw, false, 1))
      assert.matches("timeout", support.message(rw[name], rw, true, -2), 1,
        true)
      assert.matches("blocking", support.message(rw[name], rw, 1), 1, true)
    end
    assert_free(rw)
  end)

  it("has a guard for each way, which is the same each time", function()
    local rw = threading.RWLock()
    local guards = {}
    for i = 1, 2 do
      local r <close> = rw:reading()
      guards[i] = r
    end
    do
      local w <close> = rw:writing()
      guards[3] = w
    end
    assert.equal(guards[1], guards[2])
    assert.are_not.equal(guards[1], guards[3])
    assert_free(rw)
  end)

  it("a guard keeps what it needs where nobody has the lock any more",
    function()
      do
        local _ <close> = threading.RWLock():reading()
        collectgarbage()
        collectgarbage()
      end
      do
        local _ <close> = threading.RWLock():writing()
        collectgarbage()
        collectgarbage()
      end
    end)
end)

describe("a deadlock with an RWLock", function()
  local function errors_of(...)
    local errors, note = support.shared_list()
    local list = {}
    for i, fn in ipairs { ... } do
      list[i] = support.start(function()
        local ok, err = pcall(fn)
        if not ok then
          note(err)
        end
      end)
    end
    support.join(list)
    return errors
  end

  it("two locks that are taken in different orders to write", function()
    local a, b = threading.RWLock(), threading.RWLock()
    local inside, go = threading.Barrier(2), threading.Event()
    -- Another thread runs: it is the circle that is found.
    local other = support.start(function()
      support.wait_until(function()
        return go:is_set()
      end)
    end)
    local function take(one, two)
      return function()
        local _ <close> = one:writing()
        inside:wait()
        local _ <close> = two:writing()
      end
    end
    local errors = errors_of(take(a, b), take(b, a))
    go:set()
    support.join(other)
    assert.equal(1, #errors)
    assert.matches("deadlock: threads wait for each other in a circle",
      errors[1], 1, true)
    assert.matches("waits for RWLock 0x%x+ at %S+, held by Thread",
      errors[1])
    assert_free(a)
    assert_free(b)
  end)

  it("a reader that waits for a lock that the writer has", function()
    local rw, lock = threading.RWLock(), threading.RLock()
    local inside = threading.Barrier(2)
    local errors = errors_of(function()
      local _ <close> = rw:reading()
      inside:wait()
      local _ <close> = lock:guard()
    end, function()
      local _ <close> = lock:guard()
      inside:wait()
      local _ <close> = rw:writing()
    end)
    assert.equal(1, #errors)
    assert.matches("in a circle", errors[1], 1, true)
    assert_free(rw)
  end)

  it("one that reads and joins one that waits behind a writer", function()
    local rw = threading.RWLock()
    local errors = errors_of(function()
      local _ <close> = rw:reading()
      local finish_writer, writer = waiting(rw, "writing")
      local reader = support.start(function()
        local _ <close> = rw:reading()
      end)
      support.wait_thread_parked(reader, "RWLock")
      local ok, err = pcall(reader.join, reader)
      rw:release_read()
      finish_writer()
      support.join { writer, reader }
      rw:acquire_read() -- for the guard
      if not ok then
        error(err, 0)
      end
    end)
    assert.equal(1, #errors)
    assert.matches("in a circle", errors[1], 1, true)
    assert.matches("waits for RWLock 0x%x+ at [^\n]+, wanted by Thread",
      errors[1])
    assert_free(rw)
  end)
end)

describe("dump", function()
  it("says who holds an RWLock, and how", function()
    local rw = threading.RWLock()
    local text
    local function dump()
      threading.dump { write = function(_, s)
        text = s
      end }
      return text
    end
    local finish, t = holding(rw, "reading")
    t.name = "Reader"
    assert.matches("\nReader [^\n]+\n  holds RWLock 0x%x+ to read\n", dump())
    local writer, w = waiting(rw, "writing")
    w.name = "Writer"
    assert.matches("\nWriter [^\n]+ waits for RWLock 0x%x+ at [^\n]+, "
      .. "held by Reader\n", dump())
    finish()
    support.wait_until(function()
      return dump():find "holds RWLock 0x%x+ to write\n"
    end)
    writer()
  end)
end)

describe("an RWLock in interpreters", function()
  it("is the same one in each", function()
    local rw = threading.RWLock()
    local i <close> = interpreters.create()
    local finish = holding(rw, "reading")
    assert.is_true(i:call(function(l)
      local ok = l:acquire_write(false)
      local read = l:acquire_read(false)
      l:release_read()
      return not ok and read
    end, rw))
    finish()
    local text = i:call(function(l)
      local _ <close> = l:writing()
      return tostring(l)
    end, rw)
    assert.matches("<locked threading.RWLock writer=", text, 1, true)
    assert_free(rw)
  end)

  it("keeps one to write apart from all others", function()
    local rw, n = threading.RWLock(), threading.Value "int64"
    local torn = threading.Value "int64"
    threading.parallel_for(1, 8, function()
      for k = 1, 200 do
        if k % 4 == 0 then
          local _ <close> = rw:writing()
          local before = n.value
          n.value = before + 1
          n.value = before + 2
        else
          local _ <close> = rw:reading()
          if n.value % 2 ~= 0 then
            torn:fetch_add(1)
          end
        end
      end
    end, { nthreads = 4, parts = 8, interpreters = true })
    assert.equal(0, torn.value)
    assert.equal(8 * 50 * 2, n.value)
    assert_free(rw)
  end)

  it("its guards stay where they are", function()
    local rw = threading.RWLock()
    local guard <close> = rw:reading()
    local i <close> = interpreters.create()
    assert.matches("give the RWLock, and call reading%(%) there",
      support.message(i.call, i, rawequal, guard, 1))
  end)
end)
