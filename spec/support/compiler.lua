--- Makes modules and hosts of Lua from C.

local files = require "spec.support.files"

local compiler = {
  CC = os.getenv "CC" or "gcc",
  HEADERS = os.getenv "LUA_INCDIR" or "/usr/include/lua5.4",
  LUAROCKS = os.getenv "LUAROCKS" or "luarocks",
}

--- Builds a module.
-- @tparam string source the C file; the module has its name
-- @tparam string folder where it shall be
-- @tparam[opt] string flags the compiler's
function compiler.module(source, folder, flags)
  local said, ok = files.shell("%s -shared -fPIC -I%s -o %s/%s.so %s %s",
    compiler.CC, compiler.HEADERS, folder, source:match "([^/]+)%.c$", source,
    flags or "")
  if not ok then
    error(said, 0)
  end
end

--- Builds a module in a folder of its own, and requires it.
-- @tparam string source the C file
-- @tparam[opt] string flags the compiler's
-- @return the module, the folder, and a function that undoes it all
function compiler.load(source, flags)
  local folder, cpath = files.folder(), package.cpath
  local name = source:match "([^/]+)%.c$"
  local function unload()
    package.cpath = cpath
    package.loaded[name] = nil
    os.execute("rm -r " .. folder)
  end
  compiler.module(source, folder, flags)
  package.cpath = folder .. "/?.so;" .. cpath
  return require(name), folder, unload
end

-- Succeeds if the library is of the release that the headers are of: a rock
-- that was made for a later release lacks functions in an earlier one.
local SAME <const> = [[
#include <lua.h>
#include <string.h>
int main(void) { return strstr(lua_ident, LUA_RELEASE) ? 0 : 1; }
]]

local function succeeds(command)
  return (select(2, files.shell("%s", command)))
end

--- Builds a host and links it with the library that the headers are of.
-- @tparam string source the C file
-- @tparam string to its name
-- @tparam string flags the compiler's
-- @return its name; nil where there is no compiler or no library
function compiler.host(source, to, flags)
  for _, library in ipairs { "lua5.4", "lua", "lua54", "lua-5.4", "lua5.5" } do
    local link = ("%s -I%s -Icsrc/include -o %s -Wl,-E %%s -L%s/../lib -l%s "
      .. "-lm -ldl -pthread"):format(compiler.CC, compiler.HEADERS, to,
      compiler.HEADERS, library)
    if succeeds(("echo '%s' | %s && %s"):format(SAME,
        link:format "-x c - -x none", to))
      and succeeds(link:format(flags .. " " .. source)) then
      return to
    end
  end
end

return compiler
