-- How the workers of an InterpreterPoolExecutor make calls: each in an
-- interpreter of its own, for which a call is encoded when it is submitted.

local _thread = require "threading._thread"
local define = require "threading.private.executor"
local standard = require "threading.private.standard"
local table = standard.table
local setmetatable, tostring = setmetatable, tostring

local way = {
  title = "InterpreterPoolExecutor", future = _thread._remote_future,
}

-- Where a worker's calls are made: { interpreter = }.
local home_meta = {
  __close = function(home)
    if home.interpreter then
      home.interpreter:close()
    end
  end,
}

function way.prepare(initializer, args)
  local call = initializer ~= nil and _thread._encode_as(
    "initializer,initargs[]", initializer,
    table.unpack(args, 1, args.n or #args))
  return function(home)
    home.interpreter = _thread._interpreter()
    if call then
      _thread._visit(home.interpreter, call)
    end
  end
end

way.describe = tostring -- it brings its traceback with it

function way.serve(state, initialize)
  local home <close> = setmetatable({}, home_meta)
  if initialize(state, home) then
    _thread._remote_serve(state.queue, home.interpreter)
  end
end

return define(way)
