-- Classes that are derived from the library's objects, which are C's: an object
-- of such a class is a table that has one of them, and passes on to it what
-- the class does not define itself.

local _thread = require "threading._thread"
local check = require "threading.private.check"
local complain = require "threading.private.complain"
local standard = require "threading.private.standard"
local debug, string = standard.debug, standard.string
local rawget, rawset, setmetatable = rawget, rawset, setmetatable
local tostring, type = tostring, type

local OBJECT <const> = {} -- where a table keeps what it has from C

local function object_of(self)
  local object = type(self) == "table" and rawget(self, OBJECT)
  if not object then
    complain "init() of the class that this one extends was not called"
  end
  return object
end

-- A field or a method of C's; of what is missing nobody guesses what was meant,
-- for it may be a field of the program's.
local function field_of(object, key)
  local index = debug.getmetatable(object).__index
  if type(index) == "table" then
    return rawget(index, key)
  end
  return object[key]
end

-- What `super` of a class is that extends a constructor: its methods, as those
-- of the table that has the object.
local function base_of(new)
  local base = {}

  function base.init(self, ...)
    local object = new(...)
    if type(object) ~= "userdata" then
      complain "bad argument 'base' to 'extend' (it makes none of C's objects)"
    end
    rawset(self, OBJECT, object)
  end

  -- By the class's own acquire and release.
  function base.guard(self)
    self:acquire()
    return self
  end

  function base.with(self, fn, ...)
    local _ <close> = self:guard()
    return fn(...)
  end

  return setmetatable(base, { __index = function(_, key)
    local function call(self, ...)
      local object = object_of(self)
      return object[key](object, ...)
    end
    base[key] = call
    return call
  end })
end

local function new_meta(class, base)
  local meta = { __name = "threading." .. class.__name }

  function meta.__index(self, key)
    local value = class[key]
    if value == nil then
      value = field_of(object_of(self), key)
      if type(value) == "function" then
        value = base[key]
      end
    end
    return value
  end

  function meta.__close(self)
    self:release()
  end

  function meta.__tostring(self)
    local text = string.gsub(tostring(object_of(self)), "threading%.%w+",
      (string.gsub(class.__name, "%%", "%%%%")), 1)
    return text
  end

  return meta
end

local make_class

local function extend(class, name)
  if type(name) ~= "string" then
    check.bad("name", "extend", "string", name)
  end
  return make_class(name, class, class.base)
end

function make_class(name, parent, base)
  local class = { __name = name, super = parent or base, base = base }
  local meta = new_meta(class, base)
  return setmetatable(class, {
    __index = parent or { init = base.init, extend = extend },
    __call = function(_, ...)
      local self = setmetatable({}, meta)
      class.init(self, ...)
      return self
    end,
  })
end

return function(base, name)
  check.callable(base, "base", "extend")
  if type(name) ~= "string" then
    check.bad("name", "extend", "string", name)
  end
  if type(base) == "table" and base.extend then
    return base:extend(name)
  end
  return make_class(name, nil, base_of(base))
end
