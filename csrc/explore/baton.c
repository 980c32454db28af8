/* baton: see baton.h. */
#include "explore/baton.h"

#include <string.h>

#include "gil/ctrlc.h"
#include "gil/preempt.h"
#include "os/tuning.h"

#define IDLE (THR_SECOND / 2000) /* between two looks at what is outside */

static thr_explored *by_number(const thr_explorer *e, int number) {
  thr_explored *c = e->first;
  while (c->number != number) c = c->next;
  return c;
}

/* --- who can run --- */

static bool has_deadline(const thr_explored *c) {
  return c->wait && c->deadline != THR_FOREVER;
}

static bool has_ended_wait(const thr_explorer *e, const thr_explored *c) {
  return c->ts->wait.over || c->watched || c->signalled ||
         c->deadline <= e->clock || (e->how.early && has_deadline(c));
}

static bool is_at_end(const thr_explorer *e) {
  return e->stopping ? e->alive == 1 : e->nondaemons == 0 || e->nothing_left;
}

static bool can_run(const thr_explorer *e, const thr_explored *c) {
  if (!c->alive) return false;
  if (c->ends) return is_at_end(e);
  return !c->wait || has_ended_wait(e, c);
}

/* At the end there is no choice. */
static int gather(const thr_explorer *e, const thr_explored *but) {
  int n = 0;
  if (e->first->ends && is_at_end(e)) e->ready[n++] = e->first->number;
  if (n > 0) return n;
  for (const thr_explored *c = e->first; c; c = c->next)
    if (c != but && can_run(e, c)) e->ready[n++] = c->number;
  return n;
}

static bool look_at_descriptors(const thr_explorer *e) {
  bool any = false;
  for (thr_explored *c = e->first; c; c = c->next) {
    if (!c->alive || !c->wait || !c->wait->watch) continue;
    if (!c->watched) c->watched = thr_os_look(c->wait->watch);
    any = true;
  }
  return any;
}

/* May something that is no explored thread wake one of them?  The system, by a
** descriptor; C, which has retained an object; a thread of another Lua state,
** or one that is attached: those that are awake, but for the explored ones. */
static bool is_outside_involved(const thr_explorer *e) {
  bool outside = look_at_descriptors(e);
  int awake = e->first->ts->rt->member.group->awake;
  for (const thr_explored *c = e->first; c; c = c->next) {
    if (!c->alive || (c->wait && c->wait->counts_asleep)) continue;
    awake--;
    if (c->wait && c->wait->unbounded) outside = true;
  }
  return outside || awake > 0;
}

static int64_t next_deadline(const thr_explorer *e) {
  int64_t next = THR_FOREVER;
  for (const thr_explored *c = e->first; c; c = c->next)
    if (c->alive && has_deadline(c) && c->deadline < next) next = c->deadline;
  return next;
}

/* What is outside gets some time to wake one: less, where a deadline will. */
static bool wait_for_outside(thr_explored *self, int64_t next) {
  thr_explorer *e = self->explorer;
  int64_t time = next == THR_FOREVER ? THR_MAX_OUTSIDE : THR_OUTSIDE;
  int64_t end = thr_os_monotonic() + time, now;
  while (is_outside_involved(e) && gather(e, NULL) == 0 &&
         (now = thr_os_monotonic()) < end) {
    thr_sem_wait(&self->turn, now + IDLE);
    self->signalled = thr_ctrlc_signalled(self->ts);
  }
  return gather(e, NULL) > 0;
}

/* Nobody can run: changes that, or ends the schedule.  When that ends, and
** threads do not, there is nothing but to wait. */
static void unblock(thr_explored *self) {
  thr_explorer *e = self->explorer;
  int64_t next = next_deadline(e);
  if (wait_for_outside(self, next)) return;
  if (next != THR_FOREVER) e->clock = next + THR_VIRTUAL_SLACK;
  else if (e->stopping)
    thr_sem_wait(&self->turn, thr_os_monotonic() + IDLE);
  else if (e->first->ends) e->nothing_left = true;
  else thr_baton_stop(e, THR_STOP_DEADLOCK);
}

/* --- points --- */

