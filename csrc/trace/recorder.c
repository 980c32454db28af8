/* recorder: see recorder.h. */
#include "trace/recorder.h"

#include <ctype.h>
#include <errno.h>
#include <lua.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bind/blame.h"
#include "bind/describe.h"
#include "os/folders.h"
#include "park/lot.h"
#include "sync/lock.h"
#include "trace/writer.h"

/* --- places and names --- */

static char ours[THR_MAX_PATH]; /* const while recorded: what the sources of
                                   our own Lua files begin with, or "" */

static thr_text place_of(lua_State *L) {
  char text[LUA_IDSIZE + 16];
  lua_Debug ar;
  if (!thr_describe_program(L, ours, &ar)) return 0;
  snprintf(text, sizeof(text), "%s:%d", ar.short_src, ar.currentline);
  return thr_texts_of(text);
}

/* How the program calls what the thread is in: a function of C, or one of ours
** around that. */
static thr_text function_of(lua_State *L) {
  lua_Debug ar;
  const char *name = NULL;
  for (int level = 0; L && lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "nS", &ar);
    if (level > 0 && *ar.what != 'C' && !thr_blame_isours(&ar, ours))
      return name ? thr_texts_of(name) : 0;
    name = ar.name;
  }
  return 0;
}

/* --- events --- */

static thr_ring *ring_of(const thr_tstate *ts) {
  return (thr_ring *)atomic_load_explicit(&ts->traced, memory_order_acquire);
}

static void put(thr_ring *r, const thr_event *e) {
  if (atomic_load_explicit(&thr_writer_on, memory_order_relaxed) &&
      thr_ring_put(r, e))
    thr_writer_hurry();
}

static bool is_runnable(int kind) {
  return kind == THR_EVENT_LUA || kind == THR_EVENT_READY;
}

static void count_runnable(thr_ring *r, int kind) {
  int was = is_runnable(r->state.kind), is = is_runnable(kind);
  if (is != was) atomic_fetch_add(&r->ts->rt->trace.runnable, is - was);
}

static void put_state(thr_ring *r, const thr_event *e) {
  count_runnable(r, e->kind);
  r->state = *e;
  put(r, e);
}

/* --- the doors --- */

/* How many bytes Lua has, and how many threads can run; not too often. */
static void put_counts(thr_ring *r, int64_t now) {
  thr_rt_trace *t = &r->ts->rt->trace;
  lua_State *L = r->ts->lua.running;
  if (!L || now - t->counted < THR_TRACE_COUNTS) return;
  int kilobytes = lua_gc(L, LUA_GCCOUNT);
  if (kilobytes < 0) return; /* in a finaliser */
  int64_t bytes = (int64_t)kilobytes * 1024 + lua_gc(L, LUA_GCCOUNTB);
  thr_event e = {.kind = THR_EVENT_COUNTS, .at = now, .since = bytes,
                 .other = (uint64_t)atomic_load(&t->runnable)};
  t->counted = now;
  put(r, &e);
}

static void runs(thr_tstate *ts) {
  thr_ring *r = ring_of(ts);
  thr_event e = {.kind = THR_EVENT_LUA, .at = thr_os_monotonic()};
  if (r->state.kind == THR_EVENT_READY) {
    e.other = ts->rt->trace.last;
    e.other_pid = ts->rt->number;
  }
  ts->rt->trace.last = ts->ident;
  put_state(r, &e);
  put_counts(r, e.at);
}

/* A thread that attaches, or has entered an interpreter, may leave Lua. */
static bool in_call(const thr_tstate *ts) {
  lua_Debug ar;
  return ts->lua.running && lua_getstack(ts->lua.running, 0, &ar);
}

static void put_outside(thr_tstate *ts, thr_eventkind kind) {
  thr_ring *r = ring_of(ts);
  thr_event e = {.kind = (uint8_t)kind, .at = thr_os_monotonic()};
  e.name = function_of(ts->lua.running);
  e.place = place_of(ts->lua.running);
  r->outside = e;
  put_state(r, &e);
}

/* Where nothing else was said before it, it goes on in C. */
static void leaves(thr_tstate *ts) {
  if (ring_of(ts)->state.kind == THR_EVENT_LUA)
    put_outside(ts, in_call(ts) ? THR_EVENT_C : THR_EVENT_NONE);
}

static void compiled(thr_tstate *ts) { put_outside(ts, THR_EVENT_KERNEL); }

static void preempted(thr_tstate *ts) {
  thr_event e = {.kind = THR_EVENT_READY, .at = thr_os_monotonic(),
                 .place = place_of(ts->lua.running)};
  put_state(ring_of(ts), &e);
}

static void ready(thr_tstate *ts) {
  thr_ring *r = ring_of(ts);
  thr_event e = {.kind = THR_EVENT_READY, .at = thr_os_monotonic()};
  if (r->state.kind != THR_EVENT_READY) put_state(r, &e);
}

