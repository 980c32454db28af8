/* attach: see attach.h. */
#include "state/attach.h"

#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>

#include "gil/ctrlc.h"
#include "gil/gil.h"
#include "gil/hook.h"
#include "gil/preempt.h"
#include "gil/whose.h"
#include "park/nest.h"
#include "park/park.h"
#include "park/thread.h"
#include "state/finale.h"
#include "state/open.h"

static const char key_origin = 0, key_spare = 0, key_hook = 0; /* registry */

/* --- out and in --- */

static bool in_call(thr_tstate *ts) {
  lua_Debug ar;
  return lua_getstack(ts->lua.base, 0, &ar);
}

static void set_outside(thr_tstate *ts, bool outside) {
  ts->nest.outside = outside;
  ts->rt->attach.outside += outside ? 1 : -1;
}

static void go_outside(thr_tstate *ts) {
  thr_runtime *rt = ts->rt;
  thr_mutex_lock(&rt->m);
  set_outside(ts, true);
  thr_mutex_unlock(&rt->m);
  thr_gil_release(ts);
  if (rt->end.closing) thr_unpark_all(&rt->alive);
}

bool thr_attach_goout(thr_tstate *ts) {
  if (!ts->gil.held) return false;
  ts->gil.nogil = true;
  if (ts->nest.foreign && !in_call(ts)) go_outside(ts);
  else thr_gil_release(ts);
  return true;
}

/* Counts as inside from before it has the lock. */
static bool may_come_in(thr_tstate *ts) {
  thr_runtime *rt = ts->rt;
  thr_mutex_lock(&rt->m);
  bool may = !rt->end.closing;
  if (may) set_outside(ts, false);
  thr_mutex_unlock(&rt->m);
  return may;
}

bool thr_attach_comein(thr_tstate *ts) {
  bool was_outside = ts->nest.outside;
  if (ts->gil.held) return true;
  if (was_outside && !may_come_in(ts)) return false;
  ts->gil.nogil = false;
  thr_gil_take(ts, THR_AT_ONCE);
  if (!was_outside || !ts->rt->end.closing) return true;
  ts->gil.nogil = true;
  go_outside(ts);
  return false;
}

/* --- attach --- */

typedef struct {
  thr_tstate *ts;
  bool spared; /* the next one's state is made */
} newcomer;

static void put_spare(thr_runtime *rt, lua_State *L) {
  rt->attach.spare = L;
  thr_unpark_all(&rt->attach.spare);
}

static int new_state(lua_State *origin) {
  lua_newthread(origin);
  return 1;
}

/* Called by the thread that has taken the spare: the origin is its, too. */
static lua_State *make_spare(lua_State *L, lua_State *origin) {
  lua_pushcfunction(origin, new_state);
  int status = lua_pcall(origin, 0, 1, 0);
  lua_xmove(origin, L, 1);
  if (status != LUA_OK) lua_error(L);
  lua_State *next = lua_tothread(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_spare);
  return next;
}

/* On the thread's own state, protected: a finaliser may run here, and even
** wait. */
static int set_up(lua_State *L) {
  newcomer *n = lua_touserdata(L, 1);
  thr_runtime *rt = n->ts->rt;
  lua_pushthread(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, n->ts);
  put_spare(rt, make_spare(L, rt->attach.origin));
  n->spared = true;
  if (rt->alive == 1) thr_finale_refresh(L, rt);
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key_hook) == LUA_TFUNCTION)
    lua_call(L, 0, 0);
  return 0;
}

static bool no_spare(thr_waiter *w) {
  return !w->ts->rt->attach.spare && !w->ts->rt->end.closing;
}

/* NULL: the end has come, or something that neither it nor its thread masks. */
static lua_State *take_spare(thr_tstate *ts, unsigned masked) {
  thr_runtime *rt = ts->rt;
  thr_waiter w = thr_waiter_on(ts, &rt->attach.spare, "a Lua state");
  w.validate = no_spare;
  w.masked = masked;
  while (no_spare(&w) && !thr_tstate_asked(ts, ~masked))
    thr_park(&w, THR_FOREVER);
  lua_State *L = thr_tstate_asked(ts, ~masked) ? NULL : rt->attach.spare;
  if (L) rt->attach.spare = NULL;
  return L;
}

