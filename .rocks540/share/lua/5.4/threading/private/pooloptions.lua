-- What the constructors of pools are given: one by one, or in a table.

local check = require "threading.private.check"
local ipairs, select, type = ipairs, select, type

local usual_names = { "max_workers", "thread_name_prefix", "initializer",
  "initargs" }

-- By position, or by name, in a table in the place of the first.
local function read_arguments(way, first, ...)
  local names, known = way.names or usual_names, {}
  local options = { [names[1]] = first }
  for i, name in ipairs(names) do
    known[name] = true
    if i > 1 then
      options[name] = select(i - 1, ...)
    end
  end
  return type(first) == "table" and check.options(first, known, way.title)
    or options
end

-- @tparam table way `title`; and `names`, where it does not have the usual ones
-- @treturn integer max_workers, or nil
-- @treturn table the options
return function(way, ...)
  local title, options = way.title, read_arguments(way, ...)
  local most = check.positive(options.max_workers, "max_workers", title)
  check.string(options.thread_name_prefix, "thread_name_prefix", title)
  if options.initializer ~= nil then
    check.callable(options.initializer, "initializer", title)
  end
  check.args(options.initargs, "initargs", title)
  return most, options
end
