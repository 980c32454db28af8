/* compiled: see compiled.h. */
#define THR_ABI_WITH_TEXT
#include "kernel/compiled.h"

#include <lauxlib.h>
#include <string.h>

#include "bind/blame.h"
#include "bind/pending.h"
#include "bind/self.h"
#include "gil/ctrlc.h"
#include "kernel/flight.h"
#include "kernel/guards.h"
#include "os/dl.h"
#include "os/tuning.h"

/* The way of a call. */
THR_DIRECT(lua_isinteger)
THR_DIRECT(lua_pushinteger)
THR_DIRECT(lua_pushnumber)
THR_DIRECT(lua_rawlen)
THR_DIRECT(lua_tointegerx)
THR_DIRECT(lua_tonumberx)
THR_DIRECT(lua_touserdata)
THR_DIRECT(lua_type)

static const char *const name = "threading.Compiled"; /* metatable */

#define MAX_PARAMETERS 32
#define MAX_GUARDS 256 /* of which not all pass a value, see THR_MAX_IN */

/* A version: what it is for, and its code.  All const, but for `next`, and the
** guards, which may be replaced while Lua code runs that they call. */
typedef struct version {
  struct version *next; /* an older one */
  thr_entry entry;
  int number;
  bool leaps; /* it may end otherwise than by returning */
  unsigned generation; /* of the guards */
  uint64_t kinds[MAX_PARAMETERS / 8]; /* a byte each, then 0 */
  int nguards;
  thr_guard guards[];
} version;

/* All const, but the list.  Versions are in the anchors. */
typedef struct {
  const char *magic; /* is `name` */
  version *newest;
  int versions;
  int parameters;
} compiled;

enum { ANCHORS = 1, MISS, RAISE, USER_VALUES = RAISE };

typedef struct {
  thr_operands operands;
  thr_flight flight;
} frame;

static inline compiled *test(lua_State *L, int arg) {
  compiled *c = lua_touserdata(L, arg);
  bool is = c && lua_rawlen(L, arg) == sizeof(*c) && c->magic == name;
  return is ? c : NULL;
}

static inline compiled *check(lua_State *L, int arg) {
  compiled *c = test(L, arg);
  if (!c) luaL_typeerror(L, arg, name);
  return c;
}

/* --- which version --- */

THR_RARE static int wrong_argument(lua_State *L, int i) {
  const char *got = luaL_typename(L, i + 2);
  if (luaL_getmetafield(L, i + 2, "__name") == LUA_TSTRING)
    got = lua_tostring(L, -1);
  return thr_blame_error(
      L, "bad argument #%d to a compiled function (number, boolean, nil, "
      "Array, Value or Lock expected, got %s)", i + 1, got);
}

/* The kinds of arguments, up to eight, from number `first` on; they begin at
** 2. */
static inline uint64_t read_eight(lua_State *L, const compiled *c, int first,
                                  thr_operands *to) {
  uint64_t kinds = 0;
  int n = c->parameters - first;
  for (int i = 0; i < n && i < 8; i++) {
    unsigned char kind =
        (unsigned char)thr_operands_add(L, first + i + 2, to);
    if (!kind) wrong_argument(L, first + i);
    kinds |= (uint64_t)kind << i * 8;
  }
  return kinds;
}

static inline void read_arguments(lua_State *L, const compiled *c,
                                  uint64_t *kinds, thr_operands *to) {
  to->n = to->objects = 0;
  kinds[0] = read_eight(L, c, 0, to);
  for (int i = 8; i < c->parameters; i += 8)
    kinds[i / 8] = read_eight(L, c, i, to);
}

static inline bool same_kinds(const compiled *c, const version *v,
                              const uint64_t *kinds) {
  if (v->kinds[0] != kinds[0]) return false;
  for (int i = 8; i < c->parameters; i += 8)
    if (v->kinds[i / 8] != kinds[i / 8]) return false;
  return true;
}

static bool fits(lua_State *L, const compiled *c, const version *v,
                 thr_operands *ops) {
  int objects = ops->objects, top = lua_gettop(L);
  unsigned generation = v->generation;
  lua_getiuservalue(L, 1, ANCHORS);
  if (thr_guards_hold(L, top + 1, v->guards, v->nguards, ops) &&
      v->generation == generation)
    return true;
  lua_settop(L, top);
  ops->n = c->parameters;
  ops->objects = objects;
  return false;
}

static inline const version *find(lua_State *L, const compiled *c,
                                  const uint64_t *kinds, thr_operands *ops) {
  for (const version *v = c->newest; v; v = v->next)
    if (same_kinds(c, v, kinds) && (v->nguards == 0 || fits(L, c, v, ops)))
      return v;
  return NULL;
}

