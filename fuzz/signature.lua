-- signature.lua [seconds [seed]]: fuzzes the parser of kernels' signatures
-- (lua/threading/kernel/signature.lua). What is found to take a new way through
-- it goes into fuzz/corpus, where it stays.
--
-- Whatever it is given, it answers, soon, with a list of signatures, or with an
-- error of its own. To functions that are made up here, among all that C has
-- besides, it must give the right answer.

local check = require "fuzz.check"
local made_up = require "fuzz.source"
local new_random = require "tools.stress.random"
local time = require "threading.time"

local seconds = tonumber(arg[1]) or 10
local seed = math.tointeger(tonumber(arg[2])) or os.time()
local random = new_random(seed)

local WORDS <const> = {
  "static ", "const ", "_Atomic ", "int", "double", "int64_t ", "void",
  "bool ", "size_t ", "threading_lock ", "restrict ", "*", "**", "(", ")",
  "[", "]", "{", "}", ";", ",", "=", "/*", "*/", "//", "\n", "\\\n", '"', "'",
  "\\", "#", "#if 0\n", "#endif\n", "__attribute__((pure))", "_Alignas(8)",
  "...", "x", "f", "n", "0", "1.5e3", "typedef ", "struct s ", "extern ",
  "N * 2", "<<", "?", ":", "~", "sizeof(", "<%", "%:", "#else\n",
  "#if 1\n", "&&", ">=", "(int)", "-", "inline ", "asm(\"\")",
  "register ", "\0", "\r", "\xff", " ", "\t",
}

local corpus = check.read_corpus()

local function pick(list)
  return list[random(#list)]
end

local mutations = {
  function(s, i, j)
    return s:sub(1, i - 1) .. s:sub(j + 1)
  end,
  function(s, i, j)
    return s:sub(1, j) .. s:sub(i)
  end,
  function(s, i)
    return s:sub(1, i) .. pick(WORDS) .. s:sub(i + 1)
  end,
  function(s, i, j)
    return s:sub(1, i - 1) .. pick(WORDS) .. s:sub(j + 1)
  end,
  function(s, i)
    local other = pick(corpus)
    return s:sub(1, i) .. other:sub(random(#other + 1))
  end,
  function(s, i)
    return s:sub(1, i) .. string.char(random(256) - 1) .. s:sub(i + 2)
  end,
}

local function mutate(s)
  for _ = 1, random(5) do
    local i = random(#s + 1)
    s = pick(mutations)(s, i, math.min(#s, i + random(12)))
  end
  return s:sub(1, 4000)
end

local known = check.ways()
for _, source in ipairs(corpus) do
  check.total(source, known)
end

local function try(source)
  if check.total(source, known) then
    corpus[#corpus + 1] = source
    check.keep(source)
  end
end

print(("fuzz: the signatures, seed %d"):format(seed))
local tried, stop = 0, time.monotonic() + seconds
while time.monotonic() < stop do
  try(mutate(pick(corpus)))
  local source, expected = made_up(random)
  check.right(source, expected)
  if random(10) == 1 then
    try(source)
  end
  tried = tried + 2
end
print(("ok: %d sources; %d in the corpus"):format(tried, #corpus))
