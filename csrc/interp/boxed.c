/* boxed: see boxed.h. */
#include "interp/boxed.h"

#include <string.h>

#include "bind/blame.h"
#include "bind/self.h"

static void unref(void *obj) {
  const thr_hold *hold = obj;
  if (hold->counts) thr_interp_unbox(hold->of);
  else thr_interp_unref(hold->of);
}

static void *ref(void *obj) {
  thr_interp *i = ((thr_hold *)obj)->of;
  thr_interp_box(i);
  return &i->outer;
}

/* Does the box, which counts, count here? */
static void settle(lua_State *L, thr_box *box, thr_interp *i) {
  if (thr_self_runtime(L) != i->rt) return;
  box->obj = &i->inner;
  thr_interp_ref(i);
  thr_interp_unbox(i);
}

static void look_where(lua_State *L, void *obj) {
  settle(L, lua_touserdata(L, -1), ((thr_hold *)obj)->of);
}

static const thr_kind kind = {.name = "threading.Interpreter", .unref = unref,
                              .ref = ref, .complete = look_where};

thr_box *thr_boxed_new(lua_State *L) { return thr_box_new(L, &kind); }

void thr_boxed_fill(lua_State *L, thr_box *box, thr_interp *i) {
  thr_box_fill(box, &kind, &i->outer);
  settle(L, box, i);
}

thr_interp *thr_boxed_check(lua_State *L, int arg) {
  return ((thr_hold *)thr_box_use(L, arg, &kind))->of;
}

static const thr_interp *check(lua_State *L) {
  return ((thr_hold *)thr_box_check(L, 1, &kind))->of;
}

/* i.id; its upvalue is the table of methods. */
static int index_of(lua_State *L) {
  const thr_interp *i = check(L);
  if (lua_type(L, 2) == LUA_TSTRING && strcmp(lua_tostring(L, 2), "id") == 0)
    lua_pushinteger(L, (lua_Integer)i->id);
  else
    thr_box_pushmethod(L);
  return 1;
}

static int newindex(lua_State *L) {
  check(L);
  return thr_blame_error(L, "cannot set '%s' of an Interpreter",
                         luaL_tolstring(L, 2, NULL));
}

static int equal(lua_State *L) {
  const thr_hold *a = thr_box_test(L, 1, &kind);
  const thr_hold *b = thr_box_test(L, 2, &kind);
  lua_pushboolean(L, a && b && a->of == b->of);
  return 1;
}

static int to_string(lua_State *L) {
  const thr_interp *i = check(L);
  lua_pushfstring(L, "<threading.Interpreter(%I%s)>", (LUAI_UACINT)i->id,
                  i->closed ? " closed" : "");
  return 1;
}

void thr_boxed_open(lua_State *L, const luaL_Reg *methods) {
  thr_box_newtype(L, &kind, methods);
  lua_pushcfunction(L, newindex);
  lua_setfield(L, -2, "__newindex");
  lua_pushcfunction(L, equal);
  lua_setfield(L, -2, "__eq");
  lua_pushcfunction(L, to_string);
  lua_setfield(L, -2, "__tostring");
  thr_box_indexwith(L, index_of);
  lua_pop(L, 1);
}