/* A function of C has kept the lock; Lua code lets go of it. */
static void kept(thr_tstate *ts, lua_State *L, lua_Debug *ar, int64_t since) {
  thr_event e = {.kind = THR_EVENT_KEPT, .since = since,
                 .at = thr_os_monotonic()};
  if (e.at - since < THR_TRACE_KEPT) return;
  lua_getinfo(L, "nS", ar);
  if (*ar->what != 'C') return;
  e.name = thr_texts_of(ar->name ? ar->name : "?");
  e.place = place_of(L);
  put(ring_of(ts), &e);
}

/* --- waits --- */

typedef struct {
  const thr_tstate *self;
  bool still; /* self holds the global lock of its Lua state */
  uint64_t ident;
  char name[THR_NAMESIZE];
  thr_text place;
} holder;

/* Under the runtime's mutex. */
static bool find_holder(void *arg, thr_runtime *rt) {
  holder *h = arg;
  const thr_tstate *ts = thr_tstate_byident(rt, h->ident);
  if (!ts) return false;
  memcpy(h->name, ts->life.name, sizeof(h->name));
  if (h->still && rt == h->self->rt) h->place = place_of(ts->lua.running);
  return true;
}

static bool joins(const thr_waiter *w) {
  return strcmp(w->what, "thread") == 0;
}

static void add_owner(thr_event *e, const thr_waiter *w) {
  holder h = {.self = w->ts, .still = w->wants_gil};
  char text[THR_NAMESIZE + 8];
  h.ident = w->owner ? w->owner(w->addr) : 0;
  if (h.ident == 0 ||
      !thr_runtime_any(w->ts->rt->member.group, find_holder, &h))
    return;
  if (joins(w)) {
    snprintf(text, sizeof(text), "thread %s", h.name);
    e->name = thr_texts_of(text);
  } else {
    e->held_by = thr_texts_of(h.name);
    e->held_at = h.place;
  }
}

static void add_object(thr_event *e, const thr_waiter *w) {
  char text[THR_LABEL_ROOM];
  if (w->watch)
    snprintf(text, sizeof(text), "descriptor %d", w->watch->fd);
  else if (isupper((unsigned char)w->what[0]))
    thr_label_tellplace(text, w->what, w->object, w->label);
  else
    snprintf(text, sizeof(text), "%s", w->what);
  e->name = thr_texts_of(text);
  e->type = thr_texts_of(w->what);
}

static void waits(thr_waiter *w) {
  thr_event e = {.kind = w->watch ? THR_EVENT_FD : THR_EVENT_WAIT,
                 .at = thr_os_monotonic()};
  add_object(&e, w);
  add_owner(&e, w);
  if (w->wants_gil) e.place = place_of(w->ts->lua.running);
  put_state(ring_of(w->ts), &e);
}

/* It is to take the global lock; or goes on in C. */
static void woken(thr_waiter *w) {
  thr_ring *r = ring_of(w->ts);
  thr_event e = w->wants_gil ? (thr_event){.kind = THR_EVENT_READY}
                             : r->outside;
  thr_ts_woken *how = &w->ts->woken;
  e.at = how->at ? how->at : thr_os_monotonic();
  e.other = how->by;
  e.other_pid = how->in;
  *how = (thr_ts_woken){0};
  put_state(r, &e);
}

/* --- threads come and go --- */

static void add(thr_tstate *ts);

static void leave(thr_tstate *ts) {
  thr_ring *r = ring_of(ts);
  thr_event e = {.kind = THR_EVENT_ENDED, .at = thr_os_monotonic()};
  put_state(r, &e);
  atomic_store(&ts->traced, NULL);
  atomic_store(&r->ended, true);
  thr_ring_unref(r);
}

/* The first line of the text, for it may have a traceback. */
static void notes(thr_tstate *ts, const char *name, const char *text) {
  char line[THR_TRACE_LINE];
  snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
  thr_event e = {.kind = THR_EVENT_MARK, .at = thr_os_monotonic(),
                 .name = thr_texts_of(name), .type = thr_texts_of(line),
                 .place = place_of(ts->lua.running)};
  put(ring_of(ts), &e);
}

static const thr_trace_calls calls = {
    .add = add, .leave = leave, .runs = runs, .leaves = leaves,
    .compiled = compiled, .preempted = preempted, .ready = ready,
    .kept = kept, .waits = waits, .woken = woken, .notes = notes};

/* From now on the writer takes what the thread of r does, which is this. */
static void begin_writing(thr_ring *r, const thr_event *initial) {
  r->initial = *initial;
  thr_ring_ref(r);
  thr_writer_add(r);
}

static thr_event state_now(thr_eventkind kind) {
  return (thr_event){.kind = (uint8_t)kind, .at = thr_os_monotonic()};
}

