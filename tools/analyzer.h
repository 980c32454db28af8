/* For clang-tidy alone: these do not return, which lauxlib.h cannot say. */
#include <lauxlib.h>

int lua_error(lua_State *L) __attribute__((analyzer_noreturn));
int luaL_error(lua_State *L, const char *format, ...)
    __attribute__((analyzer_noreturn));
int luaL_argerror(lua_State *L, int arg, const char *message)
    __attribute__((analyzer_noreturn));
