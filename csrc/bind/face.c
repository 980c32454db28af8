/* face: see face.h. */
#include "bind/face.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "bind/blame.h"
#include "bind/finaliser.h"
#include "gil/gil.h"
#include "os/fault.h"

_Atomic(const thr_box *) thr_face_known[THR_FACE_KNOWN];

void *thr_face_recognise(lua_State *L, int arg, const thr_kind *kind) {
  const thr_box *box = lua_touserdata(L, arg);
  if (lua_rawlen(L, arg) != sizeof(*box) || box->kind != kind) return NULL;
  atomic_store_explicit(thr_face_slot(box), box, memory_order_relaxed);
  return box->obj;
}

/* Its address may be another's from now on. */
static void forget(const thr_box *box) {
  if (atomic_load_explicit(thr_face_slot(box), memory_order_relaxed) == box)
    atomic_store_explicit(thr_face_slot(box), NULL, memory_order_relaxed);
}

/* A finaliser that ran later has found it, or a thread at the end. */
static bool is_finalised(lua_State *L, int arg, const thr_kind *kind) {
  const thr_box *box = luaL_testudata(L, arg, kind->name);
  return box && lua_rawlen(L, arg) == sizeof(*box) && !box->kind;
}

void *thr_face_notself(lua_State *L, int arg, const thr_kind *kind) {
  if (is_finalised(L, arg, kind)) {
    lua_pushfstring(L, "this %s is finalised already", kind->name);
    thr_blame_argerror(L, arg, lua_tostring(L, -1));
  }
  thr_face_unexpected(L, arg, kind->name);
  return NULL;
}

thr_box *thr_face_newboxuv(lua_State *L, const thr_kind *kind, int nuvalues) {
  thr_box *box = lua_newuserdatauv(L, sizeof(*box), nuvalues);
  *box = (thr_box){0};
  luaL_setmetatable(L, kind->name);
  return box;
}

thr_box *thr_face_newbox(lua_State *L, const thr_kind *kind) {
  return thr_face_newboxuv(L, kind, 0);
}

void thr_face_fill(thr_box *box, const thr_kind *kind, void *obj) {
  box->kind = kind;
  box->obj = obj;
}

/* --- the end of an object --- */

static const char key_kept = 0; /* registry: address -> box, weak values */

static void finalise(thr_box *box) {
  const thr_kind *kind = box->kind;
  if (!kind) return;
  box->kind = NULL;
  forget(box);
  kind->unref(box->obj);
}

static void push_kept(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key_kept) == LUA_TTABLE) return;
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "v");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_kept);
}

/* May this be the end of the state?  Then the main state runs nothing but the
** finaliser.  (So it may be in a host that lets it rest: no harm is done.) */
static bool may_be_end(lua_State *L) {
  thr_tstate *ts = thr_tstate_current(lua_topointer(L, LUA_REGISTRYINDEX));
  lua_Debug ar;
  return L == ts->rt->mainL && !lua_getstack(L, 1, &ar);
}

/* The finaliser of the box at 1 shall run again when that is unreachable; or,
** for at the end of the state none runs twice, the anchor's (see end.c). */
static void live_on(lua_State *L) {
  lua_getmetatable(L, 1);
  lua_setmetatable(L, 1); /* this makes it run again */
  if (!may_be_end(L)) return;
  push_kept(L);
  lua_pushvalue(L, 1);
  lua_rawsetp(L, -2, lua_touserdata(L, 1));
}

static bool is_open(lua_State *L) {
  return thr_tstate_current(lua_topointer(L, LUA_REGISTRYINDEX)) != NULL;
}

static int box_gc(lua_State *L) {
  thr_box *box = lua_touserdata(L, 1);
  thr_finaliser_enter(L);
  if (!box || lua_rawlen(L, 1) != sizeof(*box) ||
      box->kind != lua_touserdata(L, lua_upvalueindex(1)))
    return 0;
  if (box->used && is_open(L)) {
    box->used = false;
    live_on(L);
  } else {
    finalise(box);
  }
  return 0;
}

void thr_face_finish(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key_kept) == LUA_TTABLE)
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1))
      finalise(lua_touserdata(L, -1));
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

/* More than is needed: where keys meet, each method call looks at both. */
#define ROOM 32

