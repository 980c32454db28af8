/* runtime: see runtime.h. */
#include "runtime.h"

#include <lauxlib.h>

#include "dump.h"
#include "end.h"
#include "face.h"
#include "fork.h"
#include "gil.h"
#include "preempt.h"

const char thr_key_runtime = 0;
const char thr_key_noop = 0;
const char thr_key_exit = 0;
const char thr_key_stop = 0;
const char thr_key_locals = 0;
const char thr_key_active = 0;
const char thr_key_messages = 0;

/* Code that catches the stop (a loop around a pcall) meets it again after
** this time; <close> variables have as long to do their work. */
#define STOP_AGAIN (THR_SECOND / 10)

static void raise_key(lua_State *L, const void *key) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, key);
  lua_error(L);
}

/* --- cancellation --- */

static const char *const cancelled = "threading.Cancelled"; /* metatable */

void thr_runtime_setmessage(lua_State *L, thr_tstate *ts, int idx) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &thr_key_messages);
  lua_pushvalue(L, idx);
  lua_rawseti(L, -2, (lua_Integer)ts->ident);
  lua_pop(L, 1);
}

static void raise_cancelled(lua_State *L, thr_tstate *ts) {
  atomic_fetch_and(&ts->pending,
                   ~(unsigned)(THR_PENDING_CANCEL | THR_PENDING_ASYNC));
  lua_createtable(L, 0, 1);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &thr_key_messages);
  lua_rawgeti(L, -1, (lua_Integer)ts->ident);
  lua_setfield(L, -3, "message");
  lua_pop(L, 1);
  luaL_setmetatable(L, cancelled);
  lua_error(L);
}

static int cancelled_tostring(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  if (lua_getfield(L, 1, "message") == LUA_TNIL)
    lua_pushliteral(L, "cancelled");
  else
    lua_pushfstring(L, "cancelled: %s", luaL_tolstring(L, -1, NULL));
  return 1;
}

static bool is_cancelled(lua_State *L, int idx) {
  if (!lua_istable(L, idx) || !lua_getmetatable(L, idx)) return false;
  luaL_getmetatable(L, cancelled);
  bool is = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return is;
}

int thr_runtime_iscancelled(lua_State *L) {
  lua_pushboolean(L, is_cancelled(L, 1));
  return 1;
}

int thr_runtime_checkpoint(lua_State *L) {
  thr_tstate *ts = thr_face_self(L);
  if (ts->pending & ~ts->deaf) thr_runtime_pending(L, ts);
  return 0;
}

static int shield_close(lua_State *L) {
  thr_tstate *ts = thr_face_self(L);
  ts->deaf = *(unsigned *)lua_touserdata(L, 1);
  if (ts->pending & THR_PENDING_AT_ONCE & ~ts->deaf) thr_preempt_arm(ts);
  return 0;
}

/* fn may not yield: the shield is the thread's, not the coroutine's. */
int thr_runtime_shield(lua_State *L) {
  thr_tstate *ts = thr_face_self(L);
  thr_face_callable(L, 1, "fn");
  int nargs = lua_gettop(L) - 1;
  unsigned *before = lua_newuserdatauv(L, sizeof(*before), 0);
  *before = ts->deaf;
  luaL_setmetatable(L, "threading.shield");
  lua_insert(L, 1);
  lua_toclose(L, 1);
  ts->deaf |= THR_PENDING_CANCEL | THR_PENDING_ASYNC;
  lua_call(L, nargs, LUA_MULTRET);
  return lua_gettop(L) - 1;
}

static void new_cancelled(lua_State *L) {
  luaL_newmetatable(L, cancelled);
  lua_pushcfunction(L, cancelled_tostring);
  lua_setfield(L, -2, "__tostring");
  luaL_newmetatable(L, "threading.shield");
  lua_pushcfunction(L, shield_close);
  lua_setfield(L, -2, "__close");
  lua_pop(L, 2);
}

/* --- what is pending --- */

static bool take_bit(thr_tstate *ts, unsigned bit) {
  return (atomic_fetch_and(&ts->pending, ~bit) & bit) != 0;
}

/* Once, then a pause in which <close> variables do their work.  Where that was
** caught, twice in a row the next time, and so on: the second comes at the
** very next instruction, outside of one pcall more. */
static void raise_stop(lua_State *L, thr_tstate *ts) {
  if (ts->stops_left == 0) ts->stops_left = ++ts->stop_rounds;
  ts->stops_left--;
  ts->stop_again = ts->stops_left > 0 ? 0 : thr_os_monotonic() + STOP_AGAIN;
  if (ts->stops_left > 0) thr_preempt_arm(ts);
  raise_key(L, &thr_key_stop);
}

void thr_runtime_pending(lua_State *L, thr_tstate *ts) {
  if (ts->pending & THR_PENDING_STOP) raise_stop(L, ts);
  if (take_bit(ts, THR_PENDING_DUMP)) thr_dump_stderr(L);
  if (take_bit(ts, THR_PENDING_INTERRUPT)) luaL_error(L, "interrupted!");
  if (ts->pending & THR_PENDING_CANCEL & ~ts->deaf) raise_cancelled(L, ts);
}

/* A stop that unwinds must not be raised again in the <close> variables. */
static bool unwinding(const thr_tstate *ts) {
  return ts->stop_again != 0 && thr_os_monotonic() < ts->stop_again;
}

