/* program: see program.h. */
#include "io/program.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

#include "bind/args.h"
#include "bind/pending.h"
#include "bind/replace.h"
#include "bind/self.h"
#include "io/process.h"
#include "io/readfile.h"
#include "os/child.h"
#include "os/stdio.h"
#include "park/closing.h"

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

/* Until what is in the stream's buffer fits into the pipe, so that to write it
** does not block.  False, with an error object on the stack: given up. */
static bool wait_for_room(lua_State *L, thr_tstate *ts, program *p) {
  thr_watch watch = {.fd = thr_os_fileno(p->file.f), .wanted = THR_OUT};
  if (!thr_os_unwritten(p->file.f)) return true;
  while (!thr_os_look(&watch))
    if (thr_process_wait(L, ts, &watch, THR_FOREVER, "descriptor") < 0)
      return false;
  return true;
}

/* Once the library is gone nobody else is left to run. */
static int close_last(lua_State *L, program *p) {
  int status;
  fclose(p->file.f);
  thr_child_waitlast(&p->child, &status);
  return push_result(L, status);
}

/* Lua's own close has marked the file as closed, and calls this. */
static int close_program(lua_State *L) {
  program *p = lua_touserdata(L, 1);
  thr_tstate *ts = thr_self_here(L);
  int status;
  if (!ts) return close_last(L, p);
  if (!wait_for_room(L, ts, p)) {
    p->file.closef = close_program;
    return lua_error(L);
  }
  fclose(p->file.f);
  if (!wait_for_end(L, ts, &p->child, false, &status)) return lua_error(L);
  return push_result(L, status);
}

/* The file at 1, if it is open and popen has made it. */
static program *to_program(lua_State *L) {
  luaL_Stream *file = luaL_testudata(L, 1, LUA_FILEHANDLE);
  return file && file->closef == close_program ? (program *)file : NULL;
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

int thr_program_popen(lua_State *L) {
  const char *command = check_string(L, 1, "cmd"), *mode = "r";
  if (!lua_isnoneornil(L, 2)) mode = check_string(L, 2, "mode");
  if (strcmp(mode, "r") != 0 && strcmp(mode, "w") != 0)
    thr_args_error(L, 2, "mode", "must be 'r' or 'w'");
  program *p = new_program(L);
  fflush(NULL);
  int err = thr_child_shellfile(&p->child, command, mode, &p->file.f);
  errno = err;
  if (err != 0) return luaL_fileresult(L, 0, command);
  p->file.closef = close_program;
  return 1;
}

int thr_program_execute(lua_State *L) {
  thr_child child;
  int status;
  if (lua_isnoneornil(L, 1)) {
    lua_pushboolean(L, thr_child_hasshell());
    return 1;
  }
  const char *command = check_string(L, 1, "command");
  thr_tstate *ts = thr_self(L);
  thr_pending_check(L, ts);
  int err = thr_child_shell(&child, command);
  errno = err;
  if (err != 0) return luaL_fileresult(L, 0, NULL);
  if (!wait_for_end(L, ts, &child, true, &status)) return lua_error(L);
  return push_result(L, status);
}

/* --- replacements of Lua's own --- */

static int file_read(lua_State *L) {
  return to_program(L) ? thr_readfile_read(L) : thr_replace_original(L);
}

static int file_lines(lua_State *L) {
  return to_program(L) ? thr_readfile_lines(L) : thr_replace_original(L);
}

/* Those are not closed. */
static bool is_standard(const FILE *f) {
  return f == stdin || f == stdout || f == stderr;
}

/* The file at 1 is about to be closed, if it is one that is open.  (One that
** io.open could not open is collected without a stream.) */
static void announce(lua_State *L) {
  luaL_Stream *file = luaL_testudata(L, 1, LUA_FILEHANDLE);
  if (!file || !file->closef || !file->f || is_standard(file->f)) return;
  int fd = thr_os_fileno(file->f);
  if (fd >= 0) thr_closing_announce(fd);
}

static int file_close(lua_State *L) {
  announce(L);
  return thr_replace_original(L);
}

/* Without a file, the default output: the name is Lua's own. */
static int io_close(lua_State *L) {
  bool standard = lua_isnone(L, 1);
  if (standard) lua_getfield(L, LUA_REGISTRYINDEX, "_IO_output");
  if (standard && !luaL_testudata(L, 1, LUA_FILEHANDLE)) lua_settop(L, 0);
  return file_close(L);
}

/* A program, too, may call it: then other threads may wait for the file. */
static int file_gc(lua_State *L) {
  program *p = to_program(L);
  announce(L);
  if (p) p->file.closef = drop_program;
  return thr_replace_original(L);
}

void thr_program_open(lua_State *L) {
  static const luaL_Reg functions[] = {{"close", io_close}, {NULL, NULL}};
  static const luaL_Reg methods[] = {{"close", file_close},
                                     {"lines", file_lines},
                                     {"read", file_read},
                                     {NULL, NULL}};
  static const luaL_Reg metamethods[] = {{"__close", file_close},
                                         {"__gc", file_gc},
                                         {NULL, NULL}};
  thr_replace(L, LUA_IOLIBNAME, functions);
  if (luaL_getmetatable(L, LUA_FILEHANDLE) == LUA_TTABLE) {
    thr_replace_in(L, metamethods);
    lua_getfield(L, -1, "__index");
    thr_replace_in(L, methods);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}
