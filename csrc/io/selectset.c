/* selectset: see selectset.h. */
#include "io/selectset.h"

#include <errno.h>
#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

#include "bind/blame.h"
#include "bind/finaliser.h"
#include "os/poll.h"
#include "park/closing.h"

#define NAME "threading.pollset"

typedef struct {
  int fd; /* -1: closed */
  int n;  /* how many can be ready at once */
} pollset;

/* The member at the key and the value on top of the stack. */
static thr_pollable member(lua_State *L) {
  const char *mode = lua_tostring(L, -1);
  return (thr_pollable){.fd = (int)lua_tointeger(L, -2),
                        .in = mode && strchr(mode, 'r') != NULL,
                        .out = mode && strchr(mode, 'w') != NULL};
}

int thr_selectset_create(lua_State *L) {
  pollset *p = lua_newuserdatauv(L, sizeof(*p), 0);
  p->fd = -1;
  p->n = 0;
  luaL_setmetatable(L, NAME);
  p->fd = thr_os_pollopen();
  return p->fd < 0 ? thr_blame_error(L, "%s", strerror(errno)) : 1;
}

/* add(modes) */
static int pollset_add(lua_State *L) {
  pollset *p = luaL_checkudata(L, 1, NAME);
  luaL_checktype(L, 2, LUA_TTABLE);
  for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1)) {
    thr_pollable m = member(L);
    if (!thr_os_polladd(p->fd, &m))
      return thr_blame_error(L, "descriptor %d: %s", m.fd, strerror(errno));
    p->n += m.in + m.out;
  }
  return 0;
}

static int pollset_fd(lua_State *L) {
  pollset *p = luaL_checkudata(L, 1, NAME);
  lua_pushinteger(L, p->fd);
  return 1;
}

static void set_ready(lua_State *L, int table, int fd) {
  lua_pushboolean(L, true);
  lua_rawseti(L, table, fd);
}

/* ready(): two tables, whose keys are the descriptors that can be read, and
** those that can be written. */
static int pollset_ready(lua_State *L) {
  pollset *p = luaL_checkudata(L, 1, NAME);
  int most = p->n + 1;
  thr_pollable *list = lua_newuserdatauv(L, sizeof(*list) * (size_t)most, 0);
  int n = thr_os_pollready(p->fd, list, most);
  if (n < 0) return thr_blame_error(L, "%s", strerror(errno));
  lua_newtable(L);
  lua_newtable(L);
  for (int i = 0; i < n; i++) {
    if (list[i].in) set_ready(L, -3, list[i].fd);
    if (list[i].out) set_ready(L, -2, list[i].fd);
  }
  return 2;
}

static int pollset_close(lua_State *L) {
  pollset *p = luaL_checkudata(L, 1, NAME);
  if (p->fd < 0) return 0;
  thr_closing_announce(p->fd);
  thr_os_close(p->fd);
  p->fd = -1;
  return 0;
}

static int pollset_gc(lua_State *L) {
  thr_finaliser_enter(L);
  return pollset_close(L);
}

void thr_selectset_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"add", pollset_add}, {"fd", pollset_fd}, {"ready", pollset_ready},
      {NULL, NULL}};
  static const luaL_Reg metamethods[] = {
      {"__close", pollset_close}, {"__gc", pollset_gc}, {NULL, NULL}};
  luaL_newmetatable(L, NAME);
  luaL_setfuncs(L, metamethods, 0);
  luaL_newlib(L, methods);
  lua_setfield(L, -2, "__index");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}
