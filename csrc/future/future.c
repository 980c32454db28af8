/* future: see future.h. */
#include "future/future.h"

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/box.h"
#include "bind/describe.h"
#include "bind/pending.h"
#include "bind/self.h"
#include "bind/unwind.h"
#include "future/listeners.h"
#include "queue/simplequeue.h"
#include "warn/unheard.h"

static bool is_done(const thr_future *f) {
  return f->state >= THR_FUTURE_CANCELLED;
}

void *thr_future_takecall(thr_future *f) {
  void *call = f->call;
  f->call = NULL;
  return call;
}

static void drop_call(thr_future *f) {
  void *call = thr_future_takecall(f);
  if (call) f->drop(call);
}

/* It is done: the threads that wait are woken. */
static void set_done(thr_future *f, thr_futurestate state) {
  drop_call(f);
  f->state = state;
  thr_gate_wakeall(&f->gate);
}

bool thr_future_begin(thr_future *f) {
  if (f->state != THR_FUTURE_PENDING) return false;
  f->state = THR_FUTURE_RUNNING;
  return true;
}

/* --- the Lua face --- */

/***
The outcome of a call that a pool makes.  `submit` and `map` of a
ThreadPoolExecutor or an InterpreterPoolExecutor make it.
@classmod threading.Future
@usage
local futures = require "threading.futures"

local pool <close> = futures.ThreadPoolExecutor(2)
local sum = pool:submit(math.max, 2, 8)
local failure = pool:submit(error, "no such thing", 0)

print(sum:result(), sum:done()) --> 8 true
print(pcall(failure.result, failure)) --> false no such thing
print((failure:exception())) --> no such thing
*/
static void unref(void *object) {
  thr_future *f = object;
  drop_call(f);
  thr_label_free(f->label);
  thr_unheard_dropped(f->unheard);
  thr_os_free(f);
}

static const thr_kind kind = {
    .name = "threading.Future", .unref = unref,
    .stays = "wait for it here, and pass its result"};

thr_future *thr_future_check(lua_State *L, int arg) {
  return thr_box_check(L, arg, &kind);
}

static thr_future *check(lua_State *L) { return thr_future_check(L, 1); }

int thr_future_create(lua_State *L) {
  thr_args_callable(L, 1, "fn");
  thr_call_pack(L);
  thr_future_new(L);
  lua_insert(L, 1);
  lua_setiuservalue(L, 1, THR_CALL_CONTENT);
  return 1;
}

thr_future *thr_future_new(lua_State *L) {
  thr_box *box = thr_box_newuv(L, &kind, THR_LISTENERS);
  thr_future *f = thr_os_alloc(sizeof(*f));
  if (!f) {
    thr_blame_error(L, "not enough memory");
    return NULL; /* for checkers: that has raised */
  }
  thr_box_fill(box, &kind, f);
  f->label = thr_describe_label(L, NULL);
  f->unheard = thr_unheard_made(L);
  return f;
}

int thr_future_is(lua_State *L) {
  lua_pushboolean(L, thr_box_test(L, 1, &kind) != NULL);
  return 1;
}

static void asked(thr_future *f) { f->unheard = thr_unheard_asked(f->unheard); }

/* The error of a thread that was asked to end is told nowhere. */
static void note_error(lua_State *L, thr_future *f) {
  lua_getiuservalue(L, 1, THR_CALL_CONTENT);
  lua_getiuservalue(L, 1, THR_CALL_TRACEBACK);
  if (!thr_unwind_isexit(L, -2)) thr_unheard_failed(L, -2, f->unheard);
  lua_pop(L, 2);
}

void thr_future_end(lua_State *L, thr_future *f, bool ok) {
  if (!ok && f->unheard) note_error(L, f);
  set_done(f, ok ? THR_FUTURE_RETURNED : THR_FUTURE_FAILED);
  thr_listeners_notify(L);
}

bool thr_future_cancel(lua_State *L, thr_future *f) {
  if (f->state == THR_FUTURE_PENDING) {
    lua_pushnil(L);
    lua_setiuservalue(L, 1, THR_CALL_CONTENT);
    set_done(f, THR_FUTURE_CANCELLED);
    thr_listeners_notify(L);
  }
  return f->state == THR_FUTURE_CANCELLED;
}

