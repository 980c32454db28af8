/* stdfile: see stdfile.h. */
#include "io/stdfile.h"

#include <errno.h>
#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

#include "bind/replace.h"
#include "bind/self.h"
#include "io/fifo.h"
#include "io/outlet.h"
#include "io/program.h"
#include "io/readfile.h"
#include "os/stdio.h"
#include "park/closing.h"

/* Lua's own names in the registry. */
#define DEFAULT_INPUT "_IO_input"
#define DEFAULT_OUTPUT "_IO_output"

/* The file at idx, if it is an open one: the third upvalue of each function
** that asks is the metatable of files.  (One that io.open could not open is
** collected without a stream.) */
static luaL_Stream *open_file(lua_State *L, int idx) {
  luaL_Stream *file = lua_touserdata(L, idx);
  if (!file || !lua_getmetatable(L, idx)) return NULL;
  bool is = lua_rawequal(L, -1, lua_upvalueindex(3)) != 0;
  lua_pop(L, 1);
  return is && file->closef && file->f ? file : NULL;
}

/* Pushes the default file of that name.  NULL: it is not open. */
static luaL_Stream *push_default(lua_State *L, const char *name) {
  lua_getfield(L, LUA_REGISTRYINDEX, name);
  luaL_Stream *file = lua_touserdata(L, -1);
  return file && file->closef ? file : NULL;
}

