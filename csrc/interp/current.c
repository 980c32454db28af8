/* current: see current.h. */
#include "interp/current.h"

#include "bind/blame.h"
#include "bind/self.h"

static const char key_current = 0; /* registry: the state's interpreter */

void thr_current_set(lua_State *L, thr_interp *i) {
  lua_pushlightuserdata(L, i);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_current);
}

static thr_interp *make_main(lua_State *L) {
  thr_runtime *rt = thr_self(L)->rt;
  thr_current_set(L, NULL); /* what follows needs no memory of Lua's */
  thr_interp *i = NULL;
  if (thr_interp_openfork() == 0) i = thr_interp_new(rt, NULL);
  if (!i) {
    thr_blame_error(L, "not enough memory");
    return NULL;
  }
  thr_interp_enlist(i);
  thr_current_set(L, i);
  return i;
}

thr_interp *thr_current(lua_State *L) {
  int type = lua_rawgetp(L, LUA_REGISTRYINDEX, &key_current);
  thr_interp *i = lua_touserdata(L, -1);
  lua_pop(L, 1);
  if (type == LUA_TBOOLEAN) thr_blame_error(L, "the program is at its end");
  return i ? i : make_main(L);
}

/* Needs no memory, but some place on a stack.  Where there is none, what is
** left of the interpreter stays. */
void thr_current_forget(thr_tstate *ts, thr_interp *main) {
  lua_State *L = ts->lua.at;
  if (!L || !ts->gil.held || !lua_checkstack(L, 2)) return;
  lua_pushboolean(L, 0);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_current);
  thr_interp_unbox(main);
}
