/* preempt: see preempt.h. */
#include "gil/preempt.h"

#include <lauxlib.h>
#include <string.h>

#include "gil/rest.h"
#include "os/fault.h"

/* The VM sees a newly armed hook only at loop ends, calls and returns.  With
** a count of 1 a switch would come there and nowhere else; a random one lets
** it come between any two instructions.  Nor would 1 always come: for a line
** hook the VM looks at the mask, counts the instruction, and does not ask for 0
** where the mask wanted no count; a signal in between is counted past. */
#define RANDOM_MOST 32

/* A user's count hook is served in slices of at most this many instructions,
** which is also how long a preemption may have to wait for one. */
#define SLICE_MOST 1000

static void on_event(lua_State *L, lua_Debug *ar);

static int random_count(thr_tstate *ts) { /* xorshift */
  uint32_t x = ts->random;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  ts->random = x;
  return (int)(x % (RANDOM_MOST - 1)) + 2;
}

static int least(int a, int b) { return a < b ? a : b; }

static bool is_ours(lua_State *L) { return lua_gethook(L) == on_event; }

/* To set a hook walks the stack; to take it off does not. */
static void set(thr_tstate *ts, lua_State *L, lua_Hook fn, int mask,
                int count) {
  int64_t begun = mask != 0 ? thr_rest_begin(ts) : 0;
  lua_sethook(L, fn, mask, count);
  if (mask != 0) thr_rest_end(ts, begun);
}

static void set_user(thr_tstate *ts, const thr_hooked *h, lua_State *L) {
  set(ts, L, h->user, h->user_mask, h->user_count);
}

static thr_hooked *find(thr_tstate *ts, lua_State *L) {
  for (int i = 0; i < 2; i++)
    if (ts->hooked[i].L == L) return &ts->hooked[i];
  return NULL;
}

/* A lua_sethook that our signal interrupted wins: it has written its function
** before we read it and its mask and count after we wrote ours. */
static void let_interrupted_win(thr_hooked *h) {
  int mask = lua_gethookmask(h->L), count = lua_gethookcount(h->L);
  if (mask == h->mask && count == h->slice) return;
  h->user_mask = mask;
  if (count != h->slice) h->user_count = h->left = count;
  h->mask = mask;
  h->slice = count;
}

/* Ours may stand there already, inherited by a state that we did not see made:
** then the user has none. */
static void read_user(thr_hooked *h, lua_State *L) {
  h->L = L;
  h->mask = 0;
  h->user = lua_gethook(L);
  h->user_mask = is_ours(L) ? 0 : lua_gethookmask(L);
  h->user_count = h->left = lua_gethookcount(L);
}

/* The record of L, made if there is none. */
static thr_hooked *take_record(thr_tstate *ts, lua_State *L) {
  thr_hooked *h = &ts->hooked[L == ts->base ? 0 : 1];
  if (h->L && h->L != L) thr_preempt_lift(ts, h->L);
  if (h->L && is_ours(L)) let_interrupted_win(h);
  else read_user(h, L);
  return h;
}

static bool counts(const thr_hooked *h) {
  return (h->user_mask & LUA_MASKCOUNT) != 0;
}

/* Does the hostile build preempt, without being asked? */
static bool is_hurried(const thr_runtime *rt) {
  return thr_fault_every() > 0 && rt->alive > 0;
}

void thr_preempt_hurry(thr_tstate *ts) {
  if (is_hurried(ts->rt)) thr_preempt_arm(ts);
}

/* While other threads live.  Where it is dear to set, the hook stays for a
** while when they have ended: there may soon be others. */
static bool is_watched(thr_tstate *ts, const thr_hooked *h) {
  const thr_runtime *rt = ts->rt;
  if (h->L != rt->mainL || rt->closing) return false;
  return rt->alive > 0 || (h->mask & LUA_MASKRET && thr_rest_left(ts) > 0);
}

/* What must stand on L when no preemption is asked for. */
static int standing_mask(thr_tstate *ts, const thr_hooked *h) {
  const thr_runtime *rt = ts->rt;
  bool watched = is_watched(ts, h) || (ts->dozes && rt->alive > 0);
  return h->user_mask | (watched ? LUA_MASKRET : 0) |
         (is_hurried(rt) ? LUA_MASKCOUNT : 0);
}

static bool stands(const thr_hooked *h) {
  return is_ours(h->L) && lua_gethookmask(h->L) == h->mask &&
         lua_gethookcount(h->L) == h->slice;
}

