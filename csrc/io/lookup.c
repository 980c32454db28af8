/* lookup: see lookup.h. */
#include "io/lookup.h"

#include <lauxlib.h>
#include <string.h>

#include "bind/args.h"
#include "bind/aside.h"
#include "bind/blame.h"
#include "bind/pending.h"
#include "bind/self.h"
#include "os/names.h"

typedef struct {
  thr_aside aside;
  thr_names *names;
} lookup;

static void resolve(thr_aside *a) { thr_names_lookup(((lookup *)a)->names); }

static void free_lookup(thr_aside *a) {
  thr_names_free(((lookup *)a)->names);
  thr_os_free(a);
}

static lookup *new_lookup(thr_namekind kind, const char *host) {
  lookup *l = thr_os_alloc(sizeof(*l));
  if (!l) return NULL;
  thr_aside_init(&l->aside, resolve, free_lookup, "name");
  l->names = thr_names_new(kind, host);
  if (l->names) return l;
  thr_os_free(l);
  return NULL;
}

static int find(lua_State *L, lookup *l, int64_t deadline) {
  thr_tstate *ts = thr_self(L);
  if (thr_names_isnumeric(l->names)) return 1;
  return thr_aside_run(L, ts, &l->aside, deadline);
}

/* Protected: (the lookup), `push` its upvalue.  What the function returns. */
static int push_answers(lua_State *L) {
  lua_CFunction push = lua_tocfunction(L, 2);
  const lookup *l = lua_touserdata(L, 1);
  const char *why = thr_names_error(l->names);
  if (!why) return push(L);
  lua_pushnil(L);
  lua_pushstring(L, why);
  return 2;
}

/* `push` makes of the lookup at 1 what the function returns. */
static int look_up(lua_State *L, thr_namekind kind, int64_t deadline,
                   lua_CFunction push) {
  const char *host = luaL_checkstring(L, 1);
  thr_pending_check(L, thr_self(L));
  lookup *l = new_lookup(kind, host);
  if (!l) return thr_blame_error(L, "not enough memory");
  int found = find(L, l, deadline), status = LUA_ERRRUN;
  if (found == 1) {
    lua_settop(L, 0);
    lua_pushcfunction(L, push_answers);
    lua_pushlightuserdata(L, l);
    lua_pushcfunction(L, push);
    status = lua_pcall(L, 2, LUA_MULTRET, 0);
  }
  thr_aside_drop(&l->aside);
  if (found == 0) {
    lua_pushnil(L);
    lua_pushliteral(L, "timeout");
    return 2;
  }
  return status == LUA_OK ? lua_gettop(L) : lua_error(L);
}

/* --- the Lua face --- */

static const thr_answer *answers(lua_State *L) {
  return thr_names_answers(((const lookup *)lua_touserdata(L, 1))->names);
}

static int push_addresses(lua_State *L) {
  static const char *const families[] = {"inet", "inet6", "unknown"};
  lua_Integer i = 1;
  lua_newtable(L);
  for (const thr_answer *a = answers(L); a; a = a->next) {
    lua_createtable(L, 0, 2);
    lua_pushstring(L, families[a->kind]);
    lua_setfield(L, -2, "family");
    lua_pushstring(L, a->text);
    lua_setfield(L, -2, "addr");
    lua_rawseti(L, -2, i++);
  }
  return 1;
}

static thr_namekind check_family(lua_State *L) {
  static const char *const families[] = {"unspec", "inet", "inet6", NULL};
  static const thr_namekind kinds[] = {THR_ADDRESSES, THR_ADDRESSES4,
                                       THR_ADDRESSES6};
  return kinds[luaL_checkoption(L, 2, "unspec", families)];
}

int thr_lookup_addresses(lua_State *L) {
  return look_up(L, check_family(L), thr_args_deadline(L, 3, "timeout"),
                 push_addresses);
}

/* Pushes the texts of the answers of a kind as a list. */
static void push_list(lua_State *L, thr_answerkind kind) {
  lua_Integer i = 1;
  lua_newtable(L);
  for (const thr_answer *a = answers(L); a; a = a->next) {
    if (a->kind != kind) continue;
    lua_pushstring(L, a->text);
    lua_rawseti(L, -2, i++);
  }
}

/* Pushes the first of a kind, and a table of all. */
static int push_host(lua_State *L, thr_answerkind kind) {
  const thr_answer *first = answers(L);
  lua_createtable(L, 0, 3);
  lua_pushstring(L, first->text);
  lua_setfield(L, -2, "name");
  push_list(L, THR_INET);
  lua_setfield(L, -2, "ip");
  push_list(L, THR_ALIAS);
  lua_setfield(L, -2, "alias");
  while (first && first->kind != kind) first = first->next;
  if (first) lua_pushstring(L, first->text);
  else lua_pushnil(L);
  lua_insert(L, -2);
  return 2;
}

static int push_hostname(lua_State *L) { return push_host(L, THR_NAME); }
static int push_hostip(lua_State *L) { return push_host(L, THR_INET); }

int thr_lookup_hostname(lua_State *L) {
  return look_up(L, THR_HOST, THR_FOREVER, push_hostname);
}

int thr_lookup_hostip(lua_State *L) {
  return look_up(L, THR_HOST, THR_FOREVER, push_hostip);
}
