-- The compiler of kernels, and those that are none.

local files = require "spec.support.files"
local kernels = require "spec.support.kernels"
local support = require "spec.support"
local threading = require "threading"

local read, write, script = files.read, kernels.write, kernels.script
local ls, has_ended, ADD = kernels.ls, kernels.has_ended, kernels.ADD

describe("kernel", function()
  lazy_setup(kernels.make)
  lazy_teardown(kernels.remove)

  describe("the compiler", function()
    it("that is missing is an error", function()
      for _, option in ipairs { "no-such-compiler", "/no/such/compiler",
        kernels.folder } do
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
      assert.equal(("the C compiler '%s/silent' fails:\n")
        :format(kernels.folder)
        .. "without a word, with status 3",
        support.message(threading.kernel, "void f(void) {}",
          { cc = script("silent", "exit 3") }))
    end)

    it("that makes nothing is an error", function()
      assert.equal(("the C compiler '%s/lazy' has made nothing")
        :format(kernels.folder),
        support.message(threading.kernel, "void f(void) {}",
          { cc = script("lazy", "exit 0") }))
    end)

    it("that makes rubbish is an error, and it is not kept", function()
      local before = ls(kernels.folder .. "/threading")
      assert.matches("cannot be loaded", support.message(threading.kernel,
        "void f(void) {}", { cc = script("liar", [[
          while [ $# -gt 0 ]; do
            [ "$1" = -o ] && echo rubbish >"$2"
            shift
          done]]) }))
      assert.same(before, ls(kernels.folder .. "/threading"))
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
      local started = kernels.folder .. "/started"
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
        cc = script("with words", 'shift; exec ' .. kernels.cc .. ' "$@"')
          and { kernels.folder .. "/with words", "word" },
        flags = { "-DN=7", "-DX=$(touch " .. kernels.folder .. "/shell)" },
      })
      assert.equal(7, k.f())
      assert.is_nil(io.open(kernels.folder .. "/shell"))
    end)

    it("knows no -march=native: it goes without", function()
      local k = threading.kernel("int f(void) { return 5; }", {
        cc = script("portable", [[
          for i in "$@"; do [ "$i" = -march=native ] && exit 1; done
          exec ]] .. kernels.cc .. [[ "$@"]]),
      })
      assert.equal(5, k.f())
    end)
  end)
end)