/* What stands is set again only to have it count anew. */
static void install(thr_tstate *ts, thr_hooked *h, int mask, int count) {
  bool anew = mask & LUA_MASKCOUNT && thr_fault_every() == 0;
  if (thr_fault_every() > 0) count = least(count, thr_fault_every());
  h->mask = mask;
  h->slice = counts(h) ? least(h->left, count) : count;
  if (h->slice < 1) h->slice = 1;
  if (anew || !stands(h)) set(ts, h->L, on_event, h->mask, h->slice);
}

/* Ours stays only over a count hook, or to watch. */
static void settle(thr_tstate *ts, thr_hooked *h) {
  int mask = standing_mask(ts, h);
  if (mask != h->user_mask || counts(h)) {
    install(ts, h, mask, SLICE_MOST);
  } else {
    set_user(ts, h, h->L);
    h->L = NULL;
  }
}

/* A request that comes again arms anew, for the last one may have been counted
** past, unless that is too dear.  But who asks itself to drop later, again and
** again, must not put off what is armed. */
static void arm(thr_tstate *ts, int count) {
  lua_State *L = ts->running;
  if (!L) return; /* it attaches just now */
  thr_hooked *h = take_record(ts, L);
  bool armed = is_ours(L) && (h->mask & LUA_MASKCOUNT);
  if (armed && (counts(h) || (h->slice <= count && count > RANDOM_MOST)))
    return;
  if (armed && (count > 1 || h->slice == 1) && thr_rest_left(ts) > 0) return;
  if (armed) count = least(count, h->slice);
  install(ts, h, standing_mask(ts, h) | LUA_MASKCOUNT, count);
}

void thr_preempt_enter(thr_tstate *ts) {
  atomic_store_explicit(&ts->hooks_busy, true, memory_order_relaxed);
  atomic_signal_fence(memory_order_seq_cst);
}

void thr_preempt_leave(thr_tstate *ts) {
  atomic_signal_fence(memory_order_seq_cst);
  atomic_store_explicit(&ts->hooks_busy, false, memory_order_relaxed);
  atomic_signal_fence(memory_order_seq_cst);
  if (!atomic_load_explicit(&ts->hooks_missed, memory_order_relaxed)) return;
  if (atomic_exchange(&ts->sigint_missed, false))
    thr_os_raise(thr_os_sigint());
  thr_preempt_arm(ts);
}

void thr_preempt_armafter(thr_tstate *ts, int instructions) {
  thr_preempt_enter(ts);
  atomic_store_explicit(&ts->hooks_missed, false, memory_order_relaxed);
  arm(ts, instructions);
  thr_preempt_leave(ts);
}

/* What must be met at once comes at the next instruction: one that came later
** might be met by a <close> variable. */
static bool is_urgent(const thr_tstate *ts) {
  return (ts->pending & THR_PENDING_AT_ONCE & ~ts->deaf) != 0;
}

static int soon(thr_tstate *ts) {
  return is_urgent(ts) ? 1 : random_count(ts);
}

void thr_preempt_arm(thr_tstate *ts) { thr_preempt_armafter(ts, soon(ts)); }

/* On the holder's thread, anywhere in its code.  Late signals find a thread
** that has let go of the lock, and must not touch Lua. */
static void on_signal(void) {
  for (thr_tstate *ts = thr_tls; ts; ts = ts->tls_next) {
    if (!atomic_load_explicit(&ts->holds_gil, memory_order_relaxed)) continue;
    if (!ts->rt->drop && !(ts->pending & THR_PENDING_AT_ONCE)) continue;
    if (!is_urgent(ts) && thr_rest_left(ts) > 0) continue; /* it came late */
    if (atomic_load_explicit(&ts->hooks_busy, memory_order_relaxed))
      atomic_store_explicit(&ts->hooks_missed, true, memory_order_relaxed);
    else
      arm(ts, soon(ts));
  }
}

void thr_preempt_poke(void) { on_signal(); }

int thr_preempt_init(void) { return thr_os_handlepreempt(on_signal); }

void thr_preempt_request(thr_tstate *holder) { thr_os_preempt(holder->os); }

/* Our hook on a state without a record here: a coroutine that ran in another
** thread when it was armed, or inherited through C.  Make it the user's. */
static thr_hooked disown_stray(thr_tstate *ts, lua_State *L) {
  thr_hooked user = {.L = NULL}, *h = NULL;
  thr_mutex_lock(&ts->rt->m);
  for (thr_tstate *o = ts->rt->threads; o && !h; o = o->next) h = find(o, L);
  thr_mutex_unlock(&ts->rt->m);
  if (h) {
    user = *h;
    h->L = NULL;
  }
  set_user(ts, &user, L);
  return user;
}