/* luaL_newmetatable, with this room. */
static void new_metatable(lua_State *L, const char *name) {
  if (luaL_getmetatable(L, name) == LUA_TTABLE) return;
  lua_pop(L, 1);
  lua_createtable(L, 0, ROOM);
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__name");
  lua_pushvalue(L, -1);
  lua_setfield(L, LUA_REGISTRYINDEX, name);
}

void thr_face_newtype(lua_State *L, const thr_kind *kind,
                      const luaL_Reg *methods) {
  thr_blame_names(L, methods);
  new_metatable(L, kind->name);
  lua_createtable(L, 0, ROOM);
  set_functions(L, methods);
  lua_setfield(L, -2, "__index");
  lua_pushlightuserdata(L, (void *)kind);
  lua_pushcclosure(L, box_gc, 1);
  lua_setfield(L, -2, "__gc");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
}

void thr_face_indexwith(lua_State *L, lua_CFunction index) {
  lua_getfield(L, -1, "__index");
  lua_pushcclosure(L, index, 1);
  lua_setfield(L, -2, "__index");
}

/* Lua code runs without the global lock: takes it, and raises. */
static void come_back(lua_State *L, thr_tstate *ts) {
  const char *place = ts->left_at ? ts->left_at : "";
  ts->nogil = false;
  thr_gil_take(ts, THR_AT_ONCE);
  ts->quick = ts->running;
  thr_whose_at(ts, L);
  ts->left_at = NULL;
  thr_face_error(L, "Lua goes on without the global lock: the C function that "
                 "was called%s%s has returned between THREADING_BEGIN_NOGIL "
                 "and THREADING_END_NOGIL", *place ? " at " : "", place);
}

static const char key_gone = 0; /* registry: is the library gone? */

bool thr_face_isgone(lua_State *L) {
  luaL_checkstack(L, 1, NULL);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &key_gone);
  bool gone = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return gone;
}

int thr_face_refusegone(lua_State *L) {
  return thr_face_error(L, "the Lua state is being closed, and threading with "
                        "it");
}

static thr_tstate *no_record(lua_State *L) {
  if (thr_face_isgone(L)) thr_face_refusegone(L);
  thr_face_error(L, "this OS thread is not attached to the Lua state");
  return NULL;
}

thr_tstate *thr_face_findself(lua_State *L) {
  thr_tstate *ts = thr_tstate_current(lua_topointer(L, LUA_REGISTRYINDEX));
  if (!ts) return no_record(L);
  if (!ts->holds_gil) come_back(L, ts);
  thr_whose_at(ts, L);
  return ts;
}

/* The key is there from the beginning, so that to set it needs no memory. */
void thr_face_open(lua_State *L) {
  lua_pushboolean(L, 0);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_gone);
}

void thr_face_setgone(lua_State *L) {
  lua_pushboolean(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_gone);
}

thr_tstate *thr_face_findhere(lua_State *L) {
  return thr_face_isgone(L) ? NULL : thr_face_findself(L);
}

/* Lua 5.5.0 pushes nothing where there is no memory for it (and luaL_error
** raises what stands below). */
static void push_text(lua_State *L, const char *fmt, va_list ap) {
  if (lua_pushvfstring(L, fmt, ap)) return;
  lua_pushliteral(L, "not enough memory");
  lua_error(L);
}

int thr_face_argerror(lua_State *L, int arg, const char *name,
                      const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  lua_pushfstring(L, "%s: ", name);
  push_text(L, fmt, ap);
  va_end(ap);
  lua_concat(L, 2);
  return thr_blame_argerror(L, arg, lua_tostring(L, -1));
}

int thr_face_error(lua_State *L, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  thr_blame_where(L);
  push_text(L, fmt, ap);
  va_end(ap);
  lua_concat(L, 2);
  return lua_error(L);
}

/* Pushes the name of the argument's type, where that has one of its own. */
static const char *type_of(lua_State *L, int arg) {
  if (luaL_getmetafield(L, arg, "__name") == LUA_TSTRING)
    return lua_tostring(L, -1);
  return luaL_typename(L, arg);
}