/* Under the runtime's mutex. */
static void new_ring(thr_tstate *ts, thr_eventkind kind) {
  thr_ring *r = thr_ring_new(ts, &calls);
  if (!r) return; /* it is left out */
  count_runnable(r, kind);
  r->state = state_now(kind);
  begin_writing(r, &r->state);
  atomic_store_explicit(&ts->traced, &r->traced, memory_order_release);
}

/* An interpreter's main record is no thread's. */
static bool is_thread(const thr_tstate *ts) {
  return !(ts->nest.uncounted && ts->is_main);
}

static void add(thr_tstate *ts) {
  if (!ts->traced && is_thread(ts)) new_ring(ts, THR_EVENT_STARTED);
}

/* --- the beginning --- */

/* Of a thread that was there before, as far as others know. */
static thr_eventkind what_does(const thr_tstate *ts) {
  if (ts->wait.active) return THR_EVENT_WAIT;
  if (ts->gil.held) return THR_EVENT_LUA;
  return ts->gil.nogil ? THR_EVENT_C : THR_EVENT_READY;
}

static void add_living(thr_tstate *ts) {
  thr_ring *r = ring_of(ts);
  thr_eventkind kind = what_does(ts);
  if (ts->nest.uncounted) kind = THR_EVENT_NONE;
  if (!r) {
    new_ring(ts, kind);
  } else {
    thr_event e = state_now(kind);
    r->before = r->dropped;
    begin_writing(r, &e);
  }
}

static bool add_all(void *arg, thr_runtime *rt) {
  (void)arg;
  for (thr_tstate *ts = rt->threads; ts; ts = ts->next)
    if (is_thread(ts)) add_living(ts);
  return false;
}

static thr_mutex m = THR_MUTEX_INIT;
static thr_group *group; /* m: with a reference, while it is recorded */

/* --- fork, and the end of the process --- */

static void before_fork(void) { thr_mutex_lock(&m); }
static void in_parent(void) { thr_mutex_unlock(&m); }

/* What is noted for the recording alone. */
static void begin_watch(void) {
  atomic_fetch_add(&thr_label_askers, 1);
  thr_meter_start();
  thr_lock_watch(1, false);
}

static void end_watch(void) {
  atomic_fetch_sub(&thr_label_askers, 1);
  thr_lock_watch(-1, false);
}

/* What the child does is not recorded. */
static void in_child(void) {
  if (group) {
    group->tracer = NULL;
    end_watch();
    thr_meter_afterfork();
  }
  group = NULL;
  thr_writer_afterfork();
  thr_texts_afterfork();
  thr_mutex_unlock(&m);
}

static void at_exit(void) {
  int64_t lost;
  thr_recorder_stop(&lost);
}

/* Under m. */
static bool prepare(void) {
  static bool forks, exits;
  if (!exits) exits = atexit(at_exit) == 0;
  return exits && thr_texts_open() &&
         thr_os_atfork(&forks, before_fork, in_parent, in_child) == 0;
}

/* --- start and stop --- */

/* A thread that comes to the list sees the tracer, or is seen there. */
static int start(thr_tstate *ts, const char *file) {
  if (!prepare()) return ENOMEM;
  int err = thr_writer_begin(file);
  if (err != 0) return err;
  group = ts->rt->member.group;
  thr_group_ref(group);
  atomic_store(&group->tracer, &calls);
  begin_watch();
  thr_runtime_any(group, add_all, NULL);
  return 0;
}

int thr_recorder_start(thr_tstate *ts, const char *file, const char *folder) {
  thr_mutex_lock(&m);
  if (!group) snprintf(ours, sizeof(ours), "%s", folder);
  int err = group ? -1 : start(ts, file);
  thr_mutex_unlock(&m);
  return err;
}

static bool pass(void *arg, thr_runtime *rt) {
  (void)arg, (void)rt;
  return false;
}

/* Who has seen the tracer has the runtime's mutex until it has added its
** ring. */
static void end_adding(void) {
  atomic_store(&group->tracer, NULL);
  thr_runtime_any(group, pass, NULL);
}

int thr_recorder_stop(int64_t *lost) {
  thr_mutex_lock(&m);
  int err = -1;
  if (group) {
    end_adding();
    end_watch();
    err = thr_writer_finish(lost);
    thr_meter_stop();
    thr_group_unref(group);
    group = NULL;
  }
  thr_mutex_unlock(&m);
  return err;
}

/* --- the program's own --- */

int64_t thr_recorder_cut(thr_tstate *ts) {
  thr_event e = {.kind = THR_EVENT_LUA, .at = thr_os_monotonic(),
                 .place = place_of(ts->lua.running)};
  put_state(ring_of(ts), &e);
  return e.at;
}

void thr_recorder_span(thr_tstate *ts, const char *name, int64_t since) {
  thr_ring *r = ring_of(ts);
  thr_event e = {.kind = THR_EVENT_SPAN, .since = since,
                 .at = thr_recorder_cut(ts), .name = thr_texts_of(name)};
  e.place = r->state.place; /* where that was cut */
  put(r, &e);
}
