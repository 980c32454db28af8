-- kernelcall.lua kernel|compiled|plain: the call of a kernel with two numbers,
-- of a compiled Lua function, or of a plain function of C that lets go of the
-- lock.
local threading = require "threading"
local now = require "probe".now
local N <const> = 2000000

local function build_nogil()
  local p <close> = io.popen "pkg-config --cflags lua5.4 2>/dev/null"
  assert(os.execute(("%s -O2 -fPIC -shared %s -o build/bench/nogil.so "
    .. "bench/cases/nogil.c"):format(os.getenv "CC" or "cc",
    p:read "l" or "-I/usr/include/lua5.4")))
end

local add
if arg[1] == "kernel" then
  add = threading.kernel "double add(double a, double b) { return a + b; }".add
elseif arg[1] == "compiled" then
  add = threading.compile(function(a, b)
    return a + b
  end)
else
  build_nogil()
  add = require "nogil".add
end

local function run()
  local x = 0.0
  for _ = 1, N do
    x = add(x, 1.0)
  end
  assert(x == N)
end

run() -- warm
local t = now()
run()
print((now() - t) / N)
