/* condition: see condition.h. */
#include "sync/condition.h"

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/box.h"
#include "bind/describe.h"
#include "bind/guard.h"
#include "bind/pending.h"
#include "bind/self.h"
#include "park/tickets.h"
#include "sync/locklike.h"
#include "sync/rlock.h"

#define NOTIFIED 1 /* outcome of a ticket */

typedef struct {
  thr_tickets waiters; /* its own mutex */
  thr_lock *lock; /* const: referenced; NULL: a Lua object */
  thr_label *label; /* const: its own, see label.h */
  atomic_int refs;
} condition;

static condition *new_condition(thr_lock *lock) {
  condition *c = thr_os_alloc(sizeof(*c));
  if (!c) return NULL;
  atomic_init(&c->refs, 1);
  thr_tickets_init(&c->waiters);
  c->lock = lock;
  if (lock) atomic_fetch_add(&lock->refs, 1);
  return c;
}

static void unref(void *object) {
  condition *c = object;
  if (atomic_fetch_sub(&c->refs, 1) != 1) return;
  if (c->lock) thr_lock_unref(c->lock);
  thr_tickets_destroy(&c->waiters);
  thr_label_free(c->label);
  thr_os_free(c);
}

/* One over a Lua object stays with that. */
static void *ref(void *object) {
  condition *c = object;
  if (!c->lock) return NULL;
  atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
  return c;
}

static void notify(condition *c, int64_t n) {
  thr_mutex_lock(&c->waiters.m);
  thr_tickets_serve(&c->waiters, n, NOTIFIED);
  thr_mutex_unlock(&c->waiters.m);
}

static void take_ticket(condition *c, thr_ticket *t) {
  thr_mutex_lock(&c->waiters.m);
  thr_tickets_enter(&c->waiters, t);
  thr_mutex_unlock(&c->waiters.m);
}

/* Passes a notification on that came too late. */
static void give_up(condition *c, thr_ticket *t) {
  if (!thr_tickets_leave(&c->waiters, t)) notify(c, 1);
}

/* --- the Lua face --- */

/* The box's user values: the lock, for Lua to use and to keep alive, and where
** that is none of ours, see locklike.h. */
enum { LOCK = 1, IS_OWNED };

/* A new box, on top of the stack, in another Lua state. */
static void complete(lua_State *L, void *object) {
  const condition *c = object;
  if (c->lock->owner_only) thr_rlock_pushshare(L, c->lock);
  else thr_lock_pushshare(L, c->lock);
  lua_setiuservalue(L, -2, LOCK);
}

/***
A condition variable: threads wait for a change that others notify of.
@classmod threading.Condition
@usage
local threading = require "threading"
local mail, changed = {}, threading.Condition()

local reader = threading.Thread {
  target = function()
    local _ <close> = changed:guard()
    changed:wait_for(function()
      return #mail > 0
    end)
    print(table.remove(mail)) --> a letter
  end,
}
reader:start()
do
  local _ <close> = changed:guard()
  mail[1] = "a letter"
  changed:notify()
end
reader:join()
*/
static const thr_kind kind = {
    .name = "threading.Condition", .unref = unref, .ref = ref,
    .complete = complete, .nuvalues = LOCK, .open = thr_condition_open,
    .stays = "make it over a threading.Lock or a threading.RLock"};

static condition *check(lua_State *L) { return thr_box_check(L, 1, &kind); }

/* With the lock: its box may be as dead as ours. */
static condition *use(lua_State *L) {
  condition *c = thr_box_use(L, 1, &kind);
  lua_getiuservalue(L, 1, LOCK);
  if (c->lock) thr_box_keep(L, -1);
  lua_pop(L, 1);
  return c;
}

static thr_lock *test_lock(lua_State *L) {
  thr_lock *lock = thr_lock_test(L, 1);
  return lock ? lock : thr_rlock_test(L, 1);
}

/* The condition that is on top of the stack gets the lock at 1, and what asks
** that for its owner. */
static void set_lock(lua_State *L, bool ours) {
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, LOCK);
  if (ours) return;
  thr_locklike_pushisowned(L, 1);
  lua_setiuservalue(L, -2, IS_OWNED);
}

/* At 1 comes the lock that is meant: in the place of nil a new one, of another
** Condition its own.  NULL: it is none of ours. */
static thr_lock *take_lock(lua_State *L, const char *name) {
  if (lua_isnil(L, 1)) {
    thr_rlock_createnamed(L, name);
    lua_replace(L, 1);
  } else if (thr_box_test(L, 1, &kind)) {
    lua_getiuservalue(L, 1, LOCK);
    lua_replace(L, 1);
  }
  return test_lock(L);
}

/* Leaves (lock, name), and returns the name; a lock may be a table, too. */
static const char *take_arguments(lua_State *L) {
  static const char *const names[] = {"lock", "name", NULL};
  bool is_lock = lua_istable(L, 1) && thr_locklike_ismeant(L, 1);
  const char *name = thr_args_options(L, is_lock ? 2 : 1, 1, names);
  lua_settop(L, 2);
  return name;
}

