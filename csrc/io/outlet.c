/* outlet: see outlet.h. */
#include "io/outlet.h"

#include <errno.h>
#include <string.h>

#include "bind/pending.h"
#include "bind/self.h"
#include "gil/gil.h"
#include "os/stdio.h"
#include "os/tuning.h"
#include "park/park.h"

/* --- turns --- */

/* The calls that are under way, in all Lua states: they share C's streams. */
static thr_mutex m = THR_MUTEX_INIT;
static thr_outlet *list;      /* m */
static atomic_int under_way;  /* changed under m; read without it by a call that
                                 began later: it is its own thread's, or came
                                 by the global lock */

static thr_outlet *find(const FILE *stream) { /* m */
  thr_outlet *o = list;
  while (o && o->stream != stream) o = o->next;
  return o;
}

static bool still_busy(thr_waiter *w) {
  thr_mutex_lock(&m);
  bool busy = find(w->addr) != NULL;
  thr_mutex_unlock(&m);
  return busy;
}

/* Takes the turn; false: it is another thread's. */
static bool try_enter(thr_outlet *o) {
  thr_mutex_lock(&m);
  const thr_outlet *other = find(o->stream);
  o->nested = other && other->ts == o->ts;
  if (!other) {
    o->next = list;
    list = o;
    under_way++;
  }
  thr_mutex_unlock(&m);
  return !other || o->nested;
}

/* After a wait: DONE, if it is to be looked again. */
static thr_outcome woken(const thr_outlet *o, thr_parkresult r) {
  return thr_pending_trydisturbed(o->L, r) < 0 ? THR_OUT_RAISED : THR_OUT_DONE;
}

static bool is_closed(const thr_outlet *o) {
  return o->file && !o->file->closef;
}

#define KINDS (THR_FILLS_SLOWLY + 1u) /* of thr_fullness */

/* Of stdout, which print flushes each time, it is asked again only after some
** calls: to ask costs as much as to print a line to a file. */
static thr_fullness fullness_of(FILE *stream) {
  static atomic_uint known; /* the answer, and KINDS times the calls that it is
                               good for: one word, as Lua states share it */
  if (stream != stdout) return thr_os_fullness(stream);
  unsigned k = atomic_load_explicit(&known, memory_order_relaxed);
  if (k < KINDS) k = THR_PRINTS * KINDS + (unsigned)thr_os_fullness(stream);
  atomic_store_explicit(&known, k - KINDS, memory_order_relaxed);
  return (thr_fullness)(k % KINDS);
}

bool thr_outlet_make(thr_outlet *o, lua_State *L, FILE *stream,
                     const luaL_Stream *file) {
  thr_tstate *ts = thr_self_here(L);
  if (!ts || ts->rt->alive == 0 || !thr_whose_isown(ts)) return false;
  thr_fullness fullness = fullness_of(stream);
  *o = (thr_outlet){.L = L, .ts = ts, .stream = stream, .file = file,
                    .slow = fullness == THR_FILLS_SLOWLY};
  return fullness != THR_NEVER_FULL;
}

thr_outcome thr_outlet_enter(thr_outlet *o) {
  while (!try_enter(o)) {
    thr_waiter w = thr_waiter_on(o->ts, o->stream, "file");
    w.validate = still_busy;
    thr_outcome r = woken(o, thr_park(&w, THR_FOREVER));
    if (r != THR_OUT_DONE) return r;
  }
  if (!is_closed(o)) return THR_OUT_DONE;
  thr_outlet_leave(o);
  return THR_OUT_CLOSED;
}

void thr_outlet_leave(thr_outlet *o) {
  if (o->nested) return;
  thr_mutex_lock(&m);
  thr_outlet **link = &list;
  while (*link != o) link = &(*link)->next;
  *link = o->next;
  under_way--;
  thr_mutex_unlock(&m);
  thr_unpark_one(o->stream, NULL);
}

/* --- what does not wait --- */

