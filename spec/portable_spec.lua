-- Values as bytes for another process: what comes back, what is refused, and
-- what damaged bytes do.

local files = require "spec.support.files"
local portable = require "threading.private.portable"
local socket = require "threading.socket"
local support = require "spec.support"
local threading = require "threading"
local _thread = require "threading._thread"

local describe, it, assert = describe, it, assert
local _ENV = package.loaded._G -- not that of the specs, which would be copied

local pack, unpack = portable.pack, portable.unpack

local function travel(...)
  return unpack(pack("args[]", ...))
end

local function refused(text, ...)
  assert.equal(text, support.message(pack, "fn,args[]", ...))
end

-- What another process prints that is given the bytes.
local function elsewhere(bytes, program)
  local name = files.new(bytes)
  local said = support.output_of(([[
    local portable = require "threading.private.portable"
    local file <close> = io.open(%q, "rb")
    local bytes = file:read "a"
    %s
  ]]):format(name, program))
  os.remove(name)
  return said
end

describe("values as bytes", function()
  it("come back as they were", function()
    local s = ("\0long\255"):rep(1000)
    local t = { 1, 2.5, -0.0, "x", s, { s }, [true] = math.mininteger }
    t.self = t
    local u, n, b = travel(t, nil, false)
    assert.same({ 1, 2.5, -0.0, "x", s }, { table.unpack(u, 1, 5) })
    assert.equal(u, u.self)
    assert.equal(math.mininteger, u[true])
    assert.is_nil(n)
    assert.is_false(b)
    assert.equal(0, select("#", travel()))
    assert.equal(3, select("#", travel(nil, nil, nil)))
  end)

  it("are functions by name and by code", function()
    local n = 0
    local function up()
      n = n + 1
      return n
    end
    local f, g, h = travel(up, function() return n end, math.max)
    assert.equal(1, f())
    assert.equal(1, g())
    assert.equal(0, n)
    assert.equal(math.max, h)
  end)

  it("are Arrays, copied, each once", function()
    for _, type in ipairs { "int8", "uint16", "float32", "int64" } do
      local a = threading.Array(type, { 1, 2, 3 })
      local b, c = travel(a, { a })
      assert.not_equal(a, b)
      assert.equal(b, c[1])
      assert.equal(type, b.type)
      assert.same({ 1, 2, 3 }, b:totable())
    end
    assert.equal(0, #travel(threading.Array("int8", 0)))
    local large = threading.Array("int32", 100000):fill(7)
    assert.equal(7, travel(large)[100000])
  end)

  it("mean the same in another process", function()
    local Point = {}
    Point.__index = Point
    function Point:sum()
      return self.x + self.y
    end
    local array = threading.Array("float64", { 0.5, 2.5 })
    local bytes = pack("args[]", setmetatable({ x = 1, y = 2 }, Point), array,
      string.rep, function(x) return x * array[2] end)
    assert.equal("3\t<threading.Array float64[2] {0.5, 2.5}>\ttrue\t10.0\n",
      elsewhere(bytes, [[
        local point, array, rep, f = portable.unpack(bytes)
        print(point:sum(), array, rep == string.rep, f(4))
      ]]))
  end)

  it("have classes that no other process takes for its own", function()
    local made = [[
      local A = { name = "there" }
      io.write(portable.pack("args[]", setmetatable({}, A)))
    ]]
    local B = { name = "here" }
    local mine = travel(setmetatable({}, B))
    local theirs = unpack(elsewhere("", made))
    local others = unpack(elsewhere("", made))
    assert.equal(B, getmetatable(mine))
    assert.equal("there", getmetatable(theirs).name)
    assert.not_equal(getmetatable(theirs), getmetatable(others))
    assert.equal(getmetatable(theirs), getmetatable(travel(theirs)))
  end)
end)

describe("what has no meaning in another process", function()
  local own = "a process has its own; let the call return what is to be known "
    .. "here"

  it("is refused, with its path", function()
    local lock = threading.Lock()
    refused("fn: upvalue 'lock': threading.Lock cannot cross: " .. own,
      function() return lock end)
    refused("args[2].list[1]: threading.Event cannot cross: " .. own,
      print, 1, { list = { threading.Event() } })
    refused("fn: threading.Value cannot cross: a process has its own; pass "
      .. "its value, or share an Array { shared = true }",
      threading.Value("int8"))
    refused("fn: a light userdata cannot cross: a pointer means nothing in "
      .. "another process", _thread._key)
    refused("fn.f: FILE* cannot cross: pass its name, and open it there",
      { f = io.stderr })
    refused("fn: threading.Thread cannot cross: start a thread there",
      threading.current_thread())
    refused("fn: threading.message cannot cross: its values are of this "
      .. "process", _thread._encode(1))
    refused("fn: coroutine cannot cross: pass the function, and make the "
      .. "coroutine there", coroutine.create(print))
  end)

  it("is a socket, whose descriptor is not kept", function()
    local server <close> = assert(socket.bind("127.0.0.1", 0))
    refused("fn: threading.socket cannot cross: pass host and port, and "
      .. "connect there", server)
  end)

  it("is a shared Array, for bytes may go to another machine", function()
    refused("fn: a shared Array cannot cross: it is of one machine; pass what "
      .. "a:copy() returns, or what the call needs of it",
      threading.Array("int8", 1, { shared = true }))
  end)

  it("leaves nothing behind", function()
    pcall(pack, "args[]", threading.Lock())
    assert.equal(7, travel(7))
  end)
end)

describe("bytes that are damaged", function()
  local shared = { "shared" }
  local bytes = pack("args[]", { shared, shared, 1, 2, 3, 0.5, ("x"):rep(300),
    setmetatable({ 1 }, { name = "class" }) },
    threading.Array("int16", { 1, 2, 3 }), { a = { b = { c = true } } })

  it("by being cut are errors", function()
    for n = 0, #bytes - 1 do
      assert.is_false(pcall(unpack, bytes:sub(1, n)))
    end
    assert.is_false(pcall(unpack, bytes .. "x"))
    assert.is_true(pcall(unpack, bytes))
  end)

  it("in any byte crash nothing", function()
    for i = 1, #bytes do
      for _, c in ipairs { "\0", "\1", "\x20", "\x7f", "\xff" } do
        pcall(unpack, bytes:sub(1, i - 1) .. c .. bytes:sub(i + 1))
      end
    end
    assert.is_true(pcall(unpack, bytes))
  end)

  it("at random crash nothing #long", function()
    for seed = 1, 20000 do
      math.randomseed(seed)
      local t = { bytes:byte(1, -1) }
      for _ = 1, math.random(4) do
        t[math.random(#t)] = math.random(0, 255)
      end
      pcall(unpack, string.char(table.unpack(t)))
    end
    assert.is_true(pcall(unpack, bytes))
  end)
end)

describe("the other end", function()
  it("must be of the same kind", function()
    assert.is_true(portable.check(portable.header))
    local other = portable.header:gsub("%d bits", "7 bits")
    local ok, why = portable.check(other)
    assert.is_nil(ok)
    assert.matches("^it runs Lua .*7 bits.* and this one Lua .* bits", why)
    for _, wrong in ipairs { "", "HTTP/1.1", portable.header:sub(2), false } do
      assert.is_nil((portable.check(wrong)))
    end
    assert.matches("its code is of another kind",
      select(2, portable.check(portable.header .. "x")))
  end)

  it("has the same header in each process", function()
    assert.equal("true\n", elsewhere(portable.header,
      "print(portable.check(bytes))"))
  end)
end)