/* A deferred cancellation waits for a cancellation point; this is none. */
static void at_switch(thr_tstate *ts, lua_State *L) {
  thr_gil_yield(ts);
  if (!(ts->pending & THR_PENDING_AT_ONCE & ~ts->deaf) || unwinding(ts))
    return;
  if (ts->guarded) { /* by one instruction: that which marks the variable */
    ts->guarded = false;
    thr_preempt_arm(ts);
    return;
  }
  thr_runtime_pending(L, ts);
}

/* --- the registry --- */

int thr_runtime_exit(lua_State *L) {
  raise_key(L, &thr_key_exit);
  return 0;
}

bool thr_runtime_isexit(lua_State *L, int idx) {
  idx = lua_absindex(L, idx);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &thr_key_exit);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &thr_key_stop);
  bool is = lua_rawequal(L, idx, -1) || lua_rawequal(L, idx, -2);
  lua_pop(L, 2);
  return is || is_cancelled(L, idx);
}

/* The keys are weak: a Local that is dropped drops its fields. */
int thr_runtime_locals(lua_State *L) {
  lua_Integer ident = (lua_Integer)thr_face_self(L)->ident;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &thr_key_locals);
  if (lua_rawgeti(L, -1, ident) == LUA_TTABLE) return 1;
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushliteral(L, "k");
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_pushvalue(L, -1);
  lua_rawseti(L, -4, ident);
  return 1;
}

/* On the state of a thread that ends: its stack is empty, and shall be. */
static void clear_entry(lua_State *L, const void *key, lua_Integer ident) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, key) == LUA_TTABLE &&
      lua_rawgeti(L, -1, ident) != LUA_TNIL) {
    lua_pushnil(L);
    lua_rawseti(L, -3, ident);
  }
  lua_settop(L, 0);
}

void thr_runtime_forget(lua_State *L, thr_tstate *ts) {
  clear_entry(L, &thr_key_active, (lua_Integer)ts->ident);
  clear_entry(L, &thr_key_locals, (lua_Integer)ts->ident);
  clear_entry(L, &thr_key_messages, (lua_Integer)ts->ident);
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, ts);
}

static int signal_tostring(lua_State *L) {
  lua_pushvalue(L, lua_upvalueindex(1));
  return 1;
}

/* An error object that is equal to itself only and says what it means. */
static void new_signal(lua_State *L, const void *key, const char *text) {
  lua_newuserdatauv(L, 0, 0);
  lua_createtable(L, 0, 2);
  lua_pushstring(L, text);
  lua_pushcclosure(L, signal_tostring, 1);
  lua_setfield(L, -2, "__tostring");
  lua_pushstring(L, text);
  lua_setfield(L, -2, "__name");
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

static void fill_registry(lua_State *L) {
  new_signal(L, &thr_key_exit, "threading.exit");
  new_signal(L, &thr_key_stop, "the program ends");
  lua_newtable(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &thr_key_locals);
  lua_newtable(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &thr_key_messages);
  new_cancelled(L);
  if (luaL_loadstring(L, "return") != LUA_OK) lua_error(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &thr_key_noop);
}

static lua_State *main_state(lua_State *L) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  lua_State *mainL = lua_tothread(L, -1);
  lua_pop(L, 1);
  return mainL;
}

/* The record of the calling thread.  Its running coroutine is taken to be the
** main one: of a coroutine that was resumed before we replaced resume we
** would not see the end. */
static thr_tstate *new_main(thr_runtime *rt) {
  thr_tstate *ts = thr_tstate_new(rt, true);
  if (!ts) return NULL;
  ts->base = ts->running = rt->mainL;
  ts->phase = THR_STARTED;
  ts->base_hook = lua_gethook(rt->mainL);
  ts->native_id = thr_os_nativeid();
  ts->os = thr_os_self();
  thr_tstate_setname(ts, "MainThread");
  rt->main = ts;
  thr_tstate_bind(ts);
  thr_tstate_enlist(ts);
  thr_gil_take(ts, THR_AT_ONCE);
  return ts;
}

/* From its birth on the anchor owns it: what is made after this may fail. */
static thr_runtime *new_runtime(lua_State *L) {
  thr_runtime **anchor = thr_end_anchor(L);
  lua_pushboolean(L, 0);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &thr_key_runtime); /* makes the slot */
  thr_runtime *rt =
      thr_runtime_new(lua_topointer(L, LUA_REGISTRYINDEX), main_state(L));
  if (rt && !new_main(rt)) {
    thr_runtime_unref(rt);
    rt = NULL;
  }
  if (!rt) luaL_error(L, "not enough memory");
  *anchor = rt;
  lua_pushlightuserdata(L, rt);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &thr_key_runtime);
  return rt;
}

thr_runtime *thr_runtime_open(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &thr_key_runtime);
  thr_runtime *rt = lua_touserdata(L, -1);
  lua_pop(L, 1);
  if (rt) return rt;
  thr_os_keeploaded(&thr_key_runtime);
  thr_fork_open();
  fill_registry(L);
  if (thr_preempt_init() != 0)
    luaL_error(L, "threading: cannot install the preemption signal");
  rt = new_runtime(L);
  rt->signalled = thr_preempt_signalled;
  rt->at_switch = at_switch;
  rt->at_return = thr_end_at_return;
  return rt;
}
