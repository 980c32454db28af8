-- Declared lengths of Arrays, reckoned where nothing wraps.
--
-- In C `x[n * 4]` may wrap around to a length that is none. So the expression
-- is read here, and becomes C that reckons in int64_t and notes each result
-- that does not fit. The types that C would use matter in one thing: where they
-- are unsigned, what is negative here would be a huge number there, and is
-- noted, too.

local standard = require "threading.private.standard"
local string, table = standard.string, standard.table

local LONGEST <const> = 100 -- tokens, which nest no deeper

local PRELUDE <const> = [[
#define THREADING_REST __attribute__((unused)) static inline int64_t
#define THREADING_UNSIGNED(x) ((__typeof__(x))-1 > 0)
#define THREADING_CONSTANT(w, x) \
  threading_noted(w, (x) > 0 && (uint64_t)(x) > INT64_MAX, (int64_t)(x))

THREADING_REST threading_noted(_Bool *w, _Bool wraps, int64_t n) {
  *w |= wraps;
  return n;
}
THREADING_REST threading_whole(_Bool *w, double x) {
  _Bool fits = x > -0x1p63 && x < 0x1p63;
  return threading_noted(w, !fits, fits ? (int64_t)x : 0);
}
THREADING_REST threading_natural(_Bool *w, int64_t n) {
  return threading_noted(w, n < 0, n);
}
THREADING_REST threading_cast(_Bool *w, _Bool u, size_t size, int64_t n) {
  int64_t most = size < 8 ? (INT64_C(1) << (8 * size - !u)) - 1 : INT64_MAX;
  return threading_noted(w, n > most || n < (u ? 0 : -most - 1), n);
}
#define THREADING_OPERATION(name) \
  THREADING_REST threading_##name(_Bool *w, _Bool u, int64_t a, int64_t b) {  \
    int64_t n = 0;                                                           \
    _Bool wraps = __builtin_##name##_overflow(a, b, &n);                     \
    return threading_noted(w, wraps || (u && n < 0), n);                     \
  }
THREADING_OPERATION(add)
THREADING_OPERATION(sub)
THREADING_OPERATION(mul)

THREADING_REST threading_div(_Bool *w, _Bool u, int64_t a, int64_t b) {
  _Bool wraps = b == 0 || (b == -1 && a == INT64_MIN) ||
                (u && (a < 0 || b < 0));
  return threading_noted(w, wraps, wraps ? 0 : a / b);
}
THREADING_REST threading_mod(_Bool *w, _Bool u, int64_t a, int64_t b) {
  int64_t n = threading_div(w, u, a, b);
  return n == 0 ? a : a - n * b;
}
THREADING_REST threading_left(_Bool *w, _Bool u, int64_t a, int64_t b) {
  _Bool wraps = b < 0 || b > 62 || (u && a < 0) || a < 0 || a > INT64_MAX >> b;
  return threading_noted(w, wraps, wraps ? 0 : a << b);
}
THREADING_REST threading_right(_Bool *w, _Bool u, int64_t a, int64_t b) {
  _Bool wraps = b < 0 || b > 63 || (u && a < 0);
  return threading_noted(w, wraps, wraps ? 0 : a >> b);
}
THREADING_REST threading_order(_Bool *w, _Bool u, int64_t a, int64_t b) {
  return threading_noted(w, u && (a < 0 || b < 0), (a > b) - (a < b));
}
struct threading_put_it_in_brackets { char c; };
]]

local BINARY <const> = {
  ["*"] = { 10, "mul" }, ["/"] = { 10, "div" }, ["%"] = { 10, "mod" },
  ["+"] = { 9, "add" }, ["-"] = { 9, "sub" },
  ["<<"] = { 8, "left" }, [">>"] = { 8, "right" },
  ["<"] = { 7, "order" }, ["<="] = { 7, "order" },
  [">"] = { 7, "order" }, [">="] = { 7, "order" },
  ["=="] = { 6, "order" }, ["!="] = { 6, "order" },
  ["&"] = { 5 }, ["^"] = { 4 }, ["|"] = { 3 }, ["&&"] = { 2 }, ["||"] = { 1 },
}

local TYPES <const> = {}
for word in string.gmatch([[
  bool _Bool char short int long signed unsigned size_t ptrdiff_t int8_t int16_t
  int32_t int64_t uint8_t uint16_t uint32_t uint64_t intptr_t uintptr_t const
]], "%S+") do
  TYPES[word] = true
end

-- A reader has `list`, of tokens; `i`, the next one; `parameters` by name,
-- each {place =, and what signature.lua says}; `brackets`, a list of checks in
-- C; and `fail`, which raises. What reads returns two texts in C: the value, an
-- int64_t; and an expression of the type that it has in C, which is never
-- evaluated.

local expression

local function text_at(r, i)
  local token = r.list[i or r.i]
  return token and token.text
end

local function take(r, text)
  if text_at(r) ~= text then
    r.fail()
  end
  r.i = r.i + 1
end

local function number(r, text)
  local digits = string.lower(string.gsub(text, "'", ""))
  digits = string.gsub(digits, "[ulz]+$", "")
  if not (string.find(digits, "^%d+$") or string.find(digits, "^0x%x+$")
    or string.find(digits, "^0b[01]+$")) then
    r.fail()
  end
  return string.format("THREADING_CONSTANT(&threading_w, %s)", text), text
end

-- A constant of the source's, by a name that may be a macro's: if that is more
-- than one operand, it would be reckoned in another order here than in C.
local function constant(r, name)
  if #r.list > 1 then
    table.insert(r.brackets, string.format("(void)sizeof(%s[(struct "
      .. "threading_put_it_in_brackets *)0]);", name))
  end
  name = "(" .. name .. ")"
  return string.format("THREADING_CONSTANT(&threading_w, %s)", name), name
