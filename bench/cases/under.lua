-- under.lua NAME=VALUE file arguments: runs that program with this variable in
-- its environment, and prints what it prints.
local function quote(s)
  return "'" .. s:gsub("'", "'\\''") .. "'"
end

local setting, name = arg[1], arg[2]
local words = { "env", quote(setting), quote(arg[-1]),
  quote(arg[0]:gsub("[^/]*$", "") .. name) }
for i = 3, #arg do
  words[#words + 1] = quote(arg[i])
end
local p <close> = assert(io.popen(table.concat(words, " ")))
io.write(p:read "a")
