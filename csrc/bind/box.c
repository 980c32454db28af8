/* box: see box.h. */
#include "bind/box.h"

#include <string.h>

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/finaliser.h"
#include "bind/self.h"
#include "gil/record.h"
#include "os/tuning.h"

static thr_tstate *record(lua_State *L) {
  return thr_tstate_current(lua_topointer(L, LUA_REGISTRYINDEX));
}

/* --- the boxes that are known --- */

void *thr_box_recognise(lua_State *L, int arg, const thr_kind *kind) {
  const thr_box *box = lua_touserdata(L, arg);
  if (!box || lua_rawlen(L, arg) != sizeof(*box) || box->kind != kind)
    return NULL;
  const thr_tstate *ts = thr_tls;
  if (!ts || ts->lua.quick != L || !ts->id) ts = record(L);
  if (ts)
    atomic_store_explicit(thr_box_slot(ts->rt, box), box, memory_order_relaxed);
  return box->obj;
}

static void empty(_Atomic(const void *) *slot) {
  atomic_store_explicit(slot, slot, memory_order_relaxed);
}

/* Its address may be another's from now on.  (The thread may have no record: a
** host closes the Lua state where it likes.) */
static void forget(lua_State *L, const thr_box *box) {
  thr_runtime *rt = thr_self_runtime(L);
  if (!rt) return;
  _Atomic(const void *) *slot = thr_box_slot(rt, box);
  if (atomic_load_explicit(slot, memory_order_relaxed) == box) empty(slot);
}

void thr_box_forgetall(thr_runtime *rt) {
  for (int i = 0; i < THR_KNOWN_BOXES; i++) empty(&rt->known_boxes[i]);
}

/* A finaliser that ran later has found it, or a thread at the end. */
static bool is_finalised(lua_State *L, int arg, const thr_kind *kind) {
  const thr_box *box = luaL_testudata(L, arg, kind->name);
  return box && lua_rawlen(L, arg) == sizeof(*box) && !box->kind;
}

void *thr_box_notself(lua_State *L, int arg, const thr_kind *kind) {
  if (is_finalised(L, arg, kind)) {
    lua_pushfstring(L, "this %s is finalised already", kind->name);
    thr_blame_argerror(L, arg, lua_tostring(L, -1));
  }
  thr_args_unexpected(L, arg, kind->name);
  return NULL;
}

thr_box *thr_box_newuv(lua_State *L, const thr_kind *kind, int nuvalues) {
  thr_box *box = lua_newuserdatauv(L, sizeof(*box), nuvalues);
  *box = (thr_box){0};
  luaL_setmetatable(L, kind->name);
  return box;
}

thr_box *thr_box_new(lua_State *L, const thr_kind *kind) {
  return thr_box_newuv(L, kind, 0);
}

void thr_box_fill(thr_box *box, const thr_kind *kind, void *obj) {
  box->kind = kind;
  box->obj = obj;
}

/* --- the end of an object --- */

static const char key_kept = 0; /* registry: address -> box, weak values */

static void finalise(lua_State *L, thr_box *box) {
  const thr_kind *kind = box->kind;
  if (!kind) return;
  box->kind = NULL;
  forget(L, box);
  kind->unref(box->obj);
}

void thr_box_pushweak(lua_State *L, const void *key, const char *mode) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, key) == LUA_TTABLE) return;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushstring(L, mode);
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

/* May this be the end of the state?  Then the main state runs nothing but the
** finaliser.  (So it may be in a host that lets it rest: no harm is done.) */
static bool may_be_end(lua_State *L) {
  const thr_tstate *ts = record(L);
  lua_Debug ar;
  return L == ts->rt->mainL && !lua_getstack(L, 1, &ar);
}

/* The finaliser of the box at 1 shall run again when that is unreachable; or,
** for at the end of the state none runs twice, the anchor's (see finale.c). */
static void live_on(lua_State *L) {
  lua_getmetatable(L, 1);
  lua_setmetatable(L, 1); /* this makes it run again */
  if (!may_be_end(L)) return;
  thr_box_pushweak(L, &key_kept, "v");
  lua_pushvalue(L, 1);
  lua_rawsetp(L, -2, lua_touserdata(L, 1));
}

static int box_gc(lua_State *L);

/* --- objects that several Lua states share --- */

static const char key_shared = 0; /* registry: object -> box, weak values */

