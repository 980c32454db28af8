/*
** callback: a C module that keeps the lua_State on which it was called, and
** calls back on that, whoever runs its loop; as luv and lgi do.
*/
#include <lauxlib.h>
#include <lua.h>
#include <threading.h>

static const char key = 0;
static lua_State *kept;

/* keep(fn): what call() calls, and where. */
static int keep(lua_State *L) {
  lua_settop(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key);
  kept = L;
  return 0;
}

/* call() -> what pcall(fn) returns there: true, or false and the error */
static int call(lua_State *L) {
  lua_rawgetp(kept, LUA_REGISTRYINDEX, &key);
  int ok = lua_pcall(kept, 0, 0, 0) == LUA_OK;
  lua_pushboolean(L, ok);
  if (ok) return 1;
  lua_pushstring(L, lua_tostring(kept, -1));
  lua_pop(kept, 1);
  return 2;
}

/* bracket() -> has BEGIN let go of the lock, is a loop in it told to end? */
static int bracket(lua_State *L) {
  int out, stopping;
  THREADING_BEGIN_NOGIL(L)
  out = threading_nogil_.out;
  stopping = THREADING_STOPPING(L);
  THREADING_END_NOGIL(L)
  lua_pushboolean(L, out);
  lua_pushboolean(L, stopping);
  return 2;
}

static int check(lua_State *L) {
  threading_check(L);
  return 0;
}

/* wait(event) -> THREADING_DONE or STOPPED */
static int wait(lua_State *L) {
  const threading_api *api = threading_getapi(L);
  threading_event *e = api->toevent(L, 1);
  lua_pushinteger(L, api->event_wait(api->self(L), e, -1));
  return 1;
}

/* resume(fn, ...): C resumes a coroutine to its end, or to its yield. */
static int resume(lua_State *L) {
  int n = 0;
  lua_State *co = lua_newthread(L);
  lua_insert(L, 1);
  lua_xmove(L, co, lua_gettop(L) - 1);
  if (lua_resume(co, L, lua_gettop(co) - 1, &n) <= LUA_YIELD) return 0;
  lua_xmove(co, L, 1);
  return lua_error(L);
}

/* go_on(co): C resumes a coroutine that has yielded. */
static int go_on(lua_State *L) {
  int n;
  lua_State *co = lua_tothread(L, 1);
  if (lua_resume(co, L, 0, &n) <= LUA_YIELD) return 0;
  lua_xmove(co, L, 1);
  return lua_error(L);
}

__attribute__((visibility("default"))) int luaopen_callback(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"bracket", bracket}, {"call", call}, {"check", check},
      {"go_on", go_on},     {"keep", keep}, {"resume", resume},
      {"wait", wait},       {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
