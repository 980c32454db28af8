-- report.lua directory: what tools/coverage/run has measured.

local keys = require "tools.keys"

local GOAL <const> = 95 -- percent

local work = arg[1]

local function lines_of(command)
  local p <close> = assert(io.popen(command))
  local list = {}
  for line in p:lines() do
    list[#list + 1] = line
  end
  return list
end

-- Of lines with code: number -> did it run?
local function read_gcov(name)
  local lines = {}
  for line in io.lines(name) do
    local count, number = line:match "^%s*([^:]+):%s*(%d+):"
    if count and number ~= "0" and count ~= "-" then
      lines[tonumber(number)] = not count:find "^[#=]"
    end
  end
  return lines
end

local hits = {}
for line in io.lines(work .. "/hits") do
  hits[line] = true
end

-- What only closes something may have an instruction that never runs.
local function is_closing(text)
  return text:find "^%s*[%)%]}]*[%s,]*$" or text:find "^%s*end[%)},%s]*$"
    or text:find "^%s*else%s*$"
end

local function read_luac(path, name)
  local source, lines = {}, {}
  for text in io.lines(path) do
    source[#source + 1] = text
  end
  for _, line in ipairs(lines_of("luac5.4 -l -p " .. path)) do
    local number, what = line:match "^%s*%d+%s+%[(%d+)%]%s+(%u+)"
    number = what ~= "VARARGPREP" and tonumber(number) -- no hook sees that
    if number and not is_closing(source[number]) then
      lines[number] = hits[name .. " " .. number] or false
    end
  end
  return lines
end

-- "3-5 9"
local function ranges(lines, all)
  local list, first, last = {}, nil, nil
  local function flush()
    if first then
      list[#list + 1] = first == last and tostring(first)
        or first .. "-" .. last
    end
    first = nil
  end
  for _, number in ipairs(all) do
    if lines[number] then
      flush()
    else
      first, last = first or number, number
    end
  end
  flush()
  return table.concat(list, " ")
end

local function percent(ran, n)
  return n == 0 and 100 or 100 * ran / n
end

-- Prints a line per file; returns the share of all.
local function report(title, files, read)
  local ran_of_all, of_all = 0, 0
  for _, file in ipairs(files) do
    local lines, ran = read(file), 0
    local all = keys(lines)
    for _, number in ipairs(all) do
      ran = ran + (lines[number] and 1 or 0)
    end
    ran_of_all, of_all = ran_of_all + ran, of_all + #all
    local name = file:match "lua/threading/(.*)$" or file:match "[^/]+$"
    print(("%6.1f %%  %-22s %s"):format(percent(ran, #all),
      name:gsub("%.gcov$", ""), ranges(lines, all)))
  end
  local share = percent(ran_of_all, of_all)
  print(("%6.1f %% of %d lines of %s\n"):format(share, of_all, title))
  return share
end

local c = report("csrc/", lines_of("ls " .. work .. "/rock/*.[ch].gcov"),
  read_gcov)
local lua = report("lua/", lines_of "find lua -name '*.lua' | grep -v types",
  function(path)
    return read_luac(path, path:match "lua/threading/(.*)$")
  end)
os.exit(c >= GOAL and lua >= GOAL)