int thr_face_typeerror(lua_State *L, int arg, const char *name,
                       const char *expected) {
  const char *got = lua_type(L, arg) == LUA_TNUMBER
                        ? luaL_tolstring(L, arg, NULL)
                        : type_of(L, arg);
  return thr_face_argerror(L, arg, name, "%s expected, got %s", expected, got);
}

int thr_face_unexpected(lua_State *L, int arg, const char *expected) {
  const char *got = type_of(L, arg);
  lua_pushfstring(L, "%s expected, got %s", expected, got);
  return thr_blame_argerror(L, arg, lua_tostring(L, -1));
}

static double checknumber(lua_State *L, int arg, const char *name) {
  if (lua_type(L, arg) != LUA_TNUMBER)
    thr_face_typeerror(L, arg, name, "number of seconds");
  double s = lua_tonumber(L, arg);
  if (isnan(s)) thr_face_argerror(L, arg, name, "must not be NaN");
  if (s > THR_TIMEOUT_MAX && s != HUGE_VAL)
    thr_face_argerror(L, arg, name, "is too large");
  return s;
}

static int64_t nanoseconds(double s) {
  return s == HUGE_VAL ? THR_FOREVER : (int64_t)(s * 1e9);
}

static int64_t nonnegative(lua_State *L, int arg, const char *name, double s) {
  if (s < 0)
    thr_face_argerror(L, arg, name,
                      "must be a non-negative number");
  return nanoseconds(s);
}

int64_t thr_face_seconds(lua_State *L, int arg, const char *name) {
  if (lua_isnoneornil(L, arg)) return THR_FOREVER;
  return nonnegative(L, arg, name, checknumber(L, arg, name));
}

int64_t thr_face_timeout(lua_State *L, int arg, const char *name) {
  if (lua_isnoneornil(L, arg)) return THR_FOREVER;
  double s = checknumber(L, arg, name);
  return s < 0 ? 0 : nanoseconds(s);
}

int64_t thr_face_fromnow(int64_t ns) {
  int64_t now = thr_fault_now(thr_os_monotonic());
  return ns > THR_FOREVER - now ? THR_FOREVER : now + ns;
}

int64_t thr_face_deadline(lua_State *L, int arg, const char *name) {
  return thr_face_fromnow(thr_face_seconds(L, arg, name));
}

int64_t thr_face_lasttimeout(lua_State *L, int arg) {
  static const char *const names[] = {"timeout", NULL};
  thr_face_keywords(L, arg, names);
  return thr_face_timeout(L, arg, names[0]);
}

int64_t thr_face_acquireargs(lua_State *L, bool minus1, const char *clash) {
  static const char *const names[] = {"blocking", "timeout", NULL};
  thr_face_keywords(L, 2, names);
  bool blocking = thr_face_optboolean(L, 2, "blocking", true);
  if (lua_isnoneornil(L, 3)) return blocking ? THR_FOREVER : 0;
  double s = checknumber(L, 3, "timeout");
  bool forever = minus1 && s == -1;
  if (!blocking && !forever) thr_face_error(L, "%s", clash);
  if (forever) return blocking ? THR_FOREVER : 0;
  int64_t ns = minus1 ? nonnegative(L, 3, "timeout", s) : nanoseconds(s);
  return ns <= 0 ? 0 : thr_face_fromnow(ns);
}

static int position(lua_State *L, int key, const char *const names[]) {
  if (lua_type(L, key) == LUA_TSTRING)
    for (int i = 0; names[i]; i++)
      if (strcmp(lua_tostring(L, key), names[i]) == 0) return i;
  return -1;
}

void thr_face_keywords(lua_State *L, int first, const char *const names[]) {
  if (lua_type(L, first) != LUA_TTABLE) return;
  lua_settop(L, first);
  int n = 0;
  while (names[n]) n++;
  luaL_checkstack(L, n + 4, NULL);
  for (int i = 0; i < n; i++) lua_pushnil(L);
  lua_pushnil(L);
  while (lua_next(L, first)) {
    int i = position(L, -2, names);
    if (i < 0)
      thr_face_error(L, "unexpected keyword argument '%s'",
                 luaL_tolstring(L, -2, NULL));
    lua_replace(L, first + 1 + i);
  }
  lua_remove(L, first);
}