void thr_preempt_lift(thr_tstate *ts, lua_State *L) {
  thr_hooked *h = find(ts, L);
  if (!h && is_ours(L)) disown_stray(ts, L);
  if (!h) return;
  if (is_ours(L)) {
    let_interrupted_win(h);
    set_user(ts, h, L);
  }
  h->L = NULL;
}

void thr_preempt_lay(thr_tstate *ts, lua_State *L) {
  if (L != ts->base && L != ts->running) return;
  settle(ts, take_record(ts, L));
}

void thr_preempt_follow(thr_tstate *ts, lua_State *L) {
  if (ts->dozes && !is_ours(L) && !(lua_gethookmask(L) & LUA_MASKCOUNT))
    thr_preempt_lay(ts, L);
}

void thr_preempt_inherit(thr_tstate *ts, lua_State *creator, lua_State *L) {
  thr_hooked *h = find(ts, creator);
  if (h && is_ours(L)) set_user(ts, h, L);
}

/* The hook of base that is not ours, though ours may lie over it. */
static lua_Hook users_hook(thr_tstate *ts) {
  if (!is_ours(ts->base)) return lua_gethook(ts->base);
  return ts->hooked[0].L ? ts->hooked[0].user : NULL;
}

static int users_count(thr_tstate *ts) {
  return is_ours(ts->base) ? ts->hooked[0].user_count
                           : lua_gethookcount(ts->base);
}

/* A handler's hook is to fire at the very next instruction; another, such as a
** profiler's, that C code has set is no signal. */
static bool has_new_hook(thr_tstate *ts) {
  lua_Hook hook = ts->is_main ? users_hook(ts) : NULL;
  return hook && hook != ts->base_hook && users_count(ts) == 1;
}

/* Under the mutex: a worker's os.exit may close the state while the main
** thread sleeps, and takes the record's id away before. */
bool thr_preempt_signalled(thr_tstate *ts) {
  if (!ts->is_main) return false;
  thr_mutex_lock(&ts->rt->m);
  bool is = ts->id && has_new_hook(ts);
  thr_mutex_unlock(&ts->rt->m);
  return is;
}

void thr_preempt_accept(thr_tstate *ts) {
  if (ts->is_main) ts->base_hook = users_hook(ts);
}

void thr_preempt_fetch(thr_tstate *ts, lua_State *L) {
  if (L == ts->base || !has_new_hook(ts)) return;
  thr_preempt_enter(ts);
  thr_preempt_lift(ts, ts->base);
  lua_sethook(L, lua_gethook(ts->base), lua_gethookmask(ts->base),
              lua_gethookcount(ts->base));
  lua_sethook(ts->base, NULL, 0, 0);
  thr_preempt_lay(ts, ts->base);
  thr_preempt_leave(ts);
}

/* Not while we set a hook, or that of the handler could be lost: it comes
** again when that is done. */
static bool may_sigint(void) {
  for (thr_tstate *ts = thr_tls; ts; ts = ts->tls_next) {
    if (!ts->is_main ||
        !atomic_load_explicit(&ts->hooks_busy, memory_order_relaxed))
      continue;
    atomic_store_explicit(&ts->sigint_missed, true, memory_order_relaxed);
    atomic_store_explicit(&ts->hooks_missed, true, memory_order_relaxed);
    return false;
  }
  return true;
}

/* lua.c's handler of Ctrl-C has laid its hook over ours, as it does: back on
** top, or we should not learn that it takes itself off, and ours with it. */
static void after_sigint(void) {
  for (thr_tstate *ts = thr_tls; ts; ts = ts->tls_next) {
    if (!ts->is_main || ts->rt->alive == 0) continue;
    atomic_store(&ts->rt->watch_changed, true); /* who takes the lock looks */
    if (atomic_load_explicit(&ts->holds_gil, memory_order_relaxed))
      thr_preempt_lay(ts, ts->rt->mainL);
  }
}

void thr_preempt_watch(thr_tstate *self) {
  thr_runtime *rt = self->rt;
  atomic_store(&rt->watch_changed, !self->is_main);
  if (!self->is_main) return; /* it looks when it takes the lock */
  if (rt->script && rt->alive > 0)
    thr_os_aroundsigint(may_sigint, after_sigint);
  thr_preempt_enter(self);
  thr_preempt_lay(self, rt->mainL);
  thr_preempt_leave(self);
}

