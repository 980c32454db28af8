/* hook: see hook.h. */
#include "gil/hook.h"

#include <lua.h>

#include "gil/rest.h"
#include "os/fault.h"
#include "os/tuning.h"

static int least(int a, int b) { return a < b ? a : b; }

static bool is_ours(thr_tstate *ts, lua_State *L) {
  return lua_gethook(L) == ts->rt->calls.on_hook;
}

/* lua_sethook walks the stack, except where it removes a hook. */
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
    if (ts->hooks.of[i].L == L) return &ts->hooks.of[i];
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

/* Ours may be installed already, inherited by a state that we did not see made:
** then the user has none. */
static void read_user(thr_tstate *ts, thr_hooked *h, lua_State *L) {
  h->L = L;
  h->mask = 0;
  h->user = lua_gethook(L);
  h->user_mask = is_ours(ts, L) ? 0 : lua_gethookmask(L);
  h->user_count = h->left = lua_gethookcount(L);
}

/* The record of L, made if there is none. */
static thr_hooked *take_record(thr_tstate *ts, lua_State *L) {
  thr_hooked *h = &ts->hooks.of[L == ts->lua.base ? 0 : 1];
  if (h->L && h->L != L) thr_hook_lift(ts, h->L);
  if (h->L && is_ours(ts, L)) let_interrupted_win(h);
  else read_user(ts, h, L);
  return h;
}

static bool counts(const thr_hooked *h) {
  return (h->user_mask & LUA_MASKCOUNT) != 0;
}

/* After how many instructions our hook fires, whatever is asked for; 0: that is
** not so. */
static int every(const thr_tstate *ts) {
  return ts->explored ? 1 : thr_fault_every();
}

/* Does the main state need our hook, to see its script return?  While other
** threads live.  Where the hook is dear to set, it is left for a while when
** they have ended: there may soon be others. */
static bool sees_return(thr_tstate *ts, const thr_hooked *h) {
  const thr_runtime *rt = ts->rt;
  if (h->L != rt->mainL || rt->end.closing) return false;
  return rt->alive > 0 || (h->mask & LUA_MASKRET && thr_rest_left(ts) > 0);
}

/* The mask to be installed while no switch is requested. */
static int idle_mask(thr_tstate *ts, const thr_hooked *h) {
  const thr_runtime *rt = ts->rt;
  bool beside = rt->alive > 0 && !ts->explored;
  bool steps = rt->gil.watched && beside;
  bool returns = sees_return(ts, h) || steps || (ts->gil.dozes && beside);
  bool stands = ts->explored || thr_hook_ishurried(rt);
  return h->user_mask | (returns ? LUA_MASKRET : 0) |
         (steps ? LUA_MASKCALL : 0) | (stands ? LUA_MASKCOUNT : 0);
}

static bool is_installed(thr_tstate *ts, const thr_hooked *h) {
  return is_ours(ts, h->L) && lua_gethookmask(h->L) == h->mask &&
         lua_gethookcount(h->L) == h->slice;
}

/* What is installed already is set again only to have it count anew. */
static void install(thr_tstate *ts, thr_hooked *h, int mask, int count,
                    bool anew) {
  anew = anew && mask & LUA_MASKCOUNT && every(ts) == 0;
  if (every(ts) > 0) count = least(count, every(ts));
  h->mask = mask;
  h->slice = counts(h) ? least(h->left, count) : count;
  if (h->slice < 1) h->slice = 1;
  if (anew || !is_installed(ts, h))
    set(ts, h->L, ts->rt->calls.on_hook, h->mask, h->slice);
}

/* When no switch is requested: ours, over a count hook or to see returns; else
** the user's. */
static void install_idle(thr_tstate *ts, thr_hooked *h, bool anew) {
  int mask = idle_mask(ts, h);
  if (mask != h->user_mask || counts(h)) {
    install(ts, h, mask, THR_MAX_SLICE, anew);
  } else {
    set_user(ts, h, h->L);
    h->L = NULL;
  }
}

/* A request that is repeated arms the hook anew, unless that is too dear: the
** last one may have been counted past.  But a thread that requests the lock
** from itself for later, again and again, must not put off what is armed. */
void thr_hook_arm(thr_tstate *ts, int count) {
  lua_State *L = ts->lua.running;
  if (!L) return; /* it is being attached */
  thr_hooked *h = take_record(ts, L);
  bool armed = is_ours(ts, L) && (h->mask & LUA_MASKCOUNT);
  if (armed && (counts(h) || (h->slice <= count && count > THR_MAX_RANDOM)))
    return;
  if (armed && (count > 1 || h->slice == 1) && thr_rest_left(ts) > 0) return;
  if (armed) count = least(count, h->slice);
  install(ts, h, idle_mask(ts, h) | LUA_MASKCOUNT |
          (thr_tstate_tracer(ts) ? LUA_MASKRET : 0), count, true);
}

