/* future: see future.h. */
#include "future.h"

#include <stdio.h>

#include "face.h"
#include "pending.h"
#include "queue.h"
#include "sema.h"
#include "simplequeue.h"

thr_future *thr_future_new(void) { return thr_os_alloc(sizeof(thr_future)); }

static bool note_awaited(thr_waiter *w) {
  ((thr_future *)w->addr)->awaited = true;
  return true;
}

thr_wake thr_future_wait(thr_future *f, thr_tstate *ts, int64_t deadline) {
  thr_waiter w = thr_waiter_on(ts, f, "Future");
  w.still = note_awaited;
  return thr_park(&w, deadline);
}

void thr_future_settle(thr_future *f, thr_futurestate state) {
  f->state = state;
  if (f->awaited) thr_unpark_all(f);
  f->awaited = false;
}

/* --- the Lua face --- */

/***
The outcome of a call that a pool makes.  `submit` and `map` of a
ThreadPoolExecutor make it.
@classmod threading.Future
*/
static const thr_kind kind = {"threading.Future", thr_os_free};

/* User values. */
enum {
  CONTENT = 1, /* the call: a table {n =, fn, ...}; later the outcome: one
                  value, or a table of them, see `packed` below */
  LISTENERS,   /* nil, or a list: functions, and SimpleQueues, which get the
                  future; false where one has been taken off */
  TRACEBACK,   /* of an error */
  PACKED,      /* true: the outcome is a table {n =, ...} */
  USER_VALUES = PACKED
};

static thr_future *check(lua_State *L) { return thr_face_check(L, 1, &kind); }

/* Replaces the n values on top by a table {n =, ...}. */
static void pack(lua_State *L, int n) {
  lua_createtable(L, n, 1);
  lua_insert(L, -n - 1);
  for (int i = n; i > 0; i--) lua_rawseti(L, -i - 1, i);
  lua_pushinteger(L, n);
  lua_setfield(L, -2, "n");
}

/* Pushes what pack has packed; returns how many. */
static int unpack(lua_State *L, int idx) {
  lua_getfield(L, idx, "n");
  int n = (int)lua_tointeger(L, -1);
  lua_pop(L, 1);
  luaL_checkstack(L, n + 4, "too many values");
  for (int i = 1; i <= n; i++) lua_rawgeti(L, idx, i);
  return n;
}

int thr_future_create(lua_State *L) {
  thr_face_callable(L, 1, "fn");
  pack(L, lua_gettop(L));
  thr_box *box = thr_face_newboxuv(L, &kind, USER_VALUES);
  thr_future *f = thr_future_new();
  if (!f) return luaL_error(L, "not enough memory");
  thr_face_fill(box, &kind, f);
  lua_insert(L, 1);
  lua_setiuservalue(L, 1, CONTENT);
  return 1;
}

int thr_future_is(lua_State *L) {
  lua_pushboolean(L, thr_face_test(L, 1, &kind) != NULL);
  return 1;
}

static bool has_listeners(lua_State *L) {
  bool has = lua_getiuservalue(L, 1, LISTENERS) != LUA_TNIL;
  lua_pop(L, 1);
  return has;
}

static int add_traceback(lua_State *L) {
  if (thr_pending_isexit(L, 1)) return 1;
  luaL_traceback(L, L, luaL_tolstring(L, 1, NULL), 1);
  return 1;
}

static int put(lua_State *L) {
  lua_getfield(L, 1, "put");
  lua_insert(L, 1);
  lua_call(L, 2, 0);
  return 0;
}

/* An error of a callback is told, and changes nothing else. */
static void call_listener(lua_State *L) {
  int base = lua_gettop(L);
  lua_pushcfunction(L, add_traceback);
  if (lua_isuserdata(L, base)) lua_pushcfunction(L, put);
  lua_pushvalue(L, base);
  lua_pushvalue(L, 1);
  if (lua_pcall(L, lua_isuserdata(L, base) ? 2 : 1, 0, base + 1) != LUA_OK &&
      !thr_pending_isexit(L, -1))
    fprintf(stderr, "Exception in a callback of a Future:\n%s\n",
            lua_tostring(L, -1));
  lua_settop(L, base - 1);
}

