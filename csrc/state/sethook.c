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

void thr_sethook_open(lua_State *L) {
  static const luaL_Reg hooks[] = {
      {"sethook", debug_sethook}, {"gethook", debug_gethook}, {NULL, NULL}};
  thr_replace(L, LUA_DBLIBNAME, hooks);
}
