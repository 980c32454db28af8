-- Ranks that send each other values, and what they do together.

local files = require "spec.support.files"
local mpi = require "spec.support.mpi"

local it = mpi.it(it, pending)

-- Each rank ends with "ok".
local function specify(n, program)
  local text = mpi.output_of(n, "", [[
    local mpi = require "threading.mpi"
    local threading = require "threading"
    local Array, Thread = threading.Array, threading.Thread
    local comm = mpi.comm_world()
    local rank, size = comm.rank, comm.size
    local next_rank, last_rank = (rank + 1) % size, (rank - 1) % size
    local function complaint(...)
      return select(2, pcall(...))
    end
    local function expect(text, ...)
      local ok, err = pcall(...)
      assert(not ok and tostring(err):find(text, 1, true), tostring(err))
    end
  ]] .. program .. "\nio.write 'ok '")
  assert.equal(("ok "):rep(n), text)
end

local TALK <const> = [[
  assert(tostring(comm) == ("<threading.mpi.Comm(rank %d of %d)>"):format(rank,
    size))
  -- In a ring, by source and tag, not in the order of sending.
  comm:send({ from = rank, { 1.5, "x", true } }, next_rank, 7)
  comm:send("second", next_rank)
  assert(comm:receive { tag = 0, source = last_rank } == "second")
  local v, source, tag = comm:receive()
  assert(v.from == last_rank and source == last_rank and tag == 7)
  assert(v[1][1] == 1.5)
  comm:send(nil, rank)
  assert(select("#", comm:receive()) == 3)
  -- Nothing is there.
  assert(select(2, comm:receive { timeout = 0 }) == "timeout")
  assert(select(2, comm:receive { timeout = 0.01, tag = 5 }) == "timeout")
  -- Functions, and what has more than 64 KiB: its sender waits.
  local text = ("x"):rep(1000000)
  local sender = Thread { target = function()
    comm:send(text, next_rank, 1)
    comm:send(function() return text end, next_rank, 1)
  end }
  sender:start()
  assert(comm:receive { tag = 1 } == text)
  assert(comm:receive { tag = 1 }() == text)
  sender:join()
  -- Arrays, of no elements too.
  for _, n in ipairs { 0, 1, 100000 } do
    local a, b = Array("float64", n):fill(rank), Array("float64", n)
    sender = Thread { target = function()
      comm:send(a, next_rank)
      comm:send(a, next_rank)
    end }
    sender:start()
    assert(comm:receive { into = b } == b)
    local c = comm:receive()
    assert(#c == n and c.type == "float64")
    assert(n == 0 or b[n] == last_rank and c[n] == last_rank)
    sender:join()
  end
  -- One of another type or length is refused, and the sender told.
  local short = Array("int8", 5)
  sender = Thread { target = function()
    for _ = 1, 2 do
      expect("refused by the receiver", comm.send, comm, short, next_rank)
    end
  end }
  sender:start()
  for _, bad in ipairs { Array("int8", 6), Array("uint8", 5) } do
    expect("expected, got Array of 5 int8 from rank " .. last_rank,
      comm.receive, comm, { into = bad })
  end
  sender:join()
  comm:send(1, next_rank)
  expect("has sent a value", comm.receive, comm, { into = short })
  -- A thread that waits is cancelled, and takes nothing with it.
  local waits = Thread { target = comm.receive, args = { comm, { tag = 9 } } }
  waits:start()
  waits:cancel()
  waits:join()
  comm:send("still there", next_rank, 9)
  assert(comm:receive { tag = 9 } == "still there")
  comm:barrier()
]]

local TOGETHER <const> = [[
  for root = 0, size - 1 do
    local is_root = rank == root
    assert(comm:broadcast(is_root and { root } or nil, root)[1] == root)
    local all = comm:gather(rank * 10, root)
    assert(is_root == (all ~= nil))
    for i = 1, is_root and size or 0 do
      assert(all[i] == (i - 1) * 10 and all.n == size)
    end
    local list = { n = size }
    for i = 1, size do
      list[i] = i * (root + 1)
    end
    assert(comm:scatter(is_root and list or nil, root)
      == (rank + 1) * (root + 1))
    local sum = comm:reduce(rank + 1, nil, root)
    assert(sum == (is_root and size * (size + 1) // 2 or nil))
    local text = comm:reduce(tostring(rank), function(a, b)
      return a .. b
    end, root)
    assert(not is_root and text == nil or #text == size and text:find "^0")
    -- Arrays.
    local a = Array("float32", 10):fill(is_root and 3.5 or 0)
    assert(comm:broadcast(a, root) == a and a[10] == 3.5)
    a:fill(rank)
    all = comm:gather(a, root)
    assert(not is_root and not all or #all == 10 * size and all[1] == 0
      and all[10 * size] == size - 1)
    local most = comm:reduce(a, "max", root)
    assert(not is_root and not most or most[7] == size - 1)
    assert(a[1] == rank)
    local part = comm:scatter(all, root)
    assert(#part == 10 and part[1] == rank and part.type == "float32")
  end
  local ones = Array("int64", 3):fill(2)
  assert(comm:allreduce(ones)[3] == 2 * size)
  assert(comm:allreduce(ones, "product")[3] == 2 ^ size)
  assert(comm:allreduce(rank, "min") == 0)
  assert(comm:allreduce(rank, "max") == size - 1)
  assert(comm:allgather(rank).n == size and #comm:allgather(ones) == 3 * size)
  assert(#comm:broadcast(rank == 0 and ("x"):rep(300000) or nil) == 300000)
  -- Errors are those of all.
  if size > 1 then
    expect(": broadcast of an Array of ", comm.broadcast, comm,
      Array("int8", 5 + rank))
    expect('reduce ("max") of an Array of 5 int8 to 0', comm.reduce, comm,
      Array("int8", 5), rank == 0 and "sum" or "max")
    expect("'list' to 'scatter' on rank 0 (a list of " .. size, comm.scatter,
      comm, {})
    expect("not divisible", comm.scatter, comm,
      Array("int8", size + 1))
    expect("attempt to ", comm.allreduce, comm, {})
  end
  comm:barrier()
]]

describe("the types of threading.mpi", function()
  it("name all that there is, with its parameters", function()
    local text = files.read "mpi/lua/threading/mpi/types.lua"
    local module, comm = require "threading.mpi", {}
    for name, f in pairs(require "threading.mpi.together") do
      comm[name] = f
    end
    comm.send, comm.receive = print, print
    for sign, list in pairs { ["mpi."] = module, ["Comm:"] = comm } do
      for name in pairs(list) do
        assert.is_truthy(text:find(("function %s%s("):format(sign, name), 1,
          true), name)
      end
      for name in text:gmatch("function " .. sign:gsub("%p", "%%%0")
          .. "([%w_]+)") do
        assert.is_truthy(list[name], name)
      end
    end
  end)
end)

describe("the ranks of comm_world", function()
  for _, n in ipairs { 1, 2, 4 } do
    it(("talk, and do things together: %d"):format(n), function()
      specify(n, TALK .. TOGETHER)
    end)
  end

  it("are told what is wrong with arguments, and with themselves", function()
    specify(2, [[
      local send, receive = comm.send, comm.receive
      expect("'dest' to 'send' (rank from 0 to 1 expected, got 2)", send, comm,
        1, 2)
      expect("'dest' to 'send'", send, comm, 1)
      expect("'tag' to 'send'", send, comm, 1, 0, -1)
      expect("value.x: FILE* cannot cross", send, comm, { x = io.stdout }, 0)
      expect("bad self (threading.mpi.Comm expected", send, 1)
      expect("'source' to 'receive'", receive, comm, { source = -1 })
      expect("'into' to 'receive' (Array expected", receive, comm,
        { into = {} })
      expect("'timeout' to 'receive'", receive, comm, { timeout = "1" })
      expect("unexpected keyword argument 'form'", receive, comm, { form = 1 })
      expect("'root' to 'gather'", comm.gather, comm, 1, 9)
      expect("'op' to 'reduce'", comm.reduce, comm, 1, "plus")
      expect("'op' to 'allreduce' (for Arrays", comm.allreduce, comm,
        Array("int8", 1), print)
      -- One does this, the other that.
      if rank == 0 then
        comm:send("no", 1, 3)
        expect("does this: gather to 0; and rank 1 this: reduce to 0",
          comm.gather, comm, 1)
      else
        comm:reduce(1)
        assert(comm:receive() == "no")
      end
      -- Another Lua state of the process has the same ranks.
      local i <close> = require("threading.interpreters").create()
      local r, n = i:call(function()
        local its = require("threading.mpi").comm_world()
        its:send("from there", its.rank, 4)
        return its.rank, its.size
      end)
      assert(r == rank and n == size)
      assert(comm:receive { tag = 4 } == "from there")
      comm:barrier()
    ]])
  end)

  it("end, where one ends with an error", function()
    local text, status = mpi.run(3, "", [[
      local comm = require("threading.mpi").comm_world()
      if comm.rank == 1 then
        error "its own"
      end
      comm:receive()
    ]])
    assert.equal(1, status, text)
    assert.matches("its own", text, 1, true)
    assert.matches("threading.mpi: rank 1 ends with status 1: all end", text, 1,
      true)
  end)
end)