static void await_turn(thr_explored *self) {
  while (thr_sem_wait(&self->turn, THR_FOREVER) != THR_SEM_TAKEN) {}
}

/* The caller can go on when it has the baton again; or it has ended. */
static void pass(thr_explored *self, thr_explored *next) {
  bool held = self->ts->gil.held;
  if (next == self) return;
  self->run = next->run = 0;
  if (held) thr_gil_pass(self->ts);
  bool alive = self->alive; /* once passed, what it has is another's */
  thr_sem_post(&next->turn);
  if (alive) await_turn(self);
  if (held) thr_gil_receive(self->ts);
}

/* A thread that has been stopped has to run in order to end; those that do not
** hear of it are not waited for alone. */
static int choose_while_stopping(thr_explored *self, int n) {
  const thr_explorer *e = self->explorer;
  for (int i = 0; i < n; i++)
    if (e->ready[i] > self->number) return e->ready[i];
  return e->ready[0];
}

static bool is_spinning(thr_explored *self) {
  return ++self->run > THR_MAX_RUN_OF_POINTS;
}

static thr_explored *choose(thr_explored *self, bool waits) {
  thr_explorer *e = self->explorer;
  bool demoted = is_spinning(self) && !waits && gather(e, self) > 0;
  int n = gather(e, demoted ? self : NULL);
  for (; n == 0; n = gather(e, NULL)) unblock(self);
  if (e->stopping) {
    if (!waits && !demoted && can_run(e, self)) return self;
    return by_number(e, choose_while_stopping(self, n));
  }
  thr_point p = {e->trail.points, self->number, false, demoted, false,
                 e->ready,        n};
  p.goes_on = !waits && !demoted && self->alive;
  p.fresh = !self->within;
  e->busy = true;
  int next = thr_chooser_next(&e->chooser, &p);
  e->busy = false;
  thr_trail_leave(&e->trail, &p, next);
  return by_number(e, next);
}

static void check(thr_explorer *e) {
  if (e->stopping) return;
  if (e->trail.full) thr_baton_stop(e, THR_STOP_MEMORY);
  else if (e->how.max_points > 0 && e->trail.points > e->how.max_points)
    thr_baton_stop(e, THR_STOP_POINTS);
}

static void ask_invariant(thr_explorer *e) {
  if (e->stopping || !e->how.holds) return;
  e->busy = true;
  thr_stop stop = e->how.holds(e->how.arg, e->failure, sizeof(e->failure));
  e->busy = false;
  if (stop != THR_STOP_NONE) thr_baton_stop(e, stop);
}

/* Tells of the point, and asks, without points. */
static void report(thr_explored *self, thr_place place, bool switches,
                   bool waits) {
  thr_explorer *e = self->explorer;
  e->busy = true;
  if (e->how.at_point)
    e->how.at_point(e->how.arg, self, place, switches && !waits);
  e->busy = false;
  if (switches && self->alive) ask_invariant(e);
}

static void point(thr_explored *self, thr_place place, bool waits) {
  thr_explorer *e = self->explorer;
  if (!e->stopping)
    thr_trail_arrive(&e->trail, self->number,
                     place.source->hash + (unsigned)place.line);
  check(e);
  bool in_schedule = !e->stopping;
  thr_explored *next = choose(self, waits);
  if (in_schedule) report(self, place, next != self, waits);
  pass(self, next);
}

static thr_place place_of(thr_explored *self) {
  thr_explorer *e = self->explorer;
  lua_State *L =
      atomic_load_explicit(&self->ts->lua.at, memory_order_relaxed);
  if (self->ts->lua.base) return thr_place_find(&e->places, L);
  return (thr_place){&e->places.unknown, 0};
}

/* A line with a loop is a new one now and then. */
static bool is_new_line(thr_explored *self, lua_State *L, thr_place place) {
  bool same = self->at == L && self->last.source == place.source &&
              self->last.line == place.line;
  if (same && ++self->repeated < THR_MAX_ON_LINE) return false;
  self->at = L;
  self->last = place;
  self->repeated = 0;
  return true;
}

/* --- the calls --- */

