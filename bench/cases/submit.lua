-- submit.lua POOL: the time of a submit and its result, for a task that does
-- nothing.
local futures = require "threading.futures"
local now = require "probe".now
local N <const> = 5000

local function empty() end

local pool <close> = futures[arg[1]] { max_workers = 1 }
pool:submit(empty):result()
local t = now()
for _ = 1, N do
  pool:submit(empty):result()
end
print((now() - t) / N)
