/* describe: see describe.h. */
#include "bind/describe.h"

#include <string.h>

bool thr_describe_place(lua_State *of, lua_Debug *ar) {
  for (int level = 0; of && lua_getstack(of, level, ar); level++) {
    lua_getinfo(of, "Sl", ar);
    if (ar->currentline > 0) return true;
  }
  return false;
}

void thr_describe_pushplace(lua_State *L, lua_State *of) {
  lua_Debug ar;
  if (thr_describe_place(of, &ar))
    lua_pushfstring(L, "%s:%d", ar.short_src, ar.currentline);
  else lua_pushliteral(L, "");
}

void thr_describe_pushname(lua_State *L, thr_runtime *rt, uint64_t ident) {
  char name[THR_NAMESIZE] = "";
  thr_mutex_lock(&rt->m);
  for (thr_tstate *ts = rt->threads; ts; ts = ts->next)
    if (ts->ident == ident) memcpy(name, ts->life.name, sizeof(name));
  thr_mutex_unlock(&rt->m);
  if (name[0]) lua_pushstring(L, name);
  else lua_pushinteger(L, (lua_Integer)ident);
}
