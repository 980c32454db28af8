-- Pools of ranks.

local files = require "spec.support.files"
local mpi = require "spec.support.mpi"
local support = require "spec.support"

local plain_it = it
local it = mpi.it(it, pending)

local OPTION <const> = "-lthreading.mpi"

describe("an MPIPoolExecutor", function()
  it("makes calls on the other ranks", function()
    assert.matches("all is well", mpi.output_of(4, OPTION, [[
      local futures = require "threading.futures"
      local mpi = require "threading.mpi"
      local threading = require "threading"
      local seen = 0
      do
        local pool <close> = futures.MPIPoolExecutor {
          initializer = function(n) _G.start = n end, initargs = { 100 } }
        assert(pool:num_workers() == 3)
        -- Results, however many; upvalues; what the initializer has left.
        local k = 5
        local f = pool:submit(function(...)
          return start + k, select("#", ...), ... -- luacheck: ignore
        end, nil, 1, nil)
        local r = table.pack(f:result())
        assert(r.n == 5 and r[1] == 105 and r[2] == 3 and r[4] == 1)
        assert(table.pack(pool:submit(function() end):result()).n == 0)
        -- Each rank is used.
        local ranks = {}
        local function meet()
          require("threading.time").sleep(0.05)
          return require("threading.mpi").comm_world().rank
        end
        for _, rank in pool:map(meet, { 1, 2, 3 }) do
          ranks[rank] = true
        end
        assert(ranks[1] and ranks[2] and ranks[3] and not ranks[0])
        -- Chunks, in their order, and an error at its place.
        local list = {}
        for i = 1, 1000 do
          list[i] = i
        end
        for i, double in pool:map(function(x) return 2 * x end, list,
            { chunksize = 70 }) do
          assert(double == 2 * i)
          seen = i
        end
        assert(pool:num_workers() == 3)
        -- Much at once: more than goes along with a message's head.
        local text = ("x"):rep(3000000)
        assert(pool:submit(string.rep, text, 2):result() == text .. text)
        local a = threading.Array("int32", { 1, 2, 3 })
        assert(pool:submit(function(array) return #array, array end, a)
          :result() == 3)
        -- Errors: the object itself, with its traceback and rank.
        local object = { 1 }
        local err, traceback = pool:submit(function(t)
          error(t)
        end, object):exception()
        assert(err[1] == 1 and traceback:find "^rank [123]: table:.-\n"
          and traceback:find "\nstack traceback:\n", traceback)
        err = pool:submit(error, "boom", 0):exception()
        assert(err == "boom")
        err = pool:submit(function() return io.stdout end):exception()
        assert(err:find "^rank [123]: results?%[1%]: FILE%* cannot cross", err)
        err = pool:submit(function() require("threading").exit() end)
          :exception()
        assert(tostring(err) == "threading.exit")
        err = pool:submit(function() return helper() end):exception()
        assert(err:find "helper", err)
        -- What cannot go is told at once.
        local ok, why = pcall(pool.submit, pool, print, { io.stdout })
        assert(not ok and why:find "^args%[1%]%[1%]: FILE%* cannot", why)
        ok, why = pcall(pool.submit, pool, 5)
        assert(not ok and why:find "'fn' to 'submit'", why)
        -- Cancelled before it begins.
        local one <close> = mpi.MPIPoolExecutor(1)
        local sleep = require("threading.time").sleep
        local busy, later = one:submit(sleep, 0.2), one:submit(sleep, 0)
        assert(later:cancel())
        while not busy:running() do
          sleep(0)
        end
        assert(not busy:cancel())
        for f in futures.as_completed { busy, later } do
          assert(f:done())
        end
      end
      -- A second pool of the same ranks, and one beside it.
      local a <close> = mpi.MPIPoolExecutor(1)
      local b <close> = mpi.MPIPoolExecutor { max_workers = 99 }
      assert(a:num_workers() == 1 and b:num_workers() == 3)
      assert(a:submit(math.max, 1, 2):result() == 2)
      assert(b:submit(math.max, 1, 2):result() == 2)
      -- A broken one.
      local c <close> = mpi.MPIPoolExecutor { initializer = error,
        initargs = { "no luck" } }
      assert(not pcall(c.submit(c, print).result, c))
      -- One that is shut down.
      a:shutdown()
      local ok, why = pcall(a.submit, a, print)
      assert(not ok and why:find "after shutdown")
      -- The other ranks serve: they send each other what they like.
      local first = b:submit(function()
        local comm = require("threading.mpi").comm_world()
        return comm.rank
      end):result()
      assert(first > 0 and seen == 1000)
      local told = pcall(mpi.MPICommExecutor)
      assert(not told)
      print "all is well"
    ]]))
  end)

  it("ends its ranks with the script, also by an error or os.exit", function()
    for _, case in ipairs {
      { "error 'of the script'", 1, "of the script" },
      { "os.exit(3)", 3, "" },
      -- What is being made then is not waited for.
      { [[pool:submit(function() while true do end end)
          require("threading.time").sleep(0.1)
          os.exit(4)]], 4, "" },
    } do
      local text, status = mpi.run(2, OPTION, [[
        local pool = require("threading.mpi").MPIPoolExecutor()
        assert(pool:submit(math.max, 1, 2):result() == 2)
      ]] .. case[1])
      assert.equal(case[2], status, text)
      assert.matches(case[3], text, 1, true)
    end
  end)

  it("ends all where a rank ends or dies, and says which", function()
    local text, status = mpi.run(3, OPTION, [[
      local pool = require("threading.mpi").MPIPoolExecutor(1)
      pool:submit(os.exit, 5):result()
    ]])
    assert.equal(5, status, text)
    assert.matches("threading.mpi: rank 1 calls os.exit", text, 1, true)
    text, status = mpi.run(3, OPTION, [[
      local pool = require("threading.mpi").MPIPoolExecutor(1)
      pool:submit(os.execute, "kill -9 $PPID"):result()
    ]])
    assert.equal(137, status, text)
    assert.matches("rank 1 .*signal 9", text)
  end)

  it("starts processes where it is alone, and ends them", function()
    assert.equal("ok", mpi.output_of(0, "", [[
      local mpi = require "threading.mpi"
      package.path = "nowhere/?.lua;" .. package.path
      do
        local pool <close> = mpi.MPIPoolExecutor { max_workers = 3 }
        assert(pool:num_workers() == 3)
        for i, x in pool:map(math.abs, { -1, -2, -3 }) do
          assert(i == x)
        end
        assert(pool:submit(function() return package.path end):result()
          == package.path)
      end
      local pool <close> = mpi.MPIPoolExecutor(1)
      assert(pool:submit(math.max, 1, 3):result() == 3)
      io.write "ok"
    ]]))
    local text, status = mpi.run(0, "", [[
      local pool = require("threading.mpi").MPIPoolExecutor(1)
      pool:submit(os.execute, "kill -9 $PPID"):result()
    ]])
    assert.equal(1, status, text)
    assert.matches("rank 1 %(process %d+%) has died", text)
  end)

  it("ends processes that nobody waits for any more", function()
    assert.equal("over", mpi.output_of(0, "", [[
      local threading = require "threading"
      local new = require("threading.mpi").MPIPoolExecutor
      local t = threading.Thread { target = new, args = { 2 } }
      t:start()
      t:cancel()
      t:join()
      io.write "over"
    ]]))
  end)

  it("needs ranks that are like each other", function()
    local text, status = mpi.run(1, OPTION, "",
      (": -n 1 %s -e '_VERSION = \"Lua 9.9\"' %s -e ''"):format(
        support.lua_command(), OPTION))
    assert.equal(1, status)
    assert.matches("rank 1 on %S+ is not like rank 0: it runs Lua 9.9", text)
  end)
end)

describe("two hosts", function()
  it("are one pool", function()
    if select(2, files.shell "mpi/spec/hosts.sh") ~= true then
      pending "needs `ip netns`"
      return
    end
    assert.equal("this\nother\nother\n3000000\n100000\n", mpi.output_of(
      "mpi/spec/hosts.sh -n 3", OPTION, [[
        local threading = require "threading"
        local pool <close> = require("threading.mpi").MPIPoolExecutor()
        local function host()
          local f <close> = io.open "/proc/sys/kernel/hostname"
          require("threading.time").sleep(0.05)
          return f:read "l"
        end
        print(host())
        for _, name in pool:map(host, { 1, 2 }) do
          print(name)
        end
        print(#pool:submit(string.rep, "xyz", 1000000):result())
        print(#pool:submit(function(a)
          return a:copy()
        end, threading.Array("int64", 100000)):result())
      ]]) .. "\n")
  end)
end)

describe("an MPICommExecutor", function()
  it("is on one of the ranks that run the script", function()
    local text = mpi.output_of(3, "", [[
      local mpi = require "threading.mpi"
      local comm = mpi.comm_world()
      for root = 0, 1 do
        local pool <close> = mpi.MPICommExecutor { root = root }
        assert((pool == nil) == (comm.rank ~= root))
        if pool then
          for i, x in pool:map(math.abs, { -1, -2 }) do
            assert(i == x)
          end
        end
      end
      do
        local unused <close> = mpi.MPICommExecutor()
      end
      local ok, why = pcall(mpi.MPIPoolExecutor)
      assert(not ok and why:find("mpirun -n 3 lua -lthreading.mpi", 1, true))
      for _, bad in ipairs { { root = 3 }, { rot = 1 }, { max_workers = 0,
          root = comm.rank } } do
        assert(not pcall(mpi.MPICommExecutor, bad))
      end
      comm:barrier()
      io.write "ok "
    ]])
    assert.equal("ok ok ok ", text)
  end)
end)

describe("futures.MPIPoolExecutor", function()
  plain_it("says which rock is missing", function()
    assert.matches("needs the rock threading%-mpi.*luarocks install",
      support.output_of [[
        table.insert(package.searchers, 1, function(name)
          if name == "threading.mpi" then
            return error "none"
          end
        end)
        print(pcall(require("threading.futures").MPIPoolExecutor))
      ]])
  end)
end)