end

local function parameter(r, p)
  local value = string.format("threading_args[%d].i", p.place)
  if not p.c or p.type == "float32" or p.type == "float64" then
    r.fail()
  elseif p.kind == "size" or p.type == "uint64" then
    value = string.format("threading_natural(&threading_w, %s)", value)
  end
  return value, string.format("(%s)0", p.c)
end

-- `sizeof (...)` and the like.
local function operator_of_types(r, word)
  local from, depth = r.i, 0
  repeat
    local text = text_at(r)
    depth = depth + (text == "(" and 1 or text == ")" and -1 or 0)
    r.i = r.i + 1
  until depth == 0 or not text
  if r.i < from + 3 or r.i > #r.list + 1 then
    r.fail()
  end
  local words = { word }
  for i = from, r.i - 1 do
    words[#words + 1] = text_at(r, i)
  end
  local text = table.concat(words, " ")
  return string.format("THREADING_CONSTANT(&threading_w, %s)", text), text
end

-- The type in brackets at this place, if there is one: then it is passed.
local function type_name(r)
  local i = r.i + 1
  while TYPES[text_at(r, i)] do
    i = i + 1
  end
  if text_at(r) == "(" and text_at(r, i) == ")" and i > r.i + 1 then
    local words = {}
    for j = r.i + 1, i - 1 do
      words[#words + 1] = text_at(r, j)
    end
    r.i = i + 1
    return table.concat(words, " ")
  end
end

-- A floating-point parameter by itself, which may be cast.
local function floating(r)
  local bare = text_at(r) == "(" and text_at(r, r.i + 2) == ")" and 1 or 0
  local p = r.parameters[text_at(r, r.i + bare)]
  if p and p.c and (p.type == "float32" or p.type == "float64") then
    r.i = r.i + 1 + 2 * bare
    return string.format("threading_whole(&threading_w, threading_args[%d].d)",
      p.place)
  end
end

local OPERATION <const> =
  "threading_%s(&threading_w, THREADING_UNSIGNED(%s), %s, %s)"

local unary

local function cast(r, type)
  local value = floating(r) or unary(r)
  local text = string.format("(%s)0", type)
  if string.find(type, "[bB]ool") then
    return string.format("(%s != 0)", value), text
  end
  return string.format("threading_cast(&threading_w, (%s)-1 > 0, sizeof(%s), "
    .. "%s)", type, type, value), text
end

local function primary(r)
  local text = text_at(r)
  r.i = r.i + 1
  if text == "(" then
    local value, type = expression(r, 0)
    take(r, ")")
    return value, type
  elseif not text then
    r.fail()
  elseif string.find(text, "^%d") then
    return number(r, text)
  elseif text == "sizeof" or text == "_Alignof" then
    return operator_of_types(r, text)
  elseif not string.find(text, "^[%a_]") or text_at(r) == "(" then
    r.fail() -- a call may wrap where nobody looks
  end
  local p = r.parameters[text]
  if p then
    return parameter(r, p)
  end
  return constant(r, text)
end

function unary(r)
  local text = text_at(r)
  local type = type_name(r)
  if type then
    return cast(r, type)
  elseif text ~= "-" and text ~= "+" and text ~= "~" and text ~= "!" then
    return primary(r)
  end
  r.i = r.i + 1
  local value, operand = unary(r)
  local own = string.format("(%s%s)", text, operand)
  if text == "-" then
    value = string.format(OPERATION, "sub", own, "0", value)
  elseif text ~= "+" then
    value = string.format("(int64_t)%s%s", text, value)
  end
  return value, own
end

-- Both operands and what is between them.
local function operation(word, a, b, type_a, type_b)
  local name = BINARY[word][2]
  local type = string.format("(%s %s %s)", type_a, word, type_b)
  if not name then
    return string.format("(int64_t)(%s %s %s)", a, word, b), type
  end
  local common = name == "order" and string.format("(%s + %s)", type_a, type_b)
    or type
  local value = string.format(OPERATION, name, common, a, b)
  if name == "order" then
    value = string.format("(int64_t)(%s %s 0)", value, word)
  end
  return value, type
end

local function choice(r, value, type)
  r.i = r.i + 1
  local a, type_a = expression(r, 0)
  take(r, ":")
  local b, type_b = expression(r, 0)
  return string.format("(%s ? %s : %s)", value, a, b),
    string.format("(%s ? %s : %s)", type, type_a, type_b)
end

-- Whatever binds more tightly than `least`.
function expression(r, least)
  local value, type = unary(r)
  local word = text_at(r)
  while BINARY[word] and BINARY[word][1] > least do
    r.i = r.i + 1
    local b, type_b = expression(r, BINARY[word][1])
    value, type = operation(word, value, b, type, type_b)
    word = text_at(r)
  end
  if word == "?" and least == 0 then
    return choice(r, value, type)
  end
  return value, type
end

-- C that reckons a length: a value, for which `threading_w` becomes true where
-- it is none; and a list of statements that do not compile where the expression
-- cannot be read so.
-- @param list its tokens
-- @param parameters those of the function, with `place`, by name
-- @param fail called where the expression is not supported; raises
local function reckon(list, parameters, fail)
  local r = { list = list, i = 1, parameters = parameters, brackets = {},
    fail = fail }
  if #list > LONGEST then
    fail()
  end
  local value = expression(r, 0)
  if r.i <= #list then
    fail()
  end
  return value, r.brackets
end

return { PRELUDE = PRELUDE, reckon = reckon }
