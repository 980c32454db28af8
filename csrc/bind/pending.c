/* pending: see pending.h. */
#include "bind/pending.h"

#include <lauxlib.h>
#include <string.h>

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/describe.h"
#include "bind/self.h"
#include "gil/ctrlc.h"
#include "gil/gil.h"
#include "gil/preempt.h"

const char thr_key_stop = 0;
const char thr_key_messages = 0;
static const char key_noop = 0; /* a Lua function that does nothing */
static const char key_exit = 0; /* the error object of threading.exit() */

/* Code that catches the stop (a loop around a pcall) meets it again after
** this time; <close> variables have as long to do their work.  Where many are
** stopped, or the machine is busy, that may pass before a thread has run at
** all: it has computed for the second time, too. */
#define STOP_AGAIN (THR_SECOND / 10)
#define STOP_AGAIN_USED (THR_SECOND / 50)

static void raise_key(lua_State *L, const void *key) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, key);
  lua_error(L);
}

/* --- cancellation --- */

static const char *const cancelled = "threading.Cancelled"; /* metatable */

void thr_pending_setmessage(lua_State *L, thr_tstate *ts, int idx) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &thr_key_messages);
  lua_pushvalue(L, idx);
  lua_rawseti(L, -2, (lua_Integer)ts->ident);
  lua_pop(L, 1);
}

/* The bits go last: where there is no memory for the error, it is raised the
** next time. */
static void raise_cancelled(lua_State *L, thr_tstate *ts) {
  lua_createtable(L, 0, 1);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &thr_key_messages);
  lua_rawgeti(L, -1, (lua_Integer)ts->ident);
  lua_setfield(L, -3, "message");
  lua_pushvalue(L, -2);
  luaL_setmetatable(L, cancelled);
  lua_rawseti(L, -2, (lua_Integer)ts->ident);
  lua_pop(L, 1);
  atomic_fetch_and(&ts->pending, ~THR_PENDING_CANCELS);
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

int thr_pending_iscancelled(lua_State *L) {
  lua_pushboolean(L, is_cancelled(L, 1));
  return 1;
}

int thr_pending_checkpoint(lua_State *L) {
  thr_tstate *ts = thr_self(L);
  thr_pending_check(L, ts);
  return 0;
}

static const char *const shield = "threading.shield"; /* metatable */

static int shield_close(lua_State *L) {
  thr_tstate *ts = thr_self(L);
  ts->deaf = *(unsigned *)luaL_checkudata(L, 1, shield);
  if (ts->pending & THR_PENDING_AT_ONCE & ~ts->deaf) thr_preempt_arm(ts);
  return 0;
}

/* fn(...), while the thread is deaf to these bits.  fn may not yield: the
** shield is the thread's, not the coroutine's. */
static int call_deaf(lua_State *L, unsigned deaf) {
  thr_tstate *ts = thr_self(L);
  int nargs = lua_gettop(L) - 1;
  unsigned *before = lua_newuserdatauv(L, sizeof(*before), 0);
  *before = ts->deaf;
  luaL_setmetatable(L, shield);
  lua_insert(L, 1);
  lua_toclose(L, 1);
  ts->deaf = deaf;
  if (ts->pending & THR_PENDING_CANCELS & ~deaf) thr_pending_raise(L, ts);
  lua_call(L, nargs, LUA_MULTRET);
  return lua_gettop(L) - 1;
}

int thr_pending_shield(lua_State *L) {
  thr_args_callable(L, 1, "fn");
  return call_deaf(L, thr_self(L)->deaf | THR_PENDING_CANCELS);
}

int thr_pending_expose(lua_State *L) {
  return call_deaf(L, thr_self(L)->deaf & ~THR_PENDING_CANCELS);
}

static void new_cancelled(lua_State *L) {
  luaL_newmetatable(L, cancelled);
  lua_pushcfunction(L, cancelled_tostring);
  lua_setfield(L, -2, "__tostring");
  luaL_newmetatable(L, shield);
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
  if (ts->stops_left > 0) {
    ts->stop_again = 0;
    thr_preempt_arm(ts);
  } else {
    ts->stop_again = thr_os_monotonic() + STOP_AGAIN;
    ts->stop_used = thr_os_threadtime() + STOP_AGAIN_USED;
  }
  raise_key(L, &thr_key_stop);
}

void thr_pending_raise(lua_State *L, thr_tstate *ts) {
  if (ts->pending & THR_PENDING_STOP) raise_stop(L, ts);
  if (take_bit(ts, THR_PENDING_DUMP)) ts->rt->at_dump(L);
  if (take_bit(ts, THR_PENDING_INTERRUPT)) thr_blame_error(L, "interrupted!");
  if (ts->pending & THR_PENDING_CANCEL & ~ts->deaf) raise_cancelled(L, ts);
}

/* A stop that unwinds must not be raised again in the <close> variables. */
static bool unwinding(const thr_tstate *ts) {
  return ts->stop_again != 0 && (thr_os_monotonic() < ts->stop_again ||
                                 thr_os_threadtime() < ts->stop_used);
}

