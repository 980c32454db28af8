/*
** inherit: replaces os.execute and io.popen: the other threads run while these
** wait.
**
** Where a program has put functions of its own there, they are still called.  A
** worker thread blocks all signals from outside, and a child process
** inherits that: neither Ctrl-C nor SIGTERM would end it.  So they are let in
** while the child is made.  What arrives for the process meanwhile goes to
** the main thread, unless that blocks it just then, on its way to sleep.
*/
#include "io/inherit.h"

#include <lualib.h>

#include "bind/replace.h"
#include "bind/self.h"
#include "io/program.h"
#include "park/nest.h"

/* An error is left to a second call, made as if there had been no first: it
** is about the arguments, and so bears the function's name. */
static int from_worker(lua_State *L) {
  int nargs = lua_gettop(L);
  luaL_checkstack(L, nargs + 1, NULL);
  lua_pushvalue(L, lua_upvalueindex(1));
  for (int i = 1; i <= nargs; i++) lua_pushvalue(L, i);
  thr_os_blocksignals(false);
  int status = lua_pcall(L, nargs, LUA_MULTRET, 0);
  thr_os_blocksignals(true);
  thr_nest_looksignals(thr_self(L)->rt);
  if (status == LUA_OK) return lua_gettop(L) - nargs;
  lua_settop(L, nargs);
  return thr_replace_original(L);
}

/* A function that the program has put there: it calls Lua's own, or does
** something else. */
static int call_wrapper(lua_State *L, const thr_tstate *ts) {
  return ts->signals ? thr_replace_original(L) : from_worker(L);
}

/* In a callback that may not let go of the global lock Lua's own is called. */
static int make_child(lua_State *L, lua_CFunction ours) {
  thr_tstate *ts = thr_self_here(L);
  if (!ts) return thr_replace_original(L);
  if (!thr_replace_isplain(L) || !thr_whose_isown(ts))
    return call_wrapper(L, ts);
  return ours(L);
}

static int io_popen(lua_State *L) {
  return make_child(L, thr_program_standardpopen);
}

static int os_execute(lua_State *L) {
  if (lua_isnoneornil(L, 1)) return thr_replace_original(L);
  return make_child(L, thr_program_standardexecute);
}

void thr_inherit_open(lua_State *L) {
  static const luaL_Reg os[] = {{"execute", os_execute}, {NULL, NULL}};
  static const luaL_Reg io[] = {{"popen", io_popen}, {NULL, NULL}};
  thr_replace(L, LUA_OSLIBNAME, os);
  thr_replace(L, LUA_IOLIBNAME, io);
}
