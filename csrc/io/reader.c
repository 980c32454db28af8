/* reader: see reader.h. */
#include "io/reader.h"

#include <string.h>

#include "bind/blame.h"
#include "bind/finaliser.h"
#include "bind/pending.h"
#include "os/stdio.h"
#include "os/tuning.h"
#include "park/park.h"

#define NAME "threading.reader"

/* registry: file -> reader, or false where it does not block; weak keys */
static const char key_readers = 0;

/* How many readers are busy or hold something, in all Lua states.  Each thread
** asks for those of its own state, which it and the global lock make known to
** it; for the others it does not matter what it reads. */
static atomic_int active;

bool thr_reader_areidle(void) {
  return atomic_load_explicit(&active, memory_order_relaxed) == 0;
}

/* --- bytes --- */

/* So much is read without a wait. */
static bool is_due(const thr_reading *c) {
  return c->reader->n - c->waited_at >= THR_MAX_RUN;
}

/* Waits until the stream can read on.  False: it is closed.  Where there is
** always more, it waits now and then all the same: the other threads run, and
** what is asked of this one is met. */
static bool wait_for_input(thr_reading *c) {
  thr_watch watch = {.fd = thr_os_fileno(c->file->f), .wanted = THR_IN};
  bool flushed = false;
  while (is_due(c) || !thr_os_look(&watch)) {
    if (!flushed) thr_os_flushprompt(watch.fd);
    flushed = true;
    c->waited_at = c->reader->n;
    thr_tstate_makebell(c->ts);
    thr_waiter w = thr_waiter_onfd(c->ts, &watch, "descriptor");
    thr_parkresult r = thr_park(&w, THR_FOREVER);
    thr_pending_disturbed(c->L, c->ts, r);
    c->closed = r == THR_PARK_WOKEN || !c->file->closef;
    if (c->closed) return false;
  }
  return true;
}

static void reserve(thr_reading *c, size_t more) {
  thr_reader *r = c->reader;
  if (r->size - r->n >= more) return;
  size_t size = r->size < THR_MIN_HELD ? THR_MIN_HELD : 2 * r->size;
  if (size < r->n + more) size = r->n + more;
  char *held = thr_os_realloc(r->held, size);
  if (!held) thr_blame_error(c->L, "not enough memory");
  r->held = held;
  r->size = size;
}

bool thr_reader_hold(thr_reading *c, size_t most) {
  FILE *f = c->file->f;
  thr_reader *r = c->reader;
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

int thr_reader_peek(thr_reading *c) {
  thr_reader *r = c->reader;
  if (r->pos == r->n && (c->closed || !thr_reader_hold(c, 1))) return EOF;
  return (unsigned char)r->held[r->pos];
}

int thr_reader_next(thr_reading *c) {
  int byte = thr_reader_peek(c);
  if (byte != EOF) c->reader->pos++;
  return byte;
}

void thr_reader_push(thr_reading *c, size_t start, size_t without) {
  const thr_reader *r = c->reader;
  lua_pushlstring(c->L, r->held + start, r->pos - start - without);
}

/* --- turns --- */

static bool still_busy(thr_waiter *w) {
  return ((const thr_reader *)w->addr)->busy != NULL;
}

void thr_reader_enter(thr_reading *c) {
  thr_reader *r = c->reader;
  if (r->busy == c->ts)
    thr_blame_error(c->L, "this thread reads the file already");
  while (r->busy) {
    thr_waiter w = thr_waiter_on(c->ts, r, "file");
    w.validate = still_busy;
    r->waiting++;
    thr_parkresult woken = thr_park(&w, THR_FOREVER);
    r->waiting--;
    thr_pending_disturbed(c->L, c->ts, woken);
  }
  if (r->n == 0) active++;
  r->busy = c->ts;
  r->pos = 0;
}

/* Pushes what is noted of the file at 1. */
static void push_reader(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &key_readers);
  lua_pushvalue(L, 1);
  lua_rawget(L, -2);
  lua_remove(L, -2);
}

/* Protected: (the file, a size).  The room becomes the reader's user value: it
** has no finaliser, so that it outlives that of the file. */
static int make_room(lua_State *L) {
  push_reader(L);
  lua_newuserdatauv(L, (size_t)lua_tointeger(L, 2), 0);
  lua_pushvalue(L, -1);
  lua_setiuservalue(L, -3, 1);
  return 1;
}

static void *try_make_room(lua_State *L, size_t size) {
  if (size == 0 || !lua_checkstack(L, 3)) return NULL;
  lua_pushcfunction(L, make_room);
  lua_pushvalue(L, 1);
  lua_pushinteger(L, (lua_Integer)size);
  bool ok = lua_pcall(L, 2, 1, 0) == LUA_OK;
  void *room = ok ? lua_touserdata(L, -1) : NULL;
  lua_pop(L, 1);
  return room;
}

static bool is_open(const thr_reading *c) {
  return !c->closed && c->file->closef;
}

/* Gives back what is held from pos on.  To make room may run a finaliser, which
** may close the file. */
static void give_back(const thr_reading *c) {
  thr_reader *r = c->reader;
  size_t n = r->n - r->pos, size = thr_os_roomtounread(c->file->f, n);
  void *room = try_make_room(c->L, size);
  if (is_open(c))
    r->n -= thr_os_unread(c->file->f, r->held + r->pos, n, room, size);
}

static void drop_held(thr_reader *r) {
  thr_os_free(r->held);
  r->held = NULL;
  r->size = r->n = r->pos = 0;
}

void thr_reader_leave(const thr_reading *c) {
  thr_reader *r = c->reader;
  if (is_open(c) && r->n > r->pos) give_back(c);
  if (!is_open(c) || r->finalised) r->pos = r->n;
  r->n -= r->pos;
  if (r->n > 0) memmove(r->held, r->held + r->pos, r->n);
  else drop_held(r);
  if (r->n == 0) active--;
  r->busy = NULL;
  if (r->waiting > 0) thr_unpark_one(r, NULL);
}

/* --- a file's reader --- */

/* A call that reads the file now, in a finaliser or since one, drops what is
** held when it ends. */
static int reader_gc(lua_State *L) {
  thr_finaliser_enter(L);
  thr_reader *r = luaL_checkudata(L, 1, NAME);
  r->finalised = true;
  if (!r->busy && r->n > 0) active--;
  if (!r->busy) drop_held(r);
  return 0;
}

/* Pushes it. */
static void new_reader(lua_State *L) {
  thr_reader *r = lua_newuserdatauv(L, sizeof(*r), 1);
  memset(r, 0, sizeof(*r));
  luaL_setmetatable(L, NAME);
}

static thr_reader *note_file(lua_State *L, bool waits) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &key_readers);
  lua_pushvalue(L, 1);
  if (waits) new_reader(L);
  else lua_pushboolean(L, 0);
  thr_reader *r = lua_touserdata(L, -1);
  lua_rawset(L, -3);
  lua_pop(L, 1);
  return r;
}

thr_reader *thr_reader_of(lua_State *L, bool last) {
  push_reader(L);
  thr_reader *r = lua_touserdata(L, -1);
  bool noted = !lua_isnil(L, -1);
  lua_pop(L, 1);
  if (noted) return r;
  const luaL_Stream *file = lua_touserdata(L, 1);
  bool waits = thr_os_mayblock(file->f);
  return waits || !last ? note_file(L, waits) : NULL;
}

void thr_reader_open(lua_State *L) {
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "k");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_readers);
  luaL_newmetatable(L, NAME);
  lua_pushcfunction(L, reader_gc);
  lua_setfield(L, -2, "__gc");
  lua_pop(L, 1);
}
