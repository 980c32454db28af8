/* For clang-tidy alone: these do not return, which lauxlib.h cannot say, nor
** a function that is called as in `return thr_blame_error(...)`. */
#include <lauxlib.h>

int lua_error(lua_State *L) __attribute__((analyzer_noreturn));
int luaL_error(lua_State *L, const char *format, ...)
    __attribute__((analyzer_noreturn));
int luaL_argerror(lua_State *L, int arg, const char *message)
    __attribute__((analyzer_noreturn));
int thr_blame_error(lua_State *L, const char *fmt, ...)
    __attribute__((analyzer_noreturn));
int thr_blame_argerror(lua_State *L, int arg, const char *text)
    __attribute__((analyzer_noreturn));
