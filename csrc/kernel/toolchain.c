/* compile: see compile.h. */
#include "kernel/toolchain.h"

#include <lauxlib.h>
#include <string.h>

#include "bind/args.h"
#include "bind/finaliser.h"
#include "bind/pending.h"
#include "bind/self.h"
#include "os/cpu.h"
#include "os/environ.h"
#include "os/process.h"
#include "threading.h"

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
  if (stop) thr_pending_disturbed(L, thr_self(L), THR_PARK_INTERRUPTED);
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

int thr_toolchain_run(lua_State *L) {
  int64_t deadline = thr_args_deadline(L, 2, "timeout");
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

int thr_toolchain_find(lua_State *L) {
  char path[4096];
  bool found = thr_os_findbinary(luaL_checkstring(L, 1), path, sizeof(path));
  lua_pushstring(L, found ? path : NULL);
  return 1;
}

int thr_toolchain_processor(lua_State *L) {
  char text[4096];
  size_t n = thr_os_describecpu(text, sizeof(text));
  if (n > 0) lua_pushlstring(L, text, n);
  else lua_pushnil(L);
  return 1;
}

int thr_toolchain_getenv(lua_State *L) {
  lua_pushstring(L, thr_os_getenv(luaL_checkstring(L, 1)));
  return 1;
}

int thr_toolchain_elevated(lua_State *L) {
  lua_pushboolean(L, thr_os_elevated());
  return 1;
}

void thr_toolchain_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"__close", program_close}, {"__gc", program_gc}, {NULL, NULL}};
  luaL_newmetatable(L, program);
  luaL_setfuncs(L, methods, 0);
  lua_pop(L, 1);
}