/* A deferred cancellation waits for a cancellation point; this is none. */
void thr_pending_atswitch(thr_tstate *ts, lua_State *L) {
  if (!ts->holds_gil) thr_self_find(L); /* raises */
  thr_whose_at(ts, L);
  if (thr_whose_isown(ts)) thr_gil_yield(ts);
  if (!(ts->pending & THR_PENDING_AT_ONCE & ~ts->deaf) || unwinding(ts))
    return;
  if (ts->guarded) { /* by one instruction: that which marks the variable */
    ts->guarded = false;
    thr_preempt_arm(ts);
    return;
  }
  thr_pending_raise(L, ts);
}

/* --- in another thread's state --- */

void thr_pending_notown(lua_State *L, thr_tstate *ts) {
  thr_describe_pushname(L, ts->rt, thr_whose(ts));
  thr_blame_error(L,
                  "called back in the Lua state of %s: load the library in "
                  "the thread that runs its loop",
                  lua_tostring(L, -1));
}

/* --- what a wait ended with --- */

bool thr_pending_disturbed(lua_State *L, thr_tstate *ts, thr_parkresult r) {
  if (r == THR_PARK_DEADLOCK) ts->rt->at_deadlock(ts, L);
  if (r != THR_PARK_INTERRUPTED && r != THR_PARK_NOTOWN) return false;
  thr_pending_checkown(L, ts);
  if (ts->pending & THR_PENDING_DUMP) ts->in_wait = true;
  thr_pending_check(L, ts);
  thr_ctrlc_fetch(ts, L);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &key_noop);
  int status = lua_pcall(L, 0, 0, 0); /* the hook of Ctrl-C fires here */
  thr_ctrlc_served(ts);
  if (status != LUA_OK) lua_error(L);
  return true;
}

static int disturbed(lua_State *L) {
  thr_parkresult r = (thr_parkresult)lua_tointeger(L, 1);
  lua_pushboolean(L, thr_pending_disturbed(L, thr_self(L), r));
  return 1;
}

int thr_pending_trydisturbed(lua_State *L, thr_parkresult r) {
  if (r != THR_PARK_INTERRUPTED && r != THR_PARK_DEADLOCK &&
      r != THR_PARK_NOTOWN)
    return 0;
  lua_pushcfunction(L, disturbed);
  lua_pushinteger(L, (lua_Integer)r);
  if (lua_pcall(L, 1, 1, 0) != LUA_OK) return -1;
  int again = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return again;
}

/* --- the error objects --- */

int thr_pending_exit(lua_State *L) {
  raise_key(L, &key_exit);
  return 0;
}

bool thr_pending_isexit(lua_State *L, int idx) {
  idx = lua_absindex(L, idx);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &key_exit);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &thr_key_stop);
  bool is = lua_rawequal(L, idx, -1) || lua_rawequal(L, idx, -2);
  lua_pop(L, 2);
  return is || is_cancelled(L, idx);
}

/* Where it is raised last, in which place does not matter. */
static bool is_interrupted(lua_State *L, int idx) {
  static const char text[] = "interrupted!";
  size_t n, least = sizeof(text) - 1;
  if (lua_type(L, idx) != LUA_TSTRING) return false;
  const char *s = lua_tolstring(L, idx, &n);
  return n >= least && memcmp(s + n - least, text, least) == 0;
}

bool thr_pending_isasked(lua_State *L, int idx) {
  thr_tstate *ts = thr_tstate_current(lua_topointer(L, LUA_REGISTRYINDEX));
  if (!ts) return false;
  if (ts->is_main && is_interrupted(L, idx)) return true;
  idx = lua_absindex(L, idx);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &thr_key_stop);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &thr_key_messages);
  lua_rawgeti(L, -1, (lua_Integer)ts->ident);
  bool is = lua_rawequal(L, idx, -3) ||
            (is_cancelled(L, -1) && lua_rawequal(L, idx, -1));
  lua_pop(L, 3);
  return is;
}

static int tried(lua_State *L, int status, lua_KContext ctx) {
  (void)ctx;
  if (status == LUA_OK || status == LUA_YIELD) return lua_gettop(L);
  if (thr_pending_isasked(L, -1)) return lua_error(L);
  lua_pushboolean(L, 0);
  lua_insert(L, -2);
  return 2;
}

int thr_pending_try(lua_State *L) {
  luaL_checkany(L, 1);
  lua_pushboolean(L, 1);
  lua_insert(L, 1);
  int nargs = lua_gettop(L) - 2;
  return tried(L, lua_pcallk(L, nargs, LUA_MULTRET, 0, 0, tried), 0);
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

void thr_pending_open(lua_State *L) {
  new_signal(L, &key_exit, "threading.exit");
  new_signal(L, &thr_key_stop, "the program ends");
  lua_newtable(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &thr_key_messages);
  new_cancelled(L);
  if (luaL_loadstring(L, "return") != LUA_OK) lua_error(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_noop);
}