void thr_preempt_served(thr_tstate *ts) {
  thr_preempt_accept(ts); /* one that does not raise has had its turn */
  if (ts->is_main) thr_preempt_watch(ts);
  if (ts->rt->drop) thr_preempt_arm(ts); /* who is invited asks nobody */
}

typedef struct {
  lua_Hook fn;
  lua_Debug *ar;
} hook_call;

static int call_hook(lua_State *L) {
  hook_call *c = lua_touserdata(L, 1);
  lua_settop(L, 0);
  c->fn(L, c->ar);
  return 0;
}

/* luaL_error took the place of the hook's own frame for its caller's. */
static void correct_place(lua_State *L) {
  luaL_where(L, 0);
  size_t n = lua_rawlen(L, -1);
  if (n > 0 && lua_type(L, -2) == LUA_TSTRING &&
      strncmp(lua_tostring(L, -2), lua_tostring(L, -1), n) == 0) {
    luaL_where(L, 1);
    lua_pushstring(L, lua_tostring(L, -3) + n);
    lua_concat(L, 2);
    lua_replace(L, -3);
  }
  lua_pop(L, 1);
}

/* A signal handler's hook, lua.c's, say, takes itself off, and ours with it,
** and raises. */
static void serve_signal(thr_tstate *ts, lua_State *L, hook_call c) {
  lua_pushcfunction(L, call_hook);
  lua_pushlightuserdata(L, &c);
  int status = lua_pcall(L, 1, 0, 0);
  thr_preempt_served(ts);
  if (status == LUA_OK) return;
  correct_place(L);
  lua_error(L);
}

static void pass_on(thr_tstate *ts, const thr_hooked *h, lua_State *L,
                    lua_Debug *ar) {
  int bit = ar->event == LUA_HOOKTAILCALL ? LUA_MASKCALL : 1 << ar->event;
  if (!h->user || !(h->user_mask & bit)) return;
  if (L == ts->base && has_new_hook(ts))
    serve_signal(ts, L, (hook_call){h->user, ar});
  else
    h->user(L, ar);
}

/* Returns whether the user's count event is due. */
static bool count_down(thr_hooked *h) {
  if (!counts(h)) return false;
  h->left -= h->slice;
  if (h->left > 0) return false;
  h->left = h->user_count;
  return true;
}

/* Our hook that watched, and was kept when the last thread ended. */
static bool is_left_over(thr_tstate *ts, const thr_hooked *h) {
  return ts->rt->alive == 0 && h->mask != h->user_mask &&
         !(h->mask & LUA_MASKCOUNT) && thr_rest_left(ts) == 0;
}

/* Settles what stands on L from now on; returns the user's hook, to which
** this event goes, and in *due whether it goes there. */
static thr_hooked receive(thr_tstate *ts, lua_State *L, int event, bool *due) {
  thr_hooked *h = find(ts, L), user;
  *due = event != LUA_HOOKCOUNT;
  if (!h) return disown_stray(ts, L);
  let_interrupted_win(h);
  if (event == LUA_HOOKCOUNT) *due = count_down(h);
  user = *h;
  if (event == LUA_HOOKCOUNT || is_left_over(ts, h)) settle(ts, h);
  return user;
}

/* A function has returned.  Where it has slept, nobody has signalled that the
** lock is wanted. */
static void hear(thr_tstate *ts, lua_State *L) {
  const thr_hooked *h = find(ts, L);
  if (ts->rt->drop && L == ts->running && h && !(h->mask & LUA_MASKCOUNT))
    thr_preempt_armafter(ts, 1);
}

static void at_return(thr_tstate *ts, lua_State *L, lua_Debug *ar) {
  hear(ts, L);
  if (L == ts->rt->mainL && ts->rt->alive > 0) ts->rt->at_return(ts, L, ar);
}

static void on_event(lua_State *L, lua_Debug *ar) {
  thr_tstate *ts = thr_tstate_current(lua_topointer(L, LUA_REGISTRYINDEX));
  bool due;
  if (!ts) return;
  thr_preempt_enter(ts);
  thr_hooked user = receive(ts, L, ar->event, &due);
  thr_preempt_leave(ts);
  if (due) pass_on(ts, &user, L, ar);
  if (ar->event == LUA_HOOKCOUNT) ts->rt->at_switch(ts, L);
  else if (ar->event == LUA_HOOKRET) at_return(ts, L, ar);
}
