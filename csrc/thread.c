/* thread: see thread.h. */
#include "thread.h"

#include <stdio.h>
#include <string.h>

#include "deadlock.h"
#include "end.h"
#include "face.h"
#include "pending.h"
#include "preempt.h"
#include "runtime.h"

#define ZOMBIES_KEPT 2 /* those before them have surely ended */

void thr_thread_leave(thr_tstate *ts) {
  thr_runtime *rt = ts->rt;
  thr_preempt_enter(ts); /* no hook any more: its state may be collected */
  int left = thr_tstate_delist(ts);
  if (rt->alive == 0) thr_preempt_watch(ts);
  if (!ts->foreign) thr_tstate_bury(ts);
  thr_gil_release(ts);
  atomic_store(&ts->phase, THR_STOPPED);
  thr_unpark_all(&ts->phase);
  if (left <= 1 || rt->closing) { /* 1: it may itself wait for the others */
    thr_unpark_all(&rt->nondaemons);
    thr_unpark_all(&rt->alive);
  }
  thr_deadlock_ended(rt); /* after those who were waiting for just this */
}

static void *os_main(void *arg) {
  thr_tstate *ts = arg;
  thr_tstate_bind(ts);
  thr_tstate_unref(ts); /* the starter's share, now the binding's */
  ts->os = thr_os_self();
  atomic_store(&ts->native_id, thr_os_nativeid());
  thr_unpark_all(&ts->native_id);
  thr_gil_take(ts, THR_SOON);
  thr_os_setname(ts->name);
  ts->body(ts);
  thr_thread_leave(ts);
  thr_tstate_unbind(ts);
  return NULL;
}

int thr_thread_start(thr_tstate *self, thr_tstate *ts) {
  thr_runtime *rt = ts->rt;
  thr_tstate_reap(rt, ZOMBIES_KEPT);
  atomic_store(&ts->phase, THR_STARTED);
  thr_tstate_ref(ts); /* the OS thread's, until it has bound it */
  thr_tstate_enlist(ts);
  thr_osthread os; /* the thread itself stores it: it may be quicker */
  int err = thr_os_start(&os, rt->stack, os_main, ts);
  if (err != 0) {
    thr_tstate_delist(ts);
    rt->awake--;
    atomic_store(&ts->phase, THR_INITIAL);
    thr_tstate_unref(ts);
  } else if (rt->alive == 1) {
    thr_preempt_watch(self);
  }
  thr_preempt_hurry(self);
  return err;
}

static bool still_alive(thr_waiter *w) {
  return *(const atomic_int *)w->addr != THR_STOPPED;
}

/* The thread whose phase stands at addr. */
static uint64_t who_ends(const void *addr) {
  const thr_tstate *ts =
      (const void *)((const char *)addr - offsetof(thr_tstate, phase));
  return ts->phase == THR_STOPPED ? 0 : ts->ident;
}

thr_wake thr_thread_wait(thr_tstate *self, thr_tstate *ts, int64_t deadline) {
  thr_waiter w = thr_waiter_on(self, &ts->phase, "thread");
  w.still = still_alive;
  w.owner = who_ends;
  w.certain = true;
  thr_wake r = THR_PARK_WOKEN;
  if (ts->phase != THR_STOPPED) r = thr_park(&w, deadline);
  return r == THR_PARK_CHANGED ? THR_PARK_WOKEN : r;
}

static bool still_unborn(thr_waiter *w) {
  return *(const atomic_llong *)w->addr == 0;
}

int64_t thr_thread_nativeid(thr_tstate *self, thr_tstate *ts) {
  thr_waiter w = thr_waiter_on(self, &ts->native_id, "a thread to be born");
  w.still = still_unborn;
  while (ts->native_id == 0 && !self->pending) thr_park(&w, THR_FOREVER);
  return ts->native_id;
}

/* --- the Lua face --- */

static void unref(void *ts) { thr_tstate_unref(ts); }

static const thr_kind kind = {"threading.Handle", unref};

/* error -> what is told of it: nothing for those that end a thread silently,
** else the text with a traceback. */
static int on_error(lua_State *L) {
  if (thr_pending_isexit(L, 1)) return 1;
  luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
  return 1;
}

static void tell(lua_State *L) {
  if (thr_pending_isexit(L, -1)) return;
  const char *fn = luaL_tolstring(L, lua_upvalueindex(1), NULL);
  fprintf(stderr, "Exception ignored in thread started by %s\n%s\n", fn,
          luaL_tolstring(L, -2, NULL));
  fflush(stderr);
}

/* Runs fn, the upvalue, on the arguments: not yieldable (lua_pcall), so that
** a yield at the top of a thread raises, and under a handler. */
static int run(lua_State *L) {
  int nargs = lua_gettop(L);
  lua_pushcfunction(L, on_error);
  lua_insert(L, 1);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 2);
  if (lua_pcall(L, nargs, 0, 1) != LUA_OK) tell(L);
  return 0;
}

