/* io: see io.h. */
#include "io.h"

#include <lauxlib.h>
#include <limits.h>
#include <lualib.h>
#include <string.h>

#include "face.h"
#include "os_stdio.h"
#include "pending.h"

/* --- what stands for a descriptor --- */

typedef struct {
  int fd;        /* -1: closed */
  bool buffered; /* there is input that the descriptor does not know of */
  bool is_file;  /* of Lua's */
} source;

static source of_file(lua_State *L) {
  luaL_Stream *p = lua_touserdata(L, 1);
  source s = {-1, false, true};
  if (!p->closef) thr_face_argerror(L, 1, "fd", "a closed file");
  s.fd = thr_os_fileno(p->f);
  if (s.fd < 0) thr_face_argerror(L, 1, "fd", "a file without descriptor");
  s.buffered = thr_os_buffered(p->f) > 0;
  return s;
}

static int get_field(lua_State *L) {
  lua_gettable(L, 1);
  return 1;
}

/* Pushes the object's method, if it has one of this name.  There are objects
** that raise an error when asked for a field that they do not know. */
static bool push_method(lua_State *L, const char *name) {
  lua_pushcfunction(L, get_field);
  lua_pushvalue(L, 1);
  lua_pushstring(L, name);
  if (lua_pcall(L, 2, 1, 0) != LUA_OK) {
    if (lua_type(L, -1) != LUA_TSTRING || thr_pending_isasked(L, -1))
      lua_error(L);
    thr_face_argerror(L, 1, "fd", "%s", lua_tostring(L, -1));
  }
  if (lua_isfunction(L, -1)) return true;
  lua_pop(L, 1);
  return false;
}

static int descriptor_of(lua_State *L) {
  lua_pushvalue(L, 1);
  lua_call(L, 1, 1);
  lua_Integer fd = lua_tointeger(L, -1);
  if (!lua_isinteger(L, -1) || fd > INT_MAX)
    thr_face_argerror(L, 1, "fd", "its getfd gave no descriptor");
  lua_pop(L, 1);
  return fd < 0 ? -1 : (int)fd; /* LuaSocket's, when closed */
}

/* An object as LuaSocket has them, with a method getfd.  It may hold input that
** it has read. */
static source of_object(lua_State *L) {
  source s = {-1, false, false};
  bool is_object = lua_istable(L, 1) || lua_isuserdata(L, 1);
  if (!is_object || !push_method(L, "getfd"))
    thr_face_typeerror(L, 1, "fd", "integer, file or object with getfd");
  if (push_method(L, "dirty")) {
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    s.buffered = lua_toboolean(L, -1);
    lua_pop(L, 1);
  }
  s.fd = descriptor_of(L);
  return s;
}

static source check_source(lua_State *L) {
  source s = {-1, false, false};
  if (luaL_testudata(L, 1, LUA_FILEHANDLE)) return of_file(L);
  if (lua_type(L, 1) != LUA_TNUMBER) return of_object(L);
  s.fd = (int)thr_face_integer(L, 1, "fd", 0, INT_MAX);
  return s;
}

static unsigned check_mode(lua_State *L) {
  if (lua_type(L, 2) != LUA_TSTRING)
    thr_face_typeerror(L, 2, "mode", "string");
  const char *mode = lua_tostring(L, 2);
  if (strcmp(mode, "r") == 0) return THR_IN;
  if (strcmp(mode, "w") == 0) return THR_OUT;
  if (strcmp(mode, "rw") == 0) return THR_IN | THR_OUT;
  thr_face_argerror(L, 2, "mode", "must be 'r', 'w' or 'rw'");
  return 0;
}

/* --- the wait --- */

static int refuse(lua_State *L, const char *why) {
  lua_pushnil(L);
  lua_pushstring(L, why);
  return 2;
}

static int ready(lua_State *L, const thr_watch *watch) {
  static const char *const names[] = {NULL, "r", "w", "rw"};
  if (watch->ready == THR_NOFD) return refuse(L, "closed");
  lua_pushboolean(L, 1);
  if (watch->wanted != (THR_IN | THR_OUT)) return 1;
  lua_pushstring(L, names[watch->ready]);
  return 2;
}

static int wait_until(lua_State *L, thr_tstate *ts, thr_watch *watch,
                      int64_t deadline) {
  for (;;) {
    thr_waiter w = thr_waiter_onfd(ts, watch, "descriptor");
    thr_wake r = thr_park(&w, deadline);
    if (r == THR_PARK_READY) return ready(L, watch);
    if (r == THR_PARK_WOKEN) return refuse(L, "closed");
    if (!thr_pending_disturbed(L, ts, r)) return refuse(L, "timeout");
  }
}

static int wait_fd(lua_State *L, bool look) {
  thr_tstate *ts = thr_face_self(L);
  unsigned wanted = check_mode(L);
  int64_t deadline = thr_face_deadline(L, 3, "timeout");
  thr_pending_check(L, ts);
  source s = check_source(L); /* last, for another thread may close it */
  thr_watch watch = {.fd = s.fd, .wanted = wanted};
  if (s.fd < 0) return refuse(L, "closed");
  bool now = look && thr_os_look(&watch);
  if (s.buffered && watch.ready != THR_NOFD) watch.ready |= wanted & THR_IN;
  if (now || watch.ready) return ready(L, &watch);
  if (s.is_file && wanted & THR_IN) thr_os_flushprompt(s.fd);
  thr_tstate_makebell(ts);
  return wait_until(L, ts, &watch, deadline);
}

int thr_io_waitfd(lua_State *L) { return wait_fd(L, true); }
int thr_io_awaitfd(lua_State *L) { return wait_fd(L, false); }

/* _closing(fd) -> for how many threads: those that wait for the descriptor,
** which is about to be closed, are told. */
int thr_io_closing(lua_State *L) {
  int fd = (int)thr_face_integer(L, 1, "fd", 0, INT_MAX);
  lua_pushinteger(L, thr_unpark_all(thr_park_atfd(fd)));
  return 1;
}
