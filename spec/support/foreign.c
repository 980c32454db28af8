/*
** foreign: C code that knows nothing of threads. It sleeps while the global
** lock is held.
*/
#define _GNU_SOURCE
#include <lauxlib.h>
#include <lua.h>
#include <poll.h>
#include <time.h>

/* sleep(ms) -> did it sleep as long as it was told to? */
static int foreign_sleep(lua_State *L) {
  lua_Integer ms = luaL_checkinteger(L, 1);
  struct timespec t = {ms / 1000, ms % 1000 * 1000000};
  lua_pushboolean(L, nanosleep(&t, NULL) == 0);
  return 1;
}

static int foreign_poll(lua_State *L) {
  lua_pushboolean(L, poll(NULL, 0, (int)luaL_checkinteger(L, 1)) == 0);
  return 1;
}

int luaopen_foreign(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"sleep", foreign_sleep}, {"poll", foreign_poll}, {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
