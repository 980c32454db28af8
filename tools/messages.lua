-- Prints what the library says to each wrong argument that badinput_spec.lua
-- tries, once for each way in which an argument can be wrong: to be read by a
-- person. Is the argument named? Is it plain English? Does it say what to write
-- instead?
--
--     . tools/env.sh; lua5.4 tools/messages.lua [PATTERN]
--
-- prints those of the functions whose names match.

local pattern = arg[1] or ""
local seen = {}

-- What messages about different values have in common.
local function shape(message)
  return (message:gsub("got [^)]+", "got …"):gsub("%-?%f[%w]%d[%w+.]*", "N")
    :gsub("%f[%a]%-?nan%f[^%a]", "N"):gsub("%f[%a]%-?inf%f[^%a]", "N")
    :gsub("unknown (%l+) '.-'", "unknown %1 …"):gsub("option [`'].-'", "…")
    :gsub("condition: .-;", "condition: …;"):gsub("type of %l+ %l+", "…"))
end

local function record(message)
  message = tostring(message):gsub("^%S+:%d+: ", "")
  local text = shape(message)
  if not seen[text] then
    seen[text] = true
    print("  " .. message)
  end
end

local function recorded(ok, ...)
  if not ok then
    record((...))
  end
  return ok, ...
end

local function heading(name)
  if name:find(pattern) then
    seen = {}
    print(name)
    return true
  end
end

-- The specs' words, for each of which its messages are printed.
local words = { assert = require "luassert" }

function words.pcall(...)
  return recorded(pcall(...))
end

function words.describe(_, fn)
  fn()
end

function words.it(name, fn)
  if heading(name) then
    local ok, err = pcall(fn)
    if not ok then
      print("  FAILS: " .. tostring(err))
    end
  end
end

local env = setmetatable(words, { __index = _G })
for _, name in ipairs { "badinput", "messages" } do
  assert(loadfile("spec/" .. name .. "_spec.lua", "t", env))()
end
os.exit(true) -- threads of the objects may wait
