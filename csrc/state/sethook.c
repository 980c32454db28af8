/*
** sethook: replaces debug.sethook and gethook, so that a program sees its own
** hook and sets it, and ours stays over it.
*/
#include "state/sethook.h"

#include <lauxlib.h>
#include <lualib.h>

#include "bind/replace.h"
#include "bind/self.h"
#include "gil/hook.h"
#include "gil/preempt.h"
#include "park/lot.h"
#include "state/dump.h"

static lua_State *hook_target(lua_State *L) {
  return lua_isthread(L, 1) ? lua_tothread(L, 1) : L;
}

/* Not in brackets, for it may raise: of the original and of a signal in its
** middle, the original wins anyway. */
static int debug_sethook(lua_State *L) {
  thr_tstate *ts = thr_self_here(L);
  if (!ts) return thr_replace_original(L);
  lua_State *target = hook_target(L);
  thr_preempt_enter(ts);
  thr_hook_lift(ts, target);
  thr_preempt_leave(ts);
  int n = thr_replace_original(L);
  if (target == ts->lua.base) thr_hook_accept(ts);
  thr_preempt_enter(ts);
  thr_hook_lay(ts, target);
  thr_preempt_leave(ts);
  if (ts->rt->gil.drop) thr_preempt_arm(ts); /* the user's hook has won */
  return n;
}

/* In brackets: our hook must not come back before the original has looked. */
static int debug_gethook(lua_State *L) {
  thr_tstate *ts = thr_self_here(L);
  if (!ts) return thr_replace_original(L);
  lua_State *target = hook_target(L);
  int nargs = lua_gettop(L);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  thr_preempt_enter(ts);
  thr_hook_lift(ts, target);
  int status = lua_pcall(L, nargs, LUA_MULTRET, 0);
  thr_hook_lay(ts, target);
  thr_preempt_leave(ts);
  if (ts->rt->gil.drop) thr_preempt_arm(ts);
  return status == LUA_OK ? lua_gettop(L) : lua_error(L);
}

/* --- the hooks of all threads --- */

static const char key_main = 0; /* registry: what the main thread is to call */

/* Calls the function at 1 with the Lua state on top, which is popped. */
static void call(lua_State *L) {
  lua_pushvalue(L, 1);
  lua_insert(L, -2);
  lua_call(L, 1, 0);
}

/* That is not running: its thread has let go of the global lock. */
static void push_state(lua_State *L, lua_State *of) {
  if (!lua_checkstack(of, 1)) return; /* no memory: it is left out */
  lua_pushthread(of);
  lua_xmove(of, L, 1);
}

static void push_states(lua_State *L, const thr_tstate *ts) {
  if (!ts->lua.base || !ts->lua.running) return; /* it begins, or ends */
  push_state(L, ts->lua.base);
  if (ts->lua.running != ts->lua.base) push_state(L, ts->lua.running);
}

/* Under the mutex nothing may raise: there is room for so many.  The main
** state's hook is the main thread's alone to set, for a handler of Ctrl-C may
** set one at any moment. */
static void push_others(lua_State *L, const thr_tstate *self, int room) {
  thr_runtime *rt = self->rt;
  thr_mutex_lock(&rt->m);
  for (const thr_tstate *ts = rt->threads; ts && room > 1; ts = ts->next) {
    if (ts == self || ts->is_main) continue;
    push_states(L, ts);
    room -= 2;
  }
  thr_mutex_unlock(&rt->m);
}

static void call_here(lua_State *L, const thr_tstate *ts) {
  lua_pushthread(L);
  call(L);
  if (!ts->lua.base || ts->lua.base == L) return;
  push_state(L, ts->lua.base);
  call(L);
}

/* In another Lua state it would not find the function: it is asked when it is
** back. */
static void ask_main(lua_State *L, thr_tstate *main) {
  lua_pushvalue(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_main);
  atomic_fetch_or(&main->asked.pending, THR_PENDING_DUMP);
  if (!main->nest.inner) thr_lot_interrupt(main, THR_PENDING_DUMP);
}

int thr_sethook_all(lua_State *L) {
  thr_tstate *self = thr_self(L);
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_settop(L, 1);
  int room = 2 * self->rt->alive + 2;
  luaL_checkstack(L, room + LUA_MINSTACK, "too many threads");
  push_others(L, self, room);
  while (lua_gettop(L) > 1) call(L);
  call_here(L, self);
  if (!self->is_main && !self->rt->main->nest.uncounted)
    ask_main(L, self->rt->main);
  return 0;
}

static int set_here(lua_State *L) {
  call_here(L, thr_self(L));
  return 0;
}

void thr_sethook_atdump(lua_State *L) {
  thr_tstate *ts = thr_self(L);
  luaL_checkstack(L, 4, NULL);
  lua_pushcfunction(L, set_here);
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key_main) == LUA_TFUNCTION) {
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key_main);
    lua_call(L, 1, 0);
  } else {
    lua_pop(L, 2);
  }
  if (atomic_exchange(&ts->asked.dumps, false)) thr_dump_stderr(L);
}

void thr_sethook_open(lua_State *L) {
  static const luaL_Reg hooks[] = {
      {"sethook", debug_sethook}, {"gethook", debug_gethook}, {NULL, NULL}};
  thr_replace(L, LUA_DBLIBNAME, hooks);
}
