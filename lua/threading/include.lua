-- Where threading.h is: in the rock's own folder, which LuaRocks keeps beside
-- the tree of modules, or in the checkout.

local _thread = require "threading._thread"

local function is_file(name)
  local f = io.open(name)
  return f ~= nil and f:close()
end

-- A text that stands in the order of the versions.
local function rank(version)
  return (version:gsub("%d+", function(digits)
    return ("%08d"):format(digits)
  end))
end

-- The versions of the rock that the tree's manifest lists.
local function versions(rocks)
  local manifest = {}
  local chunk = loadfile(rocks .. "/manifest", "t", manifest)
  if not chunk or not _thread._try(chunk) then
    return {}
  end
  local repository = manifest.repository
  local list = {}
  for version in pairs(repository and repository.threading or {}) do
    list[#list + 1] = version
  end
  -- Of several the newest is what `require` finds.
  table.sort(list, function(a, b)
    return rank(a) > rank(b)
  end)
  return list
end

local function candidates(source)
  local list = {}
  local top = source:match "^(.*)lua/threading/[^/]*$"
  if top then
    list[1] = top .. "csrc/include"
  end
  local tree, lua = source:match "^(.*)share/lua/([%d.]+)/threading/[^/]*$"
  if tree then
    local rocks = ("%slib/luarocks/rocks-%s"):format(tree, lua)
    for _, version in ipairs(versions(rocks)) do
      list[#list + 1] =
        ("%s/threading/%s/csrc/include"):format(rocks, version)
    end
  end
  return list
end

return function()
  local source = debug.getinfo(1, "S").source:match "^@(.*)$" or ""
  for _, folder in ipairs(candidates(source)) do
    if is_file(folder .. "/threading.h") then
      return folder
    end
  end
  return nil, "threading.h is not where LuaRocks installs it"
end
