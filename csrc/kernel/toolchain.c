/* toolchain: see toolchain.h. */
#include "kernel/toolchain.h"

#include <lauxlib.h>
#include <string.h>

#include "bind/args.h"
#include "bind/finaliser.h"
#include "bind/self.h"
#include "io/process.h"
#include "os/cpu.h"
#include "os/tuning.h"

static const char *const name = "threading.program"; /* metatable */

static int failed(lua_State *L, int err) {
  lua_pushnil(L);
  lua_pushstring(L, strerror(err));
  return 2;
}

typedef struct {
  thr_child child;
  int output; /* -1: none */
} program;

static int program_close(lua_State *L) {
  program *p = luaL_checkudata(L, 1, name);
  thr_child_kill(&p->child);
  if (p->output >= 0) thr_os_close(p->output);
  p->output = -1;
  return 0;
}

static int program_gc(lua_State *L) {
  thr_finaliser_enter(L);
  return program_close(L);
}

static program *new_program(lua_State *L) {
  program *p = lua_newuserdatauv(L, sizeof(*p), 0);
  p->child = THR_NO_CHILD;
  p->output = -1;
  luaL_setmetatable(L, name);
  return p;
}

/* Its output has ended, and it is about to. */
static bool wait_for_end(lua_State *L, thr_tstate *ts, program *p,
                         int64_t deadline, int *status) {
  int r = thr_process_waitend(L, ts, &p->child, deadline, status);
  if (r < 0) lua_error(L);
  return r > 0;
}

int thr_toolchain_run(lua_State *L) {
  int64_t deadline = thr_args_deadline(L, 2, "timeout");
  int status;
  thr_tstate *ts = thr_self(L);
  char **argv = thr_process_checkargv(L, 1);
  program *p = new_program(L);
  lua_toclose(L, -1);
  int err = thr_child_run(&p->child, argv, &p->output);
  if (err != 0) return failed(L, err);
  if (!thr_process_read(L, ts, p->output, THR_MAX_OUTPUT, deadline) ||
      !wait_for_end(L, ts, p, deadline, &status)) {
    lua_pushnil(L);
    lua_pushliteral(L, "timeout");
    return 2;
  }
  lua_pushinteger(L, thr_child_exitcode(status));
  return 2;
}

int thr_toolchain_find(lua_State *L) {
  char path[4096];
  const char *program = luaL_checkstring(L, 1);
  bool found = thr_os_findbinary(program, path, sizeof(path));
  lua_pushstring(L, found ? path : NULL);
  lua_pushboolean(
      L, found || thr_os_findprogram(program, path, sizeof(path)) == 0);
  return 2;
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
  luaL_newmetatable(L, name);
  luaL_setfuncs(L, methods, 0);
  lua_pop(L, 1);
}