/* In the order of their adding. */
static void call_listeners(lua_State *L) {
  if (lua_getiuservalue(L, 1, LISTENERS) != LUA_TNIL) {
    int list = lua_gettop(L);
    lua_pushnil(L);
    lua_setiuservalue(L, 1, LISTENERS);
    for (lua_Integer i = 1; lua_rawgeti(L, list, i) != LUA_TNIL; i++)
      if (lua_toboolean(L, -1)) call_listener(L);
      else lua_pop(L, 1);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

/* Calls what it is given; returns the outcome, and whether that is packed. */
static int call(lua_State *L) {
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  int n = lua_gettop(L);
  if (n != 1) pack(L, n);
  lua_pushboolean(L, n != 1);
  return 2;
}

/* The outcome is on top.  Allocates nothing. */
static void keep_outcome(lua_State *L, bool packed) {
  lua_setiuservalue(L, 1, CONTENT);
  lua_pushboolean(L, packed);
  lua_setiuservalue(L, 1, PACKED);
}

/* The message handler: leaves the traceback with the future. */
static int on_error(lua_State *L) {
  const char *text = luaL_tolstring(L, 1, NULL);
  if (!thr_pending_isexit(L, 1)) {
    luaL_traceback(L, L, text, 1);
    lua_setiuservalue(L, lua_upvalueindex(1), TRACEBACK);
  }
  lua_settop(L, 1);
  return 1;
}

static bool is_stop(lua_State *L, int idx) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &thr_key_stop);
  bool is = lua_rawequal(L, -1, idx);
  lua_pop(L, 1);
  return is;
}

/* f:_run([idle, queue]) -> whether it has released `idle`.  Makes the call, if
** it is not cancelled.  A worker that will have nothing to do after this, for
** no callback is to be called and the queue is empty, counts as idle already
** when the outcome is seen: who waits for that, and submits the next call,
** needs no other worker. */
static int future_run(lua_State *L) {
  thr_future *f = check(L);
  lua_settop(L, 3);
  lua_pushvalue(L, 1);
  lua_pushcclosure(L, on_error, 1); /* 4 */
  if (f->state != THR_FUTURE_PENDING) return 0;
  lua_pushcfunction(L, call);
  lua_getiuservalue(L, 1, CONTENT); /* 6 */
  int n = unpack(L, 6);
  lua_remove(L, 6);
  lua_pushnil(L);
  lua_setiuservalue(L, 1, CONTENT);
  f->state = THR_FUTURE_RUNNING;
  bool ok = lua_pcall(L, n, 2, 4) == LUA_OK;
  if (!ok) lua_pushboolean(L, 0);
  bool stop = !ok && is_stop(L, 5);
  bool packed = lua_toboolean(L, 6);
  lua_settop(L, 5);
  keep_outcome(L, packed);
  thr_semaphore *idle = thr_semaphore_test(L, 2);
  thr_queue *q = thr_queue_test(L, 3);
  bool free = idle && q && thr_queue_size(q) == 0 && !stop &&
              !has_listeners(L) && thr_semaphore_release(idle, 1);
  thr_future_settle(f, ok ? THR_FUTURE_RETURNED : THR_FUTURE_FAILED);
  call_listeners(L);
  if (stop) { /* the program ends */
    lua_rawgetp(L, LUA_REGISTRYINDEX, &thr_key_stop);
    return lua_error(L);
  }
  lua_pushboolean(L, free);
  return 1;
}

/* f:_fail(err): a call that is not made at all, or cannot be ended. */
static int future_fail(lua_State *L) {
  thr_future *f = check(L);
  if (thr_future_isdone(f)) return 0;
  lua_settop(L, 2);
  keep_outcome(L, false);
  thr_future_settle(f, THR_FUTURE_FAILED);
  call_listeners(L);
  return 0;
}

/* Waits; pushes why there is no outcome, or returns 0. */
static int await(lua_State *L, thr_future *f) {
  thr_tstate *ts = thr_face_self(L);
  int64_t deadline = thr_face_deadline(L, 2, "timeout");
  thr_wake r = THR_PARK_WOKEN;
  while (!thr_future_isdone(f) && r != THR_PARK_TIMEOUT) {
    r = thr_future_wait(f, ts, deadline);
    thr_pending_disturbed(L, ts, r);
  }
  if (f->state == THR_FUTURE_RETURNED || f->state == THR_FUTURE_FAILED)
    return 0;
  lua_pushnil(L);
  lua_pushstring(L, f->state == THR_FUTURE_CANCELLED ? "cancelled"
                                                      : "timeout");
  return 2;
}

/* Pushes the outcome; returns how many values. */
static int push_outcome(lua_State *L) {
  lua_getiuservalue(L, 1, PACKED);
  bool packed = lua_toboolean(L, -1);
  lua_getiuservalue(L, 1, CONTENT);
  return packed ? unpack(L, lua_gettop(L)) : 1;
}

/***
What the call returns, after waiting until it is done.
@function result
@tparam[opt] number timeout seconds, not negative; without it for ever
@return what the function returned; or nil and "timeout"; or nil and
"cancelled"
@raise the error object of the call; if the timeout is not valid; a deadlock, a
cancellation
*/
static int future_result(lua_State *L) {
  thr_future *f = check(L);
  int n = await(L, f);
  if (n > 0) return n;
  n = push_outcome(L);
  return f->state == THR_FUTURE_FAILED ? lua_error(L) : n;
}

