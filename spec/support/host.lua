--- Links a host of Lua, with the library that the headers are of: a rock that
-- was made for a later release lacks functions in an earlier one.

local CC = os.getenv "CC" or "gcc"
local HEADERS = os.getenv "LUA_INCDIR" or "/usr/include/lua5.4"

-- Succeeds if the library is of the release that the headers are of.
local SAME <const> = [[
#include <lua.h>
#include <string.h>
int main(void) { return strstr(lua_ident, LUA_RELEASE) ? 0 : 1; }
]]

local function succeeds(command)
  return (os.execute("(" .. command .. ") >/dev/null 2>&1"))
end

-- Builds `to` from the C file `source`, with the compiler's `flags`. Returns
-- `to`; nil where there is no compiler or no library.
return function(source, to, flags)
  for _, library in ipairs { "lua5.4", "lua", "lua54", "lua-5.4" } do
    local link = ("%s -I%s -Icsrc/include -o %s -Wl,-E %%s -l%s -lm -ldl "
      .. "-pthread"):format(CC, HEADERS, to, library)
    if succeeds(("echo '%s' | %s && %s"):format(SAME,
        link:format "-x c - -x none", to))
      and succeeds(link:format(flags .. " " .. source)) then
      return to
    end
  end
end
