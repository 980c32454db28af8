/* stdfile: see stdfile.h. */
#include "io/stdfile.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

#include "bind/replace.h"
#include "bind/self.h"
#include "io/outlet.h"
#include "io/program.h"
#include "io/readfile.h"
#include "os/stdio.h"
#include "park/closing.h"

/* Lua's own names in the registry. */
#define DEFAULT_INPUT "_IO_input"
#define DEFAULT_OUTPUT "_IO_output"

/* The file at idx, if it is an open one: the third upvalue of each function
** here is the metatable of files.  (One that io.open could not open is
** collected without a stream.) */
static luaL_Stream *open_file(lua_State *L, int idx) {
  luaL_Stream *file = lua_touserdata(L, idx);
  if (!file || !lua_getmetatable(L, idx)) return NULL;
  bool is = lua_rawequal(L, -1, lua_upvalueindex(3)) != 0;
  lua_pop(L, 1);
  return is && file->closef && file->f ? file : NULL;
}

/* Pushes a default file.  NULL: it is not open. */
static luaL_Stream *push_default(lua_State *L, const char *name) {
  lua_getfield(L, LUA_REGISTRYINDEX, name);
  luaL_Stream *file = lua_touserdata(L, -1);
  return file && file->closef ? file : NULL;
}

/* --- reading --- */

static bool reads_all(lua_State *L) {
  const char *format = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  return format[*format == '*'] == 'a';
}

/* The reader of the file at 1, if the call may wait for it. */
static thr_reader *waiting_reader(lua_State *L) {
  thr_reader *r = thr_reader_of(L, reads_all(L));
  thr_tstate *ts = r ? thr_self_here(L) : NULL;
  return ts && thr_whose_isown(ts) ? r : NULL;
}

static int file_read(lua_State *L) {
  luaL_Stream *file = open_file(L, 1);
  if (!file) return thr_replace_original(L);
  if (thr_readfile_take(L, file->f)) return 1;
  thr_reader *r = waiting_reader(L);
  return r ? thr_readfile_standard(L, r, false) : thr_replace_original(L);
}

static int io_read(lua_State *L) {
  luaL_Stream *file = push_default(L, DEFAULT_INPUT);
  lua_insert(L, 1);
  if (file && thr_readfile_take(L, file->f)) return 1;
  thr_reader *r = file ? waiting_reader(L) : NULL;
  if (r) return thr_readfile_standard(L, r, true);
  lua_remove(L, 1);
  return thr_replace_original(L);
}

/* file:lines and io.lines */
static int lines(lua_State *L) {
  int n = thr_replace_original(L);
  thr_readfile_replaceiterator(L, -n);
  return n;
}

/* --- writing --- */

#define NUMERAL 128 /* room for a number as text */

/* How many bytes will be written, at most, by the arguments from first to last;
** up to the first that is no string or number. */
static size_t length_of(lua_State *L, int first, int last) {
  size_t n = 0;
  for (int arg = first; arg <= last; arg++) {
    int type = lua_type(L, arg);
    if (type == LUA_TNUMBER) n += NUMERAL;
    else if (type == LUA_TSTRING) n += lua_rawlen(L, arg);
    else break;
  }
  return n;
}

/* The text that file:write of this version of Lua writes; NULL: it is no string
** or number. */
static const char *text_of(lua_State *L, int arg, char *number, size_t *n) {
  int type = lua_type(L, arg);
  if (type == LUA_TSTRING) return lua_tolstring(L, arg, n);
  if (type != LUA_TNUMBER) return NULL;
#if LUA_VERSION_NUM > 504
  *n = lua_numbertocstring(L, arg, number) - 1;
#else
  *n = (size_t)(lua_isinteger(L, arg)
                    ? lua_integer2str(number, NUMERAL, lua_tointeger(L, arg))
                    : lua_number2str(number, NUMERAL, lua_tonumber(L, arg)));
#endif
  return number;
}

/* What a call returns that has come to this end. */
static int give_up(lua_State *L, thr_outcome r) {
  if (r == THR_OUT_RAISED) return lua_error(L);
  if (r == THR_OUT_FAILED) return luaL_fileresult(L, 0, NULL);
  luaL_pushfail(L);
  lua_pushliteral(L, "closed");
  return 2;
}

