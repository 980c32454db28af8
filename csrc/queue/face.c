/* face: see face.h. */
#include "queue/face.h"

lua_Integer thr_face_checkmaxsize(lua_State *L, const char **name) {
  static const char *const names[] = {"maxsize", "name", NULL};
  *name = thr_args_options(L, 1, 1, names);
  return thr_args_optinteger(L, 1, "maxsize", LUA_MININTEGER, LUA_MAXINTEGER,
                             0);
}

int64_t thr_face_checkwait(lua_State *L, int first) {
  static const char *const names[] = {"block", "timeout", NULL};
  thr_args_keywords(L, first, names);
  bool block = thr_args_optboolean(L, first, "block", true);
  int64_t ns = thr_args_seconds(L, first + 1, "timeout");
  return !block || ns == 0 ? 0 : thr_args_fromnow(ns);
}

bool thr_face_checkimmediate(lua_State *L) {
  static const char *const names[] = {"immediate", NULL};
  thr_args_keywords(L, 2, names);
  return thr_args_optboolean(L, 2, "immediate", false);
}

int thr_face_refuse(lua_State *L, const char *why) {
  lua_pushnil(L);
  lua_pushstring(L, why);
  return 2;
}

int thr_face_items(lua_State *L, lua_CFunction next) {
  lua_pushcfunction(L, next);
  lua_pushvalue(L, 1);
  return 2;
}

int thr_face_tostring(lua_State *L, const char *type, const thr_label *label,
                      const void *q, lua_Integer size, lua_Integer most,
                      bool closed) {
  const char *shown = thr_describe_pushlabel(L, label);
  lua_pushfstring(L, "<%s%s at %p: %I", type, shown, q, (LUAI_UACINT)size);
  if (most > 0) lua_pushfstring(L, "/%I", (LUAI_UACINT)most);
  else lua_pushliteral(L, "");
  lua_pushstring(L, closed ? " items, shut down>" : " items>");
  lua_concat(L, 3);
  return 1;
}
