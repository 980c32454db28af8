-- Every program of docs/interpreters.md runs, and prints what the page says.

local pages = require "spec.support.pages"
local support = require "spec.support"

local has_sockets = pcall(require, "socket")

describe("docs/interpreters.md", function()
  pages.specify(it, "docs/interpreters.md", 5, function(program)
    if program:find "threading.socket" and not has_sockets then
      pending "needs LuaSocket"
    end
    return support.output_of(program)
  end)
end)
