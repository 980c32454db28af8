-- docs/decisions.md lists its entries, and each names the commit of its reason.

local files = require "spec.support.files"

local PAGE <const> = "docs/decisions.md"

-- The entries: title -> text.
local function entries(text)
  local map, title = {}, nil
  for line in text:gmatch "[^\n]+" do
    local mark, rest = line:match "^(##+) (.+)"
    title = mark == "###" and rest or not mark and title or nil
    if title then
      map[title] = (map[title] or "") .. line .. "\n"
    end
  end
  return map
end

-- Is this a clone with all commits?
local function has_history()
  local text, ok = files.shell "git rev-parse --is-shallow-repository"
  return ok and text == "false"
end

describe(PAGE, function()
  local text = files.read(PAGE)

  it("lists its rooms and entries in their order", function()
    local listed, there = {}, {}
    for line in text:match "<!%-%- contents %-%->\n(.-)<!%-%- end %-%->"
      :gmatch "[^\n]+" do
      listed[#listed + 1] = line:match "^  %- (.+)" or line:match "^%- %[(.-)%]"
    end
    for title in text:gmatch "\n###? ([^\n]+)" do
      there[#there + 1] = title
    end
    assert.same(there, listed)
  end)

  it("leads to its rooms", function()
    local names = {}
    for title in text:gmatch "\n## ([^\n]+)" do
      names["#" .. title:lower():gsub("[^%w%- ]", ""):gsub(" ", "-")] = true
    end
    for name in text:gmatch "\n%- %[.-%]%((.-)%)" do
      assert.is_true(names[name], name)
      names[name] = nil
    end
    assert.is_nil(next(names))
  end)

  it("has a commit at the end of each entry", function()
    local n = 0
    for title, entry in pairs(entries(text)) do
      assert(entry:find "`%x%x%x%x%x%x%x`\n$", title)
      n = n + 1
    end
    assert.is_true(n > 50)
  end)

  it("names commits that there are", function()
    if not has_history() then
      pending "needs the history"
      return
    end
    for hash in text:gmatch "`(%x%x%x%x%x%x%x)`" do
      local said, ok = files.shell("git merge-base --is-ancestor %s HEAD", hash)
      assert.is_true(ok, hash .. ": " .. said)
    end
  end)
end)