THR_RARE static void miss(lua_State *L, const compiled *c,
                          const uint64_t *kinds) {
  char text[MAX_PARAMETERS];
  int top = lua_gettop(L);
  for (int i = 0; i < c->parameters; i++)
    text[i] = (char)(kinds[i / 8] >> i % 8 * 8);
  lua_getiuservalue(L, 1, MISS);
  lua_pushlstring(L, text, (size_t)c->parameters);
  lua_call(L, 1, 0);
  lua_settop(L, top);
}

/* The version for this call, which is made if need be; with its operands.  Lua
** code may have run, and so all is read anew. */
static const version *choose(lua_State *L, const compiled *c,
                             thr_operands *ops) {
  uint64_t kinds[MAX_PARAMETERS / 8];
  const version *v;
  for (;;) {
    read_arguments(L, c, kinds, ops);
    v = find(L, c, kinds, ops);
    if (v) return v;
    miss(L, c, kinds);
  }
}

/* --- the call --- */

static int push_results(lua_State *L, const frame *f) {
  int n = f->flight.run.nout;
  if (n > 1) luaL_checkstack(L, n, "too many results");
  for (int i = 0; i < n; i++)
    thr_operands_push(L, &f->operands, &f->flight.results[i]);
  return n;
}

static void push_operand(lua_State *L, const frame *f, bool has,
                         const threading_val *v) {
  if (has) thr_operands_push(L, &f->operands, v);
  else lua_pushnil(L);
}

THR_RARE static int raise_site(lua_State *L, const frame *f, int number) {
  lua_getiuservalue(L, 1, RAISE);
  lua_pushinteger(L, number);
  lua_pushinteger(L, f->flight.site);
  push_operand(L, f, f->flight.has_a, &f->flight.a);
  push_operand(L, f, f->flight.has_b, &f->flight.b);
  thr_operands_push(L, &f->operands, &f->flight.results[0]);
  lua_call(L, 5, 0);
  return 0;
}

/* Is anything pending for the thread? */
static bool is_asked(thr_tstate *ts) {
  return (ts->asked.pending & ~(ts->asked.masked | THR_PENDING_DUMP)) ||
         thr_ctrlc_signalled(ts);
}

static thr_flightend fly(lua_State *L, thr_tstate *ts, const version *v,
                         frame *f) {
  f->flight.L = L;
  f->flight.ts = ts;
  f->flight.entry = v->entry;
  bool holds = f->operands.objects > 0;
  if (holds) thr_operands_hold(&f->operands);
  thr_flightend end = thr_flight_run(&f->flight, f->operands.in, v->leaps);
  if (holds) thr_operands_drop(&f->operands);
  return end;
}

static int call(lua_State *L) {
  frame f;
  const compiled *c = check(L, 1);
  const version *v = choose(L, c, &f.operands);
  thr_tstate *ts = thr_self(L);
  thr_pending_checkown(L, ts);
  int number = v->number; /* v is gone when a call is left behind */
  thr_flightend end = fly(L, ts, v, &f);
  if (end == THR_FLIGHT_STOPPED) return lua_error(L);
  if (is_asked(ts)) thr_pending_disturbed(L, ts, THR_PARK_INTERRUPTED);
  if (end == THR_FLIGHT_FAILED) return raise_site(L, &f, number);
  return push_results(L, &f);
}

/* --- making one --- */

int thr_compiled_create(lua_State *L) {
  lua_Integer parameters = luaL_checkinteger(L, 1);
  luaL_argcheck(L, parameters >= 0 && parameters <= MAX_PARAMETERS, 1,
                "too many parameters");
  luaL_checktype(L, 1 + ANCHORS, LUA_TTABLE);
  luaL_checktype(L, 1 + MISS, LUA_TFUNCTION);
  luaL_checktype(L, 1 + RAISE, LUA_TFUNCTION);
  lua_settop(L, 1 + USER_VALUES);
  compiled *c = lua_newuserdatauv(L, sizeof(*c), USER_VALUES);
  *c = (compiled){.magic = name, .parameters = (int)parameters};
  luaL_setmetatable(L, name);
  for (int i = USER_VALUES; i >= ANCHORS; i--) {
    lua_pushvalue(L, 1 + i);
    lua_setiuservalue(L, -2, i);
  }
  return 1;
}

/* A new version, which the anchors hold. */
static version *new_version(lua_State *L, int nguards) {
  size_t size = sizeof(version) + (size_t)nguards * sizeof(thr_guard);
  int anchors = lua_gettop(L);
  version *v = lua_newuserdatauv(L, size, 0);
  lua_rawseti(L, anchors, (lua_Integer)lua_rawlen(L, anchors) + 1);
  *v = (version){.nguards = nguards};
  return v;
}

static thr_entry find_entry(lua_State *L, int arg) {
  luaL_checktype(L, arg, LUA_TLIGHTUSERDATA);
  thr_entry e = (thr_entry)thr_os_symbol(lua_touserdata(L, arg),
                                         "threading_entry");
  if (!e) thr_blame_error(L, "the object has no threading_entry");
  return e;
}