/* The whole of it inside a lua_resume: an error without a protected entry
** would be thrown in the main thread.  (From the origin: before Lua 5.4.2, with
** none, it would be left few nested calls; and from its maker's, ever fewer
** where each thread starts the next.) */
static void body(thr_tstate *ts) {
  lua_State *L = ts->base;
  int nres;
  int status = lua_resume(L, ts->rt->origin, lua_gettop(L) - 1, &nres);
  lua_checkstack(L, LUA_MINSTACK); /* an error leaves none free */
  if (status != LUA_OK && !thr_pending_isexit(L, -1))
    fprintf(stderr, "thread %s: error while its error was told\n", ts->name);
  thr_preempt_enter(ts); /* for good: the state may be collected from now */
  ts->base = ts->running = NULL;
  lua_settop(L, 0);
  thr_runtime_forget(L, ts);
}

/* (self, on_error, told): calls self:run() under the handler, and told(self,
** err) with what that made of an error.  Not through Lua code of ours: each
** frame on it costs every thread a piece of its small stack. */
static int run_object(lua_State *L) {
  thr_tstate *ts = thr_face_self(L);
  if (ts->pending & THR_PENDING_CANCEL) return 0; /* before it began */
  lua_getfield(L, 1, "run");
  lua_pushvalue(L, 1);
  if (lua_pcall(L, 1, 0, 2) == LUA_OK || thr_pending_isexit(L, -1)) return 0;
  lua_replace(L, 2);
  lua_insert(L, 1); /* told, self, err */
  lua_call(L, 2, 0);
  return 0;
}

/* A state of its own, on which the values from `first` on are moved: the
** function that the thread runs, and its arguments. */
static void give_state(lua_State *L, thr_tstate *ts, int first) {
  lua_State *L1 = lua_newthread(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, ts);
  thr_preempt_inherit(thr_face_self(L), L, L1);
  int n = lua_gettop(L) - first + 1;
  if (!lua_checkstack(L1, n)) luaL_error(L, "too many arguments");
  lua_xmove(L, L1, n);
  ts->base = ts->running = L1;
  ts->body = body;
}

static void prepare(lua_State *L, thr_tstate *ts, int first) {
  if (ts->phase != THR_INITIAL)
    thr_face_callererror(L, "threads can only be started once");
  if (ts->rt->closing)
    thr_face_callererror(L, "can't create new thread at interpreter shutdown");
  if (ts->rt->alive == 0) thr_end_refresh(L, ts->rt);
  give_state(L, ts, first);
}

/* Raises if the system refuses; the state is dropped again. */
static int start(lua_State *L, thr_tstate *ts) {
  int err = thr_thread_start(thr_face_self(L), ts);
  if (err == 0) return 0;
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, ts);
  ts->base = ts->running = NULL;
  return err;
}

static int refused(lua_State *L, int err) {
  return thr_face_callererror(L, "can't start new thread: %s", strerror(err));
}

/* _thread._handle() -> an unstarted thread */
int thr_thread_handle(lua_State *L) {
  thr_box *box = thr_face_newbox(L, &kind);
  thr_tstate *ts = thr_tstate_new(thr_face_self(L)->rt, false);
  if (!ts) return luaL_error(L, "not enough memory");
  thr_face_fill(box, &kind, ts);
  return 1;
}

/* handle:start(active, name, daemon, self, on_error, told): active[ident] =
** self, and self:run() is called in the thread.  Nothing has changed if it
** raises. */
static int handle_start(lua_State *L) {
  thr_tstate *ts = thr_face_check(L, 1, &kind);
  luaL_checktype(L, 2, LUA_TTABLE);
  const char *name = luaL_checkstring(L, 3);
  lua_settop(L, 7);
  lua_pushvalue(L, 2);
  lua_pushvalue(L, 5); /* active and self, below what is moved */
  lua_rotate(L, 5, 2);
  lua_pushcfunction(L, run_object);
  lua_insert(L, 7);
  prepare(L, ts, 7);
  thr_tstate_setname(ts, name);
  ts->daemon = lua_toboolean(L, 4);
  lua_pushvalue(L, 5);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &thr_key_active);
  lua_pushvalue(L, 6);
  lua_rawseti(L, 2, (lua_Integer)ts->ident);
  int err = start(L, ts);
  if (err == 0) return 0;
  lua_pushnil(L);
  lua_rawseti(L, 2, (lua_Integer)ts->ident);
  return refused(L, err);
}

/* _thread.start_new_thread(fn, ...) -> ident */
int thr_thread_startnew(lua_State *L) {
  thr_face_callable(L, 1, "fn");
  thr_thread_handle(L);
  lua_insert(L, 1);
  thr_tstate *ts = thr_face_check(L, 1, &kind);
  ts->daemon = true; /* nobody waits for a low-level thread */
  lua_pushvalue(L, 2);
  lua_pushcclosure(L, run, 1);
  lua_replace(L, 2);
  prepare(L, ts, 2);
  int err = start(L, ts);
  if (err != 0) return refused(L, err);
  lua_pushinteger(L, (lua_Integer)ts->ident);
  return 1;
}

