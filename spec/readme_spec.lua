-- README.md: its program runs, its figures are measured, its links lead
-- somewhere, and it stays short. So do the links of all pages.

local files = require "spec.support.files"
local pages = require "spec.support.pages"
local site = require "spec.support.site"
local support = require "spec.support"

local has_sockets = pcall(require, "socket")

describe("README.md", function()
  local page = files.read "README.md"

  it("downloads and computes", function()
    if not has_sockets then
      pending "needs LuaSocket"
      return
    end
    local program = page:match "\n```lua\n(.-)\n```"
    local out = support.output_of(site .. program)
    assert.matches("^3\thttp://127%.0%.0%.1:%d+/3\n"
      .. "2000\thttp://127%.0%.0%.1:%d+/2000\n$", out)
  end)

  it("has no other program", function()
    assert.equal(1, select(2, page:gsub("\n```lua\n", "")))
  end)

  it("has at most 200 lines", function()
    assert.is_true(select(2, page:gsub("\n", "")) <= 200)
  end)

  it("shows what was measured last, as docs/c.md does", function()
    local said, ok = files.shell("%s tools/figures.lua check",
      support.interpreter())
    assert.is_true(ok, said)
  end)

  pages.specify_translations(it, "README.md")
end)

-- What a heading is called in a link.
local function anchor(heading)
  return heading:lower():gsub("[^%w%-_ \128-\255]", ""):gsub(" ", "-")
end

local function anchors(page)
  local found = {}
  for heading in page:gsub("\n```.-\n```", ""):gmatch "\n#+ ([^\n]+)" do
    found[anchor(heading)] = true
  end
  return found
end

describe("links of", function()
  for _, name in ipairs(files.list "*.md docs/*.md examples/*/*.md") do
    it(name .. " lead somewhere", function()
      local folder = name:match "^(.*/)" or ""
      local text = files.read(name)
      for target in text:gsub("\n```.-\n```", ""):gmatch "%]%(([^)%s]+)%)" do
        local path, heading = target:match "^([^#]*)#?(.*)$"
        if not path:find "^%a+:" then
          path = path == "" and name or folder .. path
          assert.is_truthy(io.open(path), name .. ": " .. target)
          assert.is_true(heading == ""
            or anchors(files.read(path))[heading] == true,
            name .. ": " .. target)
        end
      end
    end)
  end
end)
