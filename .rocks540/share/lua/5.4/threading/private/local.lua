--- Data of which every thread sees its own.
-- @classmod threading.Local
-- @usage
-- local threading = require "threading"
-- local mine = threading.Local()
-- mine.name = "main"
--
-- local t = threading.Thread {
--   target = function()
--     print(mine.name) --> nil
--     mine.name = "other"
--   end,
-- }
-- t:start()
-- t:join()
-- print(mine.name) --> main

local _thread = require "threading._thread"
local check = require "threading.private.check"
local standard = require "threading.private.standard"
local table = standard.table
local error, next, pcall, select = error, next, pcall, select
local setmetatable, type = setmetatable, type

local Local = { __name = "Local" }

-- Object -> its class and the arguments of its constructor.
local origin = setmetatable({}, { __mode = "k" })

-- The calling thread's fields of this object; `init` of a derived class runs
-- on the first use in each thread.
local function fields_of(self)
  local locals = _thread._locals()
  local fields = locals[self]
  if not fields then
    fields = {}
    locals[self] = fields
    local from = origin[self]
    if from.class.init then
      local ok, err = pcall(from.class.init, self,
        table.unpack(from.args, 1, from.args.n))
      if not ok then
        locals[self] = nil -- the next use tries again
        error(err, 0)
      end
    end
  end
  return fields
end

local meta = { __metatable = false, __name = "threading.Local" }

function meta.__index(self, key)
  local value = fields_of(self)[key]
  if value == nil then
    value = origin[self].class[key]
  end
  return value
end

function meta.__newindex(self, key, value)
  fields_of(self)[key] = value
end

function meta.__pairs(self)
  return next, fields_of(self), nil
end

local classes = setmetatable({}, { __mode = "k" })

local function make_class(class, parent)
  classes[class] = true
  return setmetatable(class, {
    __index = parent,
    __call = function(cls, ...)
      if cls.init == nil and select("#", ...) > 0 then
        error("Initialization arguments are not supported; they are for the "
          .. "'init' of a class that Local:extend has derived", 2)
      end
      local self = {}
      origin[self] = { class = cls, args = table.pack(...) }
      return setmetatable(self, meta)
    end,
  })
end

--- Derives a class; its `init` runs once in each thread, with the arguments
-- of the constructor.
-- @tparam string name of the class
-- @treturn table the class
-- @raise if the name is not a string
function Local:extend(name)
  check.class(type(self) == "table" and classes[self], "Local", "extend", self)
  if type(name) ~= "string" then
    check.bad("name", "extend", "string", name)
  end
  return make_class({ __name = name }, self)
end

return make_class(Local)
