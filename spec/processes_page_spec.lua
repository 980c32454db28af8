-- Every program of docs/processes.md runs, and prints what the page says.

local pages = require "spec.support.pages"

describe("docs/processes.md", function()
  pages.specify(it, "docs/processes.md", 4)
end)
