-- How the workers of a ThreadPoolExecutor make calls: directly, for threads
-- share everything.

local _thread = require "threading._thread"
local define = require "threading.private.executor"
local shown = require "threading.private.show"
local standard = require "threading.private.standard"
local table = standard.table

local way = { title = "ThreadPoolExecutor", future = _thread._future }

function way.prepare(initializer, args)
  return function()
    if initializer ~= nil then
      initializer(table.unpack(args, 1, args.n or #args))
    end
  end
end

function way.describe(err)
  return _thread._traceback(shown(err))
end

function way.serve(state, initialize)
  if initialize(state) then
    _thread._serve(state.queue)
  end
end

return define(way)
