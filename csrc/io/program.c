/* program: see program.h. */
#include "io/program.h"

#include <errno.h>
#include <lauxlib.h>
#include <string.h>

#include "bind/args.h"
#include "bind/pending.h"
#include "bind/replace.h"
#include "bind/self.h"
#include "io/outlet.h"
#include "io/process.h"
#include "os/child.h"

typedef struct {
  luaL_Stream file; /* what Lua takes it for */
  thr_child child;
} program;

/* --- waiting --- */

/* False, with an error object on the stack: the wait was given up, and the
** program is disowned. */
static bool wait_for_end(lua_State *L, thr_tstate *ts, thr_child *c,
                         bool terminate, int *status) {
  if (thr_process_waitend(L, ts, c, THR_FOREVER, status) > 0) return true;
  if (terminate) thr_child_terminate(c);
  thr_child_disown(c);
  return false;
}

static int push_result(lua_State *L, int status) {
  if (status != -1) errno = 0;
  return luaL_execresult(L, status);
}

/* --- files --- */

/* What closes the file without a wait: the finaliser's. */
static int drop_program(lua_State *L) {
  program *p = lua_touserdata(L, 1);
  fclose(p->file.f);
  thr_child_disown(&p->child);
  return 0;
}

/* Once the library is gone nobody else is left to run. */
static int close_last(lua_State *L, program *p) {
  int status;
  fclose(p->file.f);
  thr_child_waitlast(&p->child, &status);
  return push_result(L, status);
}

/* Lua's own close has marked the file as closed, and calls this.  What was
** written to it has been flushed, see stdfile.c. */
static int close_program(lua_State *L) {
  program *p = lua_touserdata(L, 1);
  thr_tstate *ts = thr_self_here(L);
  int status;
  if (!ts) return close_last(L, p);
  fclose(p->file.f);
  if (!wait_for_end(L, ts, &p->child, false, &status)) return lua_error(L);
  return push_result(L, status);
}

void thr_program_neverwait(luaL_Stream *file) {
  if (file->closef == close_program) file->closef = drop_program;
}

static program *new_program(lua_State *L) {
  program *p = lua_newuserdatauv(L, sizeof(*p), 0);
  memset(p, 0, sizeof(*p));
  p->child = THR_NO_CHILD;
  luaL_setmetatable(L, LUA_FILEHANDLE);
  return p;
}

static const char *check_string(lua_State *L, int arg, const char *name) {
  if (lua_type(L, arg) != LUA_TSTRING)
    thr_args_typeerror(L, arg, name, "string");
  return lua_tostring(L, arg);
}

/* What is in the streams' buffers comes before what the program prints. */
static void flush_all(lua_State *L) {
  if (thr_outlet_flushfile(L, stdout, NULL) == THR_OUT_RAISED) lua_error(L);
  fflush(NULL);
}

static int start(lua_State *L, const char *command, const char *mode) {
  program *p = new_program(L);
  flush_all(L);
  int err = thr_child_shellfile(&p->child, command, mode, &p->file.f);
  errno = err;
  if (err != 0) return luaL_fileresult(L, 0, command);
  p->file.closef = close_program;
  return 1;
}

static bool is_mode(const char *mode) {
  return strcmp(mode, "r") == 0 || strcmp(mode, "w") == 0;
}

int thr_program_popen(lua_State *L) {
  const char *command = check_string(L, 1, "cmd"), *mode = "r";
  if (!lua_isnoneornil(L, 2)) mode = check_string(L, 2, "mode");
  if (!is_mode(mode)) thr_args_error(L, 2, "mode", "must be 'r' or 'w'");
  return start(L, command, mode);
}

int thr_program_standardpopen(lua_State *L) {
  const char *command = luaL_checkstring(L, 1);
  const char *mode = luaL_optstring(L, 2, "r");
  if (!is_mode(mode)) return thr_replace_original(L); /* which refuses it */
  return start(L, command, mode);
}

/* 1: it has ended; 0: it was not started, for *err; -1: the wait was given up,
** with an error object on the stack. */
static int run(lua_State *L, const char *command, int *err, int *status) {
  thr_child child;
  *status = 0;
  *err = thr_child_shell(&child, command);
  if (*err != 0) return 0;
  bool ended = wait_for_end(L, thr_self(L), &child, true, status);
  *err = errno; /* where the status is -1 */
  return ended ? 1 : -1;
}

/* The same, while what is typed is meant for the program. */
static int run_in_front(lua_State *L, const char *command, int *err,
                        int *status) {
  thr_os_ignorekeys(true);
  int ended = run(L, command, err, status);
  thr_os_ignorekeys(false);
  return ended;
}

static int execute(lua_State *L, const char *command, bool in_front) {
  int err, status, ended;
  thr_pending_check(L, thr_self(L));
  ended = in_front ? run_in_front(L, command, &err, &status)
                   : run(L, command, &err, &status);
  errno = err;
  if (ended < 0) return lua_error(L);
  return ended ? push_result(L, status) : luaL_fileresult(L, 0, NULL);
}

int thr_program_execute(lua_State *L) {
  if (!lua_isnoneornil(L, 1))
    return execute(L, check_string(L, 1, "command"), false);
  lua_pushboolean(L, thr_child_hasshell());
  return 1;
}

int thr_program_standardexecute(lua_State *L) {
  return execute(L, luaL_checkstring(L, 1), thr_self(L)->signals);
}