size_t thr_outlet_room(FILE *stream) {
  return under_way == 0 ? thr_os_outroom(stream) : 0;
}

/* --- writing --- */

static bool is_ready(const thr_outlet *o, thr_watch *watch) {
  *watch = (thr_watch){.fd = thr_os_fileno(o->stream), .wanted = THR_OUT};
  return thr_os_look(watch) || !thr_os_iswritable(o->stream);
}

static thr_outcome await(const thr_outlet *o) {
  thr_watch watch;
  while (!is_ready(o, &watch)) {
    thr_tstate_makebell(o->ts);
    thr_waiter w = thr_waiter_onfd(o->ts, &watch, "descriptor");
    thr_parkresult r = thr_park(&w, THR_FOREVER);
    if (woken(o, r) == THR_OUT_RAISED) return THR_OUT_RAISED;
    if (r == THR_PARK_WOKEN || is_closed(o)) return THR_OUT_CLOSED;
  }
  return THR_OUT_DONE;
}

bool thr_outlet_takes(const thr_outlet *o, size_t n) {
  thr_watch watch;
  return !o->slow && under_way == 0 &&
         thr_os_pending(o->stream) + n <= thr_os_pipetakes() &&
         is_ready(o, &watch);
}

static bool put(FILE *stream, const char *s, size_t n) {
  return s ? fwrite(s, 1, n, stream) == n : fflush(stream) == 0;
}

/* Writes n bytes, or without s flushes the stream, of which n are to go to the
** descriptor. */
static thr_outcome put_ready(const thr_outlet *o, const char *s, size_t n) {
  bool outside = o->slow || n > thr_os_pipetakes();
  if (outside) thr_gil_release(o->ts);
  bool ok = put(o->stream, s, n);
  int err = errno;
  if (outside) thr_gil_take(o->ts, THR_AT_ONCE);
  errno = err;
  return ok ? THR_OUT_DONE : THR_OUT_FAILED;
}

thr_outcome thr_outlet_flush(thr_outlet *o) {
  if (thr_os_pending(o->stream) == 0) return THR_OUT_DONE;
  thr_outcome r = await(o);
  if (r != THR_OUT_DONE) return r;
  return put_ready(o, NULL, thr_os_pending(o->stream));
}

/* Some of the n bytes, for which there is no room in the buffer: *written. */
static thr_outcome write_some(thr_outlet *o, const char *s, size_t n,
                              size_t *written) {
  size_t pending = thr_os_pending(o->stream);
  size_t all = thr_os_pipetakes(), most = pending < all ? all - pending : 0;
  *written = 0;
  if (pending > 0 && (n > most || thr_os_isfullybuffered(o->stream)))
    return thr_outlet_flush(o);
  thr_outcome r = await(o);
  if (r != THR_OUT_DONE) return r;
  *written = n < most ? n : most;
  return put_ready(o, s, *written);
}

thr_outcome thr_outlet_write(thr_outlet *o, const char *s, size_t n) {
  thr_outcome r = THR_OUT_DONE;
  while (n > 0 && r == THR_OUT_DONE) {
    size_t room = thr_os_outroom(o->stream), k = n < room ? n : room;
    if (k > 0 && !put(o->stream, s, k)) return THR_OUT_FAILED;
    if (k == 0) r = write_some(o, s, n, &k);
    s += k;
    n -= k;
  }
  return r;
}

thr_outcome thr_outlet_flushfile(lua_State *L, FILE *stream,
                                 const luaL_Stream *file) {
  thr_outlet o;
  if (under_way == 0 && thr_os_pending(stream) == 0) return THR_OUT_DONE;
  if (!thr_outlet_make(&o, L, stream, file)) return THR_OUT_DONE;
  thr_outcome r = thr_outlet_enter(&o);
  if (r != THR_OUT_DONE) return r;
  r = thr_outlet_flush(&o);
  int err = errno;
  thr_outlet_leave(&o);
  errno = err;
  return r;
}