static bool make_state(thr_tstate *ts) {
  newcomer n = {ts, false};
  if (ts->rt->end.closing) return false;
  lua_State *L = take_spare(ts, ts->asked.masked);
  if (!L) return false;
  thr_preempt_enter(ts);
  thr_tstate_run(ts, ts->lua.base = L);
  ts->rt->births++;
  thr_preempt_leave(ts);
  if (ts->rt->gil.drop) thr_preempt_arm(ts); /* there was no state to arm */
  thr_preempt_hurry(ts);
  lua_pushcfunction(L, set_up);
  lua_pushlightuserdata(L, &n);
  int status = lua_pcall(L, 1, 0, 0);
  lua_settop(L, 0);
  if (!n.spared) put_spare(ts->rt, L);
  return status == LUA_OK;
}

/* What is asked of the thread, but for its end, is met by what it is attached
** for.  A signal may have come when there was no state to arm. */
static bool give_state(thr_tstate *ts) {
  unsigned masked = ts->asked.masked;
  ts->asked.masked = ~(unsigned)THR_PENDING_STOP;
  bool made = make_state(ts);
  ts->asked.masked = masked;
  if (made && thr_tstate_asked(ts, THR_PENDING_AT_ONCE)) thr_preempt_arm(ts);
  return made;
}

/* Drops what the thread has in Lua, if it has got a state. */
static void leave(thr_tstate *ts) {
  lua_State *L = ts->lua.base;
  thr_preempt_enter(ts); /* for good: the state may be collected from now */
  if (L) {
    thr_hook_lift(ts, L);
    lua_settop(L, 0);
    thr_open_forget(L, ts);
  }
  thr_tstate_run(ts, ts->lua.base = NULL);
  thr_thread_leave(ts);
}

/* The same out of a call, which will not go on: its Lua state is not touched,
** but by the collector. */
static void leave_call(thr_tstate *ts) {
  thr_whose_at(ts, NULL);
  lua_State *L = take_spare(ts, ~0u);
  thr_preempt_enter(ts);
  if (L) {
    thr_open_forget(L, ts);
    put_spare(ts->rt, L);
  }
  thr_tstate_run(ts, ts->lua.base = NULL);
  thr_thread_leave(ts);
}

static void unbind(thr_tstate *ts) {
  if (ts->nest.let_preempt) thr_os_letpreempt(false);
  thr_tstate_unbind(ts); /* it may be gone now */
}

static thr_tstate *attached_here(void) {
  thr_tstate *ts = thr_tls;
  while (ts && !ts->nest.foreign) ts = ts->tls_next;
  return ts;
}

/* Where an OS thread ends: of a closed state (no id) there is nothing left
** that others could miss. */
static void thread_ends(void) {
  thr_tstate *ts;
  while ((ts = attached_here())) {
    ts->nest.depth = 0;
    if (thr_detach(ts)) continue;
    if (ts->id) {
      fprintf(stderr, "threading: the attached thread '%s' has ended within a "
              "call of Lua's\n", ts->life.name);
      if (!ts->gil.held) thr_gil_take(ts, THR_AT_ONCE);
      leave_call(ts);
    }
    unbind(ts);
  }
}

static thr_tstate *newcomer_record(thr_runtime *rt, const char *name) {
  thr_tstate *ts = thr_tstate_new(rt, false);
  if (!ts) return NULL;
  ts->nest.foreign = ts->life.daemon = true;
  ts->life.phase = THR_STARTED;
  ts->life.native_id = thr_os_nativeid();
  ts->life.os = thr_os_self();
  thr_tstate_setname(ts, name ? name : "");
  return ts;
}

