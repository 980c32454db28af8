/* current: see current.h. */
#include "interp/current.h"

#include "bind/blame.h"
#include "bind/self.h"
#include "interp/finish.h"

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
  if (!i) thr_blame_error(L, "not enough memory");
  thr_interp_enlist(i);
  thr_finish_atend(rt);
  thr_current_set(L, i);
  return i;
}

thr_interp *thr_current(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &key_current);
  thr_interp *i = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return i ? i : make_main(L);
}
