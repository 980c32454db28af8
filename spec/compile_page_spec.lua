-- Every program of docs/compile.md runs, and prints what the page says.

local pages = require "spec.support.pages"

describe("docs/compile.md", function()
  pages.specify(it, "docs/compile.md", 5)
end)