/* The same for the default output of io.write, whose third upvalue is its name:
** without looking for the string. */
static luaL_Stream *push_output(lua_State *L) {
  lua_pushvalue(L, lua_upvalueindex(3));
  lua_rawget(L, LUA_REGISTRYINDEX);
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

/* file:lines and io.lines: the one has a file, the other the name of one */
static int lines(lua_State *L) {
  int n = thr_fifo_original(L);
  thr_readfile_replaceiterator(L, -n);
  return n;
}

/* --- writing --- */

#define NUMERAL 128 /* room for a number as text */

/* Quicker than lua_integer2str, which is snprintf. */
static const char *digits_of(lua_Integer i, char *number, size_t *n) {
  size_t at = NUMERAL;
  lua_Unsigned left = i < 0 ? 0 - (lua_Unsigned)i : (lua_Unsigned)i;
  do number[--at] = (char)('0' + left % 10);
  while ((left /= 10) > 0);
  if (i < 0) number[--at] = '-';
  *n = NUMERAL - at;
  return number + at;
}

/* The text that file:write of this version of Lua writes; NULL: it is no string
** or number. */
static const char *text_of(lua_State *L, int arg, char *number, size_t *n) {
  int type = lua_type(L, arg);
  if (type == LUA_TSTRING) return lua_tolstring(L, arg, n);
  if (type != LUA_TNUMBER) return NULL;
  if (lua_isinteger(L, arg))
    return digits_of(lua_tointeger(L, arg), number, n);
#if LUA_VERSION_NUM > 504
  *n = lua_numbertocstring(L, arg, number) - 1;
#else
  *n = (size_t)lua_number2str(number, NUMERAL, lua_tonumber(L, arg));
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

/* A write of the arguments from `arg` to `last`. */
typedef struct {
  lua_State *L;
  FILE *f;
  int arg, last;
  size_t written;
} writing;

/* What is for a call that may have to wait, or without `o` for one that does
** not.  The file is on top of the stack. */
static int write_rest(writing *w, thr_outlet *o) {
  char number[NUMERAL];
  size_t n;
  thr_outcome r = o ? thr_outlet_enter(o) : THR_OUT_DONE;
  if (r != THR_OUT_DONE) return write_failed(w->L, r, w->written);
  for (; w->arg <= w->last && r == THR_OUT_DONE; w->arg++) {
    const char *s = text_of(w->L, w->arg, number, &n);
    if (!s) break;
    if (o) r = thr_outlet_write(o, s, n);
    else if (fwrite(s, 1, n, w->f) != n) r = THR_OUT_FAILED;
    if (r == THR_OUT_DONE) w->written += n;
  }
  int err = errno;
  if (o) thr_outlet_leave(o);
  errno = err;
  if (r != THR_OUT_DONE) return write_failed(w->L, r, w->written);
  if (w->arg <= w->last) luaL_checkstring(w->L, w->arg); /* raises */
  return 1;
}

/* True: it is in the buffer, for which there was room. */
static bool buffer_one(writing *w) {
  char number[NUMERAL];
  size_t n, room = thr_outlet_room(w->f);
  bool known = lua_type(w->L, w->arg) == LUA_TSTRING;
  if (!known && room < NUMERAL) return false;
  const char *s = known ? lua_tolstring(w->L, w->arg, &n)
                        : text_of(w->L, w->arg, number, &n);
  if (!s || n > room) return false;
  fwrite(s, 1, n, w->f);
  w->written += n;
  return true;
}

/* Most of what is written are short texts, for which there is room: that costs
** no more than Lua's own function. */
static bool buffer_all(writing *w) {
  while (w->arg <= w->last && buffer_one(w)) w->arg++;
  return w->arg > w->last;
}

/* The file is on top of the stack. */
static int write_to(writing *w, luaL_Stream *file) {
  thr_outlet o;
  luaL_checkstack(w->L, LUA_MINSTACK, "too many arguments");
  bool waits = thr_outlet_make(&o, w->L, w->f, file);
  return write_rest(w, waits ? &o : NULL);
}

static int file_write(lua_State *L) {
  luaL_Stream *file = open_file(L, 1);
  if (!file) return thr_replace_original(L);
  writing w = {.L = L, .f = file->f, .arg = 2, .last = lua_gettop(L)};
  bool all = buffer_all(&w);
  lua_pushvalue(L, 1);
  return all ? 1 : write_to(&w, file);
}

static int io_write(lua_State *L) {
  int last = lua_gettop(L);
  luaL_Stream *file = push_output(L);
  if (!file) {
    lua_settop(L, last);
    return thr_replace_original(L);
  }
  writing w = {.L = L, .f = file->f, .arg = 1, .last = last};
  return buffer_all(&w) ? 1 : write_to(&w, file);
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

/* Writes what `print` does of the values at 1 to n, strings and numbers. */
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

/* Makes strings of what is none, and no number: Lua code may run for that. */
static void make_strings(lua_State *L, int n) {
  for (int arg = 1; arg <= n; arg++)
    if (!lua_isstring(L, arg)) {
      luaL_tolstring(L, arg, NULL);
      lua_replace(L, arg);
    }
}

static size_t printed_length(lua_State *L, int n) {
  size_t length = 1;
  for (int arg = 1; arg <= n; arg++)
    length += 1 + (lua_type(L, arg) == LUA_TSTRING ? lua_rawlen(L, arg)
                                                   : NUMERAL);
  return length;
}

/* print returns nothing, whatever becomes of what it prints. */
static int print(lua_State *L) {
  thr_outlet o;
  lua_CFunction original = lua_tocfunction(L, lua_upvalueindex(1));
  if (!thr_outlet_make(&o, L, stdout, NULL)) return original(L);
  int n = lua_gettop(L);
  luaL_checkstack(L, LUA_MINSTACK, "too many arguments");
  make_strings(L, n);
  if (thr_outlet_takes(&o, printed_length(L, n))) return original(L);
  thr_outcome r = thr_outlet_enter(&o);
  if (r == THR_OUT_DONE) {
    r = print_strings(&o, n);
    thr_outlet_leave(&o);
  }
  return r == THR_OUT_RAISED ? lua_error(L) : 0;
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

/* In the table below the value on top. */
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

/* In the table below the metatable. */
static void replace_functions(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"flush", io_flush},         {"input", thr_fifo_input},
      {"lines", lines},            {"open", thr_fifo_open},
      {"output", thr_fifo_output}, {"read", io_read},
      {NULL, NULL}};
  static const luaL_Reg closing[] = {{"close", io_close}, {NULL, NULL}};
  static const luaL_Reg to_output[] = {{"write", io_write}, {NULL, NULL}};
  replace(L, functions, closing);
  lua_pushvalue(L, -2);
  lua_pushliteral(L, DEFAULT_OUTPUT);
  thr_replace_sharing(L, to_output, true);
  lua_pop(L, 2);
}

/* Of files, whose metatable is on top of the stack. */
static void replace_methods(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"flush", file_flush}, {"lines", lines}, {"read", file_read},
      {"write", file_write}, {NULL, NULL}};
  static const luaL_Reg closing[] = {{"close", file_close}, {NULL, NULL}};
  static const luaL_Reg metamethods[] = {{"__close", file_close},
                                         {"__gc", file_gc},
                                         {NULL, NULL}};
  lua_pushvalue(L, -1);
  thr_replace_sharing(L, metamethods, false);
  lua_getfield(L, -1, "__index");
  lua_insert(L, -2);
  replace(L, methods, closing);
}

void thr_stdfile_open(lua_State *L) {
  int top = lua_gettop(L);
  replace_print(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  bool there = lua_getfield(L, -1, LUA_IOLIBNAME) == LUA_TTABLE;
  if (luaL_getmetatable(L, LUA_FILEHANDLE) == LUA_TTABLE) {
    if (there) replace_functions(L);
    replace_methods(L);
  }
  lua_settop(L, top);
}
