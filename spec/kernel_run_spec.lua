-- Kernels run without the global lock, and can be stopped.

local kernels = require "spec.support.kernels"
local support = require "spec.support"
local threading = require "threading"

local Value, write, script = threading.Value, kernels.write, kernels.script
local cc = kernels.cc

describe("kernel", function()
  lazy_setup(kernels.make)
  lazy_teardown(kernels.remove)

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

  it("time spent in the compiler is not spent under the lock", function()
    -- The compiler waits for what this thread does.
    local begun, go_on = kernels.folder .. "/begun", kernels.folder .. "/go-on"
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
