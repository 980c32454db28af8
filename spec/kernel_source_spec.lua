-- The source of a kernel, and the options.

local kernels = require "spec.support.kernels"
local support = require "spec.support"
local threading = require "threading"

local Array, ls = threading.Array, kernels.ls

describe("kernel", function()
  lazy_setup(kernels.make)
  lazy_teardown(kernels.remove)

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
      local before = ls(kernels.folder .. "/threading")
      local message = support.message(threading.kernel, [[
int f(int x) {
  int y = x;
  return y + z;
}]])
      assert.matches("^the C compiler '[^']+' fails:\n", message)
      assert.matches("<kernel>:3:%d+: error: [^\n]*z", message)
      assert.same(before, ls(kernels.folder .. "/threading"))
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
      local before = ls(kernels.folder .. "/threading")
      local message = support.message(threading.kernel, [[
        int nobody_has_this(int x);
        int f(int x) { return nobody_has_this(x); }
      ]])
      assert.matches("nobody_has_this", message)
      assert.matches("option flags", message)
      assert.same(before, ls(kernels.folder .. "/threading"))
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
      assert.matches("^[^\n]*kernel_source_spec.lua:%d+: a kernel needs", err)
    end)

    describe("of errors the line in the program is told:", function()
      local HERE <const> = "spec/kernel_source_spec.lua"

      -- The error of a program in a file, whose name becomes FILE.
      local function err_of(program)
        local text = support.output_of("local kernel = "
          .. "require 'threading'.kernel\nprint(select(2, pcall(function()\n"
          .. program .. "\nend)))")
        return (text:gsub("/tmp/lua_%w+:", "FILE:"))
      end

      it("those of the compiler", function()
        assert.matches("^FILE:3: the C compiler '[^']+' fails:\n"
          .. ".*\nFILE:5: <kernel>:2:%d+: error: [^\n]*z", err_of [=[
local k = kernel [[
  int f(void) {
    return z;
  }
]]]=])
      end)

      it("ours, in the place of the call's", function()
        assert.matches("^FILE:6: <kernel>:3: function 'f': the type of the "
          .. "parameter 'char %* s' is not supported", err_of [=[
local k = kernel [[
  static int g(void);

  int f(char *s) { return 0; }
]]]=])
      end)

      it("nearest to the call, where a source is there twice", function()
        local source = "local k = kernel [[int f(char *s) { return 0; }]]\n"
        assert.matches("^FILE:7: <kernel>:1: ", err_of("if false then\n"
          .. source .. source .. "end\n" .. source))
      end)

      it("in a string that was loaded", function()
        local chunk = assert(load("\nrequire 'threading'.kernel [[\n"
          .. "int f(char *s) { return 0; }\n]]\n"))
        local _, err = pcall(chunk)
        assert.matches('^%[string "..."%]:3: <kernel>:1: function', err)
      end)

      it("but not where the source was put together", function()
        local _, err = pcall(function()
          local k = threading.kernel("int f(" .. "char *s) { return 0; }")
          return k
        end)
        assert.matches("^" .. HERE .. ":%d+: <kernel>:1: function 'f'", err)
        local line = err:match ":(%d+)"
        assert.is_true(math.tointeger(line) > 1)
      end)
    end)
  end)
end)
