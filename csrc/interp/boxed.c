/* boxed: see boxed.h. */
#include "interp/boxed.h"

#include <string.h>

static void unref(void *i) { thr_interp_unbox(i); }

static void *ref(void *i) {
  thr_interp_box(i);
  return i;
}

static const thr_kind kind = {
    .name = "threading.Interpreter", .unref = unref, .ref = ref};

thr_box *thr_boxed_new(lua_State *L) { return thr_box_new(L, &kind); }

void thr_boxed_fill(thr_box *box, thr_interp *i) {
  thr_box_fill(box, &kind, i);
}

thr_interp *thr_boxed_check(lua_State *L, int arg) {
  return thr_box_use(L, arg, &kind);
}

/* i.id; its upvalue is the table of methods. */
static int index_of(lua_State *L) {
  const thr_interp *i = thr_box_check(L, 1, &kind);
  if (lua_type(L, 2) == LUA_TSTRING && strcmp(lua_tostring(L, 2), "id") == 0)
    lua_pushinteger(L, (lua_Integer)i->id);
  else
    lua_rawget(L, lua_upvalueindex(1));
  return 1;
}

static int equal(lua_State *L) {
  const void *i = thr_box_test(L, 1, &kind), *o = thr_box_test(L, 2, &kind);
  lua_pushboolean(L, i && i == o);
  return 1;
}

static int to_string(lua_State *L) {
  const thr_interp *i = thr_box_check(L, 1, &kind);
  lua_pushfstring(L, "<threading.Interpreter(%I%s)>", (LUAI_UACINT)i->id,
                  i->closed ? " closed" : "");
  return 1;
}

void thr_boxed_open(lua_State *L, const luaL_Reg *methods) {
  thr_box_newtype(L, &kind, methods);
  lua_pushcfunction(L, equal);
  lua_setfield(L, -2, "__eq");
  lua_pushcfunction(L, to_string);
  lua_setfield(L, -2, "__tostring");
  thr_box_indexwith(L, index_of);
  lua_pop(L, 1);
}
