/* reader: see reader.h. */
#include "reader.h"

#include <ctype.h>
#include <errno.h>
#include <lauxlib.h>
#include <locale.h>
#include <lualib.h>
#include <string.h>

#include "face.h"
#include "os_stdio.h"
#include "pending.h"

#define NUMERAL_MOST 200 /* Lua's own limit */
#define HELD_LEAST 256
#define FORMATS_MOST 250 /* upvalues of a closure */

typedef struct {
  bool waits;       /* const: reading may block */
  thr_tstate *busy; /* gil: whose call is under way */
  int waiting;      /* gil: how many wait for their turn */
  char *held;       /* who is busy, as the rest */
  size_t n, size;
  size_t pos; /* how far the call has come in what is held */
} reader;

typedef struct {
  lua_State *L;
  thr_tstate *ts;
  luaL_Stream *file;
  reader *r;
  bool closed; /* another thread has closed it: the stream is gone */
} call;

static const char key_readers = 0; /* registry: file -> reader, weak keys */
static const char key_read = 0;    /* registry: Lua's own file:read */

/* --- bytes --- */

/* Waits until the stream can read on.  False: it is closed. */
static bool wait_for_input(call *c) {
  thr_watch watch = {.fd = thr_os_fileno(c->file->f), .wanted = THR_IN};
  bool flushed = false;
  while (!thr_os_look(&watch)) {
    if (!flushed) thr_os_flushprompt(watch.fd);
    flushed = true;
    thr_tstate_makebell(c->ts);
    thr_waiter w = thr_waiter_onfd(c->ts, &watch, "descriptor");
    thr_wake r = thr_park(&w, THR_FOREVER);
    thr_pending_disturbed(c->L, c->ts, r);
    c->closed = r == THR_PARK_WOKEN || !c->file->closef;
    if (c->closed) return false;
  }
  return true;
}

static void reserve(call *c, size_t more) {
  reader *r = c->r;
  if (r->size - r->n >= more) return;
  size_t size = r->size < HELD_LEAST ? HELD_LEAST : 2 * r->size;
  if (size < r->n + more) size = r->n + more;
  char *held = thr_os_realloc(r->held, size);
  if (!held) luaL_error(c->L, "not enough memory");
  r->held = held;
  r->size = size;
}

/* Holds at least one byte more, and at most `most`; more than one only of what
** is there already.  False: the file has come to its end. */
static bool hold(call *c, size_t most) {
  FILE *f = c->file->f;
  reader *r = c->r;
  if (thr_os_buffered(f) <= 0 && (feof(f) || !wait_for_input(c))) return false;
  reserve(c, 1);
  int byte = getc(f);
  if (byte == EOF) return false;
  r->held[r->n++] = (char)byte;
  size_t there = (size_t)thr_os_buffered(f);
  if (there > most - 1) there = most - 1;
  if (there == 0) return true;
  reserve(c, there);
  r->n += fread(r->held + r->n, 1, there, f);
  return true;
}

/* The next byte, which stays the next one; or EOF. */
static int peek(call *c) {
  reader *r = c->r;
  if (r->pos == r->n && (c->closed || !hold(c, 1))) return EOF;
  return (unsigned char)r->held[r->pos];
}

static int next(call *c) {
  int byte = peek(c);
  if (byte != EOF) c->r->pos++;
  return byte;
}

static void push_from(call *c, size_t start, size_t end) {
  lua_pushlstring(c->L, c->r->held + start, end - start);
}

/* --- the formats, as Lua's manual has them --- */

static bool read_line(call *c, bool chop) {
  size_t start = c->r->pos;
  int byte;
  do byte = next(c);
  while (byte != EOF && byte != '\n');
  size_t end = c->r->pos;
  push_from(c, start, end - (chop && byte == '\n'));
  return end > start;
}

static bool read_chars(call *c, size_t n) {
  reader *r = c->r;
  size_t start = r->pos;
  for (;;) {
    size_t there = r->n - r->pos, wanted = n - (r->pos - start);
    r->pos += there < wanted ? there : wanted;
    if (r->pos - start == n || !hold(c, n - (r->pos - start))) break;
  }
  push_from(c, start, r->pos);
  return r->pos > start;
}

static bool read_all(call *c) {
  read_chars(c, SIZE_MAX);
  return true; /* the empty string, too */
}

static bool test_eof(call *c) {
  lua_pushliteral(c->L, "");
  return peek(c) != EOF;
}

typedef struct {
  call *c;
  int n; /* of the characters that are taken */
  char text[NUMERAL_MOST + 1];
} numeral;

/* Takes the next character; of too long a one, nothing is a number. */
static bool take(numeral *num) {
  if (num->n >= NUMERAL_MOST) {
    num->text[0] = '\0';
    return false;
  }
  num->text[num->n++] = (char)next(num->c);
  return true;
}