/* The thread at arg: a Thread object, which keeps its handle under a key that
** only we know, or the handle itself. */
static thr_tstate *check_thread(lua_State *L, int arg) {
  bool object = lua_istable(L, arg);
  if (object && lua_rawgetp(L, arg, &kind) == LUA_TUSERDATA)
    lua_replace(L, arg);
  thr_tstate *ts = thr_face_test(L, arg, &kind);
  if (!ts && object)
    luaL_error(L, "Thread.init() was not called on this object");
  if (!ts) luaL_typeerror(L, arg, "threading.Thread");
  return ts;
}

/* Thread:join([timeout]) -> whether it has ended */
int thr_thread_join(lua_State *L) {
  thr_tstate *ts = check_thread(L, 1), *self = thr_face_self(L);
  int64_t deadline = thr_face_deadline(L, 2, "timeout");
  if (ts == self) return luaL_error(L, "cannot join current thread");
  if (ts->phase == THR_INITIAL)
    return luaL_error(L, "cannot join thread before it is started");
  thr_wake r;
  do r = thr_thread_wait(self, ts, deadline);
  while (thr_pending_disturbed(L, self, r));
  lua_pushboolean(L, r == THR_PARK_WOKEN);
  return 1;
}

/* Thread:is_alive() */
int thr_thread_isalive(lua_State *L) {
  thr_tstate *ts = check_thread(L, 1);
  lua_pushboolean(L, ts->phase == THR_STARTED);
  return 1;
}

/* handle:cancel(message, asynchronous) -> false if it has ended already */
static int handle_cancel(lua_State *L) {
  thr_tstate *ts = thr_face_check(L, 1, &kind), *self = thr_face_self(L);
  unsigned bits = THR_PENDING_CANCEL;
  if (lua_toboolean(L, 3)) bits |= THR_PENDING_ASYNC;
  bool alive = ts->phase != THR_STOPPED;
  if (alive) {
    thr_pending_setmessage(L, ts, 2);
    thr_park_interrupt(ts, bits);
  }
  if (ts == self && (bits & THR_PENDING_ASYNC & ~ts->deaf))
    thr_pending_raise(L, ts);
  lua_pushboolean(L, alive);
  return 1;
}

static int handle_phase(lua_State *L) {
  static const char *const names[] = {"initial", "started", "stopped"};
  thr_tstate *ts = thr_face_check(L, 1, &kind);
  int phase = ts->phase; /* as an index, gcc would not load it atomically */
  lua_pushstring(L, names[phase]);
  return 1;
}

static int handle_ident(lua_State *L) {
  thr_tstate *ts = thr_face_check(L, 1, &kind);
  lua_pushinteger(L, (lua_Integer)ts->ident);
  return 1;
}

static int handle_nativeid(lua_State *L) {
  thr_tstate *ts = thr_face_check(L, 1, &kind), *self = thr_face_self(L);
  if (ts->phase == THR_INITIAL) return 0;
  while (thr_thread_nativeid(self, ts) == 0)
    thr_pending_disturbed(L, self, THR_PARK_INTERRUPTED);
  lua_pushinteger(L, ts->native_id);
  return 1;
}

static int handle_name(lua_State *L) {
  thr_tstate *ts = thr_face_check(L, 1, &kind);
  lua_pushstring(L, ts->name);
  return 1;
}

static int handle_setname(lua_State *L) {
  thr_tstate *ts = thr_face_check(L, 1, &kind);
  const char *name = luaL_checkstring(L, 2);
  thr_mutex_lock(&ts->rt->m); /* others may read it for a message */
  thr_tstate_setname(ts, name);
  thr_mutex_unlock(&ts->rt->m);
  if (ts == thr_face_self(L)) thr_os_setname(ts->name);
  return 0;
}

static int push_handle(lua_State *L, thr_tstate *ts) {
  thr_box *box = thr_face_newbox(L, &kind);
  thr_tstate_ref(ts);
  thr_face_fill(box, &kind, ts);
  return 1;
}

/* _thread._main_handle() */
int thr_thread_mainhandle(lua_State *L) {
  return push_handle(L, thr_face_self(L)->rt->main);
}

/* _thread._self_handle() */
int thr_thread_selfhandle(lua_State *L) {
  return push_handle(L, thr_face_self(L));
}

void thr_thread_pushkey(lua_State *L) {
  lua_pushlightuserdata(L, (void *)&kind);
}

void thr_thread_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"start", handle_start},        {"cancel", handle_cancel},
      {"phase", handle_phase},        {"ident", handle_ident},
      {"native_id", handle_nativeid}, {"name", handle_name},
      {"set_name", handle_setname},   {NULL, NULL}};
  thr_face_newtype(L, &kind, methods);
  lua_pop(L, 1);
}
