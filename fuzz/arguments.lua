-- arguments.lua [seconds [seed]]: calls every public function with arguments
-- of all kinds, any number of them. Each call returns or raises, soon, and the
-- process goes on: threads start and end as before. What would wait for ever is
-- told of as a deadlock. Left out is what ends the program, prints, runs for
-- ever in C, or is asked to make a thread for each number.

local _thread = require "threading._thread"
local futures = require "threading.futures"
local makers = require("spec.support.arguments").makers
local methods = require("spec.support.finalisers").methods
local new_random = require "tools.stress.random"
local queue = require "threading.queue"
local threading = require "threading"
local time = require "threading.time"

local seconds = tonumber(arg[1]) or 10
local seed = math.tointeger(tonumber(arg[2])) or os.time()
local random = new_random(seed)

local LEFT_OUT <const> = {
  shutdown = true, interrupt_main = true, dump = true, dump_on_signal = true,
  kernel = true, parallel_for = true, add_done_callback = true,
  MPIPoolExecutor = true,
  deadlock_policy = true, exit = true, __gc = true, excepthook = true,
  __excepthook__ = true, extend = true, progress = true,
  settimeout = true, -- after which a socket may wait for ever
  setfd = true, -- which gives it, standard output too, to who closes it
}

local function nothing() end

local PLAIN <const> = {
  true, false, 0, 1, 2, -1, 3, 65, 0.0001, -0.5, 1e300, -1e300, 0 / 0,
  math.huge, -math.huge, math.maxinteger, math.mininteger, 1 << 53, "", "x",
  "1", "int64", "float32", "uint8", "\0", ("y"):rep(300), nothing, type,
  coroutine.create(nothing), io.stdout, {}, { 1, 2, 3 }, { n = 1 << 60 },
  { n = -1 }, setmetatable({}, { __name = "My.Type" }),
  setmetatable({}, { __call = nothing }),
  setmetatable({}, { __index = function(_, key)
    return key
  end }),
}
local KEYS <const> = {
  "blocking", "timeout", "block", "value", "n", "maxsize", "parties", "action",
  "target", "args", "name", "daemon", "message", "asynchronous", "wait",
  "cancel_futures", "max_workers", "initializer", "initargs", "buffersize",
  "thread_name_prefix", "immediate", "return_when", 1, 2,
}

local functions, objects = {}, {}

local function add_functions(t)
  local names = {}
  for name, f in pairs(t) do
    if type(name) == "string" and type(f) == "function"
      and not LEFT_OUT[name] then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  for _, name in ipairs(names) do
    functions[#functions + 1] = { name = name, call = t[name] }
  end
end

local classes = {}
for name in pairs(makers) do
  classes[#classes + 1] = name
end
table.sort(classes)

local function make_objects()
  for i, name in ipairs(classes) do
    objects[i] = makers[name]()
  end
end

make_objects()
for _, library in ipairs { threading, futures, queue, _thread.time } do
  add_functions(library)
end
for i, name in ipairs(classes) do
  local class = rawget(threading, name:match "%w+$")
  add_functions(debug.getmetatable(objects[i]))
  add_functions(methods(objects[i]) or {})
  add_functions(type(class) == "table" and class or {})
end

local function pick(list)
  return list[random(#list)]
end

local function any(depth)
  local kind = random(10)
  if kind <= 4 then
    return pick(PLAIN)
  elseif kind <= 7 then
    return pick(objects)
  elseif kind == 8 then
    return nil
  elseif depth > 2 then
    return random(100)
  end
  local t = {}
  for _ = 1, random(3) do
    t[pick(KEYS)] = any(depth + 1)
  end
  return t
end

-- A number of seconds may be one that it takes: no longer than this.
local function is_soon(value)
  return math.type(value) == nil or value <= 0.01 or value ~= value
    or value > threading.TIMEOUT_MAX
end

local function shown(name, args)
  local words = {}
  for i = 1, args.n do
    words[i] = tostring(args[i])
  end
  return name .. "(" .. table.concat(words, ", ") .. ")"
end

local function call(f)
  local args = table.pack()
  args.n = random(5) - 1
  for i = 1, args.n do
    args[i] = any(0)
  end
  if f.call == time.sleep and not is_soon(args[1]) then
    return
  end
  local ok, err = pcall(f.call, table.unpack(args, 1, args.n))
  if not ok and err == nil then
    error("no error object from " .. shown(f.name, args))
  end
end

-- All is as it should be.
local function settle()
  threading.setswitchinterval(0.005)
  threading.stack_size(0)
  threading.settrace()
  threading.setprofile()
  local ran
  local t = threading.Thread { target = function()
    ran = true
  end }
  t:start()
  assert(t:join(60) and ran, "a thread does not run")
  make_objects()
  collectgarbage()
end

local stderr = io.stderr
rawset(io, "stderr", { write = nothing }) -- what is said of errors in threads
threading.excepthook = nothing

print(("fuzz: the arguments, seed %d"):format(seed))
local calls, stop = 0, time.monotonic() + seconds
while time.monotonic() < stop do
  for _ = 1, 200 do
    call(pick(functions))
    calls = calls + 1
  end
  settle()
end
rawset(io, "stderr", stderr)
print(("ok: %d calls of %d functions"):format(calls, #functions))
os.exit(0, false) -- does not wait for what the calls have left waiting