lua_Integer thr_face_integer(lua_State *L, int arg, const char *name,
                             lua_Integer least, lua_Integer most) {
  int ok;
  lua_Integer n = lua_tointegerx(L, arg, &ok);
  if (lua_type(L, arg) != LUA_TNUMBER || !ok)
    thr_face_typeerror(L, arg, name, "integer");
  if (n < least)
    thr_face_argerror(L, arg, name, "must be at least %I", (LUAI_UACINT)least);
  if (n > most)
    thr_face_argerror(L, arg, name, "must be at most %I", (LUAI_UACINT)most);
  return n;
}

lua_Integer thr_face_optinteger(lua_State *L, int arg, const char *name,
                                lua_Integer least, lua_Integer most,
                                lua_Integer def) {
  if (lua_isnoneornil(L, arg)) return def;
  return thr_face_integer(L, arg, name, least, most);
}

bool thr_face_optboolean(lua_State *L, int arg, const char *name, bool def) {
  if (lua_isnoneornil(L, arg)) return def;
  if (!lua_isboolean(L, arg)) thr_face_typeerror(L, arg, name, "boolean");
  return lua_toboolean(L, arg);
}

void thr_face_callable(lua_State *L, int arg, const char *name) {
  if (lua_isfunction(L, arg)) return;
  if (luaL_getmetafield(L, arg, "__call") == LUA_TNIL)
    thr_face_typeerror(L, arg, name, "callable");
  lua_pop(L, 1);
}

static int with_done(lua_State *L, int status, lua_KContext ctx) {
  (void)status;
  (void)ctx;
  return lua_gettop(L) - 1; /* all above the to-be-closed value */
}

int thr_face_guard(lua_State *L) {
  lua_settop(L, 1);
  thr_face_self(L)->guarded = true;
  return 1;
}

int thr_face_with(lua_State *L) {
  int nargs = lua_gettop(L) - 2;
  lua_toclose(L, 1);
  lua_callk(L, nargs, LUA_MULTRET, 0, with_done);
  return with_done(L, LUA_OK, 0);
}

/* A C function without upvalues can be called as if it were the caller, so
** that its error messages bear the right name. */
static bool is_plain(lua_State *L, int idx) {
  if (!lua_iscfunction(L, idx)) return false;
  if (!lua_getupvalue(L, idx, 1)) return true;
  lua_pop(L, 1);
  return false;
}

void thr_face_replacein(lua_State *L, const luaL_Reg *list) {
  for (; list->name; list++) {
    lua_getfield(L, -1, list->name);
    if (lua_tocfunction(L, -1) == list->func) { /* done, before an error */
      lua_pop(L, 1);
      continue;
    }
    lua_pushboolean(L, is_plain(L, -1));
    lua_pushcclosure(L, list->func, 2);
    lua_setfield(L, -2, list->name);
  }
}

void thr_face_replace(lua_State *L, const char *lib, const luaL_Reg *list) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  if (lua_getfield(L, -1, lib) == LUA_TTABLE) thr_face_replacein(L, list);
  lua_pop(L, 2);
}

int thr_face_original(lua_State *L) {
  if (lua_toboolean(L, lua_upvalueindex(2)))
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

bool thr_face_place(lua_State *of, lua_Debug *ar) {
  for (int level = 0; of && lua_getstack(of, level, ar); level++) {
    lua_getinfo(of, "Sl", ar);
    if (ar->currentline > 0) return true;
  }
  return false;
}

void thr_face_pushplace(lua_State *L, lua_State *of) {
  lua_Debug ar;
  if (thr_face_place(of, &ar))
    lua_pushfstring(L, "%s:%d", ar.short_src, ar.currentline);
  else
    lua_pushliteral(L, "");
}

void thr_face_pushname(lua_State *L, thr_runtime *rt, uint64_t ident) {
  char name[THR_NAMESIZE] = "";
  thr_mutex_lock(&rt->m);
  for (thr_tstate *ts = rt->threads; ts; ts = ts->next)
    if (ts->ident == ident) memcpy(name, ts->name, sizeof(name));
  thr_mutex_unlock(&rt->m);
  if (name[0]) lua_pushstring(L, name);
  else lua_pushinteger(L, (lua_Integer)ident);
}
