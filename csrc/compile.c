/* compile: see compile.h. */
#include "compile.h"

#include <lauxlib.h>
#include <string.h>

#include "face.h"
#include "finaliser.h"
#include "include/threading.h"
#include "os_process.h"
#include "pending.h"

/* How often a wait looks whether its thread is cancelled. */
#define LOOK (THR_SECOND / 20)
/* How soon it looks again for a program that is about to end. */
#define LOOK_SOON (THR_SECOND / 1000)

#define OUTPUT_MOST ((size_t)1 << 22) /* bytes; the rest is thrown away */

static const char *const program = "threading.program"; /* metatable */

static int failed(lua_State *L, int err) {
  lua_pushnil(L);
  lua_pushstring(L, strerror(err));
  return 2;
}

static int program_close(lua_State *L) {
  thr_os_kill(luaL_checkudata(L, 1, program));
  return 0;
}

static int program_gc(lua_State *L) {
  thr_finaliser_enter(L);
  return program_close(L);
}

static thr_osprocess *new_program(lua_State *L) {
  thr_osprocess *p = lua_newuserdatauv(L, sizeof(*p), 0);
  p->pid = 0;
  p->output = -1;
  luaL_setmetatable(L, program);
  return p;
}

/* The strings stay in their table, and with it alive. */
static char **check_argv(lua_State *L, int arg) {
  luaL_checktype(L, arg, LUA_TTABLE);
  lua_Unsigned n = lua_rawlen(L, arg);
  char **argv = lua_newuserdatauv(L, (n + 1) * sizeof(*argv), 0);
  for (lua_Unsigned i = 0; i < n; i++) {
    if (lua_rawgeti(L, arg, (lua_Integer)i + 1) != LUA_TSTRING)
      luaL_argerror(L, arg, "strings expected");
    argv[i] = (char *)lua_tostring(L, -1);
    lua_pop(L, 1);
  }
  argv[n] = NULL;
  luaL_argcheck(L, n > 0, arg, "empty");
  return argv;
}

static int64_t earlier(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t in_a(int64_t ns) { return thr_os_monotonic() + ns; }

/* One look, outside the global lock.  Raises what is pending. */
static ptrdiff_t look(lua_State *L, thr_osprocess *p, char *to, size_t size,
                      int64_t deadline) {
  ptrdiff_t n;
  int stop;
  THREADING_BEGIN_NOGIL(L)
  n = thr_os_output(p, to, size, earlier(deadline, in_a(LOOK)));
  stop = THREADING_STOPPING(L);
  THREADING_END_NOGIL(L)
  if (stop) thr_pending_disturbed(L, thr_face_self(L), THR_PARK_INTERRUPTED);
  return n;
}

/* Leaves the output on the stack; false at the deadline. */
static bool read_all(lua_State *L, thr_osprocess *p, int64_t deadline) {
  luaL_Buffer b;
  size_t total = 0;
  char part[1024];
  luaL_buffinit(L, &b);
  for (;;) {
    ptrdiff_t n = look(L, p, part, sizeof(part), deadline);
    if (n == 0) break;
    if (n < 0 && thr_os_monotonic() >= deadline) return false;
    if (n > 0 && total < OUTPUT_MOST) {
      luaL_addlstring(&b, part, (size_t)n);
      total += (size_t)n;
    }
  }
  luaL_pushresult(&b);
  return true;
}

static void nap(lua_State *L) {
  thr_osprocess none = {0, -1}; /* poll() leaves out a negative number */
  char c;
  (void)look(L, &none, &c, 1, in_a(LOOK_SOON));
}

/* Its output has ended, and it is about to. */
static bool await(lua_State *L, thr_osprocess *p, int64_t deadline,
                  int *status) {
  while (!thr_os_ended(p, status)) {
    if (thr_os_monotonic() >= deadline) return false;
    nap(L);
  }
  return true;
}

int thr_compile_run(lua_State *L) {
  int64_t deadline = thr_face_deadline(L, 2, "timeout");
  int status;
  char **argv = check_argv(L, 1);
  thr_osprocess *p = new_program(L);
  lua_toclose(L, -1);
  int err = thr_os_spawn(p, argv);
  if (err != 0) return failed(L, err);
  if (!read_all(L, p, deadline) || !await(L, p, deadline, &status)) {
    lua_pushnil(L);
    lua_pushliteral(L, "timeout");
    return 2;
  }
  lua_pushinteger(L, status);
  return 2;
}

static int done(lua_State *L, int err) {
  if (err != 0) return failed(L, err);
  lua_pushboolean(L, 1);
  return 1;
}

int thr_compile_folder(lua_State *L) {
  return done(L, thr_os_makefolder(luaL_checkstring(L, 1)));
}

int thr_compile_private(lua_State *L) {
  lua_pushboolean(L, thr_os_isprivate(luaL_checkstring(L, 1)));
  return 1;
}

static int push_path(lua_State *L) {
  lua_pushstring(L, lua_touserdata(L, 1));
  return 1;
}

int thr_compile_unique(lua_State *L) {
  size_t n;
  lua_pushfstring(L, "%sXXXXXX", luaL_checkstring(L, 1));
  const char *pattern = lua_tolstring(L, -1, &n);
  char *path = lua_newuserdatauv(L, n + 1, 0);
  memcpy(path, pattern, n + 1);
  int err = thr_os_makeunique(path);
  if (err != 0) return failed(L, err);
  lua_pushcfunction(L, push_path);
  lua_pushlightuserdata(L, path);
  if (lua_pcall(L, 1, 1, 0) == LUA_OK) return 1;
  thr_os_removefolder(path); /* nobody else knows its name */
  return lua_error(L);
}

int thr_compile_install(lua_State *L) {
  return done(L, thr_os_install(luaL_checkstring(L, 1),
                                luaL_checkstring(L, 2)));
}

int thr_compile_load(lua_State *L) {
  const char *why = NULL;
  void *object = thr_os_load(luaL_checkstring(L, 1), &why);
  if (object) {
    lua_pushlightuserdata(L, object);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, why);
  return 2;
}

void thr_compile_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"__close", program_close}, {"__gc", program_gc}, {NULL, NULL}};
  luaL_newmetatable(L, program);
  luaL_setfuncs(L, methods, 0);
  lua_pop(L, 1);
}
