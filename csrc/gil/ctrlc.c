/* ctrlc: see ctrlc.h. */
#include "gil/ctrlc.h"

#include <lua.h>

#include "gil/hook.h"
#include "gil/preempt.h"

/* Under the mutex: a worker's os.exit may close the state while the main thread
** sleeps; before that it clears the record's id. */
bool thr_ctrlc_signalled(thr_tstate *ts) {
  if (!ts->signals) return false;
  ts = thr_tstate_outermost(ts); /* where handlers set hooks */
  thr_mutex_lock(&ts->rt->m);
  bool is = ts->id && (ts->rt->ctrlc.caught || thr_hook_issignal(ts));
  thr_mutex_unlock(&ts->rt->m);
  return is;
}

void thr_ctrlc_fetch(thr_tstate *ts, lua_State *L) {
  if (L == ts->lua.base || !thr_hook_issignal(ts)) return;
  thr_preempt_enter(ts);
  thr_hook_lift(ts, ts->lua.base);
  lua_sethook(L, lua_gethook(ts->lua.base), lua_gethookmask(ts->lua.base),
              lua_gethookcount(ts->lua.base));
  lua_sethook(ts->lua.base, NULL, 0, 0);
  thr_hook_lay(ts, ts->lua.base);
  thr_preempt_leave(ts);
}

/* May the program's handler run now?  Not while we set a hook, or its own could
** be lost: the signal is raised again when that is done. */
static bool may_sigint(void) {
  for (thr_tstate *ts = thr_tls; ts; ts = ts->tls_next) {
    if (!ts->is_main ||
        !atomic_load_explicit(&ts->hooks.busy, memory_order_relaxed))
      continue;
    atomic_store_explicit(&ts->hooks.sigint_missed, true, memory_order_relaxed);
    atomic_store_explicit(&ts->hooks.missed, true, memory_order_relaxed);
    return false;
  }
  return true;
}

/* Where the thread has entered another Lua state, the hook cannot fire: it is
** interrupted there, and meets the hook when it is back. */
static void interrupt_inside(thr_tstate *ts) {
  thr_tstate *inner = thr_tstate_innermost(ts);
  if (inner == ts) return;
  atomic_fetch_or(&inner->asked.pending, THR_PENDING_INTERRUPT);
  thr_preempt_poke();
}

/* The program's handler, lua.c's, has set its hook over ours.  Ours goes back
** on top, or we should not see that the other removes itself, and ours with
** it. */
static void after_sigint(void) {
  for (thr_tstate *ts = thr_tls; ts; ts = ts->tls_next) {
    if (!ts->is_main) continue;
    interrupt_inside(ts);
    if (ts->rt->alive == 0) continue;
    atomic_store(&ts->rt->ctrlc.came, true);
    atomic_store(&ts->rt->ctrlc.stale, true);
    if (atomic_load_explicit(&ts->gil.held, memory_order_relaxed))
      thr_hook_lay(ts, ts->rt->mainL);
  }
}

/* lua.c sets its handler before it runs a script, and before each line of its
** prompt. */
void thr_ctrlc_follow(const thr_tstate *ts) {
  static atomic_bool followed;
  if (!ts->signals || (ts->rt->end.one_chunk && followed)) return;
  thr_os_aroundsigint(may_sigint, after_sigint);
  followed = true;
}

/* In the place of the end of the process. */
static void after_caught(void) {
  for (thr_tstate *ts = thr_tls; ts; ts = ts->tls_next)
    if (ts->is_main) atomic_store(&ts->rt->ctrlc.caught, true);
}

void thr_ctrlc_catch(void) { thr_os_catchsigint(may_sigint, after_caught); }
void thr_ctrlc_uncatch(void) { thr_os_uncatchsigint(); }

void thr_ctrlc_drop(thr_tstate *ts) {
  atomic_store(&ts->rt->ctrlc.caught, false);
  if (!thr_hook_issignal(ts)) return;
  thr_preempt_enter(ts);
  thr_hook_lift(ts, ts->lua.base);
  lua_sethook(ts->lua.base, NULL, 0, 0);
  thr_hook_lay(ts, ts->lua.base);
  thr_preempt_leave(ts);
  thr_hook_accept(ts);
  thr_os_sigintagain();
}

void thr_ctrlc_relay(thr_tstate *self) {
  thr_runtime *rt = self->rt;
  atomic_store(&rt->ctrlc.stale, !self->is_main);
  if (!self->is_main) return;
  if (rt->end.script && rt->alive > 0)
    thr_os_aroundsigint(may_sigint, after_sigint);
  thr_preempt_enter(self);
  thr_hook_lay(self, rt->mainL);
  thr_preempt_leave(self);
}

void thr_ctrlc_served(thr_tstate *ts) {
  thr_hook_accept(ts); /* one that does not raise stays, as the user's */
  if (ts->is_main) thr_ctrlc_relay(ts);
  /* a thread that is invited does not repeat the request */
  if (ts->rt->gil.drop) thr_preempt_arm(ts);
}