const thr_kind *thr_box_kind(lua_State *L, int idx) {
  const thr_box *box = lua_touserdata(L, idx);
  if (lua_type(L, idx) != LUA_TUSERDATA || lua_rawlen(L, idx) != sizeof(*box) ||
      !luaL_getmetafield(L, idx, "__gc"))
    return NULL;
  const thr_kind *kind = NULL;
  if (lua_tocfunction(L, -1) == box_gc && lua_getupvalue(L, -1, 1)) {
    if (box->kind == lua_touserdata(L, -1)) kind = box->kind;
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
  return kind;
}

/* The object's box is on top of the stack, and stays there. */
static void remember(lua_State *L, void *obj) {
  thr_box_pushweak(L, &key_shared, "v");
  lua_pushvalue(L, -2);
  lua_rawsetp(L, -2, obj);
  lua_pop(L, 1);
}

void *thr_box_share(lua_State *L, int idx) {
  thr_box *box = lua_touserdata(L, idx);
  const thr_kind *kind = box->kind;
  if (!kind->ref) return NULL;
  box->used = true; /* memory is allocated, and finalisers may run */
  luaL_checkstack(L, 8, NULL);
  lua_pushvalue(L, idx);
  remember(L, box->obj);
  lua_pop(L, 1);
  return kind->ref(box->obj);
}

/* Pushes the box that this state has for the object; or false, and nothing. */
static bool push_remembered(lua_State *L, const thr_kind *kind, void *obj) {
  thr_box_pushweak(L, &key_shared, "v");
  lua_rawgetp(L, -1, obj);
  const thr_box *box = lua_touserdata(L, -1);
  bool is = box && box->kind == kind && box->obj == obj;
  lua_remove(L, -2);
  if (!is) lua_pop(L, 1);
  return is;
}

/* Want of memory may have left half of one. */
static bool has_type(lua_State *L, const thr_kind *kind) {
  int top = lua_gettop(L);
  bool has = luaL_getmetatable(L, kind->name) == LUA_TTABLE &&
             lua_getfield(L, -1, "__gc") != LUA_TNIL;
  lua_settop(L, top);
  return has;
}

static int open_type(lua_State *L) {
  ((const thr_kind *)lua_touserdata(L, 1))->open(L);
  return 0;
}

/* All of it, or nothing. */
static void make_type(lua_State *L, const thr_kind *kind) {
  lua_pushcfunction(L, open_type);
  lua_pushlightuserdata(L, (void *)kind);
  if (lua_pcall(L, 1, 0, 0) == LUA_OK) return;
  lua_pushnil(L);
  lua_setfield(L, LUA_REGISTRYINDEX, kind->name);
  lua_error(L);
}

/* An interpreter has a type made when the first object of it comes. */
static void check_type(lua_State *L, const thr_kind *kind) {
  const thr_runtime *rt = thr_self_runtime(L);
  if (rt && !rt->opened && rt->calls.at_share) {
    if (!kind->open) rt->calls.at_share(L);
    else if (!has_type(L, kind)) make_type(L, kind);
  }
  if (!has_type(L, kind))
    thr_blame_error(L, "a %s has come to a Lua state in which threading was "
                    "not loaded: require 'threading' there", kind->name);
}

void thr_box_pushshare(lua_State *L, const thr_kind *kind, void *obj) {
  luaL_checkstack(L, 8, NULL);
  if (push_remembered(L, kind, obj)) return;
  check_type(L, kind);
  thr_box *box = thr_box_newuv(L, kind, kind->nuvalues);
  void *share = kind->ref(obj);
  if (!share)
    thr_blame_error(L, "%s cannot cross: %s", kind->name, kind->stays);
  thr_box_fill(box, kind, share);
  if (kind->complete) kind->complete(L, share);
  remember(L, share);
}

/* --- the end, as the collector finds it --- */

static int box_gc(lua_State *L) {
  thr_box *box = lua_touserdata(L, 1);
  thr_finaliser_enter(L);
  if (!box || lua_rawlen(L, 1) != sizeof(*box) ||
      box->kind != lua_touserdata(L, lua_upvalueindex(1)))
    return 0;
  if (box->used && record(L)) {
    box->used = false;
    live_on(L);
  } else {
    finalise(L, box);
  }
  return 0;
}

void thr_box_finish(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key_kept) == LUA_TTABLE)
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
      finalise(L, lua_touserdata(L, -1));
  lua_pop(L, 1);
}

/* --- types --- */

/* With the metatable and the table of methods on the stack. */
static void set_functions(lua_State *L, const luaL_Reg *list) {
  for (; list->name; list++) {
    bool meta = strncmp(list->name, "__", 2) == 0;
    lua_pushcfunction(L, list->func);
    lua_setfield(L, meta ? -3 : -2, list->name);
  }
}

static const char key_missing = 0; /* registry: the tables' own metatable */

int thr_box_missing(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key_missing) == LUA_TTABLE) return 1;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_missing);
  return 1;
}

/* luaL_newmetatable, with this room. */
static void new_metatable(lua_State *L, const char *name) {
  if (luaL_getmetatable(L, name) == LUA_TTABLE) return;
  lua_pop(L, 1);
  lua_createtable(L, 0, THR_BOX_ROOM);
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__name");
  lua_pushvalue(L, -1);
  lua_setfield(L, LUA_REGISTRYINDEX, name);
}

void thr_box_newtype(lua_State *L, const thr_kind *kind,
                     const luaL_Reg *methods) {
  thr_blame_names(L, methods);
  new_metatable(L, kind->name);
  lua_createtable(L, 0, THR_BOX_ROOM);
  set_functions(L, methods);
  thr_box_missing(L);
  lua_setmetatable(L, -2);
  lua_setfield(L, -2, "__index");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pushlightuserdata(L, (void *)kind);
  lua_pushcclosure(L, box_gc, 1);
  lua_setfield(L, -2, "__gc"); /* the last: the type is whole */
}

void thr_box_override(lua_State *L, const luaL_Reg *methods) {
  thr_blame_names(L, methods);
  lua_getfield(L, -1, "__index");
  set_functions(L, methods);
  lua_pop(L, 1);
}

void thr_box_needtype(lua_State *L, const thr_kind *kind) {
  static const luaL_Reg none[] = {{NULL, NULL}};
  if (has_type(L, kind)) return;
  thr_box_newtype(L, kind, none);
  lua_pop(L, 1);
}

void thr_box_indexwith(lua_State *L, lua_CFunction index) {
  lua_getfield(L, -1, "__index");
  lua_pushcclosure(L, index, 1);
  lua_setfield(L, -2, "__index");
}
