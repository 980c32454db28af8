-- check-rockspec: the rockspec lists every file of csrc/ and lua/ that belongs
-- to the rock, and none that is not there.

local function files(directory, suffix)
  local list = {}
  local pipe = assert(io.popen(("find %s -name '*%s'"):format(
    directory, suffix)))
  for name in pipe:lines() do
    list[name] = true
  end
  pipe:close()
  return list
end

local rockspec = {}
assert(loadfile("threading-scm-1.rockspec", "t", rockspec))()

local listed, faults = {}, {}

local function fault(...)
  faults[#faults + 1] = "threading-scm-1.rockspec: " .. string.format(...)
end

local function list(name)
  if listed[name] then
    fault("lists %s twice", name)
  end
  listed[name] = true
end

for name, module in pairs(rockspec.build.modules) do
  if type(module) == "table" then
    for _, source in ipairs(module.sources) do
      list(source)
    end
  else
    list(module)
    local path = "lua/" .. name:gsub("%.", "/")
    if module ~= path .. ".lua" and module ~= path .. "/init.lua" then
      fault("module %s is not in %s", name, module)
    end
  end
end

local there = files("csrc", ".c")
for name in pairs(files("lua", ".lua")) do
  there[name] = true
end

for name in pairs(there) do
  if not listed[name] then
    fault("does not list %s", name)
  end
end
for name in pairs(listed) do
  if not there[name] then
    fault("lists %s, which is not there", name)
  end
end

table.sort(faults)
for _, text in ipairs(faults) do
  io.stderr:write(text, "\n")
end
os.exit(#faults == 0)
