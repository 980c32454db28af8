--- Colours for code: HTML with a class for what is a keyword, a string, a
-- comment, a number, or the name of what is called.

local text = require "site.text"

local function set(words)
  local out = {}
  for word in words:gmatch "%S+" do
    out[word] = true
  end
  return out
end

local LUA_WORDS <const> = set [[
  and break do else elseif end false for function goto if in local nil not or
  repeat return then true until while]]

local C_WORDS <const> = set [[
  auto bool break case char const continue default do double else enum extern
  float for goto if inline int int8_t int16_t int32_t int64_t long NULL
  register return short signed size_t sizeof static struct switch typedef
  uint8_t uint16_t uint32_t uint64_t union unsigned void volatile while true
  false _Atomic lua_State lua_Integer lua_Number]]

local PYTHON_WORDS <const> = set [[
  and as break class continue def del elif else except False finally for from
  global if import in is lambda None nonlocal not or pass raise return True try
  while with yield]]

local SH_WORDS <const> = set "case do done elif else esac fi for if in then"

-- Of each language what may come next: a pattern, and its class.
local LUA <const> = {
  { "^%-%-%[(=*)%[.-%]%1%]", "c" }, { "^%-%-[^\n]*", "c" },
  { "^%[(=*)%[.-%]%1%]", "s" },
  { '^"[^"\\\n]*"', "s" }, { '^"[^"\n]*"', "s" }, { "^'[^'\n]*'", "s" },
  { "^<%l+>", "k" },
  { "^0x%x+", "n" }, { "^%d+%.?%d*[eE]?[%d]*", "n" },
}

local C <const> = {
  { "^/%*.-%*/", "c" }, { "^//[^\n]*", "c" }, { "^#%s*%l+", "k" },
  { '^"[^"\n]*"', "s" }, { "^'\\?[^\n]'", "s" }, { "^<[%w_./]+%.h>", "s" },
  { "^0x%x+", "n" }, { "^%d+%.?%d*", "n" },
}

local SH <const> = {
  { "^#[^\n]*", "c" }, { '^"[^"]*"', "s" }, { "^'[^']*'", "s" },
}

local PYTHON <const> = {
  { "^#[^\n]*", "c" }, { '^"[^"\n]*"', "s" }, { "^'[^'\n]*'", "s" },
  { "^%d+%.?%d*", "n" },
}

local languages = {
  python = { rules = PYTHON, words = PYTHON_WORDS },
  lua = { rules = LUA, words = LUA_WORDS },
  console = { rules = {}, words = {}, plain_calls = true },
  c = { rules = C, words = C_WORDS },
  sh = { rules = SH, words = SH_WORDS, plain_calls = true },
}

local function span(class, s)
  return ('<span class="%s">%s</span>'):format(class, text.escape(s))
end

-- A word, and where it ends.
local function word(language, source, at)
  local name = source:match("^[%a_][%w_]*", at)
  if not name then
    return
  end
  local after = at + #name
  if language.words[name] then
    return span("k", name), after
  elseif not language.plain_calls
      and source:find("^%s?[%({\"]", after) then
    return span("f", name), after
  end
  return text.escape(name), after
end

local function token(language, source, at)
  for _, rule in ipairs(language.rules) do
    local from, to = source:find(rule[1], at)
    if from then
      return span(rule[2], source:sub(from, to)), to + 1
    end
  end
  local html, after = word(language, source, at)
  if html then
    return html, after
  end
  local other = source:match("^[%s,;]+", at) or source:sub(at, at)
  return text.escape(other), at + #other
end

local highlight = {}

local function coloured(source, name)
  local language = languages[name]
  if not language then
    return text.escape(source)
  end
  local out, at = {}, 1
  while at <= #source do
    out[#out + 1], at = token(language, source, at)
  end
  return table.concat(out)
end

--- A block of code. What has no language known here is what a program prints.
function highlight.block(source, name)
  local class = languages[name] and "" or ' class="output"'
  return ('<pre%s data-language="%s" tabindex="0"><code>%s</code></pre>')
    :format(class, name, coloured(source, name))
end

return highlight
