/* readfile: see readfile.h. */
#include "io/readfile.h"

#include <ctype.h>
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
#include "park/closing.h"

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

/* --- what is in the stream's buffer already --- */

/* Nothing is asked of the thread, and no call reads: what is in the stream's
** buffer is what comes next. */
static bool is_next(lua_State *L) {
  const thr_tstate *ts;
  return thr_reader_areidle() && (ts = thr_self_here(L)) != NULL &&
         !ts->asked.pending;
}

/* To skip comes first: a finaliser may run, and read, next. */
static void take(lua_State *L, FILE *f, const char *s, size_t n, size_t more) {
  thr_os_skip(f, n + more);
  lua_pushlstring(L, s, n);
}

static bool take_line(lua_State *L, FILE *f, bool chop) {
  size_t n;
  const char *s = thr_os_peek(f, &n);
  const char *end = s && n > 0 ? memchr(s, '\n', n) : NULL;
  if (end && chop) take(L, f, s, (size_t)(end - s), 1);
  else if (end) take(L, f, s, (size_t)(end - s) + 1, 0);
  return end != NULL;
}

static bool take_count(lua_State *L, FILE *f, lua_Integer count) {
  size_t n;
  const char *s = thr_os_peek(f, &n);
  bool there = s && n > 0 && count > 0 && (lua_Unsigned)count <= n;
  if (there) take(L, f, s, (size_t)count, 0);
  return there;
}

/* A numeral and the space behind it. */
static bool has_numeral(FILE *f) {
  size_t n, i = 0;
  const char *s = thr_os_peek(f, &n);
  if (!s) return false;
  while (i < n && isspace((unsigned char)s[i])) i++;
  while (i < n && !isspace((unsigned char)s[i])) i++;
  return i < n;
}

static bool take_numeral(lua_State *L, FILE *f) {
  if (!has_numeral(f)) return false;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &key_read);
  lua_pushvalue(L, 1);
  lua_pushliteral(L, "n");
  lua_call(L, 2, 1);
  return true;
}

bool thr_readfile_take(lua_State *L, FILE *f) {
  if (lua_gettop(L) > 2 || !is_next(L)) return false;
  if (lua_gettop(L) == 1) return take_line(L, f, true);
  if (lua_type(L, 2) == LUA_TNUMBER)
    return lua_isinteger(L, 2) && take_count(L, f, lua_tointeger(L, 2));
  const char *format = lua_tostring(L, 2);
  if (!format) return false;
  switch (format[*format == '*']) {
    case 'l': return take_line(L, f, true);
    case 'L': return take_line(L, f, false);
    case 'n': return take_numeral(L, f);
    default: return false;
  }
}

/* --- the Lua face --- */

/* With the file, which is open, at 1, and formats. */
static int read_file(lua_State *L) {
  luaL_Stream *file = lua_touserdata(L, 1);
  thr_reader *r = thr_self_here(L) ? thr_reader_of(L, false) : NULL;
  if (r && thr_readfile_take(L, file->f)) return 1;
  if (r) return read_waiting(L, file, r);
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

/* --- Lua's own functions --- */

/* (file) -> may it let its reader wait? */
static int is_waiting(lua_State *L) {
  const luaL_Stream *file = luaL_testudata(L, 1, LUA_FILEHANDLE);
  lua_pushboolean(L, file && file->closef && thr_reader_of(L, false));
  return 1;
}

static int read_valid(lua_State *L) {
  return read_waiting(L, lua_touserdata(L, 1), thr_reader_of(L, false));
}

/* Raises what Lua's own read does, of a value that is no format. */
static int refuse_format(lua_State *L, int arg) {
  if (lua_type(L, arg) != LUA_TNUMBER) {
    luaL_checkstring(L, arg);
    return luaL_argerror(L, arg, "invalid format");
  }
  luaL_checkinteger(L, arg);
  return thr_blame_error(L, "not enough memory"); /* for a negative count */
}

/* Reads by the formats before `bad`.  How many results, or 0, if it is to be
** the turn of that one. */
static int read_before(lua_State *L, int bad) {
  int top = lua_gettop(L);
  if (bad == 2) return 0;
  luaL_checkstack(L, bad, "too many arguments");
  lua_pushcfunction(L, read_valid);
  for (int arg = 1; arg < bad; arg++) lua_pushvalue(L, arg);
  lua_call(L, bad - 1, LUA_MULTRET);
  bool all = lua_toboolean(L, top + 1) && !lua_isnil(L, -1);
  return all ? 0 : lua_gettop(L) - top;
}

/* As Lua's own read, which looks at a format when it has read by those before
** it. */
int thr_readfile_standard(lua_State *L, thr_reader *r, bool inserted) {
  luaL_Stream *file = lua_touserdata(L, 1);
  int bad = thr_format_firstbad(L, 2);
  if (!bad) return read_waiting(L, file, r);
  int n = read_before(L, bad);
  if (n > 0) return n;
  if (inserted) lua_remove(L, 1);
  return refuse_format(L, inserted ? bad - 1 : bad);
}

static void close_file(lua_State *L) {
  luaL_Stream *file = lua_touserdata(L, lua_upvalueindex(1));
  lua_CFunction closef = file->closef;
  int fd = closef ? thr_os_fileno(file->f) : -1;
  if (!closef) return;
  lua_settop(L, 0);
  lua_pushvalue(L, lua_upvalueindex(1));
  if (fd >= 0) thr_closing_announce(fd);
  file->closef = NULL;
  closef(L);
}

/* Upvalues: the file, how many formats, is it to be closed at its end, these:
** the same as those of Lua's own iterator. */
static int next_line(lua_State *L) {
  int n = (int)lua_tointeger(L, lua_upvalueindex(2));
  luaL_Stream *file = lua_touserdata(L, lua_upvalueindex(1));
  if (!file->closef) return thr_blame_error(L, "file is already closed");
  lua_settop(L, 0);
  if (n == 0 && is_next(L) && take_line(L, file->f, true)) return 1;
  luaL_checkstack(L, n + 1, "too many arguments");
  lua_pushvalue(L, lua_upvalueindex(1));
  for (int i = 1; i <= n; i++) lua_pushvalue(L, lua_upvalueindex(3 + i));
  int bad = thr_format_firstbad(L, 2);
  n = bad ? read_before(L, bad) : read_file(L);
  if (n == 0) return refuse_format(L, bad);
  if (lua_toboolean(L, -n)) return n;
  if (n > 1) return thr_blame_error(L, "%s", lua_tostring(L, -n + 1));
  if (lua_toboolean(L, lua_upvalueindex(3))) close_file(L);
  return 0;
}

void thr_readfile_replaceiterator(lua_State *L, int idx) {
  int top = lua_gettop(L), n = 0;
  idx = lua_absindex(L, idx);
  luaL_checkstack(L, MAX_FORMATS + LUA_MINSTACK, "too many arguments");
  lua_pushcfunction(L, is_waiting);
  if (!lua_getupvalue(L, idx, 1)) lua_pushnil(L);
  lua_call(L, 1, 1);
  bool waits = lua_toboolean(L, -1);
  lua_settop(L, top);
  while (waits && lua_getupvalue(L, idx, n + 1)) n++;
  if (!waits) return;
  lua_pushcclosure(L, next_line, n);
  lua_replace(L, idx);
}

/* --- ours --- */

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
  lua_pushboolean(L, 0);
  lua_rotate(L, 2, 2);
  lua_pushcclosure(L, next_line, n + 3);
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
