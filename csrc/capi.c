/* capi: the table of functions behind threading.h. */
#include "capi.h"

#include <errno.h>
#include <stdio.h>

#include "bind/args.h"
#include "bind/box.h"
#include "bind/describe.h"
#include "bind/pending.h"
#include "data/array.h"
#include "data/value.h"
#include "gil/ctrlc.h"
#include "gil/gil.h"
#include "gil/whose.h"
#include "park/deadlock.h"
#include "state/attach.h"
#include "sync/event.h"
#include "sync/rlock.h"
#include "sync/semaphore.h"
#include "threading.h"

static thr_tstate *record(threading_thread *t) { return (thr_tstate *)t; }

/* --- in and out of the global lock --- */

/* Reads nothing of L's that ever changes. */
static threading_thread *self(lua_State *L) {
  thr_tstate *ts = thr_tls;
  if (!ts || ts->running != L)
    ts = thr_tstate_current(lua_topointer(L, LUA_REGISTRYINDEX));
  if (ts) thr_whose_at(ts, L);
  return (threading_thread *)ts;
}

/* Where it must not be let go of, it is kept: C has what it has allocated, and
** perhaps no protected call, so that only threading_check raises. */
static bool is_kept(thr_tstate *ts) {
  return ts->holds_gil && !thr_whose_isown(ts);
}

/* Under THREADING_DEBUG: where the lock was let go of.  Had C returned since,
** what Lua calls next would find out, for it must look. */
static void note_place(thr_tstate *ts) {
  static THR_TLS char place[80];
  lua_Debug ar;
  place[0] = '\0';
  if (thr_describe_place(ts->at, &ar))
    snprintf(place, sizeof(place), "%s:%d", ar.short_src, ar.currentline);
  ts->left_at = place;
  ts->quick = NULL;
}

static int release(threading_thread *t) {
  int saved = errno;
  thr_tstate *ts = record(t);
  if (is_kept(ts)) return 0;
  if (thr_lock_debug && ts->holds_gil) note_place(ts);
  bool had = thr_attach_goout(ts);
  errno = saved;
  return had;
}

static int take(threading_thread *t) {
  int saved = errno;
  thr_tstate *ts = record(t);
  bool has = thr_attach_comein(ts);
  if (has && ts->left_at) {
    ts->left_at = NULL;
    ts->quick = ts->running;
  }
  errno = saved;
  return has;
}

/* A handler of Ctrl-C sets a hook on the main state, from the main thread:
** reading it there is safe. */
static int stopping(threading_thread *t) {
  thr_tstate *ts = record(t);
  unsigned deaf = ts->deaf | THR_PENDING_DUMP; /* that can wait */
  if (atomic_load_explicit(&ts->pending, memory_order_relaxed) & ~deaf)
    return 1;
  return is_kept(ts) || thr_ctrlc_signalled(ts);
}

static void check(lua_State *L) {
  threading_thread *t = self(L);
  if (t && stopping(t))
    thr_pending_disturbed(L, record(t), THR_PARK_INTERRUPTED);
}

/* --- objects --- */

/* C may let go of the global lock, or call Lua, with the object at arg. */
static void *kept(lua_State *L, int arg, void *obj) {
  if (obj) thr_box_keep(L, arg);
  return obj;
}

static threading_lock *tolock(lua_State *L, int arg) {
  return kept(L, arg, thr_lock_test(L, arg));
}

static threading_rlock *torlock(lua_State *L, int arg) {
  return kept(L, arg, thr_rlock_test(L, arg));
}

static threading_semaphore *tosemaphore(lua_State *L, int arg) {
  return kept(L, arg, thr_semaphore_test(L, arg));
}

static threading_event *toevent(lua_State *L, int arg) {
  return kept(L, arg, thr_event_test(L, arg));
}