static thr_tstate *attach_new(thr_tstate *ts) {
  thr_runtime *rt = ts->rt;
  bool listed = thr_tstate_enlist(ts);
  thr_tstate_bind(ts);
  thr_tstate_unref(ts); /* the maker's share */
  if (listed) {
    thr_os_atthreadend(thread_ends);
    ts->nest.let_preempt = !thr_os_letpreempt(true);
    thr_gil_take(ts, THR_AT_ONCE);
    if (rt->alive == 1) thr_ctrlc_relay(ts);
    if (give_state(ts)) return ts;
    leave(ts);
  }
  unbind(ts);
  return NULL;
}

/* On a thread that has a record: as many detaches put back what there was. */
static thr_tstate *attach_again(thr_tstate *ts) {
  bool had = ts->gil.held;
  if (ts->nest.depth == THR_MAX_NESTED || !thr_attach_comein(ts)) return NULL;
  ts->nest.took = ts->nest.took << 1 | !had;
  ts->nest.depth++;
  return ts;
}

/* It would wait for the end of the schedule, which may wait for it. */
static thr_tstate *refuse_explored(void) {
  fprintf(stderr, "threading: a thread of C's cannot attach while the program "
                  "is explored\n");
  return NULL;
}

thr_tstate *thr_attach(thr_runtime *rt, const char *name) {
  thr_tstate *ts = thr_tstate_here(rt);
  if (ts) return attach_again(ts);
  if (thr_gil_iskept(&rt->gil)) return refuse_explored();
  ts = newcomer_record(rt, name);
  return ts ? attach_new(ts) : NULL;
}

/* Records of Lua states that have been closed since. */
static void forget_closed(void) {
  thr_tstate *ts = thr_tls;
  while (ts) {
    thr_tstate *next = ts->tls_next;
    if (ts->nest.outside && !ts->id) unbind(ts);
    ts = next;
  }
}

static thr_tstate *inner_record(thr_runtime *rt, const thr_tstate *outer) {
  thr_tstate *ts = newcomer_record(rt, outer->life.name);
  if (!ts) return NULL;
  if (outer->signals) thr_tstate_hearsignals(ts);
  ts->nest.uncounted = true;
  ts->ident = outer->ident;
  return ts;
}

static thr_tstate *enter_first(thr_runtime *rt, thr_tstate *outer) {
  forget_closed();
  thr_ctrlc_follow(outer);
  thr_tstate *ts = inner_record(rt, outer);
  if (!ts) return NULL;
  thr_tstate_ref(ts); /* attach_new may drop it */
  thr_nest_enter(outer, ts);
  thr_tstate *attached = attach_new(ts);
  if (!attached) thr_nest_leave(ts);
  thr_tstate_unref(ts);
  return attached;
}

thr_tstate *thr_attach_enter(thr_runtime *rt, thr_tstate *outer) {
  thr_tstate *ts = thr_tstate_here(rt);
  if (!ts) return enter_first(rt, outer);
  if (!ts->nest.outside) return NULL;
  thr_nest_enter(outer, ts);
  if (thr_attach_comein(ts)) return ts;
  thr_nest_leave(ts);
  return NULL;
}

void thr_attach_leave(thr_tstate *inner) {
  thr_attach_goout(inner);
  thr_nest_leave(inner);
}

static bool detach_again(thr_tstate *ts) {
  bool took = ts->nest.took & 1;
  ts->nest.took >>= 1;
  ts->nest.depth--;
  thr_whose_at(ts, ts->lua.running);
  if (took) thr_attach_goout(ts);
  return true;
}

/* Of a state that is being closed, the record stays for the end to drop. */
bool thr_detach(thr_tstate *ts) {
  if (ts->nest.depth > 0) return detach_again(ts);
  if (!ts->nest.foreign) return false;
  if (!ts->nest.outside || thr_attach_comein(ts)) {
    if (!ts->gil.held || in_call(ts)) return false;
    leave(ts);
  }
  unbind(ts);
  return true;
}

/* --- the Lua face --- */

void thr_attach_open(lua_State *L, thr_runtime *rt) {
  rt->attach.origin = lua_newthread(L);
  lua_sethook(rt->attach.origin, NULL, 0, 0);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_origin);
  rt->attach.spare = make_spare(L, rt->attach.origin);
}

int thr_attach_onattach(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_hook);
  return 0;
}
