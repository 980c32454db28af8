# What the scripts share. Sourced, from the top of the checkout; sets
#   LUA          a Lua of at least 5.4, empty if there is none
#   LUA_VERSION  its version, such as 5.4
#   TREE         the LuaRocks tree of this checkout
# and the module paths, so that the tree's modules come first.

number_of() {
  "$1" -e 'io.write((_VERSION:gsub("%D", "")))' 2>/dev/null
}

find_lua() {
  for candidate in ${LUA:-lua5.4 lua54 lua-5.4 lua lua5.5}; do
    if [ "$(number_of "$candidate" || echo 0)" -ge 54 ]; then
      command -v "$candidate"
      return
    fi
  done
}

LUA=$(find_lua)
LUA_VERSION=5.4
if [ -n "$LUA" ]; then
  LUA_VERSION=$("$LUA" -e 'io.write((_VERSION:gsub("^Lua ", "")))')
fi

TREE=${TREE:-.rocks}
case $TREE in
  /*) ;;
  *) TREE=$PWD/$TREE ;;
esac

# The versioned names would win over these.
unset LUA_PATH_5_4 LUA_CPATH_5_4 LUA_PATH_5_5 LUA_CPATH_5_5

# Where the system's packages put their modules: a Lua that somebody built
# looks elsewhere.
system_modules() (
  unset LUA_PATH LUA_CPATH
  "lua$LUA_VERSION" -e "io.write(package.$1)" 2>/dev/null || true
)

modules=$TREE/share/lua/$LUA_VERSION
system=$(system_modules path)
LUA_PATH="$modules/?.lua;$modules/?/init.lua;${LUA_PATH:+$LUA_PATH;};$system"
system=$(system_modules cpath)
LUA_CPATH="$TREE/lib/lua/$LUA_VERSION/?.so;${LUA_CPATH:+$LUA_CPATH;};$system"
export LUA LUA_VERSION TREE LUA_PATH LUA_CPATH

find_cc() {
  for candidate in ${CC:-gcc cc clang}; do
    if echo '#include <pthread.h>' | "$candidate" -x c -S -o - - \
         >/dev/null 2>&1; then
      echo "$candidate"
      return
    fi
  done
}

find_luarocks() {
  for candidate in ${LUAROCKS:-luarocks luarocks-5.4 luarocks5.4}; do
    if "$candidate" --lua-version="$LUA_VERSION" config lua_version \
         >/dev/null 2>&1; then
      echo "$candidate"
      return
    fi
  done
}

# The directory of this Lua's lua.h. The minor version is looked at, for the
# headers of another Lua may be the ones without a number in their path.
find_headers() {
  for dir in "${LUA_INCDIR:-}" "/usr/include/lua$LUA_VERSION" \
             "/usr/include/lua-$LUA_VERSION" /usr/include \
             "${LUA%/bin/*}/include/lua$LUA_VERSION" \
             "${LUA%/bin/*}/include/lua" "${LUA%/bin/*}/include" \
             "${LUA%/*}"; do
    minor=${LUA_VERSION#*.}
    if grep -Eqs "LUA_VERSION_MINOR(_N)?[[:space:]]+\"?$minor\"?" \
         "$dir/lua.h"; then
      echo "$dir"
      return
    fi
  done
}