static void at_step(thr_tstate *ts) {
  thr_explored *self = ts->explored;
  lua_State *L = atomic_load_explicit(&ts->lua.at, memory_order_relaxed);
  if (self->explorer->busy) return;
  thr_place place = place_of(self);
  if (!place.source->split) return;
  self->within = !is_new_line(self, L, place);
  if (!self->within || !self->explorer->how.lines) point(self, place, false);
  self->within = false;
}

/* The first time is no point: the thread has just been chosen. */
static void at_take(thr_tstate *ts) {
  thr_explored *self = ts->explored;
  if (self->explorer->busy) return;
  if (self->begun) point(self, place_of(self), false);
  self->begun = true;
  thr_preempt_arm(ts); /* the hook stands from now on */
}

static thr_parkresult outcome(thr_explored *self) {
  thr_explorer *e = self->explorer;
  thr_waiter *w = self->wait;
  if (thr_lot_isended(w)) return w->result;
  bool ready = self->watched;
  if (self->signalled) return thr_lot_leave(w, THR_PARK_INTERRUPTED);
  self->watched = false;
  if (ready && (!w->attempt || w->attempt(w)))
    return thr_lot_leave(w, THR_PARK_READY);
  if (self->deadline == THR_FOREVER) return THR_PARK_ENTERED;
  if (e->how.early && e->clock < self->deadline) e->clock = self->deadline;
  if (e->clock < self->deadline) return THR_PARK_ENTERED;
  return thr_lot_leave(w, THR_PARK_TIMEOUT);
}

static int park(thr_waiter *w, int64_t deadline) {
  thr_explored *self = w->ts->explored;
  thr_parkresult r = THR_PARK_ENTERED;
  if (w->attempt && w->attempt(w)) return (int)thr_lot_leave(w, THR_PARK_READY);
  self->wait = w;
  self->deadline = deadline;
  self->watched = self->signalled = false;
  while (r == THR_PARK_ENTERED) {
    look_at_descriptors(self->explorer);
    point(self, place_of(self), true);
    r = outcome(self);
  }
  self->wait = NULL;
  return (int)r;
}

static int64_t now(thr_tstate *ts) {
  return ts->explored->explorer->clock += THR_VIRTUAL_LOOK;
}

static bool make_room(thr_explorer *e) {
  size_t size = ((size_t)e->count + 1) * sizeof(*e->ready);
  int *ready = thr_os_realloc(e->ready, size);
  if (ready) e->ready = ready;
  return ready != NULL;
}

static thr_explored *new_explored(thr_explorer *e, thr_tstate *ts) {
  thr_explored *c = make_room(e) ? thr_os_alloc(sizeof(*c)) : NULL;
  if (!c) return NULL;
  if (!thr_sem_init(&c->turn, THR_SEM_PLAIN)) {
    thr_os_free(c);
    return NULL;
  }
  c->explorer = e;
  c->alive = true;
  c->number = ++e->count;
  c->ts = ts;
  c->last.source = &e->places.unknown;
  thr_tstate_ref(ts);
  thr_explored **link = &e->first;
  while (*link) link = &(*link)->next;
  *link = c;
  e->alive++;
  return c;
}

static void free_explored(thr_explored *c) {
  thr_sem_destroy(&c->turn);
  thr_tstate_unref(c->ts);
  thr_os_free(c);
}

static bool add(thr_tstate *self, thr_tstate *ts) {
  thr_explorer *e = self->explored->explorer;
  thr_explored *c = new_explored(e, ts);
  if (!c) return false;
  if (!ts->life.daemon) e->nondaemons++;
  ts->gil.dozes = true; /* its coroutines bear our hook, too */
  ts->explored = c;
  if (e->stopping) atomic_fetch_or(&ts->asked.pending, THR_PENDING_STOP);
  return true;
}

static void end_life(thr_explored *c) {
  c->alive = false;
  c->explorer->alive--;
  if (!c->ts->life.daemon) c->explorer->nondaemons--;
}

/* It was the last, for nobody has run since. */
static void drop(thr_tstate *ts) {
  thr_explored *c = ts->explored, **link = &c->explorer->first;
  while (*link != c) link = &(*link)->next;
  *link = NULL;
  c->explorer->count--;
  end_life(c);
  ts->explored = NULL;
  free_explored(c);
}

static void arrive(thr_tstate *ts) { await_turn(ts->explored); }

