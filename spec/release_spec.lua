-- The versions that stand in several files agree, and the recipe for a release
-- in CONTRIBUTING.md names what is there.

local files = require "spec.support.files"
local threading = require "threading"

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

  it("is what the module says it is, until something has changed", function()
    local changes = (files.read "CHANGELOG.md" .. "\n## "):match
      "\n## Unreleased\n(.-)\n## "
    local version = changes:find "%S" and "scm" or releases()[1]:match "^%S+"
    assert.equal("threading " .. version, threading._VERSION)
  end)

  it("is made from the checkout's rockspec", function()
    local rockspec = {}
    assert(loadfile("threading-scm-1.rockspec", "t", rockspec))()
    assert.equal("threading", rockspec.package)
    assert.equal("scm-1", rockspec.version)
    local text = files.read "threading-scm-1.rockspec"
    assert.matches('\nversion = "scm%-1"\n', text)
    assert.matches('\nsource = {\n  url = "[^"]+",\n}\n', text)
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
  end)
end)
