local support = require "spec.support"
local threading = require "threading"
local time = require "threading.time"

local Array = threading.Array

local INTEGERS <const> = {
  int8 = { -128, 127 },
  int16 = { -32768, 32767 },
  int32 = { -2147483648, 2147483647 },
  int64 = { math.mininteger, math.maxinteger },
  uint8 = { 0, 255 },
  uint16 = { 0, 65535 },
  uint32 = { 0, 4294967295 },
  uint64 = { 0, -1 }, -- the 64 bits of a Lua integer
}
local TYPES <const> = {
  "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
  "float32", "float64",
}

local function elements(a)
  local list = {}
  for i, x in ipairs(a) do
    list[i] = x
  end
  return list
end

describe("Array", function()
  it("has a type, a length, and elements that are 0", function()
    for _, type in ipairs(TYPES) do
      local a = Array(type, 3)
      assert.equal(type, a.type)
      assert.equal(3, #a)
      assert.same({ 0, 0, 0 }, elements(a))
      assert.equal(type:find "float" and "float" or "integer",
        math.type(a[1]))
    end
  end)

  it("keeps what every type can hold, and nothing beside it", function()
    for type, ends in pairs(INTEGERS) do
      local a = Array(type, 4)
      a[1], a[2], a[4] = ends[1], ends[2], ends[2]
      a[3] = 7
      assert.same({ ends[1], ends[2], 7, ends[2] }, elements(a), type)
      a[2] = ends[1]
      assert.same({ ends[1], ends[1], 7, ends[2] }, elements(a), type)
    end
  end)

  it("adds to an element, atomically", function()
    for _, type in ipairs(TYPES) do
      local a = Array(type, { 1, 2, 3 })
      assert.equal(2, a:fetch_add(2, 5))
      assert.same({ 1, 7, 3 }, elements(a))
    end
    local a = Array("int64", 1, { shared = true })
    local threads = support.start_many(4, function()
      for _ = 1, 10000 do
        a:fetch_add(1, 1)
      end
    end)
    support.join(threads)
    assert.equal(40000, a[1])
    local small = Array("int8", { 100 })
    assert.matches("100 %+ 28 does not fit int8",
      support.message(small.fetch_add, small, 1, 28))
    assert.equal(100, small[1])
    assert.matches("'fetch_add' %(i: must be at most 1",
      support.message(small.fetch_add, small, 2, 1))
    assert.matches("n: integer expected",
      support.message(small.fetch_add, small, 1, "1"))
  end)

  it("that is shared is an Array like any other", function()
    local a = Array("float32", { 1, 2, 3 }, { shared = true, name = "s" })
    assert.same({ 1, 2, 3 }, elements(a))
    assert.same({ 1, 2 }, a:totable(1, 2))
    assert.equal(0, #Array("int8", 0, { shared = true }))
    assert.matches("shared: boolean expected", support.message(Array, "int8",
      1, { shared = 1 }))
  end)

  it("refuses what does not fit, and names the element", function()
    for type, ends in pairs(INTEGERS) do
      local a = Array(type, { 1, 2, 3 })
      local bad = { 2.0 ^ 64, -2.0 ^ 64, 0.5, 0 / 0, math.huge, -math.huge }
      if not type:find "64" then
        table.move({ ends[1] - 1, ends[2] + 1, math.maxinteger,
          math.mininteger, ends[2] + 1.0 }, 1, 5, #bad + 1, bad)
      end
      for _, x in ipairs(bad) do
        local message = support.message(function()
          a[2] = x
        end)
        assert.matches("^element 2: .* %l+ .*int", message)
        assert.matches(tostring(x), message, 1, true)
        assert.matches("element 3: ", support.message(Array, type,
          { 1, 2, x }), 1, true)
        assert.matches("%(v: ", support.message(a.fill, a, x))
      end
      assert.same({ 1, 2, 3 }, elements(a))
    end
    assert.equal("element 1: 300 does not fit int8",
      support.message(function()
        Array("int8", 1)[1] = 300
      end))
  end)

  it("integers may be written as floats", function()
    for type in pairs(INTEGERS) do
      local a = Array(type, { 3.0 })
      assert.equal("integer", math.type(a[1]))
      a[1] = 100.0
      assert.equal(100, a[1])
    end
  end)

  it("a uint64 is the bits of an integer; what was read can be stored",
    function()
      local a = Array("uint64", { -1, math.mininteger, 2.0 ^ 63,
        1.5 * 2.0 ^ 63 })
      assert.same({ -1, math.mininteger, math.mininteger, 3 << 62 },
        elements(a))
      a[2] = a[1]
      assert.equal(-1, a[2])
      assert.is_true(math.ult(a[4], a[1]))
    end)

  it("float64 keeps every float, float32 rounds", function()
    local list = { 0.1, -0.0, 1e-300, 1e300, math.huge, -math.huge }
    assert.same(list, elements(Array("float64", list)))
    local a = Array("float32", { 0.1, 16777217, math.huge, -math.huge, 1e-60,
      0x1.fffffep127 })
    assert.same({ string.unpack("f", string.pack("f", 0.1)), 16777216.0,
      math.huge, -math.huge, 0.0, 0x1.fffffep127 }, elements(a))
    for _, type in ipairs { "float32", "float64" } do
      a = Array(type, { 0 / 0 })
      assert.not_equal(a[1], a[1])
      a[1] = 3
      assert.equal("float", math.type(a[1]))
    end
    assert.equal("element 1: 1e+39 does not fit float32",
      support.message(function()
        Array("float32", 1)[1] = 1e39
      end))
  end)

  it("elements are numbers, nothing that could become one", function()
    for _, type in ipairs(TYPES) do
      local a = Array(type, { 1, 2 })
      for _, x in ipairs { "1", "x", true, {}, print, io.stdout } do
        assert.matches("^element 2: %l+ expected, got %S+$",
          support.message(function()
            a[2] = x
          end))
        assert.matches("%(element 1: %l+ expected, got %S+%)$",
          support.message(Array, type, { x }))
        assert.matches("%(v: %l+ expected, got %S+%)$",
          support.message(a.fill, a, x))
      end
      assert.matches("element 1: %l+ expected, got nil",
        support.message(function()
          a[1] = nil
        end))
      assert.matches("v: %l+ expected, got no value",
        support.message(a.fill, a))
      assert.same({ 1, 2 }, elements(a))
    end
  end)

  it("an index outside is an error, but for the end of ipairs", function()
    local a = Array("int32", { 1, 2, 3 })
    local function get(i)
      return a[i]
    end
    local function set(i)
      a[i] = 0
    end
    for _, i in ipairs { 0, -1, 5, 1 << 32, (1 << 32) + 1, math.maxinteger,
      math.mininteger, 0.0, 5.0, -1.0 } do
      local text = ("index: %d is not from 1 to #a, which is 3"):format(i)
      assert.equal(text, support.message(get, i))
      assert.equal(text, support.message(set, i))
    end
    assert.is_nil(a[4])
    assert.is_nil(a[4.0])
    assert.equal("index: 4 is not from 1 to #a, which is 3",
      support.message(set, 4))
    assert.same({ 1, 2, 3 }, elements(a))
  end)

  it("an index is an integer, which may be written as a float", function()
    local a = Array("int32", { 1, 2, 3 })
    assert.equal(2, a[2.0])
    a[2.0] = 5
    assert.equal(5, a[2])
    for _, i in ipairs { 1.5, 0 / 0, math.huge, 2.0 ^ 63 } do
      local text = ("index: %s is not an integer"):format(i)
      assert.equal(text, support.message(function()
        return a[i]
      end))
      assert.equal(text, support.message(function()
        a[i] = 1
      end))
    end
    for _, i in ipairs { true, {}, print } do
      local text = "index: integer expected, got " .. type(i)
      assert.equal(text, support.message(function()
        return a[i]
      end))
      assert.equal(text, support.message(function()
        a[i] = 1
      end))
    end
    assert.equal("index: integer expected, got nil",
      support.message(function()
        return a[nil]
      end))
  end)

  it("has no other fields", function()
    local a = Array("int32", 1)
    for _, name in ipairs { "foo", "1", "", "value" } do
      local text = ("an Array has no field '%s'"):format(name)
      assert.equal(text, support.message(function()
        return a[name]
      end))
    end
    for _, name in ipairs { "foo", "1", "type", "fill" } do
      assert.equal(("an Array has no field '%s'"):format(name),
        support.message(function()
          a[name] = 1
        end))
    end
    assert.is_false(getmetatable(a))
  end)

  it("errors tell the place of who is wrong", function()
    local a = Array("int32", 1)
    for _, f in ipairs {
      function() return a[0] end,
      function() a[2] = 1 end,
      function() a[1] = "x" end,
      function() a:fill "x" end,
      function() Array("int32", { "x" }) end,
      function() Array("int32", -1) end,
    } do
      local _, message = pcall(f)
      assert.matches("^%S*array_spec%.lua:%d+: ", message)
    end
  end)

  it("is made of a table", function()
    assert.same({ 3, 1, 2 }, elements(Array("uint8", { 3, 1, 2 })))
    assert.equal(0, #Array("uint8", {}))
    local proxy = setmetatable({}, {
      __len = function()
        return 3
      end,
      __index = function(_, i)
        return i * i
      end,
    })
    assert.same({ 1, 4, 9 }, elements(Array("float32", proxy)))
    for _, n in ipairs { -1, math.mininteger } do
      local short = setmetatable({}, {
        __len = function()
          return n
        end,
      })
      assert.matches("n: the length is negative",
        support.message(Array, "int8", short))
    end
    assert.matches("element 2: integer expected, got nil",
      support.message(Array, "int8", setmetatable({ 1 }, {
        __len = function()
          return 2
        end,
      })))
  end)

  it("bad arguments are named", function()
    for _, type in ipairs { "", "int7", "INT8", "doubles", "int8 " } do
      assert.matches("(type: unknown type '" .. type .. "'; known are int8,",
        support.message(Array, type, 1), 1, true)
    end
    assert.matches("type: string expected", support.message(Array))
    assert.matches("type: string expected", support.message(Array, 8, 1))
    for _, n in ipairs { "3", true, print, io.stdout } do
      assert.matches("n: integer or table expected, got %S+",
        support.message(Array, "int8", n))
    end
    assert.matches("n: integer or table expected, got nil",
      support.message(Array, "int8"))
    for _, n in ipairs { 1.5, 0 / 0, math.huge } do
      assert.matches("n: integer expected", support.message(Array, "int8", n))
    end
    for _, n in ipairs { -1, math.mininteger } do
      assert.matches("n: must be at least 0",
        support.message(Array, "int8", n))
    end
    local a = Array("int8", 3)
    for _, name in ipairs { "fill", "copy", "totable" } do
      for _, self in ipairs { 1, "x", {}, io.stdout, threading.Lock() } do
        assert.matches("threading.Array expected",
          support.message(a[name], self, 1), 1, true)
      end
      assert.matches("threading.Array expected", support.message(a[name]), 1,
        true)
    end
  end)

  it("there may be none", function()
    for _, type in ipairs(TYPES) do
      local a = Array(type, 0)
      assert.equal(0, #a)
      assert.is_nil(a[1])
      assert.same({}, elements(a))
      assert.same({}, a:totable())
      assert.equal(a, a:fill(1))
      assert.equal(0, #a:copy())
      assert.equal("<threading.Array " .. type .. "[0] {}>", tostring(a))
      assert.equal("index: 1 is not from 1 to #a, which is 0",
        support.message(function()
          a[1] = 1
        end))
    end
  end)

  it("a huge one is refused, and the process goes on", function()
    for _, type in ipairs(TYPES) do
      for _, n in ipairs { math.maxinteger, 1 << 62, 1 << 61, 1 << 60,
        1 << 50 } do
        assert.equal(("not enough memory for an Array of n = %d %s")
          :format(n, type), support.message(Array, type, n))
      end
    end
  end)

  it("fill sets all, or a part, and returns the Array", function()
    for _, type in ipairs(TYPES) do
      local a = Array(type, 5)
      assert.equal(a, a:fill(7))
      assert.same({ 7, 7, 7, 7, 7 }, elements(a))
      a:fill(1, 2):fill(2, 3, 4):fill(3, 5, 5)
      assert.same({ 7, 1, 2, 2, 3 }, elements(a))
      a:fill(9, 3, 2):fill(9, 1, 0):fill(9, 6):fill(9, 6, 5)
      assert.same({ 7, 1, 2, 2, 3 }, elements(a))
      a:fill(4, nil, 2)
      assert.same({ 4, 4, 2, 2, 3 }, elements(a))
    end
  end)

  it("a long fill sets nothing beside its part", function()
    local N <const> = 100000
    local a = Array("int16", N)
    a:fill(3, 2, N - 1)
    assert.equal(0, a[1])
    assert.equal(3, a[2])
    assert.equal(3, a[N - 1])
    assert.equal(0, a[N])
  end)

  it("totable makes a table of all, or a part", function()
    local a = Array("int8", { 1, 2, 3, 4 })
    assert.same({ 1, 2, 3, 4 }, a:totable())
    assert.same({ 3, 4 }, a:totable(3))
    assert.same({ 2, 3 }, a:totable(2, 3))
    assert.same({ 1, 2 }, a:totable(nil, 2))
    assert.same({}, a:totable(5))
    assert.same({}, a:totable(3, 2))
  end)

  it("a part lies in the Array", function()
    local a = Array("int8", { 1, 2, 3 })
    for _, name in ipairs { "fill", "totable" } do
      local function call(...)
        if name == "fill" then
          return a:fill(0, ...)
        end
        return a:totable(...)
      end
      for _, i in ipairs { 0, -1, 5, math.maxinteger, math.mininteger, 1.5,
        "1", true } do
        assert.matches("(i: ", support.message(call, i), 1, true)
      end
      for _, j in ipairs { 0, -1, 4, math.maxinteger, math.mininteger, 2.5,
        "3", true } do
        assert.matches("(j: ", support.message(call, 2, j), 1, true)
      end
    end
    assert.same({ 1, 2, 3 }, elements(a))
  end)

  it("copy makes another", function()
    for _, n in ipairs { 3, 100000 } do
      for _, type in ipairs(TYPES) do
        local a = Array(type, n)
        a[1], a[n] = 5, 7
        local b = a:copy()
        assert.not_equal(a, b)
        assert.equal(type, b.type)
        assert.equal(n, #b)
        assert.equal(5, b[1])
        assert.equal(0, b[2])
        assert.equal(7, b[n])
        b[1] = 6
        assert.equal(5, a[1])
      end
    end
  end)

  it("the functions of table take it for one", function()
    local a = Array("int32", { 3, 1, 2 })
    table.sort(a)
    assert.equal("1,2,3", table.concat(a, ","))
    assert.same({ 2, 3 }, { table.unpack(a, 2) })
    table.move(a, 1, 2, 2)
    assert.same({ 1, 1, 2 }, elements(a))
    assert.same({ 1, 1, 2 }, table.move(a, 1, 3, 1, {}))
  end)

  it("tostring says type, length and the first elements", function()
    assert.equal("<threading.Array int8[3] {1, -2, 3}>",
      tostring(Array("int8", { 1, -2, 3 })))
    assert.equal("<threading.Array float32[2] {0.5, 1.0}>",
      tostring(Array("float32", { 0.5, 1 })))
    assert.equal("<threading.Array uint64[1] {18446744073709551615}>",
      tostring(Array("uint64", { -1 })))
    local eight = "{0, 0, 0, 0, 0, 0, 0, 0"
    assert.equal("<threading.Array int8[8] " .. eight .. "}>",
      tostring(Array("int8", 8)))
    assert.equal("<threading.Array int8[9] " .. eight .. ", ...}>",
      tostring(Array("int8", 9)))
  end)

  it("is collected", function()
    local weak = setmetatable({}, { __mode = "k" })
    weak[Array("int64", 100)] = true
    collectgarbage()
    collectgarbage()
    assert.is_nil(next(weak))
  end)

  it("the collector knows of the memory behind it", function()
    -- By their boxes alone, all would be alive. Of large ones there are fewer,
    -- for a sanitizer writes to the memory that it gives.
    for _, mode in ipairs { "incremental", "generational" } do
      for n, made in pairs { [1000] = 2000, [1000000] = 200 } do
        assert.equal("true\n", support.output_of(([[
          collectgarbage "%s"
          local Array = require "threading".Array
          local n <const>, made <const> = %d, %d
          local alive, most = setmetatable({}, { __mode = "k" }), 0
          for i = 1, made do
            alive[Array("float64", n)] = true
            if i %% (made // 40) == 0 then
              local count = 0
              for _ in pairs(alive) do
                count = count + 1
              end
              most = math.max(most, count)
            end
          end
          print(most < made // 4 or most)
        ]]):format(mode, n, made)))
      end
    end
  end)

  it("a stopped collector stays stopped", function()
    assert.equal("false\n", support.output_of [[
      local Array = require "threading".Array
      local freed = false
      collectgarbage "stop"
      setmetatable({}, { __gc = function() freed = true end })
      for i = 1, 100 do
        Array("float64", 100000)
      end
      print(freed)
    ]])
  end)

  it("memory that runs out is looked for among the garbage", function()
    if support.is_instrumented() then
      pending "a sanitizer needs more address space than the limit"
      return
    end
    local out = support.output_of([[
      local Array = require "threading".Array
      collectgarbage "stop"
      for i = 1, 20 do
        Array("int8", 100000000)
      end
      print "ok"
    ]], { before = "ulimit -v 1000000" })
    assert.equal("ok\n", out)
  end)

  it("many threads write parts of their own", function()
    local _ <close> = support.switch_often()
    local N <const>, THREADS <const> = 100, 8
    for _, type in ipairs { "int8", "int64", "float32" } do
      local a = Array(type, N * THREADS)
      support.join(support.start_many(THREADS, function(t)
        for round = 1, 10 do
          for i = (t - 1) * N + 1, t * N do
            assert(a[i] == (round > 1 and t + round - 1 or 0))
            a[i] = t + round
          end
        end
      end))
      for t = 1, THREADS do
        for i = (t - 1) * N + 1, t * N do
          assert(a[i] == t + 10)
        end
      end
    end
  end)

  it("many threads fill parts of their own, then copy all, without the lock",
    function()
      local N <const>, THREADS <const> = 100001, 4
      local a = Array("int32", N * THREADS)
      local copies, filled = {}, threading.Barrier(THREADS)
      support.join(support.start_many(THREADS, function(t)
        for round = 1, 20 do
          a:fill(t * 100 + round, (t - 1) * N + 1, t * N)
        end
        filled:wait()
        copies[t] = a:copy()
      end))
      for t = 1, THREADS do
        for _, i in ipairs { (t - 1) * N + 1, (t - 1) * N + 2, t * N } do
          assert.equal(t * 100 + 20, a[i])
          for copier = 1, THREADS do
            assert.equal(t * 100 + 20, copies[copier][i])
          end
        end
      end
    end)

  it("keeps its memory while it is filled or copied", function()
    local done = false
    local list = support.start_many(3, function(t)
      for i = 1, 50 do
        local b = Array("int32", 50000):fill(t * i):copy()
        assert(b[1] == t * i and b[50000] == t * i)
      end
    end)
    list[#list + 1] = support.start(function()
      while not done do
        collectgarbage()
        time.sleep(0)
      end
    end)
    for i = 1, 3 do
      support.join(list[i])
    end
    done = true
    support.join(list)
  end)

  it("C that uses it keeps its memory, also from finalisers", function()
    assert.equal("ok\n", support.output_of [[
      local threading = require "threading"
      local time = require "threading.time"
      local meta = debug.getmetatable(threading.Array("int8", 0))
      for _, name in ipairs { "fill", "copy" } do
        local a, begun, ended
        repeat -- again, if what it called was late
          a, begun = threading.Array("float64", 4000000), false
          local t = threading.Thread { target = function()
            local f = a[name]
            begun = true
            ended = pcall(f, a, 1) -- without the lock
          end }
          t:start()
          while not begun do
            time.sleep(0)
          end
          assert(not pcall(meta.__gc, a)) -- the collector's
          a = nil
          collectgarbage()
          t:join()
        until ended
      end
      print "ok"
    ]])
  end)
end)
