-- Where threading.h is: in the rock's own folder, which LuaRocks keeps beside
-- the tree of modules, or in the checkout.

local _thread = require "threading._thread"
local standard = require "threading.private.standard"
local debug, io, string = standard.debug, standard.io, standard.string
local table = standard.table
local ipairs, loadfile, pairs = ipairs, loadfile, pairs

local function is_file(name)
  local f = io.open(name)
  return f ~= nil and f:close()
end

-- A text that sorts as the versions do.
local function rank(version)
  return (string.gsub(version, "%d+", function(digits)
    return string.format("%08d", digits)
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
  local top = string.match(source, "^(.*)lua/threading/private/[^/]*$")
  if top then
    list[1] = top .. "csrc/include"
  end
  local tree, lua =
    string.match(source, "^(.*)share/lua/([%d.]+)/threading/private/[^/]*$")
  if tree then
    local rocks = string.format("%slib/luarocks/rocks-%s", tree, lua)
    for _, version in ipairs(versions(rocks)) do
      list[#list + 1] =
        string.format("%s/threading/%s/csrc/include", rocks, version)
    end
  end
  return list
end

return function()
  local source = string.match(debug.getinfo(1, "S").source, "^@(.*)$") or ""
  for _, folder in ipairs(candidates(source)) do
    if is_file(folder .. "/threading.h") then
      return folder
    end
  end
  return nil, "threading.h is not where LuaRocks installs it"
end
