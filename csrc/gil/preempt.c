/* preempt: see preempt.h. */
#include "gil/preempt.h"

#include <lua.h>

#include "gil/rest.h"
#include "os/tuning.h"

/* The VM sees a newly armed hook only at the ends of loops, at calls and at
** returns.  With a count of 1 a switch would come there and nowhere else; with
** a random one it comes between any two instructions.  Besides, a count of 1
** may never come to 0: under a line hook the VM reads the mask, then counts,
** and looks for 0 only where the mask had a count; if the signal comes in
** between, the hook has been counted past. */
static int random_count(thr_tstate *ts) { /* xorshift */
  uint32_t x = ts->hooks.random;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  ts->hooks.random = x;
  return (int)(x % (THR_MAX_RANDOM - 1)) + 2;
}

/* Has it a request that is met at the very next instruction?  A later one might
** be met by a <close> variable. */
static bool is_urgent(const thr_tstate *ts) {
  return thr_tstate_asked(ts, THR_PENDING_AT_ONCE) != 0;
}

static int soon(thr_tstate *ts) {
  return is_urgent(ts) ? THR_URGENT_COUNT : random_count(ts);
}

void thr_preempt_arm(thr_tstate *ts) { thr_preempt_armafter(ts, soon(ts)); }

void thr_preempt_enter(thr_tstate *ts) {
  atomic_store_explicit(&ts->hooks.busy, true, memory_order_relaxed);
  atomic_signal_fence(memory_order_seq_cst);
}

void thr_preempt_leave(thr_tstate *ts) {
  atomic_signal_fence(memory_order_seq_cst);
  atomic_store_explicit(&ts->hooks.busy, false, memory_order_relaxed);
  atomic_signal_fence(memory_order_seq_cst);
  if (!atomic_load_explicit(&ts->hooks.missed, memory_order_relaxed)) return;
  if (atomic_exchange(&ts->hooks.sigint_missed, false))
    thr_os_raise(thr_os_sigint());
  thr_preempt_arm(ts);
}

void thr_preempt_armafter(thr_tstate *ts, int instructions) {
  thr_preempt_enter(ts);
  atomic_store_explicit(&ts->hooks.missed, false, memory_order_relaxed);
  thr_hook_arm(ts, instructions);
  thr_preempt_leave(ts);
}

/* It was asked for the lock, in a function that may keep it for long. */
static void note_asked(thr_tstate *ts) {
  if (atomic_load_explicit(&ts->kept.asked, memory_order_relaxed) <= 0)
    atomic_store_explicit(&ts->kept.asked, thr_os_monotonic(),
                          memory_order_relaxed);
}

/* On the holder's thread, anywhere in its code.  A late signal may find that
** the thread has released the lock: then it must not touch Lua. */
static void on_signal(void) {
  for (thr_tstate *ts = thr_tls; ts; ts = ts->tls_next) {
    if (!atomic_load_explicit(&ts->gil.held, memory_order_relaxed)) continue;
    if (!ts->rt->gil.drop && !(ts->asked.pending & THR_PENDING_AT_ONCE))
      continue;
    if (!is_urgent(ts) && thr_rest_left(ts) > 0) continue; /* late */
    if (thr_tstate_tracer(ts)) note_asked(ts);
    if (atomic_load_explicit(&ts->hooks.busy, memory_order_relaxed))
      atomic_store_explicit(&ts->hooks.missed, true, memory_order_relaxed);
    else
      thr_hook_arm(ts, soon(ts));
  }
}

void thr_preempt_poke(void) { on_signal(); }

int thr_preempt_init(void) { return thr_os_handlepreempt(on_signal); }

void thr_preempt_request(thr_tstate *holder) {
  thr_os_preempt(holder->life.os);
}

/* --- the hook --- */

/* Has C called the C function that is entered or left?  The error of a signal
** would mostly end in a pcall there, as in `pcall(math.abs, 1)`.  A signal's
** hook counts instructions, too: it fires again at the next one, which is
** Lua's. */
static bool is_c_below_c(lua_State *L, lua_Debug *ar) {
  lua_Debug caller;
  if (ar->event == LUA_HOOKCOUNT || ar->event == LUA_HOOKLINE) return false;
  if (!lua_getinfo(L, "S", ar) || *ar->what != 'C') return false;
  return lua_getstack(L, 1, &caller) && lua_getinfo(L, "S", &caller) &&
         *caller.what == 'C';
}

static void on_users_signal(thr_tstate *ts, const thr_hooked *h, lua_State *L,
                            lua_Debug *ar) {
  if (h->user_mask & LUA_MASKCOUNT && is_c_below_c(L, ar)) return;
  ts->rt->calls.at_signal(ts, L, h->user, ar);
}

static void call_user(thr_tstate *ts, const thr_hooked *h, lua_State *L,
                      lua_Debug *ar) {
  int bit = ar->event == LUA_HOOKTAILCALL ? LUA_MASKCALL : 1 << ar->event;
  if (!h->user || !(h->user_mask & bit)) return;
  if (L == ts->lua.base && thr_hook_issignal(ts))
    on_users_signal(ts, h, L, ar);
  else
    h->user(L, ar);
}

/* What was asked in a function has been met, or it has returned. */
THR_RARE static void note_kept(thr_tstate *ts, lua_State *L, lua_Debug *ar) {
  int64_t asked = atomic_exchange(&ts->kept.asked, 0);
  const thr_trace_calls *tracer = thr_tstate_tracer(ts);
  if (tracer && ar->event == LUA_HOOKRET)
    tracer->kept(ts, L, ar, asked < 0 ? -asked : asked);
}

/* A function has returned.  If it has slept, the lock may have been requested
** without a signal (doze.h). */
static void at_return(thr_tstate *ts, lua_State *L, lua_Debug *ar) {
  if (ts->rt->gil.drop && L == ts->lua.running && thr_hook_isidle(ts, L))
    thr_preempt_armafter(ts, 1);
  if (L == ts->rt->mainL && ts->rt->alive > 0)
    ts->rt->calls.at_return(ts, L, ar);
}

/* May the end of the main state's script be this return?  Not where two
** functions are below the one that returns. */
static bool may_be_end(const thr_tstate *ts, lua_State *L) {
  lua_Debug below;
  return L == ts->rt->mainL && !lua_getstack(L, 2, &below);
}

/* While threads live each return of the main state comes here, and nearly none
** is for anybody: 10 ns with what the VM does for it, 30 on the long way. */
static bool is_idle_return(lua_State *L, const lua_Debug *ar) {
  const thr_tstate *ts = thr_tls;
  return ar->event == LUA_HOOKRET && ts && ts->lua.quick == L && ts->id &&
         ts->rt->alive > 0 && !ts->rt->gil.drop &&
         thr_hook_isquiet(ts, L, LUA_MASKRET) && !may_be_end(ts, L);
}

void thr_preempt_onhook(lua_State *L, lua_Debug *ar) {
  if (is_idle_return(L, ar)) return;
  thr_tstate *ts = thr_tstate_current(lua_topointer(L, LUA_REGISTRYINDEX));
  bool due;
  if (!ts) return;
  thr_preempt_enter(ts);
  thr_hooked user = thr_hook_receive(ts, L, ar->event, &due);
  thr_preempt_leave(ts);
  if (atomic_load_explicit(&ts->kept.asked, memory_order_relaxed) != 0)
    note_kept(ts, L, ar);
  if (due) call_user(ts, &user, L, ar);
  if (ar->event == LUA_HOOKCOUNT) ts->rt->calls.at_switch(ts, L);
  else if (ar->event == LUA_HOOKRET) at_return(ts, L, ar);
}
