-- The versions that stand in several files agree, and the recipe for a release
-- in CONTRIBUTING.md names what is there.

local files = require "spec.support.files"
local threading = require "threading"

local function rockspecs()
  local list = {}
  local pipe = assert(io.popen "ls *.rockspec")
  for name in pipe:lines() do
    local it = { file = name }
    assert(loadfile(name, "t", it))()
    list[#list + 1] = it
  end
  pipe:close()
  return list
end

-- The versions of CHANGELOG.md with their dates, the newest first.
local function releases()
  local list = {}
  for title in files.read "CHANGELOG.md":gmatch "\n## ([^\n]+)" do
    list[#list + 1] = title
  end
  assert.equal("Unreleased", table.remove(list, 1))
  return list
end

local function number(version)
  local x, y, z = version:match "^(%d+)%.(%d+)%.(%d+)$"
  return tonumber(x) * 1000000 + tonumber(y) * 1000 + tonumber(z)
end

describe("a release", function()
  it("is told of with version and date, the newest first", function()
    local before = math.huge
    for _, title in ipairs(releases()) do
      local version = title:match "^(%d+%.%d+%.%d+) %- %d%d%d%d%-%d%d%-%d%d$"
      assert.is_truthy(version, title)
      assert.is_true(number(version) < before, title)
      before = number(version)
    end
  end)

  it("has rockspecs that are named after what they say", function()
    for _, it in ipairs(rockspecs()) do
      assert.equal(("%s-%s.rockspec"):format(it.package, it.version), it.file)
      assert.equal("threading", it.package)
    end
  end)

  it("has the version that the module says, or none yet", function()
    local version = threading._VERSION:match "^threading (.+)$"
    local found
    for _, it in ipairs(rockspecs()) do
      local rock = it.version:match "^(.+)%-%d+$"
      found = found or rock == version
      if rock ~= "scm" then
        assert.equal("v" .. rock, it.source.tag)
        assert.equal(rock, releases()[1]:match "^%S+")
        assert.equal(version, rock)
      end
    end
    assert.is_true(found, "no rockspec of " .. version)
  end)

  it("is built from the same files as the checkout", function()
    local build
    for _, it in ipairs(rockspecs()) do
      build = build or it.build
      assert.same(build, it.build)
    end
  end)
end)

describe("the recipe for a release", function()
  local recipe = files.read "CONTRIBUTING.md":match "\n## How to release\n(.*)"

  it("names targets of the Makefile", function()
    local makefile = files.read "Makefile"
    local n = 0
    for targets in recipe:gmatch "`make ([^`]+)`" do
      for target in targets:gmatch "%S+" do
        n = n + 1
        assert.matches("\n" .. target .. ":", makefile, 1, true)
      end
    end
    assert.is_true(n > 5)
  end)

  it("names files that are there", function()
    for name in recipe:gmatch "`([%w_/.-]+/[%w_.-]+)`" do
      assert(io.open(name)):close()
    end
    assert.is_truthy(recipe:find("threading-scm-1.rockspec", 1, true))
  end)
end)
