-- Every program of docs/mpi.md runs, and prints what the page says; and so does
-- the example whose pool may be one of ranks.

local mpi = require "spec.support.mpi"
local pages = require "spec.support.pages"

local it = mpi.it(it, pending)

-- A pool's program has the option, so that the other ranks serve.
local function run(program)
  local option = program:find "comm_world" and "" or "-lthreading.mpi"
  return mpi.output_of(3, option, program) .. "\n"
end

describe("docs/mpi.md", function()
  pages.specify(it, "docs/mpi.md", 4, run)
end)

describe("examples/pools.lua", function()
  it("prints the same with an MPIPoolExecutor", function()
    local out = mpi.output_of(3, "-lthreading.mpi",
      'arg = { "MPIPoolExecutor" } dofile "examples/pools.lua"')
    assert.matches("^pi is about 3.140\n'the' is there %d+ times, in %d+ "
      .. "files\n[%d.]+ s with a MPIPoolExecutor$", out)
  end)
end)
