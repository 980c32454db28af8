/* keeper: see keeper.h. */
#include "warn/keeper.h"

#include <string.h>

#include "bind/self.h"
#include "gil/kept.h"
#include "gil/preempt.h"
#include "os/tuning.h"
#include "warn/told.h"

/* What the program calls it. */
static const char *name_of(const lua_Debug *ar) {
  return ar->name ? ar->name : "a C function";
}

/* It has been in one step for long.  At the return of a C function that was
** its call, and the function. */
static void tell_kept(thr_tstate *ts, lua_State *L, lua_Debug *ar) {
  thr_where where;
  lua_getinfo(L, "nS", ar);
  if (*ar->what != 'C') return;
  thr_kept_note note = thr_kept_take(ts);
  thr_told_place(L, &where);
  thr_told("kept", &where,
           "%s at %s:%d kept the global lock for %d ms in C while %d thread%s "
           "waited for it: C code lets go of it by threading.h, other modules "
           "are called in an interpreter",
           name_of(ar), where.file, where.line,
           (int)(note.length / (THR_SECOND / 1000)), note.waiting,
           note.waiting == 1 ? "" : "s");
}

static bool is_return(const lua_Debug *ar) { return ar->event == LUA_HOOKRET; }

static bool is_call(const lua_Debug *ar) {
  return ar->event == LUA_HOOKCALL || ar->event == LUA_HOOKTAILCALL;
}

/* Only C code has let go of the lock.  Raises, when it is taken again. */
static void tell_lost(lua_State *L, lua_Debug *ar) {
  thr_where where;
  lua_getinfo(L, "n", ar);
  thr_told_place(L, &where);
  thr_told("leak", &where,
           "%s at %s:%d has come back without the global lock: it returned "
           "between THREADING_BEGIN_NOGIL and THREADING_END_NOGIL, or has "
           "not called threading_take",
           name_of(ar), where.file, where.line);
  thr_self_find(L);
}

static thr_tstate *record(lua_State *L) {
  thr_tstate *ts = thr_tls;
  if (ts && ts->lua.quick == L) return ts;
  return thr_tstate_current(lua_topointer(L, LUA_REGISTRYINDEX));
}

static void on_hook(lua_State *L, lua_Debug *ar) {
  thr_tstate *ts = record(L);
  if (ts && is_return(ar) && !ts->gil.held) tell_lost(L, ar);
  if (ts && (is_return(ar) || is_call(ar)) && thr_kept_step(ts) &&
      is_return(ar))
    tell_kept(ts, L, ar);
  if (!ts || !is_call(ar) || !thr_hook_isquiet(ts, L, LUA_MASKCALL))
    thr_preempt_onhook(L, ar);
}

/* Woken threads are posted, and wait by themselves: one that is only invited
** would not see for how long the lock is kept. */
void thr_keeper_open(thr_runtime *rt) {
  rt->calls.on_hook = on_hook;
  rt->gil.posted_from = 0;
  rt->gil.watched = true;
}
