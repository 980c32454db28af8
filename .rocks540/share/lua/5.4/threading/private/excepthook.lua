-- Errors that nobody catches, in a thread that was started through Thread.

local _thread = require "threading._thread"
local check = require "threading.private.check"
local shown = require "threading.private.show"
local standard = require "threading.private.standard"
local stderr = require "threading.private.stderr"
local debug, string = standard.debug, standard.string
local tostring, type, xpcall = tostring, type, xpcall

local M = {}

local threading -- the module, where the user may set excepthook

-- Tells where excepthook is looked up.
function M.bind(module)
  threading = module
end

local function index_name(thread)
  return thread.name
end

-- Of a thread whose fields a program has spoilt, or that is not known, the
-- ident: its error shall not be lost for that.
local function name_of(thread)
  local ok, name = _thread._try(index_name, thread)
  return ok and name or _thread.get_ident()
end

function M.excepthook(args)
  if type(args) ~= "table" then
    check.bad("args", "excepthook", "table", args)
  end
  stderr.write(string.format("Exception in thread %s:\n%s\n",
    tostring(name_of(args.thread)), args.traceback or shown(args.value)))
end

-- Removes a hook of the program's that has raised the error: it would raise
-- another one in the report of it. While a hook runs Lua calls no other: so if
-- the hook that is set here is not called, one runs.
local function remove_failed_hook()
  local hook, mask, count = debug.gethook()
  if type(hook) ~= "function" then -- none, or one of C's
    return
  end
  local called = false
  debug.sethook(function()
    called = true
  end, "r")
  debug.sethook(called and hook or nil, mask, count)
end

-- An error, as the message handler sees it; as it is for a silent end.
function M.on_error(value)
  if _thread._is_exit(value) then
    return value
  end
  remove_failed_hook()
  local text = _thread._origin(value, shown(value))
  return { value = value, traceback = _thread._traceback(text) }
end

local function call_hook(args)
  local ok, err = xpcall(threading.excepthook, function(value)
    return _thread._is_exit(value) and value
      or _thread._traceback(shown(value))
  end, args)
  if not ok and not _thread._is_exit(err) then
    stderr.write("Exception in threading.excepthook:\n" .. tostring(err)
      .. "\n")
    M.excepthook(args) -- nor shall the first error be lost
  end
end

-- Called in the thread, with what on_error has made of the error.
function M.told(thread, err)
  if type(err) ~= "table" then -- an error in on_error: no memory, no stack
    err = { value = err, traceback = tostring(err) }
  end
  err.thread = thread
  _thread._trace_mark("exception", err.traceback)
  call_hook(err)
end

return M
