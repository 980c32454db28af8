-- Which translator this is: the states of its files. What another one has made
-- is not used.

local _thread = require "threading._thread"
local standard = require "threading.private.standard"
local debug, string, table = standard.debug, standard.string, standard.table
local ipairs = ipairs

local NAMES <const> = { "arithmetic", "build", "builtins", "bytecode", "calls",
  "closures", "dependencies", "elements", "flow", "function", "graph", "init",
  "iterators", "kinds", "listing", "loops", "methods", "opcodes", "operations",
  "options", "places", "prelude", "reasons", "records", "sites", "sources",
  "spans", "stale", "translate", "twins", "types", "values", "versions", "ways",
  "writer" }

-- The states; nil where they are not known, as where all is in one file.
local function states()
  local source = debug.getinfo(1, "S").source
  local folder = string.match(source, "^@(.*)sources%.lua$")
  local list = {}
  for i, name in ipairs(NAMES) do
    list[i] = folder and _thread._state(folder .. name .. ".lua") or ""
    if list[i] == "" then
      return nil
    end
  end
  return table.concat(list)
end

return { names = NAMES, states = states() }
