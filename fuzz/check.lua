--- What must be true of the parser's answers; and the corpus.

local signature = require "threading.kernel.signature"

local CORPUS <const> = "fuzz/corpus/"
local MOST <const> = 5000000 -- VM instructions; hardly any needs a thousandth

local check = {}

local function fail(source, what, ...)
  error(what:format(...) .. "\nthe source:\n" .. source, 0)
end

local kinds = {
  number = true, size = true, boolean = true, array = true, value = true,
  lock = true, void = true,
}

local function is_signature(f)
  local ok = type(f.name) == "string" and f.name:find "^[%a_][%w_]*$"
    and math.type(f.line) == "integer" and kinds[f.result.kind]
  for _, p in ipairs(f) do
    ok = ok and type(p.name) == "string" and kinds[p.kind] and p.kind ~= "void"
      and (p.kind ~= "array" or type(p.dims) == "table")
  end
  return ok
end

local function is_own_error(err)
  return type(err) == "string" and (err:find "<kernel>:%d+: "
    or err:find "a kernel needs a function that is not static")
end

local function parse(source)
  local way, last, instructions = {}, 0, 0
  debug.sethook(function(event, line)
    if event == "line" then
      way[last << 16 | line] = true
      last = line
    else
      instructions = instructions + 100000
      if instructions > MOST then
        error "no end"
      end
    end
  end, "l", 100000)
  local ok, result = pcall(signature, source)
  debug.sethook()
  return ok, result, way
end

--- The set of ways through the parser that are known: pairs of lines.
function check.ways()
  return {}
end

--- It answers, in time, with signatures or an error of its own. Returns
-- whether it took a way that is not among the known ones, and adds that.
function check.total(source, known)
  local ok, result, way = parse(source)
  if not ok and not is_own_error(result) then
    fail(source, "raises %s", tostring(result))
  end
  for _, f in ipairs(ok and result or {}) do
    if not is_signature(f) then
      fail(source, "a signature that is none: %s", tostring(f.name))
    end
  end
  local new = false
  for step in pairs(way) do
    new = new or not known[step]
    known[step] = true
  end
  return new
end

local function described(list)
  local words = {}
  for _, f in ipairs(list) do
    words[#words + 1] = f.name .. ":" .. f.result.kind
      .. (f.result.type or "")
    for _, p in ipairs(f) do
      words[#words + 1] = ("%s:%s%s"):format(p.name, p.kind, p.type or "")
    end
  end
  return table.concat(words, " ")
end

--- It answers with these signatures.
function check.right(source, expected)
  local ok, result = pcall(signature, source)
  if not ok then
    fail(source, "raises %s", tostring(result))
  elseif described(result) ~= described(expected) then
    fail(source, "it says\n%s\nand should say\n%s", described(result),
      described(expected))
  end
end

--- The sources in fuzz/corpus.
function check.read_corpus()
  local list = {}
  local p <close> = assert(io.popen("ls " .. CORPUS))
  for name in p:lines() do
    local f <close> = assert(io.open(CORPUS .. name, "rb"))
    list[#list + 1] = f:read "a"
  end
  assert(#list > 0, "no corpus")
  return list
end

--- Writes a source there, under a name that its bytes give.
function check.keep(source)
  local sum = 5381
  for i = 1, #source do
    sum = sum * 33 + source:byte(i) & 0xffffffffffff
  end
  local f <close> = assert(io.open(("%s%012x.c"):format(CORPUS, sum), "wb"))
  f:write(source)
end

return check