/* Lua 5.5 says, too, how much was written before an error. */
static int write_failed(lua_State *L, thr_outcome r, size_t written) {
  int n = give_up(L, r);
#if LUA_VERSION_NUM > 504
  if (r == THR_OUT_FAILED) lua_pushinteger(L, (lua_Integer)written);
  if (r == THR_OUT_FAILED) n++;
#else
  (void)written;
#endif
  return n;
}

/* The arguments from first to last; the file is on top of the stack. */
static int write_waiting(thr_outlet *o, int first, int last) {
  lua_State *L = o->L;
  char number[NUMERAL];
  size_t n, written = 0;
  int arg = first;
  luaL_checkstack(L, LUA_MINSTACK, "too many arguments");
  thr_outcome r = thr_outlet_enter(o);
  if (r != THR_OUT_DONE) return write_failed(L, r, written);
  for (; arg <= last && r == THR_OUT_DONE; arg++) {
    const char *s = text_of(L, arg, number, &n);
    if (!s) break;
    r = thr_outlet_write(o, s, n);
    if (r == THR_OUT_DONE) written += n;
  }
  int err = errno;
  thr_outlet_leave(o);
  errno = err;
  if (r != THR_OUT_DONE) return write_failed(L, r, written);
  if (arg <= last) luaL_checkstring(L, arg); /* raises */
  return 1;
}

/* Writes the arguments from first to last, if they are strings for which there
** is room in the buffer. */
static bool write_buffered(lua_State *L, FILE *f, int first, int last) {
  char number[NUMERAL];
  size_t n;
  if (length_of(L, first, last) > thr_outlet_room(f)) return false;
  for (int arg = first; arg <= last; arg++) {
    const char *s = text_of(L, arg, number, &n);
    if (s) fwrite(s, 1, n, f);
    else luaL_checkstring(L, arg); /* raises */
  }
  return true;
}

static int file_write(lua_State *L) {
  thr_outlet o;
  int last = lua_gettop(L);
  luaL_Stream *file = open_file(L, 1);
  if (file && write_buffered(L, file->f, 2, last)) {
    lua_settop(L, 1);
    return 1;
  }
  if (!file || !thr_outlet_make(&o, L, file->f, file))
    return thr_replace_original(L);
  lua_pushvalue(L, 1);
  return write_waiting(&o, 2, last);
}

static int io_write(lua_State *L) {
  thr_outlet o;
  int last = lua_gettop(L);
  luaL_Stream *file = push_default(L, DEFAULT_OUTPUT);
  if (file && write_buffered(L, file->f, 1, last)) return 1;
  if (file && thr_outlet_make(&o, L, file->f, file))
    return write_waiting(&o, 1, last);
  lua_settop(L, last);
  return thr_replace_original(L);
}

static thr_outcome flush(lua_State *L, const luaL_Stream *file) {
  return thr_outlet_flushfile(L, file->f, file);
}

static int file_flush(lua_State *L) {
  luaL_Stream *file = open_file(L, 1);
  thr_outcome r = file ? flush(L, file) : THR_OUT_DONE;
  return r == THR_OUT_DONE ? thr_replace_original(L) : give_up(L, r);
}

static int io_flush(lua_State *L) {
  int top = lua_gettop(L);
  luaL_Stream *file = push_default(L, DEFAULT_OUTPUT);
  thr_outcome r = file ? flush(L, file) : THR_OUT_DONE;
  if (r != THR_OUT_DONE) return give_up(L, r);
  lua_settop(L, top);
  return thr_replace_original(L);
}

/* --- print --- */

/* Writes what `print` does of the values at 1 to n, which are strings. */
static thr_outcome print_strings(thr_outlet *o, int n) {
  thr_outcome r = THR_OUT_DONE;
  size_t len;
  for (int arg = 1; arg <= n && r == THR_OUT_DONE; arg++) {
    const char *s = lua_tolstring(o->L, arg, &len);
    if (arg > 1) r = thr_outlet_write(o, "\t", 1);
    if (r == THR_OUT_DONE) r = thr_outlet_write(o, s, len);
  }
  if (r == THR_OUT_DONE) r = thr_outlet_write(o, "\n", 1);
  return r == THR_OUT_DONE ? thr_outlet_flush(o) : r;
}

