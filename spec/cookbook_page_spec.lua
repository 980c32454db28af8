-- Every program of docs/cookbook.md runs, and prints what the page says.

local pages = require "spec.support.pages"

describe("docs/cookbook.md", function()
  pages.specify(it, "docs/cookbook.md", 1)
end)
