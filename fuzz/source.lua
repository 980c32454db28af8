--- made_up(random) -> a C source, and the signatures of the functions that it
-- defines for Lua, in the parser's words.

local NUMBERS <const> = {
  { "int8_t", "int8" }, { "int16_t", "int16" }, { "int32_t", "int32" },
  { "int64_t", "int64" }, { "uint8_t", "uint8" }, { "uint16_t", "uint16" },
  { "uint32_t", "uint32" }, { "uint64_t", "uint64" }, { "int", "int32" },
  { "float", "float32" }, { "double", "float64" },
}

-- What may stand between any two words, and between functions.
local BLANKS <const> = {
  " ", " ", " ", "\n", "\t", "/* { */", "// ;\n", " \\\n ",
  "/* f(int x) { } */", " /**/ ",
}
local BESIDE <const> = {
  "static int hidden(void *p) { return p != 0; }\n", "struct s { int i; };\n",
  "typedef struct { double x, y; } point;\n", "enum e { A, B = 2 };\n",
  'static const char *text = "double f(int x) { }";\n', "#define F(x) { x }\n",
  "static const int table[] = { 1, 2 };\n", "extern int g(const char *);\n",
  "#if 0 /* {\n */\n#endif\n", "#if 0\ndon't { \n#endif\n",
  "#define E 1 // /* {\n", "#if 1\n#else\nint f1(int) {\n#endif\n",
  "#define P '\"'\n", "static int c = '{';\n", ";\n", "\n",
  "static inline double h(double (*fn)(double)) { return fn(1); }\n",
}
local BODIES <const> = {
  "{ }", "{ { } }", "{ const char *s = \"}\"; (void)s; }",
  "{ char c = '}'; (void)c; }", "{ /* } */ }", "{ // }\n}",
  "{ if (0) { } else { } }", '{ const char *s = "\\"}"; (void)s; }',
}

local LENGTHS <const> = {
  "", "4", "N", "N * 2", "(N + 7u) & ~7u", "1 << N", "sizeof(int) * N",
  "(int64_t)N * N", "N > 3 ? N : 0x10", "static const N / 3 - -N",
}

local function pick(random, list)
  return list[random(#list)]
end

local function join(random, words)
  local parts = {}
  for i, word in ipairs(words) do
    parts[i] = word .. pick(random, BLANKS)
  end
  return table.concat(parts)
end

local parameters = {}

function parameters.number(random, name)
  local number = pick(random, NUMBERS)
  return { pick(random, { "const", "register", "volatile" }), number[1], name },
    { kind = "number", type = number[2] }
end

function parameters.size(_, name)
  return { "size_t", name }, { kind = "size" }
end

function parameters.boolean(random, name)
  return { pick(random, { "bool", "_Bool" }), name }, { kind = "boolean" }
end

function parameters.array(random, name)
  local number = pick(random, NUMBERS)
  local array = { kind = "array", type = number[2] }
  if random(2) == 1 then
    return { "const", number[1], "*", "restrict", name }, array
  end
  return { number[1], name, "[", pick(random, LENGTHS), "]" }, array
end

function parameters.value(random, name)
  local number = pick(random, NUMBERS)
  return random(2) == 1 and { "_Atomic", number[1], "*", name }
    or { "_Atomic", "(", number[1], ")", "*", name },
    { kind = "value", type = number[2] }
end

function parameters.lock(_, name)
  return { "threading_lock", "*", name }, { kind = "lock" }
end

local names = {}
for name in pairs(parameters) do
  names[#names + 1] = name
end
table.sort(names)

local function result(random)
  if random(3) == 1 then
    return "void", { kind = "void" }
  elseif random(3) == 1 then
    return "bool", { kind = "boolean" }
  end
  local number = pick(random, NUMBERS)
  return number[1], { kind = "number", type = number[2] }
end

local function a_function(random, name)
  local word, what = result(random)
  local f = { name = name, result = what }
  local words = { pick(random, { "extern", "inline", "__inline__" }), word,
    name, "(" }
  for i = 1, random(6) - 1 do
    local tokens, p = parameters[pick(random, names)](random, "p" .. i)
    p.name = "p" .. i
    f[i] = p
    words[#words + 1] = i > 1 and "," or ""
    table.move(tokens, 1, #tokens, #words + 1, words)
  end
  words[#words + 1] = #f == 0 and random(2) == 1 and "void" or ""
  words[#words + 1] = ")"
  words[#words + 1] = pick(random, BODIES)
  return join(random, words), f
end

return function(random)
  local parts, list = {}, {}
  for i = 1, random(4) do
    parts[#parts + 1] = pick(random, BESIDE)
    parts[#parts + 1], list[i] = a_function(random, "f" .. i)
    parts[#parts + 1] = "\n"
  end
  return table.concat(parts), list
end
