/* guard: see guard.h. */
#include "bind/guard.h"

#include <lauxlib.h>
#include <limits.h>

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/self.h"

int thr_guard(lua_State *L) {
  lua_settop(L, 1);
  thr_self(L)->asked.guarded = true;
  return 1;
}

int thr_guard_refuse(lua_State *L, const char *why, const char *name) {
  return thr_blame_error(L, "%s at the end of a block; write `local _ <close> ="
                         " %s:guard()`, which takes it, and do not release it "
                         "in the block", why, name);
}

static int with_done(lua_State *L, int status, lua_KContext ctx) {
  (void)status;
  (void)ctx;
  return lua_gettop(L) - 1; /* all above the to-be-closed value */
}

int thr_guard_with(lua_State *L) {
  int nargs = lua_gettop(L) - 2;
  lua_toclose(L, 1);
  lua_callk(L, nargs, LUA_MULTRET, 0, with_done);
  return with_done(L, LUA_OK, 0);
}

/* --- defer --- */

#define MAX_DEFERRED (USHRT_MAX - 2) /* arguments; Lua's limit */

static const char *const deferred = "threading.defer"; /* metatable */

/* The user values of what defer() returns: the function, and its arguments. */
typedef struct {
  int nargs; /* -1: it has been called */
} deferral;

int thr_guard_defer(lua_State *L) {
  thr_args_callable(L, 1, "fn");
  int nargs = lua_gettop(L) - 1;
  if (nargs > MAX_DEFERRED)
    return thr_blame_error(L, "too many arguments to 'defer'");
  deferral *d = lua_newuserdatauv(L, sizeof(*d), nargs + 1);
  d->nargs = nargs;
  luaL_setmetatable(L, deferred);
  lua_insert(L, 1);
  for (int i = nargs + 1; i > 0; i--) lua_setiuservalue(L, 1, i);
  return thr_guard(L);
}

static int deferred_called(lua_State *L, int status, lua_KContext ctx) {
  (void)L;
  (void)status;
  (void)ctx;
  return 0;
}

/* Calls it once: a program may close the value by hand, too. */
static int deferred_close(lua_State *L) {
  deferral *d = luaL_checkudata(L, 1, deferred);
  int nargs = d->nargs;
  if (nargs < 0) return 0;
  luaL_checkstack(L, nargs + 1, NULL);
  for (int i = 1; i <= nargs + 1; i++) lua_getiuservalue(L, 1, i);
  d->nargs = -1;
  lua_callk(L, nargs, 0, 0, deferred_called);
  return 0;
}

void thr_guard_open(lua_State *L) {
  luaL_newmetatable(L, deferred);
  lua_pushcfunction(L, deferred_close);
  lua_setfield(L, -2, "__close");
  lua_pop(L, 1);
}
