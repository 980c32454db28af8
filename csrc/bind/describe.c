/* describe: see describe.h. */
#include "bind/describe.h"

#include <string.h>

static bool find(lua_State *of, int level, lua_Debug *ar) {
  for (; lua_getstack(of, level, ar); level++) {
    lua_getinfo(of, "Sl", ar);
    if (ar->currentline > 0) return true;
  }
  return false;
}

bool thr_describe_place(lua_State *of, lua_Debug *ar) {
  return of && find(of, 0, ar);
}

void thr_describe_caller(lua_State *L, thr_where *where) {
  lua_Debug ar;
  where->line = 0;
  where->file[0] = '\0';
  if (!find(L, 1, &ar)) return;
  strcpy(where->file, ar.short_src);
  where->line = ar.currentline;
}

void thr_describe_pushplace(lua_State *L, lua_State *of) {
  lua_Debug ar;
  if (thr_describe_place(of, &ar))
    lua_pushfstring(L, "%s:%d", ar.short_src, ar.currentline);
  else lua_pushliteral(L, "");
}

typedef struct {
  uint64_t ident;
  char name[THR_NAMESIZE];
} named;

static bool copy_name(void *arg, thr_runtime *rt) {
  named *n = arg;
  const thr_tstate *ts = thr_tstate_byident(rt, n->ident);
  if (ts) memcpy(n->name, ts->life.name, sizeof(n->name));
  return ts != NULL;
}

void thr_describe_pushname(lua_State *L, thr_runtime *rt, uint64_t ident) {
  named n = {.ident = ident};
  thr_runtime_any(rt->member.group, copy_name, &n);
  if (n.name[0]) lua_pushstring(L, n.name);
  else lua_pushinteger(L, (lua_Integer)ident);
}
