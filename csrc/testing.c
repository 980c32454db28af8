/* testing: see testing.h. */
#include "testing.h"

#if defined(THREADING_TESTING)

#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>

#include "os/fault.h"
#include "os/os.h"
#include "os/poll.h"

/* --- failures --- */

/* Lua's allocator, under the global lock. */
static lua_Alloc lua_alloc;
static void *lua_ud;
static thr_request failed;

static void *alloc(void *ud, void *p, size_t old, size_t size) {
  bool grows = size > 0 && (!p || size > old); /* to shrink never fails */
  (void)ud;
  if (grows && thr_fault_request(&failed, p, size)) return NULL;
  return lua_alloc(lua_ud, p, old, size);
}

static void replace_allocator(lua_State *L) {
  lua_alloc = lua_getallocf(L, &lua_ud);
  lua_setallocf(L, alloc, NULL);
  failed.size = 0;
}

/* --- the Lua face --- */

/* _testing.stop_clock(), _testing.start_clock() */
static int stop_clock(lua_State *L) {
  (void)L;
  thr_fault_stopclock(thr_os_monotonic());
  return 0;
}

static int start_clock(lua_State *L) {
  (void)L;
  thr_fault_startclock();
  return 0;
}

/* _testing.next_deadline() -> seconds until the earliest deadline of the
** threads that sleep, or nil.  A sleeping thread looks at the clock, and is
** seen, every millisecond. */
static int next_deadline(lua_State *L) {
  int64_t left = thr_fault_untilnext();
  if (left == THR_FOREVER) lua_pushnil(L);
  else lua_pushnumber(L, (double)left / THR_SECOND);
  return 1;
}

/* _testing.advance(seconds): puts the clock, which is stopped, forward */
static int advance(lua_State *L) {
  double seconds = luaL_checknumber(L, 1);
  bool stopped = thr_fault_advance((int64_t)(seconds * THR_SECOND));
  luaL_argcheck(L, stopped, 1, "the clock goes");
  return 0;
}

/* _testing.preempt_every([n]) -> what it was */
static int preempt_every(lua_State *L) {
  lua_Integer n = luaL_optinteger(L, 1, thr_fault_every());
  luaL_argcheck(L, n >= 0 && n <= 1 << 20, 1, "out of range");
  lua_pushinteger(L, thr_fault_setevery((int)n));
  return 1;
}

/* _testing.attempt(kind, first, last, fn, ...): calls fn, where the chances
** from the first to the last fail
** -> has it come to the first?; then what pcall returns */
static int attempt(lua_State *L) {
  static const char *const kinds[] = {"memory", "call", "memory everywhere",
                                      "call everywhere", NULL};
  int kind = luaL_checkoption(L, 1, NULL, kinds);
  lua_Integer first = luaL_checkinteger(L, 2);
  lua_Integer last = luaL_checkinteger(L, 3);
  luaL_checktype(L, 4, LUA_TFUNCTION);
  lua_remove(L, 1); /* two slots are left for the first results, then fn */
  replace_allocator(L);
  thr_fault_begin(kind % 2 == 0 ? THR_CHANCE_MEMORY : THR_CHANCE_CALL,
                  kind >= 2, first, last);
  int status = lua_pcall(L, lua_gettop(L) - 3, LUA_MULTRET, 0);
  long long chances = thr_fault_end();
  lua_setallocf(L, lua_alloc, lua_ud);
  lua_pushboolean(L, chances >= first);
  lua_replace(L, 1);
  lua_pushboolean(L, status == LUA_OK);
  lua_replace(L, 2);
  return lua_gettop(L);
}

/* _testing.held() -> how many things the library holds: allocations,
** semaphores, descriptors */
static int count_held(lua_State *L) {
  lua_pushinteger(L, thr_fault_held());
  return 1;
}

/* _testing.descriptors() -> how many the process has open */
static int descriptors(lua_State *L) {
  int n = 0;
  for (thr_watch w = {.fd = 0}; w.fd < 1024; w.fd++)
    n += !thr_os_look(&w) || w.ready != THR_NOFD;
  lua_pushinteger(L, n);
  return 1;
}

static void push_functions(lua_State *L);

static int open_state(lua_State *L) {
  luaL_openlibs(L);
  push_functions(L);
  lua_setglobal(L, "testing");
  return 0;
}

/* _testing.in_state(source): runs a program in a Lua state of its own
** -> nil or its error message */
static int in_state(lua_State *L) {
  const char *source = luaL_checkstring(L, 1);
  lua_State *L2 = luaL_newstate();
  if (!L2) return luaL_error(L, "not enough memory");
  lua_pushcfunction(L2, open_state);
  bool ok = lua_pcall(L2, 0, 0, 0) == LUA_OK &&
            luaL_loadstring(L2, source) == LUA_OK &&
            lua_pcall(L2, 0, 0, 0) == LUA_OK;
  if (ok) lua_pushnil(L);
  else lua_pushstring(L, luaL_tolstring(L2, -1, NULL));
  lua_close(L2);
  return 1;
}

static void push_functions(lua_State *L) {
  static const luaL_Reg functions[] = {{"advance", advance},
                                       {"attempt", attempt},
                                       {"descriptors", descriptors},
                                       {"held", count_held},
                                       {"in_state", in_state},
                                       {"next_deadline", next_deadline},
                                       {"preempt_every", preempt_every},
                                       {"start_clock", start_clock},
                                       {"stop_clock", stop_clock},
                                       {NULL, NULL}};
  luaL_newlib(L, functions);
}

/* The environment speaks for programs that know nothing of this. */
static void read_environment(void) {
  const char *n = thr_os_getenv("THREADING_PREEMPT_EVERY");
  if (n) thr_fault_setevery(atoi(n));
}

static thr_once once = THR_ONCE_INIT;

void thr_testing_open(lua_State *L) {
  thr_os_once(&once, read_environment);
  push_functions(L);
  lua_setfield(L, -2, "_testing");
}

#endif
