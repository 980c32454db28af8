-- What busted takes from C modules (lfs, system, term), in Lua, for an
-- interpreter that cannot load those of this system.

local function says(command, ...)
  local pipe = assert(io.popen(command:format(...)))
  local text = pipe:read "a"
  pipe:close()
  return text
end

local function attributes(path, name)
  local quoted = "'" .. path:gsub("'", "'\\''") .. "'"
  local kind = says("test -d %s && printf directory || { test -e %s && "
    .. "printf file; }", quoted, quoted)
  if kind == "" then
    return nil, path .. ": No such file or directory", 2
  end
  return name == "mode" and kind or { mode = kind }
end

local function dir(path)
  local names = says("ls -a '%s'", path)
  return names:gmatch "[^\n]+"
end

package.preload.lfs = function()
  return {
    attributes = attributes,
    symlinkattributes = attributes,
    currentdir = function()
      return (says "pwd":gsub("\n$", ""))
    end,
    dir = dir,
    chdir = function() -- it is asked for "." alone
      return true
    end,
  }
end

package.preload.system = function()
  return { gettime = os.time, monotime = os.clock, sleep = error }
end

package.preload.term = function()
  return {
    isatty = function()
      return false
    end,
  }
end