/* Waits; pushes why there is no outcome, or returns 0. */
static int await_done(lua_State *L, thr_future *f) {
  thr_tstate *ts = thr_self(L);
  int64_t deadline = thr_args_fromnow(thr_args_lasttimeout(L, 2));
  thr_parkresult r = THR_PARK_WOKEN;
  thr_box_keep(L, 1);
  while (!is_done(f) && r != THR_PARK_TIMEOUT) {
    r = thr_gate_wait(&f->gate, ts, f, "Future", f->label, deadline);
    thr_pending_disturbed(L, ts, r);
  }
  if (f->state == THR_FUTURE_RETURNED || f->state == THR_FUTURE_FAILED) {
    if (f->unheard) asked(f);
    return 0;
  }
  lua_pushnil(L);
  lua_pushstring(L, f->state == THR_FUTURE_CANCELLED ? "cancelled"
                                                      : "timeout");
  return 2;
}

/***
What the call returns, after waiting until it is done.
@function result
@tparam[opt] number timeout seconds (below 0 is 0); without it for ever.  Also
as a table: `{timeout = ...}`
@return what the function returned; or nil and "timeout"; or nil and
"cancelled"
@raise the error object of the call, as it is; a text that nobody catches has
the traceback of the call with it; if the timeout is not valid; a deadlock, a
cancellation
*/
static int future_result(lua_State *L) {
  thr_future *f = check(L);
  int n = await_done(L, f);
  if (n > 0) return n;
  n = thr_call_pushoutcome(L);
  if (f->state != THR_FUTURE_FAILED) return n;
  lua_getiuservalue(L, 1, THR_CALL_TRACEBACK);
  return thr_describe_raise(L);
}

/***
What the call has raised, after waiting until it is done.
@function exception
@tparam[opt] number timeout seconds (below 0 is 0); without it for ever.  Also
as a table: `{timeout = ...}`
@return the error object, and the traceback (a string); nil if there was no
error; or nil and "timeout"; or nil and "cancelled"
@raise if the timeout is not valid; a deadlock, a cancellation
*/
static int future_exception(lua_State *L) {
  thr_future *f = check(L);
  int n = await_done(L, f);
  if (n > 0) return n;
  if (f->state == THR_FUTURE_FAILED) thr_call_pushoutcome(L);
  else lua_pushnil(L);
  lua_getiuservalue(L, 1, THR_CALL_TRACEBACK);
  return f->state == THR_FUTURE_FAILED ? 2 : (lua_pop(L, 1), 1);
}

/***
Is it cancelled, or has the call ended?
@function done
@treturn boolean
*/
static int future_done(lua_State *L) {
  lua_pushboolean(L, is_done(check(L)));
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
  thr_future *f = thr_box_use(L, 1, &kind); /* listeners are called */
  asked(f); /* nobody wants it */
  lua_pushboolean(L, thr_future_cancel(L, f));
  return 1;
}

/* The listener is at 2; if it comes too late it is notified at once. */
static int listen(lua_State *L, const thr_future *f) {
  lua_settop(L, 2);
  if (is_done(f)) thr_listeners_notifyone(L);
  else thr_listeners_add(L);
  return 0;
}

/***
Calls a function with the future when it is done: in the thread that has ended
or cancelled it, or here if it is done already.  Callbacks are called in the
order of their adding.  An error in one is reported on stderr, and ends only it.
@function add_done_callback
@tparam function fn called with the future
@raise if fn is not callable
*/
static int future_adddonecallback(lua_State *L) {
  thr_future *f = check(L);
  thr_args_callable(L, 2, "fn");
  asked(f);
  return listen(L, f);
}

/* f:_watch(queue): puts the future into the SimpleQueue when it is done. */
static int future_watch(lua_State *L) {
  thr_future *f = check(L);
  thr_simplequeue_check(L, 2);
  return listen(L, f);
}

/* f:_unwatch(queue) */
static int future_unwatch(lua_State *L) {
  check(L);
  thr_listeners_remove(L);
  return 0;
}

static int future_isfailed(lua_State *L) {
  lua_pushboolean(L, check(L)->state == THR_FUTURE_FAILED);
  return 1;
}

static int future_tostring(lua_State *L) {
  static const char *const names[] = {"pending", "running", "cancelled",
                                      "failed", "returned"};
  thr_future *f = thr_box_use(L, 1, &kind);
  const char *label = thr_describe_pushlabel(L, f->label);
  lua_pushfstring(L, "<threading.Future%s at %p: %s>", label, f,
                  names[f->state]);
  return 1;
}

void thr_future_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"result", future_result}, {"exception", future_exception},
      {"done", future_done}, {"running", future_running},
      {"cancelled", future_cancelled}, {"cancel", future_cancel},
      {"add_done_callback", future_adddonecallback},
      {"_failed", future_isfailed}, {"_watch", future_watch},
      {"_unwatch", future_unwatch}, {"__tostring", future_tostring},
      {NULL, NULL}};
  thr_box_newtype(L, &kind, methods);
  lua_pop(L, 1);
}
