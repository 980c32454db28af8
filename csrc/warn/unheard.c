/* unheard: see unheard.h. */
#include "warn/unheard.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "os/tuning.h"
#include "warn/told.h"

struct thr_unheard {
  thr_where where;
  char text[THR_MAX_ERROR]; /* the error's first line; "": there is none */
};

thr_unheard *thr_unheard_made(lua_State *L) {
  thr_unheard *u = thr_os_debugs() ? thr_os_alloc(sizeof(*u)) : NULL;
  if (u) thr_told_place(L, &u->where);
  return u;
}

/* No __tostring is called, which might raise. */
void thr_unheard_failed(lua_State *L, int idx, thr_unheard *u) {
  if (!u) return;
  const char *text = luaL_typename(L, idx);
  if (lua_type(L, idx) == LUA_TSTRING) text = lua_tostring(L, idx);
  else if (lua_type(L, -1) == LUA_TSTRING) text = lua_tostring(L, -1);
  snprintf(u->text, sizeof(u->text), "%.*s", (int)strcspn(text, "\n"), text);
}

thr_unheard *thr_unheard_asked(thr_unheard *u) {
  thr_os_free(u);
  return NULL;
}

void thr_unheard_dropped(thr_unheard *u) {
  if (u && *u->text)
    thr_told("unheard", &u->where,
             "nobody asked for the error of a call that was submitted at %s:%d "
             "(%s): call the future's result() or exception(), or give it a "
             "function with add_done_callback",
             u->where.file, u->where.line, u->text);
  thr_os_free(u);
}