#define X(tag, name, T, k)                                   \
  _Static_assert((int)THREADING_##tag == (int)THR_##tag, ""); \
  _Static_assert(sizeof(_Atomic T) == sizeof(T), "");
THR_ELEMS(X)
#undef X

static int tovalue(lua_State *L, int arg, threading_value *to) {
  thr_value *v = kept(L, arg, thr_value_test(L, arg));
  if (!v) return 0;
  to->p = &v->u;
  to->type = (int)v->type;
  return 1;
}

static int toarray(lua_State *L, int arg, threading_array *to) {
  const thr_array *a = kept(L, arg, thr_array_test(L, arg));
  if (!a) return 0;
  to->data = a->data;
  to->length = a->n;
  to->type = (int)a->type;
  return 1;
}

static void *number(lua_State *L, int arg, int type) {
  threading_value v;
  return tovalue(L, arg, &v) && v.type == type ? v.p : NULL;
}

static int64_t *toint64(lua_State *L, int arg) {
  return number(L, arg, THREADING_INT64);
}

static double *tofloat64(lua_State *L, int arg) {
  return number(L, arg, THREADING_FLOAT64);
}

struct threading_object {
  void *obj;
  void (*unref)(void *obj);
  atomic_int *retained; /* NULL: nobody can wait for it */
};

static void unref_lock(void *o) { thr_lock_unref(o); }
static void unref_semaphore(void *o) { thr_semaphore_unref(o); }
static void unref_event(void *o) { thr_event_unref(o); }
static void unref_value(void *o) { thr_value_unref(o); }
static void unref_array(void *o) { thr_array_unref(o); }

/* The count of references to the object at arg, and in *o the object. */
static atomic_int *references(lua_State *L, int arg, threading_object *o) {
  thr_lock *l = thr_lock_test(L, arg);
  if (!l) l = thr_rlock_test(L, arg);
  thr_semaphore *s = thr_semaphore_test(L, arg);
  thr_event *e = thr_event_test(L, arg);
  thr_value *v = thr_value_test(L, arg);
  thr_array *a = thr_array_test(L, arg);
  if (l) return *o = (threading_object){l, unref_lock, &l->retained}, &l->refs;
  if (s)
    return *o = (threading_object){s, unref_semaphore, &s->retained}, &s->refs;
  if (e) return *o = (threading_object){e, unref_event, &e->retained}, &e->refs;
  if (v) return *o = (threading_object){v, unref_value, NULL}, &v->refs;
  if (a) return *o = (threading_object){a, unref_array, NULL}, &a->refs;
  return NULL;
}

/* While C has it, C may wake those that wait for it. */
static void count(const threading_object *o, int more) {
  if (!o->retained) return;
  atomic_fetch_add(o->retained, more);
  thr_deadlock_recount(o->obj, o->retained);
}

static threading_object *retain(lua_State *L, int arg) {
  threading_object found, *o;
  atomic_int *refs = references(L, arg, &found);
  if (!refs || !(o = thr_os_alloc(sizeof(*o)))) return NULL;
  atomic_fetch_add(refs, 1);
  *o = found;
  count(o, 1);
  return o;
}

static void drop(threading_object *o) {
  if (!o) return;
  count(o, -1);
  o->unref(o->obj);
  thr_os_free(o);
}

/* --- waiting --- */

/* Of C code nobody knows a place. */
static int got(thr_lock *l) {
  if (thr_lock_debug) l->acquired_at[0] = '\0';
  return 1;
}

static int64_t deadline_of(double seconds) {
  if (seconds < 0 || seconds > THR_TIMEOUT_MAX) return THR_FOREVER;
  return thr_args_fromnow((int64_t)(seconds * 1e9));
}

typedef thr_parkresult waiting(void *obj, thr_tstate *ts, int64_t deadline);

static thr_parkresult wait_lock(void *l, thr_tstate *ts, int64_t deadline) {
  return thr_lock_wait(l, ts, deadline, 0);
}

static thr_parkresult wait_semaphore(void *s, thr_tstate *ts,
                                     int64_t deadline) {
  return thr_semaphore_wait(s, ts, deadline);
}

static thr_parkresult wait_event(void *e, thr_tstate *ts, int64_t deadline) {
  return thr_event_wait(e, ts, deadline);
}

/* Without the global lock: C has no place to raise a deadlock from, so that
** another thread must be told of it, and a dump can wait.  Not outside, from
** where an attached thread may not be let in again. */
static int wait(threading_thread *t, waiting *fn, void *obj, double seconds) {
  thr_tstate *ts = record(t);
  int64_t deadline = deadline_of(seconds);
  bool had = ts->holds_gil;
  thr_parkresult r;
  if (is_kept(ts)) return THREADING_STOPPED;
  if (had) thr_gil_release(ts);
  do r = fn(obj, ts, deadline);
  while (r != THR_PARK_WOKEN && r != THR_PARK_TIMEOUT && !stopping(t));
  if (had) thr_gil_take(ts, THR_AT_ONCE);
  if (r == THR_PARK_WOKEN) return THREADING_DONE;
  return r == THR_PARK_TIMEOUT ? THREADING_TIMEOUT : THREADING_STOPPED;
}

static int lock_wait(threading_thread *t, threading_lock *lock,
                     double seconds) {
  thr_lock *l = (thr_lock *)lock;
  int r = THREADING_DONE;
  if (!thr_lock_try(l, record(t)))
    r = seconds == 0 ? THREADING_TIMEOUT : wait(t, wait_lock, l, seconds);
  if (r == THREADING_DONE) got(l);
  return r;
}

static int lock_acquire(threading_thread *t, threading_lock *lock) {
  thr_lock *l = (thr_lock *)lock;
  if (thr_lock_try(l, record(t))) return got(l);
  return wait(t, wait_lock, l, -1) == THREADING_DONE && got(l);
}

static int lock_release(threading_thread *t, threading_lock *lock) {
  (void)t;
  return thr_lock_release((thr_lock *)lock);
}

static int rlock_wait(threading_thread *t, threading_rlock *lock,
                      double seconds) {
  thr_lock *l = (thr_lock *)lock;
  int r = THREADING_DONE;
  if (!thr_lock_tryagain(l, record(t)))
    r = seconds == 0 ? THREADING_TIMEOUT : wait(t, wait_lock, l, seconds);
  if (r == THREADING_DONE) got(l);
  return r;
}

static int rlock_release(threading_thread *t, threading_rlock *lock) {
  return thr_rlock_release((thr_lock *)lock, record(t));
}

static int semaphore_wait(threading_thread *t, threading_semaphore *sema,
                          double seconds) {
  thr_semaphore *s = (thr_semaphore *)sema;
  if (thr_semaphore_try(s)) return THREADING_DONE;
  if (seconds == 0) return THREADING_TIMEOUT;
  return wait(t, wait_semaphore, s, seconds);
}

static int semaphore_release(threading_semaphore *s) {
  return thr_semaphore_release((thr_semaphore *)s, 1);
}

static int event_isset(threading_event *e) {
  return atomic_load(&((thr_event *)e)->set);
}

static int event_wait(threading_thread *t, threading_event *e,
                      double seconds) {
  if (event_isset(e)) return THREADING_DONE;
  if (seconds == 0) return THREADING_TIMEOUT;
  return wait(t, wait_event, e, seconds);
}

static void event_set(threading_event *e) { thr_event_set((thr_event *)e); }
static void event_clear(threading_event *e) {
  thr_event_clear((thr_event *)e);
}

/* --- threads from outside --- */

typedef struct {
  threading_state face;
  thr_runtime *rt;
} state;

static const threading_api api;

static threading_state *open_state(lua_State *L) {
  threading_thread *t = self(L);
  state *s = t ? thr_os_alloc(sizeof(*s)) : NULL;
  if (!s) return NULL;
  s->face.api = &api;
  s->rt = record(t)->rt;
  atomic_fetch_add(&s->rt->refs, 1);
  atomic_fetch_add(&s->rt->doors, 1); /* from where a thread may come */
  atomic_fetch_add(&s->rt->awake, 1);
  return &s->face;
}

static void close_state(threading_state *s) {
  thr_runtime *rt = ((state *)s)->rt;
  atomic_fetch_sub(&rt->doors, 1);
  thr_deadlock_ended(rt);
  thr_runtime_unref(rt);
  thr_os_free(s);
}

/* A thread that has detached goes on in its module's code, which the state may
** unload when it is closed. */
static void keep_loaded(const void *code) {
  static _Atomic(const void *) kept;
  if (atomic_exchange(&kept, code) != code) thr_os_keeploaded(code);
}

static threading_thread *attach(threading_state *s, const char *name) {
  int saved = errno;
  keep_loaded(thr_os_caller());
  thr_tstate *ts = thr_attach(((state *)s)->rt, name);
  errno = saved;
  return (threading_thread *)ts;
}

static int detach(threading_thread *t) {
  int saved = errno;
  bool done = thr_detach(record(t));
  errno = saved;
  return done;
}

static lua_State *lua(threading_thread *t) { return record(t)->running; }

static const threading_api api = {
    .version = THREADING_VERSION,
    .size = sizeof(threading_api),
    .self = self,
    .release = release,
    .take = take,
    .stopping = stopping,
    .tolock = tolock,
    .toint64 = toint64,
    .tofloat64 = tofloat64,
    .lock_acquire = lock_acquire,
    .lock_release = lock_release,
    .check = check,
    .torlock = torlock,
    .tosemaphore = tosemaphore,
    .toevent = toevent,
    .tovalue = tovalue,
    .toarray = toarray,
    .retain = retain,
    .drop = drop,
    .lock_wait = lock_wait,
    .rlock_wait = rlock_wait,
    .semaphore_wait = semaphore_wait,
    .event_wait = event_wait,
    .rlock_release = rlock_release,
    .semaphore_release = semaphore_release,
    .event_set = event_set,
    .event_clear = event_clear,
    .event_isset = event_isset,
    .open = open_state,
    .close = close_state,
    .attach = attach,
    .detach = detach,
    .lua = lua,
};

void thr_capi_checkfirst(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, THREADING_API_FIELD);
  const void *first = lua_touserdata(L, -1);
  lua_pop(L, 1);
  if (first && first != &api)
    luaL_error(L, "threading is loaded already, from %s: a Lua state can have "
               "one copy of it, see that package.path and package.cpath find "
               "the same one everywhere", thr_os_libraryof(first));
}

void thr_capi_open(lua_State *L) {
  lua_pushlightuserdata(L, (void *)&api);
  lua_setfield(L, LUA_REGISTRYINDEX, THREADING_API_FIELD);
}
