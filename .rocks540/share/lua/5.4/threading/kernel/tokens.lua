-- The tokens of a C source, read as a compiler's first phases read it: lines
-- that go on are joined; comments, directives and what is in an `#if 0` are
-- left out. Nothing is known of macros.

local standard = require "threading.private.standard"
local string, table = standard.string, standard.table
local select = select

-- Before comments and literals there are lines: one that ends in a backslash
-- goes on in the next. As many empty ones follow, so that lines keep numbers.
local function joined(source)
  local owed = 0
  return (string.gsub(source, "([^\n]*)(\n?)", function(line, stop)
    if stop ~= "" and string.find(line, "\\[ \t\r\f\v]*$") then
      owed = owed + 1
      return (string.gsub(line, "\\[ \t\r\f\v]*$", ""))
    end
    stop, owed = stop .. string.rep("\n", owed), 0
    return line .. stop
  end))
end

-- The last character of the literal at i. One that nobody closes, such as an
-- apostrophe in a sentence under `#if 0`, ends with its line.
local function end_of_literal(s, i)
  local special = "[\\\n" .. string.sub(s, i, i) .. "]"
  local at = string.find(s, special, i + 1)
  while at and string.find(s, "^\\", at) do
    at = string.find(s, special, at + 2)
  end
  return at and (string.find(s, "^\n", at) and at - 1 or at) or #s
end

-- The last character of what is no code at i: a comment or a literal; nil if
-- code is there.
local function end_of_hidden(s, i)
  if string.find(s, "^/%*", i) then
    return select(2, string.find(s, "*/", i + 2, true)) or #s
  elseif string.find(s, "^//", i) then
    return (string.find(s, "\n", i, true) or #s + 1) - 1
  elseif string.find(s, "^[\"']", i) then
    return end_of_literal(s, i)
  end
end

-- The directive at i: its last character, its first word, and the rest of its
-- line without comments.
local function directive(s, i)
  local words, from = {}, i
  while true do
    local at = string.find(s, "[/\"'\n]", from) or #s + 1
    words[#words + 1] = string.sub(s, from, at - 1)
    if at > #s or string.find(s, "^\n", at) then
      local line = string.gsub(table.concat(words), "^%%:", "#")
      return at - 1, string.match(line, "^#%s*(%a*)%s*(.-)%s*$")
    end
    local stop = end_of_hidden(s, at)
    words[#words + 1] = string.find(s, "^/", at) and stop and " "
      or string.sub(s, at, stop or at)
    from = (stop or at) + 1
  end
end

-- Of each group that an `#if` has begun: it is "read"; it is "out" until an
-- `#else` or `#elif`; it is read as the "first" part, which an `#else` ends; it
-- is "gone" whatever comes. What only a compiler can decide is read.
local function is_out(groups)
  local top = groups[#groups]
  return top == "out" or top == "gone"
end

local function note(groups, word, rest)
  local n = #groups
  if string.find(word, "^if") then
    local constant = word == "if" and rest or ""
    groups[n + 1] = is_out(groups) and "gone" or constant == "0" and "out"
      or constant == "1" and "first" or "read"
  elseif word == "endif" then
    groups[n] = nil
  elseif string.find(word, "^el") and groups[n] == "first" then
    groups[n] = "gone"
  elseif string.find(word, "^el") and groups[n] == "out"
    and not (word == "elif" and rest == "0") then
    groups[n] = "read"
  end
end

local function count_lines(s, i, j)
  return select(2, string.gsub(string.sub(s, i, j), "\n", ""))
end

local digraphs = { ["<%"] = "{", ["%>"] = "}", ["<:"] = "[", [":>"] = "]" }

local two = {}
for word in string.gmatch("<< >> <= >= == != && ||", "%S+") do
  two[word] = word
end

-- The last character of the number at i, which may have apostrophes.
local function end_of_number(s, i)
  local _, stop = string.find(s, "^%.?%d[%w_.]*", i)
  while stop and string.find(s, "^'[%w_]", stop + 1) do
    stop = select(2, string.find(s, "^[%w_.]*", stop + 2))
  end
  return stop
end

-- The token at i: its last character, and its text where that is another.
local function token(s, i)
  local stop = select(2, string.find(s, "^[%a_][%w_]*", i))
    or end_of_number(s, i)
  if stop then
    return stop
  elseif string.find(s, "^%.%.%.", i) then
    return i + 2
  end
  local pair = string.sub(s, i, i + 1)
  pair = digraphs[pair] or two[pair]
  return pair and i + 1 or i, pair
end

-- What begins at i: its last character; the token's text, if it is a token.
local function read(s, i, fresh, groups)
  if fresh and (string.find(s, "^#", i) or string.find(s, "^%%:", i)) then
    local stop, word, rest = directive(s, i)
    note(groups, word, rest)
    return stop
  end
  local stop = end_of_hidden(s, i)
  if stop then
    return stop, not string.find(s, "^/", i) and '""' or nil
  end
  local text
  stop, text = token(s, i)
  return stop, text or string.sub(s, i, stop)
end

-- A list of {text =, line =}. Every literal is one token, `""`.
return function(source)
  local s, list, groups = joined(source), {}, {}
  local i = string.find(s, "%S") or #s + 1
  local line = 1 + count_lines(s, 1, i - 1)
  local fresh = true -- there is nothing before it on its line
  while i <= #s do
    local stop, text = read(s, i, fresh, groups)
    if text and not is_out(groups) then
      list[#list + 1] = { text = text, line = line }
    end
    local next = string.find(s, "%S", stop + 1) or #s + 1
    local ends = count_lines(s, stop + 1, next - 1)
    line = line + count_lines(s, i, stop) + ends
    fresh = ends > 0 or fresh and string.find(s, "^/", i) ~= nil and not text
    i = next
  end
  return list
end
