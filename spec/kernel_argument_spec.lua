-- What kernels are given and return: numbers, Arrays, Values, Locks.

local kernels = require "spec.support.kernels"
local support = require "spec.support"
local threading = require "threading"

local Array, Value, for_each =
  threading.Array, threading.Value, kernels.for_each
local types = kernels.types

describe("kernel", function()
  lazy_setup(kernels.make)
  lazy_teardown(kernels.remove)

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
    assert.matches("kernel_argument_spec.lua:%d+: "
      .. "bad argument #1 to 'f' %(x: ", err)
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
end)
