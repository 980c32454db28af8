-- Calls that leave no connection open, whatever ends them: LuaSocket's modules
-- close theirs after errors of the network, but not after a cancellation or
-- Ctrl-C.

local running, setmetatable = coroutine.running, setmetatable

local call = {}

-- Coroutine -> what the innermost such call in it has opened, a list, in which
-- `outer` is that of the call around it.
local opened = setmetatable({}, { __mode = "k" })

local list_meta = {
  __close = function(list)
    opened[list.coroutine] = list.outer
    for i = #list, 1, -1 do
      list[i]:close()
    end
  end,
}

-- To be closed at the end of the call, if one runs. Returns the socket.
function call.keep(socket)
  local list = opened[running()]
  if list and socket then
    list[#list + 1] = socket
  end
  return socket
end

local function begin()
  local here = running()
  local list = setmetatable({ coroutine = here, outer = opened[here] },
    list_meta)
  opened[here] = list
  return list
end

-- Makes a function of f, of which each call is such a one.
function call.closing(f)
  return function(...)
    local _ <close> = begin()
    return f(...)
  end
end

return call