bool thr_hook_isidle(thr_tstate *ts, lua_State *L) {
  const thr_hooked *h = find(ts, L);
  return h && !(h->mask & LUA_MASKCOUNT);
}

/* Only what was armed may have interrupted a lua_sethook. */
bool thr_hook_isquiet(const thr_tstate *ts, lua_State *L, int mask) {
  const thr_hooked *h = &ts->hooks.of[L == ts->lua.base ? 0 : 1];
  return h->L == L && ((h->user_mask & mask) | (h->mask & LUA_MASKCOUNT)) == 0;
}

/* L has our hook, but no record in this thread: a coroutine that ran in another
** one when the hook was armed, or that inherited it through C.  Installs and
** returns the user's. */
static thr_hooked remove_stray(thr_tstate *ts, lua_State *L) {
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

void thr_hook_lift(thr_tstate *ts, lua_State *L) {
  thr_hooked *h = find(ts, L);
  if (!h && is_ours(ts, L)) remove_stray(ts, L);
  if (!h) return;
  if (is_ours(ts, L)) {
    let_interrupted_win(h);
    set_user(ts, h, L);
  }
  h->L = NULL;
}

void thr_hook_lay(thr_tstate *ts, lua_State *L) {
  if (L != ts->lua.base && L != ts->lua.running) return;
  install_idle(ts, take_record(ts, L), true);
}

void thr_hook_follow(thr_tstate *ts, lua_State *L) {
  bool follows = ts->gil.dozes || ts->rt->gil.watched;
  if (follows && !is_ours(ts, L) && !(lua_gethookmask(L) & LUA_MASKCOUNT))
    thr_hook_lay(ts, L);
}

void thr_hook_inherit(thr_tstate *ts, lua_State *creator, lua_State *L) {
  thr_hooked *h = find(ts, creator);
  if (h && is_ours(ts, L)) set_user(ts, h, L);
}

/* The user's hook of the base state, whether ours is over it or not. */
static lua_Hook users_hook(thr_tstate *ts) {
  if (!is_ours(ts, ts->lua.base)) return lua_gethook(ts->lua.base);
  return ts->hooks.of[0].L ? ts->hooks.of[0].user : NULL;
}

static int users_count(thr_tstate *ts) {
  return is_ours(ts, ts->lua.base) ? ts->hooks.of[0].user_count
                                   : lua_gethookcount(ts->lua.base);
}

/* A handler's hook is to fire at the very next instruction.  Another one that C
** code has set, such as a profiler's, is no signal. */
bool thr_hook_issignal(thr_tstate *ts) {
  lua_Hook hook = ts->is_main ? users_hook(ts) : NULL;
  return hook && hook != ts->hooks.known && users_count(ts) == 1;
}

void thr_hook_accept(thr_tstate *ts) {
  if (ts->is_main) ts->hooks.known = users_hook(ts);
}

/* Returns whether the user's count event is due. */
static bool count_down(thr_hooked *h) {
  if (!counts(h)) return false;
  h->left -= h->slice;
  if (h->left > 0) return false;
  h->left = h->user_count;
  return true;
}

/* Was our hook there to see returns, and left when the last thread ended? */
static bool is_left_over(thr_tstate *ts, const thr_hooked *h) {
  return ts->rt->alive == 0 && h->mask != h->user_mask &&
         !(h->mask & LUA_MASKCOUNT) && thr_rest_left(ts) == 0;
}

/* At a count event the VM has begun to count anew itself. */
thr_hooked thr_hook_receive(thr_tstate *ts, lua_State *L, int event,
                            bool *due) {
  thr_hooked *h = find(ts, L), user;
  *due = event != LUA_HOOKCOUNT;
  if (!h) return remove_stray(ts, L);
  let_interrupted_win(h);
  if (event == LUA_HOOKCOUNT) *due = count_down(h);
  user = *h;
  if (event == LUA_HOOKCOUNT || is_left_over(ts, h))
    install_idle(ts, h, event != LUA_HOOKCOUNT);
  return user;
}

