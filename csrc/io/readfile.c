/* readfile: see readfile.h. */
#include "io/readfile.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/pending.h"
#include "bind/self.h"
#include "io/format.h"
#include "io/reader.h"
#include "os/stdio.h"

#define MAX_FORMATS 250 /* upvalues of a closure */

/* registry: Lua's own file:read, io.input and io.lines */
static const char key_read = 0, key_input = 0, key_lines = 0;

/* --- a file that may let its reader wait --- */

static int push_closed(lua_State *L) {
  lua_pushnil(L);
  lua_pushliteral(L, "closed");
  return 2;
}

/* Protected: (the call, the formats).  Returns the results. */
static int read_formats(lua_State *L) {
  thr_reading *c = lua_touserdata(L, 1);
  int last = lua_gettop(L);
  bool more = true;
  clearerr(c->file->f);
  errno = 0;
  luaL_checkstack(L, last + LUA_MINSTACK, "too many arguments");
  if (last == 1) more = thr_format_readline(c, true);
  for (int arg = 2; arg <= last && more; arg++)
    more = thr_format_read(c, arg);
  if (c->closed) return push_closed(L);
  if (ferror(c->file->f)) return luaL_fileresult(L, 0, NULL);
  if (!more) {
    lua_pop(L, 1);
    luaL_pushfail(L);
  }
  return lua_gettop(L) - last;
}

/* Calls the function with the values above the file at 1, which is busy. */
static int call_protected(thr_reading *c, lua_CFunction fn) {
  lua_State *L = c->L;
  int nargs = lua_gettop(L) - 1;
  lua_pushcfunction(L, fn);
  lua_insert(L, 2);
  lua_pushlightuserdata(L, c);
  lua_insert(L, 3);
  int status = lua_pcall(L, nargs + 1, LUA_MULTRET, 0);
  if (status != LUA_OK) c->reader->pos = 0;
  return status;
}

/* The file is at 1, the formats follow. */
static int read_waiting(lua_State *L, luaL_Stream *file, thr_reader *r) {
  thr_tstate *ts = thr_self(L);
  thr_reading c = {L, ts, file, r, false, 0};
  luaL_checkstack(L, LUA_MINSTACK, "too many arguments");
  thr_pending_check(L, ts);
  thr_reader_enter(&c);
  c.closed = !file->closef;
  int status = call_protected(&c, c.closed ? push_closed : read_formats);
  thr_reader_leave(&c);
  return status == LUA_OK ? lua_gettop(L) - 1 : lua_error(L);
}

/* --- the Lua face --- */

/* A line of which the whole is in the stream's buffer: pushes it. */
static bool read_buffered(lua_State *L, luaL_Stream *file,
                          const thr_reader *r) {
  size_t n;
  if (r->busy || r->n > 0 || thr_self(L)->asked.pending) return false;
  const char *s = thr_os_peek(file->f, &n);
  const char *end = s && n > 0 ? memchr(s, '\n', n) : NULL;
  if (!end) return false;
  n = (size_t)(end - s);
  thr_os_skip(file->f, n + 1); /* first: a finaliser may run, and read, next */
  lua_pushlstring(L, s, n);
  return true;
}

/* With the file, which is open, at 1, and formats. */
static int read_file(lua_State *L) {
  luaL_Stream *file = lua_touserdata(L, 1);
  thr_reader *r = thr_reader_of(L);
  bool waits = r->waits && thr_self_here(L);
  if (waits && lua_gettop(L) == 1 && read_buffered(L, file, r)) return 1;
  if (waits) return read_waiting(L, file, r);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &key_read);
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

/* Puts the default input before the arguments. */
static void insert_input(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &key_input);
  lua_call(L, 0, 1);
  lua_insert(L, 1);
}

static void check_file(lua_State *L) {
  luaL_Stream *file = luaL_testudata(L, 1, LUA_FILEHANDLE);
  if (!file) thr_args_typeerror(L, 1, "file", "file");
  else if (!file->closef) thr_args_error(L, 1, "file", "a closed file");
}

int thr_readfile_read(lua_State *L) {
  int first = lua_isnone(L, 1) || thr_format_is(L, 1) ? 1 : 2;
  if (first == 2) check_file(L);
  thr_format_check(L, first);
  if (first == 1) insert_input(L);
  return read_file(L);
}

/* Upvalues: the file, how many formats, these. */
static int next_line(lua_State *L) {
  int n = (int)lua_tointeger(L, lua_upvalueindex(2));
  luaL_Stream *file = lua_touserdata(L, lua_upvalueindex(1));
  if (!file->closef) return thr_blame_error(L, "file is already closed");
  lua_settop(L, 0);
  luaL_checkstack(L, n + 1, "too many arguments");
  lua_pushvalue(L, lua_upvalueindex(1));
  for (int i = 1; i <= n; i++) lua_pushvalue(L, lua_upvalueindex(2 + i));
  n = read_file(L);
  if (lua_toboolean(L, -n)) return n;
  if (n > 1) return thr_blame_error(L, "%s", lua_tostring(L, -n + 1));
  return 0;
}

int thr_readfile_lines(lua_State *L) {
  if (lua_type(L, 1) == LUA_TSTRING) { /* a file's name */
    thr_format_check(L, 2);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &key_lines);
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
  }
  if (lua_isnone(L, 1)) insert_input(L);
  check_file(L);
  thr_format_check(L, 2);
  int n = lua_gettop(L) - 1;
  if (n > MAX_FORMATS)
    thr_args_error(L, MAX_FORMATS + 2, "...", "too many formats");
  lua_pushinteger(L, n);
  lua_insert(L, 2);
  lua_pushcclosure(L, next_line, n + 2);
  return 1;
}

static void keep_functions(lua_State *L) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  if (lua_getfield(L, -1, LUA_IOLIBNAME) == LUA_TTABLE) {
    lua_getfield(L, -1, "input");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key_input);
    lua_getfield(L, -1, "lines");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key_lines);
  }
  lua_pop(L, 2);
}

static void keep_original(lua_State *L) {
  if (luaL_getmetatable(L, LUA_FILEHANDLE) == LUA_TTABLE) {
    lua_getfield(L, -1, "__index");
    lua_getfield(L, -1, "read");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key_read);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

/* What is there from a call that has failed stays: `read` is replaced next. */
void thr_readfile_open(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key_read) == LUA_TNIL)
    keep_original(L);
  lua_pop(L, 1);
  keep_functions(L);
  thr_reader_open(L);
}
