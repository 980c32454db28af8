/* whose: see whose.h. */
#include "gil/whose.h"

static bool in_steps(const thr_tstate *ts, const struct lua_State *L) {
  for (const thr_step *s = ts->lua.steps; s; s = s->below)
    if (s->co == L || s->from == L) return true;
  return false;
}

static bool runs(const thr_tstate *ts, const struct lua_State *L) {
  return ts->lua.base == L || ts->lua.running == L ||
         atomic_load_explicit(&ts->lua.at, memory_order_relaxed) == L ||
         in_steps(ts, L);
}

static uint64_t other_that_runs(thr_tstate *self, const struct lua_State *L) {
  uint64_t ident = 0;
  thr_mutex_lock(&self->rt->m);
  for (thr_tstate *ts = self->rt->threads; ts && !ident; ts = ts->next)
    if (ts != self && runs(ts, L)) ident = ts->ident;
  thr_mutex_unlock(&self->rt->m);
  return ident;
}

/* The answer is remembered: a scheduler in C waits in its coroutines again and
** again.  A new thread's state may be where a coroutine was collected. */
uint64_t thr_whose(thr_tstate *ts) {
  struct lua_State *L = atomic_load_explicit(&ts->lua.at, memory_order_relaxed);
  if (ts->lua.host) return ts->lua.host;
  if (!L || L == ts->lua.running || L == ts->lua.base || ts->life.closes)
    return 0;
  if (L == ts->lua.found && ts->lua.found_births == ts->rt->births) return 0;
  uint64_t ident = other_that_runs(ts, L);
  if (ident) return ident;
  ts->lua.found = L;
  ts->lua.found_births = ts->rt->births;
  return 0;
}
