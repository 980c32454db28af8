/* open: see open.h. */
#include "state/open.h"

#include <lauxlib.h>

#include "bind/box.h"
#include "bind/cancel.h"
#include "bind/guard.h"
#include "bind/pending.h"
#include "bind/self.h"
#include "bind/shield.h"
#include "bind/sighook.h"
#include "bind/unwind.h"
#include "gil/gil.h"
#include "gil/preempt.h"
#include "os/dl.h"
#include "state/dump.h"
#include "state/finale.h"
#include "state/fork.h"
#include "state/loading.h"
#include "state/sethook.h"
#include "warn/keeper.h"

const char thr_key_active = 0;
static const char key_locals = 0;  /* table: ident -> what _locals returns */

/* The keys are weak: a Local that is dropped drops its fields. */
int thr_open_locals(lua_State *L) {
  lua_Integer ident = (lua_Integer)thr_self(L)->ident;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &key_locals);
  if (lua_rawgeti(L, -1, ident) == LUA_TTABLE) return 1;
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "k");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_pushvalue(L, -1);
  lua_rawseti(L, -4, ident);
  return 1;
}

/* On the state of a thread that ends: its stack is empty, and shall be. */
static void clear_entry(lua_State *L, const void *key, lua_Integer ident) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, key) == LUA_TTABLE &&
      lua_rawgeti(L, -1, ident) != LUA_TNIL) {
    lua_pushnil(L);
    lua_rawseti(L, -3, ident);
  }
  lua_settop(L, 0);
}

void thr_open_forget(lua_State *L, thr_tstate *ts) {
  thr_loading_dropthread(L, ts);
  clear_entry(L, &thr_key_active, (lua_Integer)ts->ident);
  clear_entry(L, &key_locals, (lua_Integer)ts->ident);
  clear_entry(L, &thr_key_messages, (lua_Integer)ts->ident);
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, ts);
}

static void fill_registry(lua_State *L) {
  thr_self_open(L);
  thr_unwind_open(L);
  thr_cancel_open(L);
  thr_guard_open(L);
  thr_shield_open(L);
  thr_pending_open(L);
  lua_newtable(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_locals);
  lua_newtable(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &thr_key_active);
}

static lua_State *main_state(lua_State *L) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  lua_State *mainL = lua_tothread(L, -1);
  lua_pop(L, 1);
  return mainL;
}

/* The record of the calling thread.  Its running coroutine is taken to be the
** main one: of a coroutine that was resumed before we replaced resume we
** would not see the end. */
static thr_tstate *new_main(thr_runtime *rt, bool made) {
  thr_tstate *ts = thr_tstate_new(rt, !made);
  if (!ts) return NULL;
  ts->is_main = true;
  ts->nest.uncounted = made;
  thr_tstate_run(ts, ts->lua.base = rt->mainL);
  ts->life.phase = THR_STARTED;
  ts->hooks.known = lua_gethook(rt->mainL);
  ts->life.native_id = thr_os_nativeid();
  ts->life.os = thr_os_self();
  thr_tstate_setname(ts, "MainThread");
  rt->main = ts;
  thr_group_join(&rt->member);
  thr_tstate_bind(ts);
  thr_tstate_enlist(ts);
  thr_gil_take(ts, THR_AT_ONCE);
  return ts;
}

/* From its birth on the anchor owns it: what is made after this may fail. */
static thr_runtime *new_runtime(lua_State *L, thr_group *group) {
  thr_runtime **anchor = thr_finale_anchor(L);
  thr_runtime *rt =
      thr_runtime_new(lua_topointer(L, LUA_REGISTRYINDEX), main_state(L),
                      group);
  if (rt) thr_box_forgetall(rt);
  if (rt && !new_main(rt, group != NULL)) {
    thr_runtime_unref(rt);
    rt = NULL;
  }
  if (!rt) luaL_error(L, "not enough memory");
  *anchor = rt;
  thr_self_setruntime(L, rt);
  return rt;
}

static void open_process(lua_State *L) {
  thr_os_keeploaded(&thr_key_active);
  if (thr_fork_open() != 0) luaL_error(L, "not enough memory");
  if (thr_preempt_init() != 0)
    luaL_error(L, "threading: cannot install the preemption signal");
}

thr_runtime *thr_open(lua_State *L) {
  if (thr_self_isgone(L)) thr_self_refusegone(L);
  thr_runtime *rt = thr_self_runtime(L);
  if (rt) return rt;
  open_process(L);
  return thr_open_made(L, NULL);
}

thr_runtime *thr_open_made(lua_State *L, thr_group *group) {
  fill_registry(L);
  thr_runtime *rt = new_runtime(L, group);
  rt->calls.on_hook = thr_preempt_onhook;
  rt->calls.at_signal = thr_sighook_call;
  rt->calls.at_switch = thr_pending_atswitch;
  rt->calls.at_return = thr_finale_atreturn;
  rt->calls.at_deadlock = thr_dump_deadlock;
  rt->calls.at_dump = thr_sethook_atdump;
  if (thr_os_debugs()) thr_keeper_open(rt);
  return rt;
}
