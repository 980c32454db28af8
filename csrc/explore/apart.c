/* apart: see apart.h. */
#include "explore/apart.h"

#include <lauxlib.h>
#include <stdint.h>
#include <string.h>

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/finaliser.h"
#include "bind/self.h"
#include "io/process.h"

static const char *const name = "threading.copy"; /* metatable */

typedef struct {
  thr_child child;
  int pipe; /* -1: none */
} copy;

/* One that still runs is ended: nobody hears of it any more. */
static int copy_close(lua_State *L) {
  copy *c = luaL_checkudata(L, 1, name);
  thr_child_terminate(&c->child);
  if (c->child.pid != 0) thr_child_disown(&c->child);
  if (c->pipe >= 0) thr_os_close(c->pipe);
  c->pipe = -1;
  return 0;
}

static int copy_gc(lua_State *L) {
  thr_finaliser_enter(L);
  return copy_close(L);
}

static copy *new_copy(lua_State *L) {
  copy *c = lua_newuserdatauv(L, sizeof(*c), 0);
  c->child = THR_NO_CHILD;
  c->pipe = -1;
  luaL_setmetatable(L, name);
  return c;
}

/* In the copy; does not return. */
static void call_and_leave(lua_State *L, int pipe) {
  size_t n;
  lua_pushvalue(L, 1);
  int code = lua_pcall(L, 0, 1, 0) == LUA_OK ? 0 : 1;
  const char *text = luaL_tolstring(L, -1, &n);
  thr_child_leave(pipe, text, n, code);
}

int thr_apart_call(lua_State *L) {
  int status = 0;
  thr_tstate *ts = thr_self(L);
  thr_args_callable(L, 1, "fn");
  lua_settop(L, 1);
  copy *c = new_copy(L);
  lua_toclose(L, -1);
  int err = thr_child_fork(&c->child, &c->pipe);
  if (err != 0)
    return thr_blame_error(L, "can't make a copy of the process: %s",
                           strerror(err));
  if (c->child.pid == 0) call_and_leave(L, c->pipe);
  thr_process_read(L, ts, c->pipe, SIZE_MAX, THR_FOREVER);
  if (thr_process_waitend(L, ts, &c->child, THR_FOREVER, &status) < 0)
    return lua_error(L);
  lua_pushinteger(L, thr_child_exitcode(status));
  return 2;
}

void thr_apart_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"__close", copy_close}, {"__gc", copy_gc}, {NULL, NULL}};
  luaL_newmetatable(L, name);
  luaL_setfuncs(L, methods, 0);
  lua_pop(L, 1);
}
