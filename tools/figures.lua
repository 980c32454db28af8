-- figures.lua [check]: puts what bench/RESULTS.md says into the tables of the
-- pages that show figures. `check` writes nothing, and fails where a page
-- shows others.
--
-- In such a table a cell of the head names a column of RESULTS.md in a comment,
-- `<!-- ours -->`; `<!-- times CPython -->` is how many times better ours is.
-- The first cell of a row names the case, `<!-- race, ... -->`. A case whose
-- name begins with "the same" is written behind the one that it belongs to,
-- "echo server, 4 clients, requests: the same, median"; where a case was
-- measured beside LuaJIT, too, in a row of its own, that is a column LuaJIT.

local PAGES <const> = { "README.md", "README.zh-CN.md", "docs/c.md" }
local COMMENT <const> = "<!%-%- (.-) %-%->"

local function read(name)
  local file = io.open(name)
  if file then
    local text = file:read "a"
    file:close()
    return text
  end
end

local function cells_of(line)
  local cells = {}
  for cell in line:gmatch "|%s*([^|]-)%s*%f[|]" do
    cells[#cells + 1] = cell
  end
  return cells
end

-- name of a case -> { column = cell }
local function results()
  local cases, head, parent = {}, nil, nil
  for line in read "bench/RESULTS.md":gmatch "[^\n]+" do
    local cells = cells_of(line)
    local name = cells[1]
    if name == "what" then
      head = cells
    elseif head and name and name ~= "" and not name:find "^%-+$" then
      if name:find "^the same" then
        name = parent .. ": " .. name
      else
        parent = name
      end
      local case = {}
      for i, column in ipairs(head) do
        case[column] = cells[i]
      end
      cases[name] = cases[name] or case
      if case.goal:find "LuaJIT" then
        cases[name].LuaJIT = case["Lua beside it"]
      end
    end
  end
  return cases
end

local SCALES <const> = {
  s = 1, ms = 1e-3, ["µs"] = 1e-6, ns = 1e-9, KiB = 1024, ["%"] = 1,
  ["/s"] = 1, ["k/s"] = 1e3, ["M/s"] = 1e6, ["MB/s"] = 1e6, ["GB/s"] = 1e9,
}

-- The median, without its quartiles.
local function median(cell)
  return cell and cell:match "^(.-)%s*%(" or ""
end

-- How many times better one is; of what is per second, more is better.
local function times(ours, theirs)
  local a, unit = median(ours):match "^(%S+) (%S+)$"
  local b, other = median(theirs):match "^(%S+) (%S+)$"
  if not (a and b) then
    return ""
  end
  local ratio = a * SCALES[unit] / (b * SCALES[other])
  if not unit:find "/s$" then
    ratio = 1 / ratio
  end
  return (ratio < 9.95 and "%.1f ×" or "%.0f ×"):format(ratio)
end

local function figure(case, column)
  local peer = column:match "^times (.+)$"
  return peer and times(case.ours, case[peer]) or median(case[column])
end

local function row(cells, head, cases)
  local name = cells[1]:match(COMMENT)
  local case = cases[name] or error("bench/RESULTS.md has no case " .. name, 0)
  for i = 2, #cells do
    local column = head[i]:match(COMMENT)
    cells[i] = column and figure(case, column) or cells[i]
  end
  return "| " .. table.concat(cells, " | ") .. " |"
end

local function filled(text, cases)
  local lines, head = {}, nil
  for line in text:gmatch "([^\n]*)\n" do
    local cells = line:find "^|" and cells_of(line)
    if not cells then
      head = nil
    elseif not head then
      head = cells
    elseif cells[1]:find(COMMENT) then
      line = row(cells, head, cases)
    end
    lines[#lines + 1] = line .. "\n"
  end
  return table.concat(lines)
end

local cases = results()
for _, name in ipairs(PAGES) do
  local text = read(name)
  local right = text and filled(text, cases)
  if right ~= text then
    assert(arg[1] ~= "check", name
      .. " shows other figures than bench/RESULTS.md: run tools/figures.lua")
    local file <close> = assert(io.open(name, "w"))
    file:write(right)
  end
end
