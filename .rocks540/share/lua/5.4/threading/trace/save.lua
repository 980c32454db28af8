-- Files that are made of a file of events.

local check = require "threading.private.check"
local events = require "threading.trace.events"
local standard = require "threading.private.standard"
local io, string = standard.io, standard.string

-- Writes a file: true, or nil and why it has not all of the text.
local function write(name, text)
  local file, err = io.open(name, "wb")
  if not file then
    return nil, err
  end
  local written, why = file:write(text)
  local closed, late = file:close()
  if written and closed then
    return true
  end
  return nil, string.format("%s: %s", name, why or late)
end

-- Makes a function that makes such files.
-- @tparam string where what errors call it
-- @tparam function text_of the file's text; it is called with a trace, as
-- `events.read` returns it, and the name of the file of events
-- @treturn function (source, name): reads the file of events `source`, and
-- makes the file `name`, or writes it anew; returns true, or nil and why not
return function(where, text_of)
  return function(source, name)
    source, name = check.text(source, "source", where),
      check.text(name, "name", where)
    local trace, err = events.read(source)
    if not trace then
      return nil, err
    end
    return write(name, text_of(trace, source))
  end
end