/* A table or the like is taken to be short as text: only print asks it. */
static size_t printed_length(lua_State *L, int n) {
  size_t length = 1;
  for (int arg = 1; arg <= n; arg++)
    length += 1 + (lua_type(L, arg) == LUA_TSTRING ? lua_rawlen(L, arg)
                                                   : NUMERAL);
  return length;
}

static void make_strings(lua_State *L, int n) {
  for (int arg = 1; arg <= n; arg++) {
    luaL_tolstring(L, arg, NULL);
    lua_replace(L, arg);
  }
}

/* print returns nothing, whatever becomes of what it prints. */
static int print(lua_State *L) {
  thr_outlet o;
  int n = lua_gettop(L);
  if (!thr_outlet_make(&o, L, stdout, NULL))
    return thr_replace_original(L);
  luaL_checkstack(L, LUA_MINSTACK, "too many arguments");
  size_t length = printed_length(L, n);
  bool fits = thr_outlet_fits(&o, length);
  if (!fits) make_strings(L, n);
  thr_outcome r = thr_outlet_enter(&o);
  if (r == THR_OUT_RAISED) return lua_error(L);
  if (fits && !thr_outlet_fits(&o, length)) r = thr_outlet_flush(&o);
  if (r == THR_OUT_DONE)
    r = fits ? thr_outlet_await(&o) : print_strings(&o, n);
  thr_outlet_leave(&o);
  if (r == THR_OUT_RAISED) return lua_error(L);
  return fits ? thr_replace_original(L) : 0;
}

/* --- closing --- */

/* Those are not closed. */
static bool is_standard(const FILE *f) {
  return f == stdin || f == stdout || f == stderr;
}

/* Those that wait for the file, which is about to be closed, wake. */
static void announce(luaL_Stream *file) {
  int fd = thr_os_fileno(file->f);
  if (fd >= 0) thr_closing_announce(fd);
}

static int file_close(lua_State *L) {
  luaL_Stream *file = open_file(L, 1);
  if (!file || is_standard(file->f)) return thr_replace_original(L);
  announce(file);
  if (flush(L, file) == THR_OUT_RAISED) return lua_error(L);
  if (file->closef) announce(file);
  return thr_replace_original(L);
}

/* Without a file, the default output. */
static int io_close(lua_State *L) {
  bool standard = lua_isnone(L, 1);
  if (standard && !push_default(L, DEFAULT_OUTPUT)) lua_settop(L, 0);
  return file_close(L);
}

/* A program, too, may call it: then other threads may wait for the file. */
static int file_gc(lua_State *L) {
  luaL_Stream *file = open_file(L, 1);
  if (file && !is_standard(file->f)) announce(file);
  if (file) thr_program_neverwait(file);
  return thr_replace_original(L);
}

/* In the table below the metatable. */
static void replace(lua_State *L, const luaL_Reg *list,
                    const luaL_Reg *closing) {
  thr_replace_sharing(L, list, true);
  thr_replace_sharing(L, closing, false);
}

static void replace_print(lua_State *L) {
  static const luaL_Reg list[] = {{"print", print}, {NULL, NULL}};
  lua_pushglobaltable(L);
  lua_pushnil(L);
  thr_replace_sharing(L, list, true);
}

void thr_stdfile_open(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"flush", io_flush}, {"lines", lines}, {"read", io_read},
      {"write", io_write}, {NULL, NULL}};
  static const luaL_Reg methods[] = {
      {"flush", file_flush}, {"lines", lines}, {"read", file_read},
      {"write", file_write}, {NULL, NULL}};
  static const luaL_Reg metamethods[] = {{"__close", file_close},
                                         {"__gc", file_gc},
                                         {NULL, NULL}};
  static const luaL_Reg closing_functions[] = {{"close", io_close},
                                               {NULL, NULL}};
  static const luaL_Reg closing_methods[] = {{"close", file_close},
                                             {NULL, NULL}};
  int top = lua_gettop(L);
  replace_print(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  bool there = lua_getfield(L, -1, LUA_IOLIBNAME) == LUA_TTABLE;
  if (luaL_getmetatable(L, LUA_FILEHANDLE) == LUA_TTABLE) {
    if (there) replace(L, functions, closing_functions);
    lua_pushvalue(L, -1);
    thr_replace_sharing(L, metamethods, false);
    lua_getfield(L, -1, "__index");
    lua_insert(L, -2);
    replace(L, methods, closing_methods);
  }
  lua_settop(L, top);
}
