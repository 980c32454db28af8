/* loading: see loading.h. */
#include "state/loading.h"

#include <lauxlib.h>
#include <string.h>

#include "bind/pending.h"
#include "park/park.h"

/* A userdata.  The registry keeps it, by its address, from the claim to the
** release, and a waiter keeps it on its stack for as long as it waits. */
struct thr_loading {
  atomic_uint_least64_t owner; /* gil to write: the thread's ident; 0: it is
                          released.  Atomic: waits are looked at without it */
  const char *name; /* const, and so are the next three; see new_claim */
  lua_State *L;
  thr_runtime *rt;
  thr_loading *next; /* gil */
};

static const char *const type = "threading.loading";

enum { NAME = 1, STATE, VALUES = STATE }; /* user values: what it refers to */

static thr_loading *at_owner(const void *addr) {
  return (void *)((const char *)addr - offsetof(thr_loading, owner));
}

const char *thr_loading_name(const void *addr) { return at_owner(addr)->name; }

/* --- claiming and releasing --- */

static thr_loading *new_claim(lua_State *L, thr_tstate *ts, int idx) {
  thr_loading *l = lua_newuserdatauv(L, sizeof(*l), VALUES);
  *l = (thr_loading){.name = lua_tostring(L, idx), .L = L, .rt = ts->rt};
  lua_pushvalue(L, idx);
  lua_setiuservalue(L, -2, NAME);
  lua_pushthread(L);
  lua_setiuservalue(L, -2, STATE);
  luaL_setmetatable(L, type);
  return l;
}

static void unlink_claim(thr_loading *l) {
  thr_loading **at = &l->rt->loads;
  while (*at != l) at = &(*at)->next;
  *at = l->next;
  l->owner = 0;
}

/* Raises nothing: the registry has the key. */
static void release(lua_State *L, thr_loading *l) {
  if (l->owner == 0) return;
  unlink_claim(l);
  thr_unpark_all(&l->owner);
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, l);
}

static int claim_close(lua_State *L) {
  thr_loading *l = luaL_testudata(L, 1, type);
  if (l) release(L, l);
  return 0;
}

/* Of a coroutine that C has resumed nobody reports the death. */
static bool is_dead(lua_State *co) {
  int status = lua_status(co);
  return status != LUA_OK && status != LUA_YIELD;
}

static thr_loading *find(lua_State *L, thr_runtime *rt, const char *name) {
  thr_loading *l = rt->loads;
  while (l && strcmp(l->name, name) != 0) l = l->next;
  if (!l || !is_dead(l->L)) return l;
  release(L, l);
  return NULL;
}

/* --- waiting --- */

static uint64_t who_loads(const void *addr) { return at_owner(addr)->owner; }

static bool still_loading(thr_waiter *w) { return who_loads(w->addr) != 0; }

/* Until the claim is released, or something else happens that raises no
** error. */
static void await_release(lua_State *L, thr_tstate *ts, thr_loading *l) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, l);
  thr_waiter w = thr_waiter_on(ts, &l->owner, "module");
  w.validate = still_loading;
  w.owner = who_loads;
  w.owner_only = true;
  thr_pending_disturbed(L, ts, thr_park(&w, THR_FOREVER));
  lua_pop(L, 1);
}

/* Nothing that runs Lua code, as a step of the collector may, comes between
** the last look and the claim. */
void thr_loading_claim(lua_State *L, thr_tstate *ts, int idx) {
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  thr_loading *l = new_claim(L, ts, idx), *other;
  while ((other = find(L, ts->rt, l->name)) && other->owner != ts->ident)
    await_release(L, ts, other);
  if (other) return;
  lua_toclose(L, -1);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, l); /* may raise: it is not linked yet */
  l->owner = ts->ident;
  l->next = ts->rt->loads;
  ts->rt->loads = l;
}

/* --- where a claim's frame is gone --- */

void thr_loading_dropcoroutine(lua_State *L, thr_runtime *rt, lua_State *co) {
  for (thr_loading *l = rt->loads, *next; l; l = next) {
    next = l->next;
    if (l->L == co) release(L, l);
  }
}

void thr_loading_dropthread(lua_State *L, thr_tstate *ts) {
  for (thr_loading *l = ts->rt->loads, *next; l; l = next) {
    next = l->next;
    if (l->owner == ts->ident) release(L, l);
  }
}

/* Nobody waits.  Lua is not touched here: the registry keeps what is left of
** them. */
void thr_loading_afterfork(thr_tstate *self) {
  for (thr_loading *l = self->rt->loads, *next; l; l = next) {
    next = l->next;
    if (l->owner != self->ident) unlink_claim(l);
  }
}

void thr_loading_open(lua_State *L) {
  luaL_newmetatable(L, type);
  lua_pushcfunction(L, claim_close);
  lua_setfield(L, -2, "__close");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}
