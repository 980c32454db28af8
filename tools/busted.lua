-- busted under the Lua that runs this file. A system's `busted` command may
-- belong to another Lua.
require "busted.runner" { standalone = false }
