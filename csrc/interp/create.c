/* create: see create.h. */
#include "interp/create.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>

#include "bind/blame.h"
#include "bind/pending.h"
#include "bind/self.h"
#include "gil/gil.h"
#include "interp/chunks.h"
#include "interp/current.h"
#include "interp/equip.h"
#include "interp/finish.h"
#include "interp/memory.h"
#include "interp/settings.h"
#include "os/fault.h"
#include "os/tuning.h"
#include "state/open.h"
#include "state/require.h"

typedef struct {
  thr_tstate *maker;
  thr_interp *main, *made;
  thr_settings settings;
  char error[512];
} birth;

int luaopen_threading__thread(lua_State *L); /* module.c */

/* So that it is found without a search, and is this copy of it. */
static void preload_module(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_threading__thread);
  lua_setfield(L, -2, "threading._thread");
  lua_pop(L, 1);
}

static void make_types(lua_State *L) {
  int top = lua_gettop(L);
  luaL_requiref(L, "threading._thread", luaopen_threading__thread, 0);
  lua_settop(L, top);
}

/* What was made so far is no garbage: the collector starts with what comes. */
static void start_collector(lua_State *L) {
  lua_gc(L, LUA_GCRESTART);
#if LUA_VERSION_NUM < 505
  lua_gc(L, LUA_GCSTEP, -THR_INTERP_SIZE); /* as if so much were free */
#endif
}

/* On the new state, protected. */
static int set_up(lua_State *L) {
  birth *b = lua_touserdata(L, 1);
  thr_runtime *maker = b->maker->rt;
  lua_gc(L, LUA_GCSTOP);
  luaL_openlibs(L);
  thr_runtime *rt = thr_open_made(L, maker->member.group);
  rt->calls.at_share = make_types;
  thr_equip(L, rt);
  thr_require_open(L);
  thr_chunks_open(L);
  preload_module(L);
  thr_current_set(L, NULL);
  thr_settings_give(L, rt, maker, &b->settings);
  b->made = thr_interp_new(rt, b->main);
  if (!b->made) thr_blame_error(L, "not enough memory");
  thr_current_set(L, b->made);
  start_collector(L);
  return 0;
}

/* The record that has made the state is nobody's from now on. */
static void leave_new(lua_State *L) {
  thr_tstate *main = thr_self_runtime(L)->main;
  thr_gil_release(main);
  thr_tstate_unbind(main);
}

/* What has ended the birth.  A text that is there already needs no memory. */
static void note_error(lua_State *L, birth *b) {
  const char *text = lua_isstring(L, -1) ? lua_tostring(L, -1) : NULL;
  snprintf(b->error, sizeof(b->error), "%s",
           text ? text : "the error is no text");
}

#ifdef THREADING_TESTING
/* Lua's allocator, with a chance to fail. */
static _Atomic(lua_Alloc) lua_alloc; /* the same for all states */

static void *alloc(void *ud, void *p, size_t old, size_t size) {
  static THR_TLS thr_request failed;
  bool grows = size > 0 && (!p || size > old);
  if (grows && thr_fault_request(&failed, p, size)) return NULL;
  lua_Alloc original = atomic_load(&lua_alloc); /* gcc would not, in a call */
  return original(ud, p, old, size);
}

static lua_State *new_state(void) {
  lua_State *L = thr_memory_newstate();
  void *ud;
  if (!L) return NULL;
  lua_alloc = lua_getallocf(L, &ud);
  lua_setallocf(L, alloc, ud);
  return L;
}
#else
static lua_State *new_state(void) { return thr_memory_newstate(); }
#endif

/* Without the maker's global lock. */
static void make(birth *b) {
  lua_State *L = new_state();
  if (!L) return;
  lua_pushcfunction(L, set_up);
  lua_pushlightuserdata(L, b);
  if (lua_pcall(L, 1, 0, 0) == LUA_OK) {
    leave_new(L);
    return;
  }
  note_error(L, b);
  if (b->made) thr_interp_unbox(b->made);
  b->made = NULL;
  thr_memory_close(L);
}

/* The collector sees a box of a few bytes: what is behind it is told to it, or
** it would let a loop that drops interpreters fill the memory.  A few that are
** closed when they have done their work cost nothing. */
static void account(lua_State *L, const thr_interp *main) {
  if (thr_interp_all(main, NULL, 0) < THR_INTERPS_FREE ||
      lua_gc(L, LUA_GCISRUNNING) != 1)
    return;
#if LUA_VERSION_NUM >= 505
  lua_gc(L, LUA_GCSTEP, (size_t)THR_INTERP_SIZE * 1024);
#else
  lua_gc(L, LUA_GCSTEP, THR_INTERP_SIZE);
#endif
}

thr_interp *thr_create(lua_State *L) {
  birth b = {.maker = thr_self(L), .main = thr_current(L)->main,
             .error = "not enough memory"};
  thr_pending_checkown(L, b.maker);
  account(L, b.main);
  thr_finish_dropped(L, b.main);
  thr_settings_read(L, &b.settings);
  thr_gil_release(b.maker);
  make(&b);
  thr_gil_take(b.maker, THR_AT_ONCE);
  thr_settings_free(&b.settings);
  if (!b.made) {
    thr_blame_error(L, "%s", b.error);
    return NULL;
  }
  if (!thr_interp_enlist(b.made)) thr_finish_unlisted(L, b.made);
  return b.made;
}
