-- The C file of a unit, from the bodies of its specialisations.

local prelude = require "threading.compile.prelude"
local standard = require "threading.private.standard"
local types = require "threading.compile.types"
local string, table = standard.string, standard.table
local ipairs = ipairs

-- A small function that calls itself is there so many times, each calling the
-- next and the last the first: the C compiler inlines some, and one in so many
-- looks at the stack and at what is pending. fib(35), of gcc 12 on x86-64: 31
-- ms with one, 32, 22, 17, 16, 15 with two to six; 21 as C in a kernel.
local COPIES <const> = 4
local MAX_COPIED <const> = 60 -- lines of C

-- Heads ----------------------------------------------------------------------

-- What it returns in C, and whether that is an index of its lists of results.
local function result_of(unit, spec)
  if #spec.results == 0 then
    return "void", false
  elseif unit:is_single(spec) then
    return types.c_type(spec.results[1][1] or "n") or "void", false
  end
  return "int", true
end

-- Calls `visit` with the C type and the name of each parameter.
local function parameters(spec, visit)
  for n, kind in ipairs(spec.kinds) do
    if types.c_type(kind) then
      visit(types.c_type(kind), string.format("%s_p%d", spec.name, n - 1), n)
    end
  end
end

local function signature(result, name, parts, has_out)
  if has_out then
    parts[#parts + 1] = "threading_val *out"
  end
  return string.format("static %s %s(%s)", result, name,
    table.concat(parts, ", "))
end

local function head_of(unit, spec, name)
  local result, has_out = result_of(unit, spec)
  local parts = { "threading_run *run" }
  parameters(spec, function(c_type, parameter)
    parts[#parts + 1] = c_type .. " " .. parameter
  end)
  return signature(result, name or spec.name, parts, has_out)
end

-- Bodies ---------------------------------------------------------------------

-- What tail calls of its group go to begins it. One with loops polls, as it may
-- itself be called in a strip, whose turns do not.
local function body_of(spec, is_entered)
  local lines = { "{ (void)run;" }
  lines[#lines + 1] = is_entered and spec.name .. "_start:;" or nil
  lines[#lines + 1] = string.find(spec.body, "COUNTED_POLL(", 1, true)
    and "  LOOP_POLL();" or nil
  lines[#lines + 1] = spec.body_declarations
  parameters(spec, function(_, parameter, n)
    local name = types.letter(spec.kinds[n]) .. spec.registers[n]
    lines[#lines + 1] = spec.variables[name]
      and "  " .. types.assignment(spec.kinds[n], name, parameter)
      or string.format("  (void)%s;", parameter)
  end)
  lines[#lines + 1] = spec.body
  lines[#lines + 1] = "}\n"
  return table.concat(lines, "\n")
end

local function copied(unit, spec, text)
  local parts = {}
  for n = 2, COPIES do
    parts[#parts + 1] = head_of(unit, spec, spec.name .. "_" .. n) .. ";"
  end
  for n = 1, COPIES do
    local name = n == 1 and spec.name or spec.name .. "_" .. n
    local next = n == COPIES and spec.name or spec.name .. "_" .. n + 1
    local copy = string.gsub(text, "%f[%w]" .. spec.name .. "%(", next .. "(")
    if n > 1 then
      copy = string.gsub(copy, "  STACK%(%d+%);\n", "")
    end
    parts[#parts + 1] = head_of(unit, spec, name)
    parts[#parts + 1] = copy
  end
  return table.concat(parts, "\n")
end

local function alone(unit, spec, is_entered)
  local text = body_of(spec, is_entered)
  if unit.graph:calls_itself(spec) and spec.length <= MAX_COPIED then
    return copied(unit, spec, text)
  end
  return head_of(unit, spec) .. "\n" .. text
end

-- Groups ---------------------------------------------------------------------

local function entrance(unit, group, at)
  local spec = group[at]
  local result, has_out = result_of(unit, spec)
  local parts = { "run", at }
  for _, other in ipairs(group) do
    parameters(other, function(_, parameter)
      parts[#parts + 1] = other == spec and parameter or "0"
    end)
  end
  parts[#parts + 1] = has_out and "out" or nil
  return string.format("%s\n{ %s%s_group(%s); }\n", head_of(unit, spec),
    result == "void" and "" or "return ", group[1].name,
    table.concat(parts, ", "))
end

-- All of a group return the same.
local function grouped(unit, group)
  local result, has_out = result_of(unit, group[1])
  local parts, choice, bodies = { "threading_run *run", "int start" }, {}, {}
  for at, spec in ipairs(group) do
    parameters(spec, function(c_type, parameter)
      parts[#parts + 1] = c_type .. " " .. parameter
    end)
    choice[at] = string.format("  if (start == %d) goto %s_start;", at,
      spec.name)
    bodies[at] = body_of(spec, true)
  end
  local lines = { signature(result, group[1].name .. "_group", parts, has_out),
    "{", table.concat(choice, "\n"), "  __builtin_unreachable();",
    table.concat(bodies, "\n"), "}\n" }
  for at in ipairs(group) do
    lines[#lines + 1] = entrance(unit, group, at)
  end
  return table.concat(lines, "\n")
end

local function text_of(unit, spec, list)
  local group = unit.graph:group(spec, list)
  if #group <= 1 then
    return alone(unit, spec, #group == 1)
  elseif group[1] == spec then
    return grouped(unit, group)
  end
  return nil -- with the first of the group
end

-- The entry ------------------------------------------------------------------

local function entry_call(spec, has_out)
  local parts = { "run" }
  parameters(spec, function(c_type, _, n)
    local kind = spec.kinds[n]
    parts[#parts + 1] = string.format("%srun->in[%d].u.%s",
      types.is_pointer(kind) and "(" .. c_type .. ")" or "", n - 1,
      types.member(kind))
  end)
  parts[#parts + 1] = has_out and "run->out" or nil
  return string.format("%s(%s)", spec.name, table.concat(parts, ", "))
end

local function kinds_text(kinds)
  local lines = { string.format("    run->nout = %d;", #kinds) }
  for n, kind in ipairs(kinds) do
    lines[#lines + 1] = string.format("    run->out[%d].kind = '%s';", n - 1,
      kind)
  end
  return table.concat(lines, "\n")
end

local function entry_of(unit, spec)
  local result, has_out = result_of(unit, spec)
  local call = entry_call(spec, has_out)
  local lines = { "\n__attribute__((visibility(\"default\")))",
    "void threading_entry(threading_run *run) {" }
  if has_out then
    lines[#lines + 1] = "  switch (" .. call .. ") {"
    for _, kinds in ipairs(spec.results) do
      lines[#lines + 1] = string.format("  case %d:\n%s\n    break;",
        unit:result_number(kinds), kinds_text(kinds))
    end
    lines[#lines + 1] = "  }"
  else
    lines[#lines + 1] = result == "void" and "  " .. call .. ";"
      or string.format("  run->out[0].u.%s = %s;",
        types.member(spec.results[1][1]), call)
    lines[#lines + 1] = spec.results[1] and kinds_text(spec.results[1])
  end
  lines[#lines + 1] = "}"
  return table.concat(lines, "\n")
end

-- May it end otherwise than by returning?
local function leaps(text)
  for _, word in ipairs { "raise_at(", "POLL(", "STACK(", "run->lock_" } do
    if string.find(text, word, 1, true) then
      return true
    end
  end
  return false
end

-- The C text after the ABI; and whether it may end otherwise than by returning.
local function write(unit, entry)
  local parts, list = {}, {}
  for _, spec in ipairs(unit.order) do
    if spec.pass == unit.pass then
      list[#list + 1] = spec
      parts[#parts + 1] = head_of(unit, spec) .. ";"
    end
  end
  for _, spec in ipairs(list) do
    parts[#parts + 1] = text_of(unit, spec, list)
  end
  parts[#parts + 1] = entry_of(unit, entry)
  local text = table.concat(parts, "\n")
  return prelude .. text, leaps(text)
end

return { write = write }
