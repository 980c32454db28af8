-- 100 MB there and back between two ranks: bytes a second.

local mpi = require "threading.mpi"
local threading = require "threading"
local time = require "threading.time"

local ELEMENTS <const>, ROUNDS <const> = 12500000, 10

local comm = mpi.comm_world()
local array = threading.Array("float64", ELEMENTS):fill(1)
local into = { into = array }

local function round()
  if comm.rank == 0 then
    comm:send(array, 1)
    comm:receive(into)
  else
    comm:receive(into)
    comm:send(array, 0)
  end
end

round()
local start = time.perf_counter()
for _ = 1, ROUNDS do
  round()
end
if comm.rank == 0 then
  print(2 * ROUNDS * 8 * ELEMENTS / (time.perf_counter() - start))
end