/***
What the call has raised, after waiting until it is done.
@function exception
@tparam[opt] number timeout seconds, not negative; without it for ever
@return the error object, and the traceback (a string); nil if there was no
error; or nil and "timeout"; or nil and "cancelled"
@raise if the timeout is not valid; a deadlock, a cancellation
*/
static int future_exception(lua_State *L) {
  thr_future *f = check(L);
  int n = await(L, f);
  if (n > 0) return n;
  if (f->state == THR_FUTURE_FAILED) push_outcome(L);
  else lua_pushnil(L);
  lua_getiuservalue(L, 1, TRACEBACK);
  return f->state == THR_FUTURE_FAILED ? 2 : (lua_pop(L, 1), 1);
}

/***
Is it cancelled, or has the call ended?
@function done
@treturn boolean
*/
static int future_done(lua_State *L) {
  lua_pushboolean(L, thr_future_isdone(check(L)));
  return 1;
}

/***
Is the call being made?
@function running
@treturn boolean
*/
static int future_running(lua_State *L) {
  lua_pushboolean(L, check(L)->state == THR_FUTURE_RUNNING);
  return 1;
}

/***
Is it cancelled?
@function cancelled
@treturn boolean
*/
static int future_cancelled(lua_State *L) {
  lua_pushboolean(L, check(L)->state == THR_FUTURE_CANCELLED);
  return 1;
}

/***
Cancels the call, if it has not begun.
@function cancel
@treturn boolean cancelled; false where the call has begun
*/
static int future_cancel(lua_State *L) {
  thr_future *f = check(L);
  if (f->state == THR_FUTURE_PENDING) {
    lua_pushnil(L);
    lua_setiuservalue(L, 1, CONTENT);
    thr_future_settle(f, THR_FUTURE_CANCELLED);
    call_listeners(L);
  }
  lua_pushboolean(L, f->state == THR_FUTURE_CANCELLED);
  return 1;
}

static void add_listener(lua_State *L) {
  if (lua_getiuservalue(L, 1, LISTENERS) == LUA_TNIL) {
    lua_pop(L, 1);
    lua_createtable(L, 1, 0);
    lua_pushvalue(L, -1);
    lua_setiuservalue(L, 1, LISTENERS);
  }
  lua_pushvalue(L, 2);
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
}

/***
Calls a function with the future when it is done: in the thread that has ended
or cancelled it, or here if it is done already.  Callbacks are called in the
order of their adding.  An error in one is told on stderr, and ends only it.
@function add_done_callback
@tparam function fn
@raise if fn is not callable
*/
static int future_adddonecallback(lua_State *L) {
  thr_future *f = check(L);
  thr_face_callable(L, 2, "fn");
  lua_settop(L, 2);
  if (thr_future_isdone(f)) call_listener(L);
  else add_listener(L);
  return 0;
}

/* f:_watch(queue): puts the future into the SimpleQueue when it is done. */
static int future_watch(lua_State *L) {
  thr_future *f = check(L);
  thr_simplequeue_check(L, 2);
  lua_settop(L, 2);
  if (thr_future_isdone(f)) call_listener(L);
  else add_listener(L);
  return 0;
}

/* f:_unwatch(queue) */
static int future_unwatch(lua_State *L) {
  check(L);
  lua_settop(L, 2);
  if (lua_getiuservalue(L, 1, LISTENERS) == LUA_TNIL) return 0;
  for (lua_Integer i = 1; lua_rawgeti(L, 3, i) != LUA_TNIL; i++) {
    if (lua_rawequal(L, 2, -1)) {
      lua_pushboolean(L, 0);
      lua_rawseti(L, 3, i);
    }
    lua_pop(L, 1);
  }
  return 0;
}

static int future_isfailed(lua_State *L) {
  lua_pushboolean(L, check(L)->state == THR_FUTURE_FAILED);
  return 1;
}

static int future_tostring(lua_State *L) {
  static const char *const names[] = {"pending", "running", "cancelled",
                                      "failed", "returned"};
  thr_future *f = check(L);
  lua_pushfstring(L, "<threading.Future at %p: %s>", f, names[f->state]);
  return 1;
}

void thr_future_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"result", future_result}, {"exception", future_exception},
      {"done", future_done}, {"running", future_running},
      {"cancelled", future_cancelled}, {"cancel", future_cancel},
      {"add_done_callback", future_adddonecallback}, {"_run", future_run},
      {"_fail", future_fail}, {"_failed", future_isfailed},
      {"_watch", future_watch}, {"_unwatch", future_unwatch},
      {"__tostring", future_tostring}, {NULL, NULL}};
  thr_face_newtype(L, &kind, methods);
  lua_pop(L, 1);
}