int thr_condition_create(lua_State *L) {
  const char *name = take_arguments(L);
  thr_lock *lock = take_lock(L, name);
  if (!lock) thr_locklike_check(L, 1);
  thr_box *box = thr_box_newuv(L, &kind, lock ? LOCK : IS_OWNED);
  if (lock) lock = test_lock(L); /* finalisers may have run */
  condition *c = new_condition(lock);
  if (!c) return thr_blame_error(L, "not enough memory");
  thr_box_fill(box, &kind, c);
  c->label = thr_describe_label(L, name);
  set_lock(L, lock != NULL);
  return 1;
}

/* lock:method(...), with the arguments above the condition.  A lock of ours is
** called in this frame, for its errors are to blame our caller. */
static int call_lock(lua_State *L, const char *method) {
  bool ours = check(L)->lock != NULL;
  lua_getiuservalue(L, 1, LOCK);
  lua_getfield(L, -1, method);
  lua_CFunction own = ours ? lua_tocfunction(L, -1) : NULL;
  if (own) {
    lua_pop(L, 1);
    lua_replace(L, 1);
    return own(L);
  }
  lua_replace(L, 1);
  lua_insert(L, 2);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

/***
Takes the lock that the condition stands on; the arguments are that lock's.
@function acquire
@tparam[opt=true] boolean blocking false for a mere try
@tparam[opt=-1] number timeout seconds, not negative; -1 for ever
@treturn boolean acquired
@raise what the lock raises
*/
static int condition_acquire(lua_State *L) { return call_lock(L, "acquire"); }
/***
Releases the lock that the condition stands on.
@function release
@raise what the lock raises
*/
static int condition_release(lua_State *L) { return call_lock(L, "release"); }
/***
Does some thread hold the lock?
@function locked
@treturn boolean
*/
static int condition_locked(lua_State *L) { return call_lock(L, "locked"); }

static int condition_close(lua_State *L) {
  const condition *c = check(L);
  if (c->lock && !thr_lock_locked(c->lock))
    return thr_guard_refuse(L, c->lock->owner_only
                                   ? "cannot release un-acquired lock"
                                   : "release unlocked lock",
                            "condition");
  lua_settop(L, 1); /* not the error object */
  return call_lock(L, "release");
}

static void acquire_forever(lua_State *L) {
  check(L);
  lua_getiuservalue(L, 1, LOCK);
  lua_getfield(L, -1, "acquire");
  lua_insert(L, -2);
  lua_call(L, 1, 0);
}

/***
Takes it, however long it takes.
@function guard
@treturn Condition itself; as a to-be-closed variable it releases at the
end of the block, also on an error or a break
@raise a deadlock, a cancellation
*/
static int condition_guard(lua_State *L) {
  lua_settop(L, 1);
  acquire_forever(L);
  return thr_guard(L);
}

/***
Calls a function with the lock held, and releases it also on an error.
@function with
@tparam function fn called with the arguments that follow
@param ... its arguments
@return what fn returns
@raise if fn is not callable; what fn raises
*/
static int condition_with(lua_State *L) {
  use(L);
  thr_args_callable(L, 2, "fn");
  acquire_forever(L);
  return thr_guard_with(L);
}

static bool is_owned(lua_State *L, condition *c) {
  if (c->lock) return thr_lock_isowner(c->lock, thr_self(L));
  thr_box_keep(L, 1);
  lua_getiuservalue(L, 1, LOCK);
  lua_getiuservalue(L, 1, IS_OWNED);
  return thr_locklike_isowned(L);
}

static void check_owned(lua_State *L, condition *c, const char *verb) {
  if (!is_owned(L, c))
    thr_blame_error(L, "cannot %s on un-acquired lock%s; take it first: `local "
                    "_ <close> = condition:guard()`", verb,
                    thr_describe_pushobject(L, "Condition", &c->waiters,
                                            c->label));
}

/* Calls a method of a foreign lock; returns false and leaves the error. */
static bool call_foreign(lua_State *L, const char *method) {
  lua_getiuservalue(L, 1, LOCK);
  lua_getfield(L, -1, method);
  lua_insert(L, -2);
  return lua_pcall(L, 1, 0, 0) == LUA_OK;
}

/* Fully, if it is an RLock: *depth is what to restore. */
static bool release(lua_State *L, condition *c, unsigned *depth) {
  if (!c->lock) return call_foreign(L, "release");
  *depth = thr_lock_depth(c->lock);
  thr_lock_setdepth(c->lock, 0);
  thr_lock_release(c->lock);
  return true;
}

/* Raises where the program ends, and what a foreign lock raises. */
static void regain(lua_State *L, condition *c, thr_tstate *ts,
                   unsigned depth) {
  if (!c->lock) {
    if (!call_foreign(L, "acquire")) lua_error(L);
    return;
  }
  if (!thr_lock_regain(c->lock, ts)) thr_pending_raise(L, ts);
  thr_lock_setdepth(c->lock, depth);
  if (thr_lock_iswatched()) thr_lock_note(L, c->lock, true);
}

/* False: gives up, with an error object at the top of the stack. */
static bool await_notify(lua_State *L, condition *c, thr_ticket *t,
                         thr_tstate *ts, int64_t deadline, thr_parkresult *r) {
  int again;
  do {
    *r = thr_tickets_wait(&c->waiters, t, ts, deadline, "Condition",
                          c->label);
    again = thr_pending_trydisturbed(L, *r);
  } while (again > 0);
  if (again < 0) give_up(c, t);
  else if (*r == THR_PARK_TIMEOUT && !thr_tickets_leave(&c->waiters, t))
    *r = THR_PARK_WOKEN;
  return again == 0;
}

/* The lock is held again when this raises, or returns false: at the timeout. */
static bool wait_once(lua_State *L, condition *c, thr_tstate *ts,
                      int64_t deadline) {
  thr_ticket t;
  unsigned depth = 0;
  thr_parkresult r;
  thr_pending_checkown(L, ts); /* before the lock is released */
  take_ticket(c, &t);
  if (!release(L, c, &depth)) {
    give_up(c, &t);
    lua_error(L);
  }
  bool ended = await_notify(L, c, &t, ts, deadline, &r);
  regain(L, c, ts, depth);
  if (!ended) lua_error(L);
  return r == THR_PARK_WOKEN;
}

/***
Releases the lock, waits to be notified, and takes the lock again.
@function wait
@tparam[opt] number timeout seconds (below 0 is 0); without it for ever.  Also
as a table: `{timeout = ...}`
@treturn boolean notified; false at the timeout
@raise "cannot wait on un-acquired lock"; if the timeout is not valid; a
deadlock, a cancellation: the lock is held again by then
*/
static int condition_wait(lua_State *L) {
  condition *c = use(L);
  thr_tstate *ts = thr_self(L);
  int64_t deadline = thr_args_fromnow(thr_args_lasttimeout(L, 2));
  check_owned(L, c, "wait");
  lua_pushboolean(L, wait_once(L, c, ts, deadline));
  return 1;
}

/* Leaves the predicate's value. */
static bool holds(lua_State *L, int predicate) {
  lua_pushvalue(L, predicate);
  lua_call(L, 0, 1);
  return lua_toboolean(L, -1);
}

/***
Waits until the predicate holds.
@function wait_for
@tparam function predicate called with the lock held
@tparam[opt] number timeout seconds (below 0 is 0); without it for ever.  Also
as a table: `{timeout = ...}`
@return the predicate's value, a false one at the timeout
@raise "cannot wait on un-acquired lock"; if an argument is of the wrong type;
what the predicate raises; a deadlock, a cancellation
*/
static int condition_waitfor(lua_State *L) {
  condition *c = use(L);
  thr_tstate *ts = thr_self(L);
  thr_args_callable(L, 2, "predicate");
  int64_t deadline = thr_args_fromnow(thr_args_lasttimeout(L, 3));
  bool waiting = true;
  while (!holds(L, 2) && waiting) {
    check_owned(L, c, "wait");
    lua_pop(L, 1);
    waiting = wait_once(L, c, ts, deadline);
  }
  return 1;
}

/***
Wakes some of the threads that wait.
@function notify
@tparam[opt=1] integer n how many at most; also as a table: `{n = ...}`
@raise "cannot notify on un-acquired lock"; if n is not an integer
*/
static int condition_notify(lua_State *L) {
  static const char *const names[] = {"n", NULL};
  condition *c = check(L);
  thr_args_keywords(L, 2, names);
  lua_Integer n =
      thr_args_optinteger(L, 2, "n", LUA_MININTEGER, LUA_MAXINTEGER, 1);
  check_owned(L, c, "notify");
  notify(c, n);
  return 0;
}

/***
Wakes all threads that wait.
@function notify_all
@raise "cannot notify on un-acquired lock"
*/
static int condition_notifyall(lua_State *L) {
  condition *c = check(L);
  check_owned(L, c, "notify");
  notify(c, INT64_MAX);
  return 0;
}

/***
The name that it was given when it was made.
@function get_name
@treturn string or nil, where it has none
*/
static int condition_getname(lua_State *L) {
  return thr_describe_getname(L, check(L)->label);
}

static int condition_tostring(lua_State *L) {
  condition *c = use(L);
  lua_getiuservalue(L, 1, LOCK);
  thr_mutex_lock(&c->waiters.m);
  int n = c->waiters.n;
  thr_mutex_unlock(&c->waiters.m);
  const char *lock = luaL_tolstring(L, -1, NULL);
  const char *label = thr_describe_pushlabel(L, c->label);
  lua_pushfstring(L, "<threading.Condition%s(%s, %d)>", label, lock, n);
  return 1;
}

void thr_condition_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"acquire", condition_acquire}, {"release", condition_release},
      {"locked", condition_locked},   {"guard", condition_guard},
      {"with", condition_with},       {"wait", condition_wait},
      {"wait_for", condition_waitfor}, {"notify", condition_notify},
      {"notify_all", condition_notifyall}, {"get_name", condition_getname},
      {"__close", condition_close}, {"__tostring", condition_tostring},
      {NULL, NULL}};
  thr_box_newtype(L, &kind, methods);
  lua_pop(L, 1);
}
