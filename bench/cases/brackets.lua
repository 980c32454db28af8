-- brackets.lua: BEGIN_NOGIL and END_NOGIL of threading.h, nobody waiting.
require "threading"
local now = require "probe".now
local N <const> = 10000000

local p <close> = io.popen "pkg-config --cflags lua5.4 2>/dev/null"
assert(os.execute(("%s -O2 -fPIC -shared %s -o build/bench/nogil.so "
  .. "bench/cases/nogil.c"):format(os.getenv "CC" or "cc",
  p:read "l" or "-I/usr/include/lua5.4")))
local pairs_of = require "nogil".pairs

pairs_of(N // 10) -- warm
local t = now()
pairs_of(N)
print((now() - t) / N)