/* Of a string with one character for each parameter. */
static void check_kinds(lua_State *L, int arg, const compiled *c,
                        uint64_t *kinds) {
  size_t n;
  const char *text = luaL_checklstring(L, arg, &n);
  luaL_argcheck(L, n == (size_t)c->parameters, arg, "one for each parameter");
  memset(kinds, 0, MAX_PARAMETERS);
  for (size_t i = 0; i < n; i++)
    kinds[i / 8] |= (uint64_t)(unsigned char)text[i] << i % 8 * 8;
}

int thr_compiled_add(lua_State *L) {
  compiled *c = check(L, 1);
  thr_entry entry = find_entry(L, 2);
  luaL_checktype(L, 4, LUA_TTABLE);
  int nguards = (int)lua_rawlen(L, 4);
  luaL_argcheck(L, nguards <= MAX_GUARDS, 4, "too many");
  luaL_checktype(L, 6, LUA_TTABLE);
  lua_settop(L, 7);
  lua_getiuservalue(L, 1, ANCHORS);
  version *v = new_version(L, nguards);
  v->entry = entry;
  v->leaps = lua_toboolean(L, 5);
  check_kinds(L, 3, c, v->kinds);
  for (int i = 0; i < nguards; i++)
    thr_guards_read(L, 4, 8, i + 1, &v->guards[i]);
  luaL_argcheck(L, thr_guards_values(v->guards, nguards) <=
                       THR_MAX_IN - c->parameters, 4, "too many values");
  v->number = c->versions + 1;
  lua_pushvalue(L, 7);
  lua_rawseti(L, 6, v->number); /* the last that may raise */
  c->versions++;
  v->next = c->newest;
  c->newest = v;
  return 0;
}

static version *find_number(const compiled *c, lua_Integer number) {
  version *v = c->newest;
  while (v && v->number != number) v = v->next;
  return v;
}

static void read_local(lua_State *L, const version *v, int base,
                       thr_guard *fresh) {
  for (int i = 0; i < v->nguards; i++) {
    thr_guards_read(L, 3, 4, i + 1, &fresh[i]);
    fresh[i].from += base;
    if (fresh[i].upvalue == 0) fresh[i].name += base;
  }
}

/* All that may raise comes first: nobody sees the guards of one and the
** anchors of another. */
int thr_compiled_retarget(lua_State *L) {
  thr_guard fresh[MAX_GUARDS];
  compiled *c = check(L, 1);
  version *v = find_number(c, luaL_checkinteger(L, 2));
  luaL_checktype(L, 3, LUA_TTABLE);
  luaL_checktype(L, 4, LUA_TTABLE);
  int base = (int)luaL_checkinteger(L, 5), n = (int)lua_rawlen(L, 4);
  lua_settop(L, 5);
  lua_getiuservalue(L, 1, ANCHORS);
  luaL_argcheck(L, v && (int)lua_rawlen(L, 3) == v->nguards && base >= 0 &&
                       base + n <= (int)lua_rawlen(L, 6), 3,
                "not those of such a version");
  read_local(L, v, base, fresh);
  for (int i = 1; i <= n; i++) {
    lua_rawgeti(L, 4, i);
    lua_rawseti(L, 6, base + i);
  }
  for (int i = 0; i < v->nguards; i++) v->guards[i] = fresh[i];
  v->generation++;
  return 0;
}

/* It is made by another thread, perhaps. */
int thr_compiled_has(lua_State *L) {
  uint64_t kinds[MAX_PARAMETERS / 8];
  thr_operands ops = {.n = 0};
  const compiled *c = check(L, 1);
  check_kinds(L, 2, c, kinds);
  ops.n = c->parameters;
  for (int i = 0; i < ops.n; i++) ops.in[i].kind = 'n';
  lua_pushboolean(L, find(L, c, kinds, &ops) != NULL);
  return 1;
}

int thr_compiled_kindof(lua_State *L) {
  thr_operands ops = {.n = 0};
  char kind = thr_operands_add(L, 1, &ops);
  if (!kind || lua_isnone(L, 1)) lua_pushnil(L);
  else lua_pushlstring(L, &kind, 1);
  return 1;
}

int thr_compiled_contract(lua_State *L) {
  lua_pushstring(L, thr_abi_text);
  lua_pushinteger(L, MAX_PARAMETERS);
  return 2;
}

int thr_compiled_methods(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  luaL_getmetatable(L, name);
  lua_insert(L, 1);
  lua_setfield(L, 1, "__index");
  return 0;
}

void thr_compiled_open(lua_State *L) {
  lua_createtable(L, 0, THR_BOX_ROOM);
  lua_pushstring(L, name);
  lua_setfield(L, -2, "__name");
  lua_pushvalue(L, -1);
  lua_setfield(L, LUA_REGISTRYINDEX, name);
  lua_pushcfunction(L, call);
  lua_setfield(L, -2, "__call");
  lua_createtable(L, 0, 1); /* by which it is known to be callable */
  lua_pushboolean(L, true);
  lua_setfield(L, -2, "__call");
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}