static bool take_one_of(numeral *num, char a, char b) {
  int byte = peek(num->c);
  return (byte == a || byte == b) && take(num);
}

static int take_digits(numeral *num, bool hex) {
  int n = 0;
  for (;; n++) {
    int byte = peek(num->c);
    bool digit = byte != EOF && (hex ? isxdigit(byte) : isdigit(byte));
    if (!digit || !take(num)) return n;
  }
}

static bool read_number(call *c) {
  numeral num = {.c = c};
  char point = localeconv()->decimal_point[0];
  int digits = 0;
  while (peek(c) != EOF && isspace(peek(c))) next(c);
  take_one_of(&num, '+', '-');
  bool hex = take_one_of(&num, '0', '0') && take_one_of(&num, 'x', 'X');
  if (num.n > 0 && num.text[num.n - 1] == '0') digits = 1;
  digits += take_digits(&num, hex);
  if (take_one_of(&num, point, '.')) digits += take_digits(&num, hex);
  if (digits > 0 && (hex ? take_one_of(&num, 'p', 'P')
                         : take_one_of(&num, 'e', 'E'))) {
    take_one_of(&num, '-', '+');
    take_digits(&num, false);
  }
  num.text[num.n] = '\0';
  if (lua_stringtonumber(c->L, num.text)) return true;
  lua_pushnil(c->L);
  return false;
}

static bool read_format(call *c, int arg) {
  lua_State *L = c->L;
  if (lua_type(L, arg) == LUA_TNUMBER) {
    size_t n = (size_t)lua_tointeger(L, arg);
    return n == 0 ? test_eof(c) : read_chars(c, n);
  }
  const char *format = lua_tostring(L, arg);
  switch (format[*format == '*']) {
    case 'n': return read_number(c);
    case 'l': return read_line(c, true);
    case 'L': return read_line(c, false);
    default: return read_all(c);
  }
}

static bool is_format(lua_State *L, int arg) {
  if (lua_type(L, arg) == LUA_TNUMBER)
    return lua_isinteger(L, arg) && lua_tointeger(L, arg) >= 0;
  if (lua_type(L, arg) != LUA_TSTRING) return false;
  const char *s = lua_tostring(L, arg);
  char c = s[*s == '*'];
  return c != '\0' && strchr("nlLa", c) != NULL;
}

static void check_formats(lua_State *L, int first) {
  for (int arg = first; arg <= lua_gettop(L); arg++)
    if (!is_format(L, arg))
      thr_face_argerror(L, arg, "...", "invalid format");
}

/* --- a call --- */

static bool still_busy(thr_waiter *w) {
  return ((const reader *)w->addr)->busy != NULL;
}

static void enter(lua_State *L, thr_tstate *ts, reader *r) {
  if (r->busy == ts) luaL_error(L, "this thread reads the file already");
  while (r->busy) {
    thr_waiter w = thr_waiter_on(ts, r, "file");
    w.still = still_busy;
    r->waiting++;
    thr_wake woken = thr_park(&w, THR_FOREVER);
    r->waiting--;
    thr_pending_disturbed(L, ts, woken);
  }
  r->busy = ts;
  r->pos = 0;
}

/* Gives back what is held from pos on. */
static void give_back(call *c) {
  reader *r = c->r;
  FILE *f = c->file->f;
  while (r->n > r->pos && ungetc((unsigned char)r->held[r->n - 1], f) != EOF)
    r->n--;
}

static void leave(call *c) {
  reader *r = c->r;
  if (c->closed || !c->file->closef) r->pos = r->n;
  else give_back(c);
  r->n -= r->pos;
  if (r->n > 0) {
    memmove(r->held, r->held + r->pos, r->n);
  } else {
    thr_os_free(r->held);
    r->held = NULL;
    r->size = 0;
  }
  r->busy = NULL;
  if (r->waiting > 0) thr_unpark_one(r, NULL);
}

static int push_closed(lua_State *L) {
  lua_pushnil(L);
  lua_pushliteral(L, "closed");
  return 2;
}

/* Protected: (the call, the formats).  Returns the results. */
static int read_formats(lua_State *L) {
  call *c = lua_touserdata(L, 1);
  int last = lua_gettop(L);
  bool more = true;
  clearerr(c->file->f);
  errno = 0;
  luaL_checkstack(L, last + LUA_MINSTACK, "too many arguments");
  if (last == 1) more = read_line(c, true);
  for (int arg = 2; arg <= last && more; arg++) more = read_format(c, arg);
  if (c->closed) return push_closed(L);
  if (ferror(c->file->f)) return luaL_fileresult(L, 0, NULL);
  if (!more) {
    lua_pop(L, 1);
    luaL_pushfail(L);
  }
  return lua_gettop(L) - last;
}