/* Asks while the thread can still run Lua code: another goes on after it. */
static void ending(thr_tstate *ts) { ask_invariant(ts->explored->explorer); }

static void leave(thr_tstate *ts) {
  thr_explored *self = ts->explored;
  end_life(self);
  look_at_descriptors(self->explorer);
  point(self, place_of(self), true);
}

/* The first one counts. */
static void failed(thr_tstate *ts, const char *text) {
  thr_explored *self = ts->explored;
  thr_explorer *e = self->explorer;
  if (!e->failed) {
    e->failed = self->number;
    strncpy(e->failure, text, sizeof(e->failure) - 1);
  }
  thr_baton_stop(e, THR_STOP_ERROR);
}

const thr_explore_calls thr_baton_calls = {
    at_step, at_take, park, now, add, drop, arrive, ending, leave, failed};

/* --- the whole --- */

thr_explorer *thr_baton_begin(thr_tstate *ts, const thr_exploring *how) {
  thr_explorer *e = thr_os_alloc(sizeof(*e));
  if (!e) thr_os_free(how->how.plan);
  if (!e) return NULL;
  e->how = *how;
  e->clock = THR_VIRTUAL_NOW;
  e->places.unknown.split = true;
  e->places.is_split = how->is_split;
  e->places.arg = how->arg;
  thr_trail_init(&e->trail, how->alternatives);
  if (!thr_chooser_init(&e->chooser, &how->how) || !new_explored(e, ts)) {
    thr_chooser_destroy(&e->chooser);
    thr_os_free(e->ready);
    thr_os_free(e);
    return NULL;
  }
  e->first->begun = true;
  e->unnamed = ts->rt->unnamed;
  ts->rt->unnamed = 0;
  ts->rt->calls.explore = &thr_baton_calls;
  thr_gil_keep(&ts->rt->gil, true);
  ts->gil.dozes = true;
  ts->explored = e->first;
  thr_preempt_arm(ts);
  return e;
}

static void stop_one(thr_explored *c) {
  if (c->alive) thr_lot_interrupt(c->ts, THR_PENDING_STOP);
}

/* Number 1, too, unless it only waits for the others. */
void thr_baton_stop(thr_explorer *e, thr_stop why) {
  if (e->stop == THR_STOP_NONE) e->stop = why;
  if (e->stopping) return;
  e->stopping = true;
  for (thr_explored *c = e->first; c; c = c->next)
    if (!c->ends) stop_one(c);
}

static void wait_for_others(thr_explored *self) {
  self->ends = true;
  do point(self, place_of(self), true);
  while (!is_at_end(self->explorer));
  self->ends = false;
}

static void forget_stop(thr_tstate *ts) {
  atomic_fetch_and(&ts->asked.pending, ~(unsigned)THR_PENDING_STOP);
  ts->asked.stop_rounds = ts->asked.stops_left = 0;
  ts->asked.stop_again = 0;
}

static void stop_others(thr_explorer *e) {
  for (thr_explored *c = e->first->next; c; c = c->next)
    c->left = c->alive && !c->ts->life.daemon;
  e->first->ends = true; /* it is not stopped */
  thr_baton_stop(e, THR_STOP_NONE);
  wait_for_others(e->first);
}

static void lose_control(thr_tstate *ts) {
  ts->explored = NULL;
  ts->gil.dozes = false;
  thr_gil_keep(&ts->rt->gil, false);
  thr_preempt_enter(ts);
  thr_hook_lay(ts, ts->lua.running);
  thr_preempt_leave(ts);
}

void thr_baton_finish(thr_explorer *e) {
  thr_tstate *ts = e->first->ts;
  wait_for_others(e->first);
  stop_others(e);
  forget_stop(ts);
  ts->rt->unnamed = e->unnamed;
  lose_control(ts);
}

void thr_baton_free(thr_explorer *e) {
  thr_explored *next;
  for (thr_explored *c = e->first; c; c = next) {
    next = c->next;
    if (c != e->first) c->ts->explored = NULL;
    free_explored(c);
  }
  thr_chooser_destroy(&e->chooser);
  thr_trail_destroy(&e->trail);
  thr_os_free(e->ready);
  thr_os_free(e);
}
