-- The C of docs/c.md compiles, and its programs print what the page says.

local files = require "spec.support.files"
local pages = require "spec.support.pages"

describe("docs/c.md", function()
  local page, remove = files.read "docs/c.md", nil

  setup(function()
    remove = pages.build(page:match "\n```c\n(.-)\n```", "primes")
  end)

  teardown(function()
    remove()
  end)

  pages.specify(it, "docs/c.md", 1)
end)