/* The file is at 1, the formats follow. */
static int read_waiting(lua_State *L, luaL_Stream *file, reader *r) {
  thr_tstate *ts = thr_face_self(L);
  call c = {L, ts, file, r, false};
  int nargs = lua_gettop(L) - 1;
  luaL_checkstack(L, LUA_MINSTACK, "too many arguments");
  thr_pending_check(L, ts);
  enter(L, ts, r);
  c.closed = !file->closef;
  lua_pushcfunction(L, c.closed ? push_closed : read_formats);
  lua_insert(L, 2);
  lua_pushlightuserdata(L, &c);
  lua_insert(L, 3);
  int status = lua_pcall(L, nargs + 1, LUA_MULTRET, 0);
  if (status != LUA_OK) r->pos = 0;
  leave(&c);
  if (status != LUA_OK) return lua_error(L);
  return lua_gettop(L) - 1;
}

/* --- the Lua face --- */

static int reader_gc(lua_State *L) {
  reader *r = lua_touserdata(L, 1);
  thr_os_free(r->held);
  r->held = NULL;
  return 0;
}

/* The reader of the file at 1, which keeps it alive. */
static reader *reader_of(lua_State *L, luaL_Stream *file) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &key_readers);
  lua_pushvalue(L, 1);
  lua_rawget(L, -2);
  reader *r = lua_touserdata(L, -1);
  if (!r) {
    lua_pushvalue(L, 1);
    r = lua_newuserdatauv(L, sizeof(*r), 0);
    memset(r, 0, sizeof(*r));
    r->waits = thr_os_mayblock(file->f);
    luaL_setmetatable(L, "threading.reader");
    lua_rawset(L, -4);
  }
  lua_pop(L, 2);
  return r;
}

/* A line of which the whole stands in the stream's buffer: pushes it. */
static bool read_buffered(lua_State *L, luaL_Stream *file, const reader *r) {
  size_t n;
  if (r->busy || r->n > 0 || thr_face_self(L)->pending) return false;
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
  reader *r = reader_of(L, file);
  if (r->waits && lua_gettop(L) == 1 && read_buffered(L, file, r)) return 1;
  if (r->waits) return read_waiting(L, file, r);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &key_read);
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

/* Pushes the standard library's io[name]. */
static void push_standard(lua_State *L, const char *name) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, LUA_IOLIBNAME);
  lua_getfield(L, -1, name);
  lua_replace(L, -3);
  lua_pop(L, 1);
}

/* Puts the default input before the arguments. */
static void insert_input(lua_State *L) {
  push_standard(L, "input");
  lua_call(L, 0, 1);
  lua_insert(L, 1);
}

static void check_file(lua_State *L) {
  luaL_Stream *file = luaL_testudata(L, 1, LUA_FILEHANDLE);
  if (!file) thr_face_typeerror(L, 1, "file", "file");
  else if (!file->closef)
    thr_face_argerror(L, 1, "file", "a closed file");
}

int thr_reader_read(lua_State *L) {
  int first = lua_isnone(L, 1) || is_format(L, 1) ? 1 : 2;
  if (first == 2) check_file(L);
  check_formats(L, first);
  if (first == 1) insert_input(L);
  return read_file(L);
}

/* Upvalues: the file, how many formats, these. */
static int next_line(lua_State *L) {
  int n = (int)lua_tointeger(L, lua_upvalueindex(2));
  luaL_Stream *file = lua_touserdata(L, lua_upvalueindex(1));
  if (!file->closef) return luaL_error(L, "file is already closed");
  lua_settop(L, 0);
  luaL_checkstack(L, n + 1, "too many arguments");
  lua_pushvalue(L, lua_upvalueindex(1));
  for (int i = 1; i <= n; i++) lua_pushvalue(L, lua_upvalueindex(2 + i));
  n = read_file(L);
  if (lua_toboolean(L, -n)) return n;
  if (n > 1) return luaL_error(L, "%s", lua_tostring(L, -n + 1));
  return 0;
}

int thr_reader_lines(lua_State *L) {
  if (lua_type(L, 1) == LUA_TSTRING) { /* a file's name */
    check_formats(L, 2);
    push_standard(L, "lines");
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
  }
  if (lua_isnone(L, 1)) insert_input(L);
  check_file(L);
  check_formats(L, 2);
  int n = lua_gettop(L) - 1;
  if (n > FORMATS_MOST)
    thr_face_argerror(L, FORMATS_MOST + 2, "...", "too many formats");
  lua_pushinteger(L, n);
  lua_insert(L, 2);
  lua_pushcclosure(L, next_line, n + 2);
  return 1;
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
void thr_reader_open(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key_read) == LUA_TNIL)
    keep_original(L);
  lua_pop(L, 1);
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "k");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_readers);
  luaL_newmetatable(L, "threading.reader");
  lua_pushcfunction(L, reader_gc);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
}
