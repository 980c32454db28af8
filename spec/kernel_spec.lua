local _thread = require "threading._thread"
local files = require "spec.support.files"
local support = require "spec.support"
local threading = require "threading"

local Array, Value = threading.Array, threading.Value
local read, shell = files.read, files.shell

-- A folder for this spec's cache, scripts and the like.
local folder

local getenv = _thread._getenv

local function write(name, text)
  local path = folder .. "/" .. name
  files.write(path, text)
  return path
end

-- A program that stands in for the compiler.
local function script(name, text)
  local path = write(name, "#!/bin/sh\n" .. text .. "\n")
  assert(select(2, shell("chmod +x '%s'", path)))
  return path
end

local function ls(path)
  local names = {}
  for name in shell("ls -A %s", path):gmatch "[^\n]+" do
    names[#names + 1] = name
  end
  return names
end

-- Where nobody waits for it a process stays, as a zombie.
local function has_ended(pid)
  return not select(2, shell("kill -0 %s", pid))
    or shell("cat /proc/%s/stat", pid):match "^.*%) (%u)" == "Z"
end

-- A cache of its own, for a child process: what goes before its command.
local function new_cache(name)
  local path = folder .. "/" .. name
  assert(select(2, shell("mkdir %s", path)))
  return path, "export XDG_CACHE_HOME=" .. path
end

local function cache_file(path)
  local names = ls(path .. "/threading")
  assert.equal(1, #names)
  return path .. "/threading/" .. names[1]
end

local cc = getenv "CC" or "cc"

local ADD <const> = [[
  local k = require "threading".kernel "int add(int a, int b) { return a + b; }"
  print(k.add(2, 3))
]]

local types <const> = {
  int8 = "int8_t", int16 = "int16_t", int32 = "int32_t", int64 = "int64_t",
  uint8 = "uint8_t", uint16 = "uint16_t", uint32 = "uint32_t",
  uint64 = "uint64_t", float32 = "float", float64 = "double",
}

-- The C text once for each type, with its names for TYPE and C.
local function for_each(text)
  local parts = {}
  for type, c in pairs(types) do
    local names = { TYPE = type, C = c }
    parts[#parts + 1] = text:gsub("%u+", names)
  end
  return table.concat(parts)
end

-- Stands in for the compiler where that is not the point: it compiles each
-- source once, and gives what it has made whenever it is asked again. Sources
-- that read files of their own are for `honest`, which remembers only what the
-- compiler says of itself.
local quick, honest

local QUICK <const> = [[
  kept=$(dirname "$0")/quick.d place=
  for word; do
    case $word in */kernel.c) place=${word%/kernel.c};; esac
  done
  name=$({
    echo "$*" | sed "s|${place:-no place}/||g"
    [ -z "$place" ] || cat "$place/kernel.c"
  } | cksum | tr ' ' -)
  new=$kept/$$ kept=$kept/$name
  if [ ! -e $kept ]; then
    CC "$@" >$new 2>&1 || { status=$?; cat $new; exit $status; }
    if [ "$place" ]; then
      cp $place/kernel.so $new.so && mv $new.so $kept.so
      sed "s|$place|PLACE|g" $place/kernel.d >$new.d && mv $new.d $kept.d
    fi
    mv $new $kept
  elif [ "$place" ]; then
    cp $kept.so $place/kernel.so
    sed "s|PLACE|$place|g" $kept.d >$place/kernel.d
  fi
  cat $kept]]

describe("kernel", function()
  lazy_setup(function()
    folder = files.folder()
    shell("mkdir %s/quick.d", folder)
    quick = script("quick", (QUICK:gsub("CC", cc)))
    honest = script("honest", ([[
      case " $* " in
        *" -o "* | *own.h* | *@words*) exec %s "$@";;
        *) exec %s "$@";;
      esac]]):format(cc, quick))
    _thread._getenv = function(name)
      return name == "XDG_CACHE_HOME" and folder or getenv(name)
    end
  end)

  lazy_teardown(function()
    _thread._getenv = getenv
    shell("rm -rf %s", folder)
  end)

  describe("numbers", function()
    local integers = {
      int8 = { -128, 127 },
      int16 = { -32768, 32767 },
      int32 = { -2147483648, 2147483647 },
      int64 = { math.mininteger, math.maxinteger },
      uint8 = { 0, 255 },
      uint16 = { 0, 65535 },
      uint32 = { 0, 4294967295 },
    }

    it("of all integer types come and go, and must fit", function()
      local k = threading.kernel(for_each "C same_TYPE(C x) { return x; }\n")
      for type, limits in pairs(integers) do
        local name = "same_" .. type
        local same = k[name]
        for _, n in ipairs(limits) do
          assert.equal(n, same(n))
          assert.equal("integer", math.type(same(n)))
        end
        assert.equal(7, same(7.0))
        for _, beyond in ipairs { limits[1] - 1, limits[2] + 1 } do
          if type ~= "int64" then
            assert.equal(("bad argument #1 to '%s' (x: %d does not fit %s)")
              :format(name, beyond, type), support.message(same, beyond))
          end
        end
      end
    end)

    it("of uint64_t are the bits of a Lua integer", function()
      local k = threading.kernel "uint64_t f(uint64_t x) { return x / 2; }"
      assert.equal(math.maxinteger, k.f(-1))
    end)

    it("of size_t are not negative", function()
      local k = threading.kernel "size_t f(size_t x) { return x + 1; }"
      assert.equal(1, k.f(0))
      assert.equal("bad argument #1 to 'f' (x: -1 is negative)",
        support.message(k.f, -1))
      if string.packsize "T" == 8 then
        assert.equal(math.maxinteger, k.f(math.maxinteger - 1))
      else
        assert.equal(0xffffffff, k.f(0xfffffffe))
        assert.equal("bad argument #1 to 'f' (x: 4294967296 does not fit "
          .. "size_t)", support.message(k.f, 0x100000000))
      end
    end)

    it("of float and double are floats", function()
      local k = threading.kernel [[
        double d(double x) { return x / 4; }
        float f(float x) { return x / 4; }
      ]]
      for _, f in pairs(k) do
        assert.equal(0.25, f(1))
        assert.equal("float", math.type(f(4)))
        assert.equal(math.huge, f(math.huge))
        assert.not_equal(f(0 / 0), f(0 / 0))
      end
      assert.equal(1e300, k.d(4e300))
      assert.equal("bad argument #1 to 'f' (x: 1e+300 does not fit float32)",
        support.message(k.f, 1e300))
    end)

    it("that are none, or no integers, are errors", function()
      local k = threading.kernel [[
        void i(int32_t n) { (void)n; }
        void d(double n) { (void)n; }
        void s(size_t n) { (void)n; }
      ]]
      local array = Array("int32", 1)
      for _, it in ipairs {
        { k.i, nil, "integer expected, got nil" },
        { k.i, "1", "integer expected, got string" },
        { k.i, 1.5, "1.5 is not an integer" },
        { k.i, true, "integer expected, got boolean" },
        { k.i, array, "integer expected, got threading.Array" },
        { k.i, 2.0^40, "1099511627776.0 does not fit int32" },
        { k.i, math.huge, "inf does not fit int32" },
        { k.d, nil, "number expected, got nil" },
        { k.d, "1", "number expected, got string" },
        { k.s, {}, "integer expected, got table" },
        { k.s, 0.5, "0.5 is not an integer" },
      } do
        local message = support.message(it[1], it[2])
        assert.matches("^bad argument #1 to '[ids]' %(n: ", message)
        assert.equal(it[3], message:match "%(n: (.*)%)$")
      end
      assert.matches("nan is not an integer", support.message(k.i, 0 / 0))
      assert.matches("n: %-?nan ", support.message(k.s, 0 / 0))
    end)

    it("bool takes booleans alone", function()
      local k = threading.kernel [[
        bool no(bool x) { return !x; }
        _Bool same(_Bool x) { return x; }
      ]]
      assert.is_false(k.no(true))
      assert.is_true(k.no(false))
      assert.is_true(k.same(true))
      for _, x in ipairs { 0, "true", {} } do
        assert.equal("bad argument #1 to 'no' (x: boolean expected, got "
          .. type(x) .. ")", support.message(k.no, x))
      end
    end)
  end)

  it("wants as many arguments as there are parameters", function()
    local k = threading.kernel [[
      int two(int a, int b) { return a - b; }
      int none(void) { return 7; }
      int empty() { return 8; }
    ]]
    assert.equal(-1, k.two(1, 2))
    assert.equal(7, k.none())
    assert.equal(8, k.empty())
    assert.equal("wrong number of arguments to 'two' (2 expected, got 1)",
      support.message(k.two, 1))
    assert.equal("wrong number of arguments to 'two' (2 expected, got 3)",
      support.message(k.two, 1, 2, nil))
    assert.equal("wrong number of arguments to 'none' (0 expected, got 1)",
      support.message(k.none, nil))
  end)

  it("void returns nothing", function()
    local k = threading.kernel "void f(void) {}"
    assert.equal(0, select("#", k.f()))
  end)

  it("errors tell where the call is", function()
    local k = threading.kernel "void f(int x) { (void)x; }"
    local ok, err = pcall(function()
      k.f("x")
    end)
    assert.is_false(ok)
    assert.matches("kernel_spec.lua:%d+: bad argument #1 to 'f' %(x: ", err)
  end)

  it("has up to 32 parameters", function()
    local function source(n)
      local list, sum = {}, {}
      for i = 1, n do
        list[i] = "int x" .. i
        sum[i] = i .. " * x" .. i
      end
      return ("int f(%s) { return %s; }"):format(table.concat(list, ", "),
        table.concat(sum, " + "))
    end
    local ones, sum = {}, 0
    for i = 1, 32 do
      ones[i], sum = i, sum + i * i
    end
    assert.equal(sum, threading.kernel(source(32)).f(table.unpack(ones)))
    assert.matches("'f' has more than 32 parameters",
      support.message(threading.kernel, source(33)))
  end)

  describe("Arrays", function()
    it("of all ten types are changed in place; others refused", function()
      local k = threading.kernel(for_each [[
        void twice_TYPE(C *x, size_t n) {
          for (size_t i = 0; i < n; i++) x[i] *= 2;
        }
      ]])
      for type in pairs(types) do
        local name, a = "twice_" .. type, Array(type, { 1, 2, 3 })
        k[name](a, #a)
        assert.same({ 2, 4, 6 }, a:totable())
        for other in pairs(types) do
          if other ~= type then
            assert.equal(("bad argument #1 to '%s' (x: %s Array expected, "
              .. "got %s Array)"):format(name, type, other),
              support.message(k[name], Array(other, 3), 3))
          end
        end
      end
    end)

    it("of all ten types are read through pointers to const", function()
      local k = threading.kernel(for_each([[
        int sum_TYPE(size_t n, const C x[n], C const *restrict y) {
          int s = 0;
          for (size_t i = 0; i < n; i++) s += x[i] * y[i];
          return s;
        }
      ]]))
      for type in pairs(types) do
        local a = Array(type, { 1, 2, 3 })
        assert.equal(14, k["sum_" .. type](3, a, a))
      end
    end)

    it("begin where vectors may, and share no line of the cache", function()
      local k = threading.kernel [[
        int64_t at(const int8_t *x) { return (intptr_t)x; }
      ]]
      local ends, arrays = {}, {}
      for n = 1, 130 do
        arrays[n] = Array("int8", n)
        local at = k.at(arrays[n])
        assert.equal(0, at % 64)
        assert.is_nil(ends[at // 64])
        for line = at // 64, (at + n - 1) // 64 do
          ends[line] = true
        end
      end
    end)

    it("may have a hundred million elements", function()
      local k = threading.kernel [[
        void set(int64_t n, int8_t x[n], int64_t i) { x[i] = 7; }
      ]]
      local N <const> = 100000000
      local a = Array("int8", N)
      k.set(N, a, N - 1)
      assert.equal(7, a[N])
      assert.same({ 0, 7 }, a:totable(N - 1))
      assert.matches("an Array of 100000001 elements is needed, this has "
        .. "100000000", support.message(k.set, N + 1, a, 0))
    end)

    it("nothing else passes for one", function()
      local k = threading.kernel "void f(const double *x) { (void)x; }"
      for _, it in ipairs {
        { nil, "nil" }, { {}, "table" }, { 1, "number" },
        { threading.Lock(), "Lock" }, { Value "float64", "float64 Value" },
        { threading.Event(), "threading.Event" }, { "x", "string" },
        { io.stdout, "FILE*" },
      } do
        assert.equal("bad argument #1 to 'f' (x: float64 Array expected, got "
          .. it[2] .. ")", support.message(k.f, it[1]))
      end
    end)

    it("must be as long as their declaration says", function()
      local k = threading.kernel [[
        double sum(int64_t n, const double x[n]) {
          double s = 0;
          for (int64_t i = 0; i < n; i++) s += x[i];
          return s;
        }
        double last(int h, int w, const double x[restrict static h][w]) {
          return x[h - 1][w - 1];
        }
        #define N 3
        int32_t third(const int32_t x[static N]) { return x[N - 1]; }
        int any(const double x[]) { return x != 0; }
      ]]
      local a = Array("float64", { 1, 2, 4, 8, 16, 32 })
      assert.equal(63, k.sum(6, a))
      assert.equal(3, k.sum(2, a))
      assert.equal(0, k.sum(0, a))
      assert.equal(0, k.sum(0, Array("float64", 0)))
      assert.equal("bad argument #2 to 'sum' (x: an Array of 7 elements is "
        .. "needed, this has 6)", support.message(k.sum, 7, a))
      assert.equal("bad argument #2 to 'sum' (x: its declared length is "
        .. "negative or too large)", support.message(k.sum, -1, a))
      assert.matches("x: an Array of 9223372036854775807 elements is needed",
        support.message(k.sum, math.maxinteger, a))
      assert.equal(32, k.last(2, 3, a))
      assert.equal(16, k.last(5, 1, a))
      assert.matches("an Array of 8 elements is needed, this has 6",
        support.message(k.last, 2, 4, a))
      for _, hw in ipairs { { -1, -1 }, { 0, -1 }, { -1, 1 } } do
        assert.matches("negative or too large",
          support.message(k.last, hw[1], hw[2], a))
      end
      assert.equal(9, k.third(Array("int32", { 7, 8, 9 })))
      assert.matches("an Array of 3 elements is needed, this has 2",
        support.message(k.third, Array("int32", 2)))
      assert.equal(1, k.any(a))
    end)

    local function int32(n)
      return Array("int32", n)
    end

    -- {parameters, a length, arguments, the length that is needed, or nil: none
    -- would do}
    local lengths = {
      { "int n", "n * 4", { 1 << 30 }, 1 << 32 },
      { "int n", "n * 4", { -(1 << 30) } },
      { "int n", "n + 1", { 0x7fffffff }, 1 << 31 },
      { "int n", "n * 4 / 4", { 1 << 30 }, 1 << 30 },
      { "int8_t n", "n * 100", { 100 }, 10000 },
      { "uint8_t n", "n + 1", { 255 }, 256 },
      { "uint32_t n", "n * 4", { 1 << 30 }, 1 << 32 },
      { "uint32_t n", "n - 1", { 0 } },
      { "uint32_t n", "(n - 1) / 2", { 0 } },
      { "uint32_t n", "(n - 1) / 2", { 5 }, 2 },
      { "int64_t n", "n * 2", { 1 << 62 } },
      { "int64_t n", "n + 1", { math.maxinteger } },
      { "int64_t n", "n - (n - 4)", { math.maxinteger }, 4 },
      { "uint64_t n", "n", { -1 } },
      { "size_t n", "n * n", { 1 << 32 } },
      { "int64_t h, int64_t w", "h][w", { 1 << 32, 1 << 32 } },
      { "int64_t h, int64_t w", "h][w", { 0, -1 } },
      { "int64_t h, int64_t w", "h][w][2", { 3, 4 }, 24 },
      { "int k", "1 << k", { 32 }, 1 << 32 },
      { "int k", "1 << k", { 64 } },
      { "int k", "1 << k", { -1 } },
      { "int k", "64 >> k", { 3 }, 8 },
      { "int n, int m", "n / m", { 6, 0 } },
      { "int n, int m", "n / m", { 7, 2 }, 3 },
      { "int n, int m", "n % m", { 7, 0 } },
      { "int n, int m", "n % m", { 7, 4 }, 3 },
      { "int n, int m", "n / m", { -0x80000000, -1 }, 1 << 31 },
      { "int n", "-n", { -0x80000000 }, 1 << 31 },
      { "size_t n", "(n + 7) & ~7", { 9 }, 16 },
      { "uint32_t n", "(n + 7u) & ~7u", { 9 }, 16 },
      { "int n", "(int8_t)n", { 127 }, 127 },
      { "int n", "(int8_t)n", { 128 } },
      { "int n", "(uint8_t)n", { 256 } },
      { "int n", "(size_t)n * 2", { -1 } },
      { "int n", "(size_t)n * 2", { 1 << 30 }, 1 << 31 },
      { "double n", "(int)n", { 3.9 }, 3 },
      { "double n", "(int)(n) + 1", { 2^31 } },
      { "float n", "(int64_t)n", { 2^63 } },
      { "double n", "(int64_t)n", { 0 / 0 } },
      { "int n, bool b", "b ? n : N", { 9, false }, 7 },
      { "int n, bool b", "b ? n : 12 / n", { 0, true }, 0 },
      { "uint32_t n, int m", "n > m ? n : 1", { 3, -1 } },
      { "int n", "n > 1 && n != 4 ? n | 8 : !n ^ 3", { 3 }, 11 },
      { "int n", "n > 1 && n != 4 ? n | 8 : !n ^ 3", { 4 }, 3 },
      { "int n", "n <= 4 || n >= 6 || n == 5 || n < 0", { 4 }, 1 },
      { "int n", "sizeof(double) * n", { 1 << 30 }, 1 << 33 },
      { "int n", "n * N + TEN + +SIX", { 2 }, 30 },
      { "int n", "n * 0x10u + 0b11 + 010", { 1 }, 27 },
    }

    it("have lengths that do not wrap", function()
      local parts = { "#define N (3 + 4)\nenum { TEN = 10 };\n"
        .. "static const int SIX = 6;\n" }
      for i, it in ipairs(lengths) do
        parts[1 + i] = ("int f%d(%s, const int x[%s]) { return 1; }\n"):format(
          i, it[1], it[2])
      end
      local k = threading.kernel(table.concat(parts))
      for i, it in ipairs(lengths) do
        local function call(n)
          local arguments = table.move(it[3], 1, #it[3], 1, {})
          arguments[#arguments + 1] = int32(n)
          return k["f" .. i](table.unpack(arguments))
        end
        local needed = it[4]
        if not needed then
          assert.matches("x: its declared length is negative or too large",
            support.message(call, 1000), it[2])
        elseif needed < 100000 then
          assert.equal(1, call(needed), it[2])
        end
        if needed and needed > 0 then
          local n = math.min(needed, 1000) - 1
          assert.matches(("an Array of %d elements is needed, this has %d")
            :format(needed, n), support.message(call, n), it[2])
        end
      end
    end)

    it("have no lengths that nobody can reckon", function()
      for source, message in pairs {
        ["int f(int n, int a[g(n)]) { return 1; }"] =
          "<kernel>:1: function 'f': the length 'g %( n %)' of the parameter "
          .. "'a' is not supported",
        ["int f(double x, int a[(int)(x * 2)]) { return 1; }"] =
          "the length '%( int %) %( x %* 2 %)' of the parameter 'a'",
        ["int f(int *n, int a[*n]) { return 1; }"] = "is not supported",
        ["int f(int *n, int a[n]) { return 1; }"] = "is not supported",
        ["int f(int n, int a[n, 2]) { return 1; }"] = "is not supported",
        ["int f(int n, int a['a']) { return 1; }"] = "is not supported",
        ["int f(int n, int a[(n]) { return 1; }"] = "",
        ["int f(int a[1.5]) { return 1; }"] = "is not supported",
        ["int f(int a[" .. ("(1)+"):rep(50) .. "1]) { return 1; }"] =
          "is not supported",
        -- In C that is n * 3 + 4.
        ["#define N 3 + 4\nint f(int n, int a[n * N]) { return 1; }"] =
          "<kernel>:[12]:[^\n]* error: .*put_it_in_brackets",
        ["#define N n * 4\nint f(int n, int a[N]) { return 1; }"] =
          "<kernel>:[12]:[^\n]* error: .*undeclared",
      } do
        assert.matches(message, support.message(function()
          threading.kernel(source)
        end))
      end
    end)

    it("tell their length to C", function()
      local k = threading.kernel [[
        static size_t length(const double *x) { return threading_length(x); }
        size_t of(const double *x, const int8_t *y, int which) {
          static int other;
          return which == 1 ? length(x) : which == 2 ? threading_length(y)
                                                     : threading_length(&other);
        }
      ]]
      local x, y = Array("float64", 5), Array("int8", 9)
      assert.equal(5, k.of(x, y, 1))
      assert.equal(9, k.of(x, y, 2))
      assert.equal(0, k.of(x, y, 3))
      assert.equal(0, k.of(Array("float64", 0), y, 1))
    end)

    -- What a call before has left on the stack is no length.
    it("are told from numbers that look like them", function()
      local k = threading.kernel [[
        static int other;
        size_t of(const double *x) { return threading_length(x); }
        int64_t address(void) { return (int64_t)&other; }
        size_t at(int64_t n) { return threading_length((void *)n); }
      ]]
      local x, n = Array("float64", 5), k.address()
      local length, none = k.of(x), k.at(n)
      assert.equal(5, length)
      assert.equal(0, none)
    end)

    it("live as long as the call that uses them", function()
      local k = threading.kernel [[
        int64_t sum(int64_t n, const int64_t x[n], _Atomic int64_t *go) {
          *go = 1;
          while (*go != 2 && !threading_stopping()) {}
          int64_t s = 0;
          for (int64_t i = 0; i < n; i++) s += x[i];
          return s;
        }
      ]]
      local go, sum = Value "int64", nil
      local weak = setmetatable({}, { __mode = "v" })
      local t = support.start(function()
        local function new()
          local array = Array("int64", 1000)
          weak[1] = array
          array:fill(3)
          return array
        end
        sum = k.sum(1000, new(), go)
      end)
      support.wait_until(function()
        return go.value == 1
      end)
      collectgarbage()
      collectgarbage()
      go.value = 2
      support.join(t)
      assert.equal(3000, sum)
      collectgarbage()
      collectgarbage()
      assert.is_nil(weak[1])
    end)
  end)

  it("takes parameters of every kind at once", function()
    local k = threading.kernel [[
      double all(int8_t a, uint8_t b, int16_t c, uint16_t d, int32_t e,
                 uint32_t f, int64_t g, uint64_t h, int i, size_t j, float k,
                 double l, bool m, const int32_t *n, double *o, uint8_t p[2],
                 _Atomic int64_t *q, _Atomic(double) *r, threading_lock *s,
                 const _Atomic uint8_t *t) {
        o[0] = threading_lock_acquire(s);
        *q += 1;
        *r = *r + 0.5;
        threading_lock_release(s);
        return a + 2. * b + 3. * c + 4. * d + 5. * e + 6. * f + 7. * g +
               8. * h + 9. * i + 10. * j + 11. * k + 12. * l + 13. * m +
               14. * n[0] + 16. * p[1] + 20. * *t;
      }
    ]]
    local o, q, r = Array("float64", 1), Value "int64", Value("float64", 1)
    local sum = 14 * 14 + 16 * 16 + 20 * 20 + 13
    for i = 1, 12 do
      sum = sum + i * i
    end
    assert.equal(sum, k.all(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, true,
      Array("int32", { 14 }), o, Array("uint8", { 0, 16 }), q, r,
      threading.Lock(), Value("uint8", 20)))
    assert.same({ 1.0, 1, 1.5 }, { o[1], q.value, r.value })
  end)

  it("Values of all ten types are atomic pointers", function()
    local k = threading.kernel(for_each(
      "void twice_TYPE(_Atomic C *v) { *v = *v * 2; }\n"))
    for type in pairs(types) do
      local v = Value(type, 21)
      k["twice_" .. type](v)
      assert.equal(42, v.value)
    end
  end)

  it("Values are atomic pointers", function()
    local k = threading.kernel [[
      void add(_Atomic int64_t *v, int64_t n) { atomic_fetch_add(v, n); }
      void set(_Atomic(double) *v, double x) { atomic_store(v, x); }
      uint8_t get(const _Atomic uint8_t *v) { return *v; }
    ]]
    local v, d = Value("int64", 40), Value "float64"
    k.add(v, 2)
    assert.equal(42, v.value)
    k.set(d, 0.5)
    assert.equal(0.5, d.value)
    assert.equal(200, k.get(Value("uint8", 200)))
    assert.equal("bad argument #1 to 'add' (v: int64 Value expected, got "
      .. "float64 Value)", support.message(k.add, d, 1))
    assert.equal("bad argument #1 to 'add' (v: int64 Value expected, got "
      .. "int64 Array)", support.message(k.add, Array("int64", 1), 1))
    assert.equal("bad argument #1 to 'set' (v: float64 Value expected, got "
      .. "nil)", support.message(k.set, nil, 1))
  end)

  it("a Lock keeps out Lua and C", function()
    local k = threading.kernel [[
      int64_t add(threading_lock *l, int64_t *x, int64_t n) {
        for (int64_t i = 0; i < n; i++) {
          if (!threading_lock_acquire(l)) return i;
          x[0]++;
          if (!threading_lock_release(l)) return i;
        }
        return n;
      }
      int release(threading_lock *l) { return threading_lock_release(l); }
    ]]
    local lock, x = threading.Lock(), Array("int64", 1)
    local list = support.start_many(2, function()
      assert(k.add(lock, x, 20000) == 20000)
    end)
    for _ = 1, 2000 do
      lock:acquire()
      x[1] = x[1] + 1
      lock:release()
    end
    support.join(list)
    assert.equal(42000, x[1])
    assert.is_false(lock:locked())
    assert.equal(0, k.release(lock))
    assert.equal("bad argument #1 to 'release' (l: Lock expected, got nil)",
      support.message(k.release, nil))
    assert.matches("Lock expected, got int64 Value",
      support.message(k.release, Value "int64"))
  end)

  describe("without the lock", function()
    local MEET <const> = [[
      int64_t meet(_Atomic int64_t *here, int64_t n) {
        atomic_fetch_add(here, 1);
        while (*here < n && !threading_stopping()) {}
        return *here;
      }
    ]]

    it("as many run side by side as there are threads", function()
      local k = threading.kernel(MEET)
      local n = threading.cpu_count() + 1
      local here, met = Value "int64", {}
      -- Each waits for all others inside its call.
      support.join(support.start_many(n, function(i)
        met[i] = k.meet(here, n)
      end))
      for i = 1, n do
        assert.equal(n, met[i])
      end
    end)

    it("Lua goes on meanwhile", function()
      local k = threading.kernel(MEET)
      local here = Value "int64"
      local t = support.start(k.meet, here, 2)
      support.wait_until(function()
        return here.value == 1
      end)
      here:fetch_add(1)
      support.join(t)
      assert.equal(2, here.value)
    end)
  end)

  describe("a long loop", function()
    local SPIN <const> = [[
      void spin(_Atomic int64_t *on) {
        *on = 1;
        while (!threading_stopping()) {}
      }
    ]]

    it("stops where its thread is cancelled, and the call raises", function()
      local k = threading.kernel(SPIN)
      local on, err, back = Value "int64", nil, false
      local t = support.start(function()
        local _
        _, err = pcall(function()
          k.spin(on)
          back = true
        end)
      end)
      support.wait_until(function()
        return on.value == 1
      end)
      assert.is_true(t:cancel "enough")
      support.join(t)
      assert.is_true(threading.is_cancelled(err))
      assert.equal("enough", err.message)
      assert.is_false(back)
    end)

    it("goes on under a shield", function()
      local k = threading.kernel [[
        int wait(_Atomic int64_t *v) {
          *v = 1;
          while (*v != 2) if (threading_stopping()) return 0;
          return 1;
        }
      ]]
      local v, result = Value "int64", nil
      local t = support.start(function()
        result = threading.shield(k.wait, v)
      end)
      support.wait_until(function()
        return v.value == 1
      end)
      t:cancel()
      v.value = 2
      support.join(t)
      assert.equal(1, result)
    end)

    local child = ("local SPIN <const> = [[%s]]\n"):format(SPIN) .. [[
      local threading, time = require "threading", require "threading.time"
      local k, on = threading.kernel(SPIN), threading.Value "int64"
      local function when_on(fn)
        threading.Thread { daemon = true, target = function()
          while on.value == 0 do time.sleep(0) end
          fn()
        end }:start()
      end
    ]]

    it("stops at Ctrl-C, which the call raises", function()
      for _, call in ipairs {
        "k.spin(on)", "coroutine.wrap(k.spin)(on)",
        "coroutine.wrap(function() k.spin(on) end)()",
      } do
        assert.equal("false\ttrue\tfalse\n", support.output_of(child .. ([[
          when_on(function()
            assert(io.popen "kill -INT $PPID":close())
          end)
          local back = false
          local ok, err = pcall(function()
            %s
            back = true
          end)
          print(ok, err:find "interrupted!" ~= nil, back)
        ]]):format(call)))
      end
    end)

    it("stops at the end of the program", function()
      assert.equal("end\n", support.output_of(child .. [[
        threading.Thread { daemon = true, target = k.spin, args = { on } }
          :start()
        while on.value == 0 do time.sleep(0) end
        print "end"
      ]]))
    end)

    it("that never asks is left behind, with its Array", function()
      local r = support.run(child .. [[
        local k = threading.kernel [=[
          void write(int64_t n, int64_t x[n], _Atomic int64_t *on) {
            for (*on = 1;;)
              for (int64_t i = 0; i < n; i++) x[i]++;
          }
        ]=]
        threading.Thread { daemon = true, target = function()
          k.write(100000, threading.Array("int64", 100000), on)
        end }:start()
        while on.value == 0 do time.sleep(0) end
        print "end"
      ]])
      assert.equal("end\n", r.out)
      assert.equal("threading: 1 thread(s) in C code do not stop\n", r.err)
      assert.equal(0, r.code)
    end)
  end)

  describe("source", function()
    it("may hold what is no function for Lua", function()
      local k = threading.kernel [[
        /* int comment(void) { */
        // int other(void) { \
           int third(void) {
        #include <string.h>
        #define BRACE "/* {" \
          { ' "
        #define SUM(a, b) \
          ((a) + (b)) /* a comment
          that goes on { */
        #if 0
        #endif
        typedef struct { double x, y; } point;
        struct two { int a; struct { int b; } c; };
        union number { int i; float f; };
        enum color { RED, GREEN = SUM(1, 2) };
        static const char *const text = "} \" { // /*";
        static const char quotes[] = { '"', '\'', '\\', '{' };
        static double table[2] = { 1, 2 };
        int prototype(int x);
        _Static_assert(sizeof(int) == 4, "{");
        static inline point make(double x) { return (point){ x, x }; }
        static int unused(char *s, ...) { return s[0] == '}'; }
        __attribute__((noinline, unused)) static void hidden(void *p) {
          (void)p;
        }
        __attribute__((noinline))
        int prototype(int x)
          __attribute__((const));
        int prototype(int x) { if (x) { return GREEN; } return RED; }
        extern inline __attribute__((always_inline)) double
        first(double const *restrict x, const int32_t i) { return x[i]; }
        size_t length(void) { return strlen(text) + sizeof(quotes); }
        double sine(double x) { return sin(make(x).x) + table[0]; }
      ]]
      local names = {}
      for name in pairs(k) do
        names[#names + 1] = name
      end
      table.sort(names)
      assert.same({ "first", "length", "prototype", "sine" }, names)
      assert.equal(3, k.prototype(1))
      assert.equal(2.5, k.first(Array("float64", { 1, 2.5 }), 1))
      assert.equal(#'} " { // /*' + 4, k.length())
      assert.equal(math.sin(1) + 1, k.sine(1))
    end)

    it("has its own functions, whatever the program's are called", function()
      local k = threading.kernel [[
        int luaopen_base(int x) { return x + 1; }
        int lua_gettop(int x) { return luaopen_base(x); }
      ]]
      assert.equal(3, k.lua_gettop(2))
    end)

    local unsupported = {
      [""] = "a kernel needs a function that is not static",
      ["int x;"] = "a kernel needs a function that is not static",
      ["static int f(void) { return 1; }"] = "a function that is not static",
      ["/* int f(void) {} */"] = "a kernel needs a function",
      ["int f(char *s) { return *s; }"] =
        "<kernel>:1: function 'f': the type of the parameter 'char %* s' is "
        .. "not supported",
      ["\n\nint f(int a,\n void *p) { }"] =
        "<kernel>:4: function 'f': the type of the parameter 'void %* p' is",
      ["int f(double **x) { }"] = "'double %* %* x' is not supported",
      ["int f(double *x[]) { }"] = "is not supported",
      ["int f(struct s x) { }"] = "'struct s x' is not supported",
      ["int f(_Atomic int x) { }"] = "'_Atomic int x' is not supported",
      ["int f(threading_lock l) { }"] = "is not supported",
      ["int f(_Atomic threading_lock *l) { }"] = "is not supported",
      ["int f(long x) { }"] = "'long x' is not supported",
      ["int f(int x, ...) { }"] = "'%.%.%.' is not supported",
      ["int f(int (*g)(int)) { }"] = "is not supported in a parameter",
      ["int f(int x,) { }"] = "a parameter is missing",
      ["char *f(void) { }"] = "the result type 'char %*' is not supported",
      ["long double f(void) { }"] = "result type 'long double' is not",
      ["f(void) { }"] = "the declaration 'f %( void %)' is not supported",
      ["int (*f(void))(int) { }"] = "the declaration .* is not supported",
      ["int f(void) { }\nint f(void) { }"] =
        "<kernel>:2: function 'f' is defined twice",
      ["int f(void) {\n { }"] = "<kernel>:1: '{' is never closed",
      ["int f(void {"] = "never closed",
    }

    for source, message in pairs(unsupported) do
      it("is refused: " .. source:gsub("\n", " "), function()
        assert.matches(message, support.message(function()
          threading.kernel(source)
        end))
      end)
    end

    it("that does not compile: the compiler's words and lines", function()
      local before = ls(folder .. "/threading")
      local message = support.message(threading.kernel, [[
int f(int x) {
  int y = x;
  return y + z;
}]])
      assert.matches("^the C compiler '[^']+' fails:\n", message)
      assert.matches("<kernel>:3:%d+: error: [^\n]*z", message)
      assert.same(before, ls(folder .. "/threading"))
    end)

    it("whose brackets do not match is left to the compiler", function()
      for _, source in ipairs {
        "int f(int x { return x; }", "int f int x) { return x; }",
        "int f)( { return 1; }", "int x = 1\nint f(int y) { return y; }",
      } do
        assert.matches("^the C compiler '[^']+' fails:\n.*<kernel>:[12]:%d+: ",
          support.message(threading.kernel, source))
      end
    end)

    it("has functions beside what hides none", function()
      local sources = {
        "#if 0\ndon't\n#endif\nint f(int x) { return x; }",
        "#if 0\nint f(int x) { return 0; \n#endif\n"
          .. "int f(int x) { return x; }",
        "#if 0 // no\n#if 1\n#else\n{\n#endif\n{\n#elif 0\n{\n#else\n"
          .. "int f(int x) { return x; }\n#endif",
        "#if 1\nint f(int x) { return x; }\n#elif 1\n{\n#else\n{\n#endif",
        "#define Q '\"' // see /* there\nint f(int x) { return x; }",
        "#define Q '\"' /* \" \n */\nint f(int x) { return x; }",
        "#if 0\n#error don't /* do\nthat */\n#endif\n"
          .. "int f(int x) { return x; }",
        "int f(int x) <% int a<:1:> = { x }; return a[0]; %>",
        "%:define N 1 { \nint f(int x) { return x; }",
        "in\\\nt f(int x) { // \\ \n } \n return x; }",
        "static const char *s = \"\\\\\"; int f(int x) { return x; }",
      }
      local parts = {}
      for i, source in ipairs(sources) do
        parts[i] = source:gsub("%f[%w]f%(", "f" .. i .. "(")
      end
      local k = threading.kernel(table.concat(parts, "\n"), { flags = "-w" })
      for i, source in ipairs(sources) do
        assert.equal(7, k["f" .. i](7), source)
      end
    end)

    it("has functions that are called like the compiler's own", function()
      local k = threading.kernel [[
        int abs(int x) { return x + 1; }
        double floor(double x) { return x + 2; }
        static int ffs(int x) { return x + 3; }
        int called(int x) { return abs(x) + ffs(x); }
      ]]
      assert.equal(-6, k.abs(-7))
      assert.equal(4.5, k.floor(2.5))
      assert.equal(-10, k.called(-7))
    end)

    it("is refused where a function might be that is not read", function()
      local OLD <const> = "<kernel>:2: a '{' without the head of a function"
      for source, message in pairs {
        ["int f(a, b)\n int a; int b; { return 1; }"] = OLD,
        ["int f(a) int a;\n{ return 1; }\nint g(int x) { return x; }"] = OLD,
        ["int g(int x) { return x; }\n int f(a) int a; { return a; }"] = OLD,
        ["#define M\nint f(int x) M { return x; }"] =
          "<kernel>:2: the head 'int f %( int x %) M' of a function",
        ["#define B {\n#define E }\nint f(int x) B return x; E"] =
          "<kernel>:3: 'return' outside of a function",
        ["#define P (\nint f P int x) { return x; }"] =
          "<kernel>:2: the head 'int f P int x %)' of a function",
      } do
        assert.matches(message, support.message(function()
          threading.kernel(source, { flags = "-w" })
        end))
      end
    end)

    it("that calls what nobody has declared does not compile", function()
      assert.matches("fails:.*<kernel>:2:%d+: error: [^\n]*undeclared",
        support.message(threading.kernel,
          "\nint f(int x) { return undeclared(x); }"))
    end)

    it("that cannot be loaded is an error, and is not kept", function()
      local before = ls(folder .. "/threading")
      local message = support.message(threading.kernel, [[
        int nobody_has_this(int x);
        int f(int x) { return nobody_has_this(x); }
      ]])
      assert.matches("nobody_has_this", message)
      assert.matches("option flags", message)
      assert.same(before, ls(folder .. "/threading"))
    end)
  end)

  describe("options", function()
    it("flags come after the library's", function()
      local source = [[
        int n(void) { return N; }
        int optimized(void) {
        #ifdef __OPTIMIZE__
          return 1;
        #else
          return 0;
        #endif
        }
      ]]
      local k = threading.kernel(source, { flags = "-DN=1 -O0" })
      assert.same({ 1, 0 }, { k.n(), k.optimized() })
      k = threading.kernel(source, { flags = { "-DN=(1 + 1)" } })
      assert.same({ 2, 1 }, { k.n(), k.optimized() })
    end)

    it("of a wrong kind are errors", function()
      local source = "void f(void) {}"
      for _, it in ipairs {
        { 1, "bad argument 'options' to 'kernel' %(table expected" },
        { { flag = "-O0" }, "unexpected keyword argument 'flag' to 'kernel'" },
        { { flags = 1 }, "bad argument 'flags' to 'kernel'" },
        { { flags = { 1 } }, "bad argument 'flags' to 'kernel'" },
        { { cc = true }, "bad argument 'cc' to 'kernel'" },
        { { timeout = 0 }, "bad argument 'timeout' to 'kernel'" },
        { { timeout = 0 / 0 }, "bad argument 'timeout' to 'kernel'" },
        { { timeout = "1" }, "bad argument 'timeout' to 'kernel'" },
      } do
        assert.matches(it[2],
          support.message(threading.kernel, source, it[1]))
      end
      assert.matches("bad argument 'source' to 'kernel' %(string expected, "
        .. "got nil%)", support.message(threading.kernel))
    end)

    it("errors blame the line of the call", function()
      local ok, err = pcall(function()
        threading.kernel("")
      end)
      assert.is_false(ok)
      assert.matches("^[^\n]*kernel_spec.lua:%d+: a kernel needs", err)
    end)
  end)

  describe("the compiler", function()
    it("that is missing is an error", function()
      for _, option in ipairs { "no-such-compiler", "/no/such/compiler",
        folder } do
        assert.matches("the C compiler '[^']+' cannot be run",
          support.message(threading.kernel, "void f(void) {}",
            { cc = option }))
      end
      local r = support.run(ADD, { before = "export CC=no-such-compiler" })
      assert.equal(1, r.code)
      assert.matches("the C compiler 'no%-such%-compiler' cannot be run: "
        .. "[^\n]+ %(install one, such as gcc; the environment's CC or the "
        .. "option cc names another%)", r.err)
    end)

    it("that fails without a word is an error", function()
      assert.equal(("the C compiler '%s/silent' fails:\n"):format(folder)
        .. "without a word, with status 3",
        support.message(threading.kernel, "void f(void) {}",
          { cc = script("silent", "exit 3") }))
    end)

    it("that makes nothing is an error", function()
      assert.equal(("the C compiler '%s/lazy' has made nothing"):format(folder),
        support.message(threading.kernel, "void f(void) {}",
          { cc = script("lazy", "exit 0") }))
    end)

    it("that makes rubbish is an error, and it is not kept", function()
      local before = ls(folder .. "/threading")
      assert.matches("cannot be loaded", support.message(threading.kernel,
        "void f(void) {}", { cc = script("liar", [[
          while [ $# -gt 0 ]; do
            [ "$1" = -o ] && echo rubbish >"$2"
            shift
          done]]) }))
      assert.same(before, ls(folder .. "/threading"))
    end)

    it("that hangs is ended, with what it has started", function()
      local pid = write("pid", "")
      local hanging = script("hanging", ("sleep 1000 & echo $! >%s; wait")
        :format(pid))
      local timeout, child = 0.1
      repeat -- with more time, if it did not come as far as that
        timeout = 2 * timeout
        assert.equal(("the C compiler '%s' has not ended after %s seconds")
          :format(hanging, timeout), support.message(threading.kernel,
          "void f(void) {}", { cc = hanging, timeout = timeout }))
        child = read(pid):match "^(%d+)\n"
      until child
      support.wait_until(function()
        return has_ended(child)
      end, "the compiler's child to end")
      hanging = script("silent-and-hanging", "exec >&- 2>&-; sleep 1000")
      assert.matches("has not ended after", support.message(threading.kernel,
        "void f(void) {}", { cc = hanging, timeout = 0.3 }))
    end)

    it("that never stops printing is ended", function()
      local endless = script("endless", "exec yes")
      assert.matches("has not ended after", support.message(threading.kernel,
        "void f(void) {}", { cc = endless, timeout = 0.1 }))
    end)

    it("that hangs lets other threads go on, and is cancelled", function()
      local started = folder .. "/started"
      local hanging = script("waiting", "touch " .. started
        .. "; sleep 1000")
      local err
      local t = support.start(function()
        local _
        _, err = pcall(threading.kernel, "void f(void) {}", { cc = hanging })
      end)
      support.wait_until(function()
        local f <close> = io.open(started)
        return f
      end)
      t:cancel()
      support.join(t)
      assert.is_true(threading.is_cancelled(err))
    end)

    it("that hangs is interrupted by Ctrl-C", function()
      local hanging = script("interrupted", "kill -INT $PPID; sleep 1000")
      local r = support.run(([[
        local threading = require "threading"
        print(pcall(threading.kernel, "void f(void) {}", { cc = %q }))
      ]]):format(hanging))
      assert.matches("^false\t[^\n]*interrupted!\n$", r.out)
    end)

    it("may be named with words of its own, and sees no shell", function()
      local k = threading.kernel('int f(void) { return N; }', {
        cc = script("with words", 'shift; exec ' .. cc .. ' "$@"')
          and { folder .. "/with words", "word" },
        flags = { "-DN=7", "-DX=$(touch " .. folder .. "/shell)" },
      })
      assert.equal(7, k.f())
      assert.is_nil(io.open(folder .. "/shell"))
    end)

    it("knows no -march=native: it goes without", function()
      local k = threading.kernel("int f(void) { return 5; }", {
        cc = script("portable", [[
          for i in "$@"; do [ "$i" = -march=native ] && exit 1; done
          exec ]] .. cc .. [[ "$@"]]),
      })
      assert.equal(5, k.f())
    end)
  end)

  describe("the cache", function()
    -- Counts how often a kernel is compiled, with `quick` or another compiler.
    local function counting(name, compiler)
      local log = folder .. "/" .. name .. ".log"
      return script(name, ([[
        case " $* " in *" -o "*) echo compiled >>%s;; esac
        exec %s "$@"]]):format(log, compiler or quick)), function()
        local f <close> = io.open(log)
        return f and select(2, f:read "a":gsub("compiled", "")) or 0
      end
    end

    it("is for this user alone, and used by the next program", function()
      local path, before = new_cache "kept"
      local compiler, count = counting "count-kept"
      before = before .. " CC=" .. compiler .. "; umask 000"
      for _ = 1, 3 do
        assert.equal("5\n", support.output_of(ADD, { before = before }))
      end
      assert.equal(1, count())
      local file = cache_file(path)
      assert.equal("drwx------", (shell("ls -ld %s/threading", path)
        :sub(1, 10)))
      assert.equal("-rw-------", (shell("ls -l %s", file):sub(1, 10)))
    end)

    it("tells apart sources, flags and compilers", function()
      local compiler, count = counting "count-apart"
      local function use(source, options)
        options.cc = compiler
        return threading.kernel(source, options)
      end
      local a, b = "int apart(void) { return 1; }",
        "int apart(void) { return 2; }"
      assert.equal(1, use(a, {}).apart())
      assert.equal(2, use(b, {}).apart())
      assert.equal(1, use(a, { flags = "-O1" }).apart())
      assert.equal(3, count())
      assert.equal(1, use(a, {}).apart())
      assert.equal(3, count())
    end)

    it("with a damaged file: it is made again", function()
      local path, before = new_cache "damaged"
      local compiler, count = counting "count-damaged"
      before = before .. " CC=" .. compiler
      support.output_of(ADD, { before = before })
      local file = cache_file(path)
      local sound = read(file)
      local middle = #sound // 2
      local damages = {
        "", "rubbish", sound:sub(1, middle), sound:sub(1, -2),
        sound .. "x", ("\0"):rep(#sound), sound:sub(1, middle - 1)
          .. string.char(sound:byte(middle) ~ 1) .. sound:sub(middle + 1),
        sound:sub(1, -9) .. ("\xff"):rep(8), ("\xff"):rep(24),
      }
      for i, damage in ipairs(damages) do
        local f = assert(io.open(file, "wb"))
        f:write(damage)
        f:close()
        assert.equal("5\n", support.output_of(ADD, { before = before }))
        assert.equal(1 + i, count())
        assert.equal(#sound, #read(cache_file(path)))
      end
      support.output_of(ADD, { before = before })
      assert.equal(1 + #damages, count())
    end)

    -- What a program says where others have a hand in its folders.
    local function use_shared(variable, path)
      local tmp = folder .. "/tmp-of-shared"
      shell("mkdir -p %s", tmp)
      local before = ("export CC=%s XDG_CACHE_HOME= TMPDIR=%s %s=%s"):format(
        quick, tmp, variable, path)
      local r = support.run(ADD, { before = before .. " THREADING_DEBUG=1" })
      assert.equal("5\n", r.out, r.err)
      assert.same({}, ls(tmp))
      local quiet = support.run(ADD, { before = before })
      assert.equal("5\n", quiet.out)
      assert.equal("", quiet.err)
      return r.err
    end

    local NOT_KEPT <const> = "threading: a kernel is not kept in the cache: "

    it("that another could write is left out", function()
      local path = new_cache "unsafe"
      for _, command in ipairs {
        "mkdir -m 777 %s/threading", "chmod 770 %s/threading",
        "chmod 1777 %s/threading",
      } do
        assert(select(2, shell((command:gsub("%%s", path)))))
        local said = use_shared("XDG_CACHE_HOME", path)
        assert.equal(NOT_KEPT, said:sub(1, #NOT_KEPT))
        assert.matches(path .. "/threading", said, 1, true)
        assert.same({}, ls(path .. "/threading"))
      end
    end)

    it("below a folder that others can write is left out", function()
      local path = new_cache "shared-home"
      for _, mode in ipairs { "777", "775", "2770", "702" } do
        shell("chmod %s %s", mode, path)
        for variable, home in pairs {
          HOME = path, XDG_CACHE_HOME = path .. "/deep",
        } do
          assert.equal(NOT_KEPT .. "other users can write to " .. path
            .. ", or own it\n", use_shared(variable, home))
        end
        assert.same({}, ls(path))
      end
      shell("chmod 755 %s; mkdir -m 777 %s/in; ln -s in %s/link", path, path,
        path)
      for _, way in ipairs { "in", "link", "in/../in/.", "link/" } do
        assert.equal(NOT_KEPT .. "other users can write to " .. path
          .. "/in, or own it\n", use_shared("HOME", path .. "/" .. way))
      end
      assert.same({}, ls(path .. "/in"))
      shell("chmod 1777 %s/in", path) -- as /tmp is
      assert.equal("", use_shared("HOME", path .. "/link"))
      assert.equal(1, #ls(path .. "/in/.cache/threading"))
    end)

    it("by links of this user's or root's", function()
      local path, before = new_cache "links"
      before = before:gsub("^export ", "%0CC=" .. quick .. " ")
      shell("mkdir %s/true; ln -s %s/true %s/one; ln -s ../one %s/true/two",
        path, path, path, path)
      shell("ln -s loop %s/loop", path)
      local function use(name)
        assert.equal("5\n", support.output_of(ADD, {
          before = before .. "/" .. name,
        }))
      end
      for _, name in ipairs { "true", "one", "one/two", "true/../one/" } do
        use(name)
        cache_file(path .. "/true")
      end
      use "loop"
      shell("mkdir %s/elsewhere; rm -r %s/true/threading", path, path)
      shell("ln -s ../elsewhere %s/true/threading", path)
      use "one"
      assert.equal(1, #ls(path .. "/elsewhere"))
    end)

    it("of folders and links of another user's is left out", function()
      if shell "id -u" ~= "0" then
        pending "only root can give a folder away"
        return
      end
      local path = new_cache "foreign"
      shell("mkdir -m 755 %s/home %s/mine; chown 65534 %s/home", path, path,
        path)
      shell("ln -s mine %s/link; chown -h 65534 %s/link", path, path)
      for _, name in ipairs { "home", "link" } do
        assert.equal(("%sother users can write to %s/%s, or own it\n"):format(
          NOT_KEPT, path, name), use_shared("HOME", path .. "/" .. name))
      end
      shell("chmod 1777 %s", path) -- where each has its own
      assert.not_equal("", use_shared("HOME", path .. "/home"))
      assert.same({}, ls(path .. "/home"))
      assert.same({}, ls(path .. "/mine"))
    end)

    it("with what another user has written: it is made again", function()
      local path, before = new_cache "planted"
      local compiler, count = counting "count-planted"
      before = before .. " CC=" .. compiler
      support.output_of(ADD, { before = before })
      local file = cache_file(path)
      for n, command in ipairs {
        "chmod 666 @; chmod 755 " .. path .. "/threading",
        "mv @ @.so; ln -s @.so @", "rm @; mkfifo @", "rm @; mkdir -p @/x",
      } do
        shell("%s", (command:gsub("@", file)))
        assert.equal("5\n", support.output_of(ADD, { before = before }))
        assert.equal(1 + n, count())
      end
    end)

    it("loads the file that was read, whoever takes its place", function()
      if not os.execute "test -d /proc/self/fd" then
        pending "descriptors have no names here"
        return
      end
      local path = new_cache "exchanged"
      for n = 1, 2 do
        write("exchanged.c", ("int number(void) { return %d; }"):format(n))
        assert(select(2, shell("%s -shared -fPIC -o %s/%d.so %s/exchanged.c",
          cc, path, n, folder)))
      end
      local place = _thread._folder(path)
      assert.is_string(_thread._read_file(place, "1.so"))
      shell("mv %s/2.so %s/1.so", path, path)
      local handle = assert(_thread._load(place, path .. "/1.so"))
      assert.matches("exchanged/1.so (deleted)", shell(
        "grep exchanged /proc/$PPID/maps | head -1"), 1, true)
      assert.is_userdata(handle)
    end)

    it("that cannot be made: a folder that is removed again", function()
      local tmp = folder .. "/tmp"
      shell("mkdir %s", tmp)
      for _, where in ipairs {
        "XDG_CACHE_HOME=/dev/null", "XDG_CACHE_HOME=/proc",
        "XDG_CACHE_HOME=relative HOME=", "XDG_CACHE_HOME= HOME=/dev/null",
      } do
        assert.equal("5\n", support.output_of(ADD, {
          before = ("export CC=%s TMPDIR=%s %s"):format(quick, tmp, where),
        }))
        assert.same({}, ls(tmp))
      end
      local r = support.run([[ -- Valgrind itself needs a true one
        local _thread = require "threading._thread"
        local getenv = _thread._getenv
        function _thread._getenv(name)
          return name == "TMPDIR" and "/dev/null" or getenv(name)
        end
      ]] .. ADD, { before = "export XDG_CACHE_HOME=/dev/null" })
      assert.equal(1, r.code)
      assert.matches("neither the cache folder nor /dev/null can be written",
        r.err)
    end)

    it("is made where not even its parents are there", function()
      local path = new_cache "deep"
      assert.equal("5\n", support.output_of(ADD, {
        before = ("export XDG_CACHE_HOME= HOME=%s/a/b"):format(path),
      }))
      assert.equal(1, #ls(path .. "/a/b/.cache/threading"))
    end)

    -- A folder with headers own.h, in which a program is run.
    local function headers(name, n)
      local path = folder .. "/" .. name
      shell("mkdir -p %s/sub %s/first", path, path)
      files.write(path .. "/own.h", "#define N " .. n .. "\n")
      return path
    end

    -- Until a run finds all in the cache: what has changed since the compiler
    -- was started is not kept.
    local function settle(run, count)
      local before
      support.wait_until(function()
        before = count()
        run()
        return count() == before
      end)
    end

    local ways = {
      ['#include "own.h"'] = {}, ['#import "own.h"'] = { flags = "-w" },
      ["#include <own.h>"] = { flags = "-I ." },
      ["#include <own.h> // "] = { flags = "-isystem." },
      ["  #  include /* */ \"own.h\" /* */"] = {},
      ["%:include \"own.h\""] = {},
      ["#inc\\\nlude \"ow\\\nn.h\""] = {},
      ["#define NAME \"own.h\"\n#include NAME"] = {},
      ["#define OF(x) #x\n#include OF(own.h)"] = {},
      ["#include HEADER"] = { flags = '-DHEADER="own.h"' },
      [""] = { flags = "-include own.h" },
      ["// "] = { flags = "-imacros own.h" },
      ["#include <own.h> // CPATH"] = { before = "CPATH=." },
      ["#include <own.h> // absolute"] = { before = "CPATH=$PWD" },
      ['asm(".incbin \\"own.h\\"\\n");\n#include "own.h"'] = {},
      ["//@"] = { flags = "@words" },
    }

    local number = 0

    for text, way in pairs(ways) do
      it("knows what a source has read: " .. text:gsub("\n", " "), function()
        number = number + 1
        local path, before = new_cache("read" .. number)
        local compiler, count = counting("count-read" .. number, honest)
        local work = headers("work", 1)
        files.write(work .. "/words", "-include own.h\n")
        local program = ("print(require 'threading'.kernel(%q, %s).n())")
          :format(text .. "\nint n(void) { return N; }",
            way.flags and ("{ flags = %q }"):format(way.flags) or "nil")
        write("program-of-read.lua", program)
        local command = ("cd %s; %s CC=%s %s; %s %s/program-of-read.lua")
          :format(work, before, compiler, way.before or "",
            support.lua_command(), folder)
        local function run(n)
          local out = shell("%s", command)
          assert.equal(tostring(n), out)
        end
        if text:find "incbin" then -- which no compiler lists
          run(1)
        else
          settle(function() run(1) end, count)
        end
        headers("work", 2)
        run(2)
        shell("rm -r %s %s", path, work)
      end)
    end

    it("knows where a header might have been found", function()
      local path, before = new_cache "found"
      local compiler, count = counting("count-found", honest)
      local work = headers("places", 1)
      shell("mv %s/own.h %s/sub", work, work)
      write("program-of-found.lua", [[
        local k = require "threading".kernel("#include <own.h>\n"
          .. "int n(void) { return N; }", { flags = "-Ifirst -Isub" })
        print(k.n())
      ]])
      local command = ("%s CC=%s; cd %s; %s %s/program-of-found.lua"):format(
        before, compiler, work, support.lua_command(), folder)
      settle(function() assert.equal("1", shell("%s", command)) end, count)
      files.write(work .. "/first/own.h", "#define N 2\n")
      assert.equal("2", shell("%s", command))
      shell("rm -r %s", path)
    end)

    it("knows what it is linked with", function()
      local _, before = new_cache "linked"
      local compiler, count = counting("count-linked", honest)
      local work = headers("library", 1)
      local function build(n)
        files.write(work .. "/own.c",
          ("int own(void) { return %d; }"):format(n))
        assert(select(2, shell("cd %s && %s -fPIC -c own.c && "
          .. "rm -f libown.a && ar rc libown.a own.o", work, cc)))
      end
      for _, flags in ipairs { "-L. -lown", "own.o", "./libown.a" } do
        write("program-of-linked.lua", ([[
          local k = require "threading".kernel("int own(void);\n"
            .. "int n(void) { return own(); }", { flags = %q })
          print(k.n())
        ]]):format(flags))
        local command = ("%s CC=%s; cd %s; %s %s/program-of-linked.lua"):format(
          before, compiler, work, support.lua_command(), folder)
        build(1)
        settle(function() assert.equal("1", shell("%s", command)) end, count)
        build(2)
        assert.equal("2", shell("%s", command))
      end
    end)

    it("asks a script what compiler it is, and a compiler's file", function()
      assert.is_nil(_thread._find_binary(script("asked", "exit 0")))
      assert.is_nil(_thread._find_binary "no-such-compiler")
      assert.is_nil(_thread._find_binary(folder))
      local sh = _thread._find_binary "sh"
      assert.equal(shell "readlink -f $(command -v sh)", sh)
      assert.equal(sh, _thread._find_binary "/bin/sh")
      local before = _thread._state(sh)
      assert.equal(32, #before)
      assert.equal(before, (_thread._state(sh)))
      assert.equal("", (_thread._state(folder .. "/nothing")))
    end)

    it("is safe between processes and between threads", function()
      local path, before = new_cache "shared"
      local program = [[
        local threading = require "threading"
        local source = "int add(int a, int b) { return a + b; }"
        local sum, list = threading.Value "int64", {}
        for i = 1, 3 do
          list[i] = threading.Thread { target = function()
            sum:fetch_add(threading.kernel(source).add(i, i))
          end }
          list[i]:start()
        end
        for _, t in ipairs(list) do t:join() end
        print(sum.value)
      ]]
      local outs = {}
      support.join(support.start_many(1, function()
        local file = write("program.lua", program)
        local command = before .. "; " .. ("%s %s & "):format(
          support.lua_command(), file):rep(4) .. "wait"
        outs[1] = shell("%s", command)
      end))
      assert.equal(("12\n"):rep(4), outs[1] .. "\n")
      cache_file(path)
    end)

    it("holds nothing half-made when its maker is killed", function()
      local path, before = new_cache "killed"
      local killer = script("killer", ([[
        case " $* " in *" -o "*) kill -KILL $PPID; exit;; esac
        exec %s "$@"]]):format(quick))
      local r = support.run(ADD, { before = before .. " CC=" .. killer })
      assert.equal(9, r.signal)
      for _, name in ipairs(ls(path .. "/threading")) do
        assert.is_nil(name:match "%.so$")
      end
      assert.equal("5\n", support.output_of(ADD, { before = before }))
    end)
  end)

  it("time spent in the compiler is not spent under the lock", function()
    -- The compiler waits for what this thread does.
    local begun, go_on = folder .. "/begun", folder .. "/go-on"
    local k
    local t = support.start(function()
      k = threading.kernel("int slow(void) { return 1; }", {
        timeout = support.PATIENCE,
        cc = script("slow", ([[
          touch %s
          until [ -e %s ]; do sleep 0.01; done
          exec %s "$@"]]):format(begun, go_on, cc)),
      })
    end)
    support.wait_until(function()
      local f <close> = io.open(begun)
      return f
    end)
    assert.is_nil(k)
    write("go-on", "")
    support.join(t)
    assert.equal(1, k.slow())
  end)
end)
