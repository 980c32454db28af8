/* semaphore: see semaphore.h. */
#include "sync/semaphore.h"

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/box.h"
#include "bind/describe.h"
#include "bind/guard.h"
#include "bind/pending.h"
#include "bind/self.h"
#include "gil/vclock.h"
#include "os/tuning.h"

#define PARKED 1
#define PERMIT 2 /* one, in the word */

thr_semaphore *thr_semaphore_new(int64_t value, bool bounded) {
  thr_semaphore *s = thr_os_alloc(sizeof(*s));
  if (!s) return NULL;
  atomic_init(&s->refs, 1);
  atomic_init(&s->word, value * PERMIT);
  s->initial = value;
  s->bounded = bounded;
  return s;
}

void thr_semaphore_unref(thr_semaphore *s) {
  if (atomic_fetch_sub(&s->refs, 1) != 1) return;
  thr_label_free(s->label);
  thr_os_free(s);
}

int64_t thr_semaphore_value(thr_semaphore *s) {
  return atomic_load(&s->word) / PERMIT;
}

bool thr_semaphore_try(thr_semaphore *s) {
  int64_t w = atomic_load(&s->word);
  while (w >= PERMIT)
    if (atomic_compare_exchange_weak(&s->word, &w, w - PERMIT)) return true;
  return false;
}

/* Sets PARKED, unless there is a permit. */
static bool still_none(thr_waiter *w) {
  thr_semaphore *s = (thr_semaphore *)w->addr;
  int64_t word = atomic_load(&s->word);
  while (word < PERMIT)
    if (atomic_compare_exchange_weak(&s->word, &word, word | PARKED))
      return true;
  return false;
}

thr_parkresult thr_semaphore_wait(thr_semaphore *s, thr_tstate *ts,
                                  int64_t deadline) {
  thr_waiter w = thr_waiter_on(ts, s, "Semaphore");
  w.label = s->label;
  w.validate = still_none;
  w.retained = &s->retained;
  while (!thr_semaphore_try(s)) {
    thr_parkresult r = thr_park(&w, deadline);
    if (w.handed) break;
    if (r != THR_PARK_WOKEN && r != THR_PARK_CHANGED) return r;
  }
  return THR_PARK_WOKEN;
}

/* Takes a permit for a waiter that has waited long; notes that none waits. */
static void hand_permit(const void *addr, thr_waiter *w, bool more) {
  thr_semaphore *s = (thr_semaphore *)addr;
  if (!more) atomic_fetch_and(&s->word, ~(int64_t)PARKED);
  if (w && thr_vclock_now() - w->since > THR_FAIR_AFTER)
    w->handed = thr_semaphore_try(s);
}

static bool add(thr_semaphore *s, int64_t n, int64_t *before) {
  int64_t most = s->bounded ? s->initial : THR_MAX_SEMAPHORE;
  int64_t w = atomic_load(&s->word);
  do
    if (w / PERMIT > most - n) return false;
  while (!atomic_compare_exchange_weak(&s->word, &w, w + n * PERMIT));
  *before = w;
  return true;
}

bool thr_semaphore_release(thr_semaphore *s, int64_t n) {
  int64_t w;
  if (!add(s, n, &w)) return false;
  while (n-- > 0 && (w & PARKED)) {
    thr_unpark_one(s, hand_permit);
    w = atomic_load(&s->word);
  }
  return true;
}

/* --- the Lua face --- */

/***
A number of permits.
@classmod threading.Semaphore
@usage
local threading = require "threading"
local seats = threading.Semaphore(2)

print(seats:acquire(false), seats:acquire(false)) --> true true
print(seats:acquire(false)) --> false
seats:release(2)

local function visit(name)
  local _ <close> = seats:guard() -- at most two at once
  return name .. " has a seat"
end
print(visit "Ann") --> Ann has a seat
*/
static void unref(void *s) { thr_semaphore_unref(s); }

static void *ref(void *s) {
  atomic_fetch_add_explicit(&((thr_semaphore *)s)->refs, 1,
                            memory_order_relaxed);
  return s;
}

static const thr_kind kind = {
    .name = "threading.Semaphore", .unref = unref, .ref = ref,
    .open = thr_semaphore_open};

thr_semaphore *thr_semaphore_test(lua_State *L, int arg) {
  return thr_box_test(L, arg, &kind);
}

static int create(lua_State *L, bool bounded) {
  static const char *const names[] = {"value", "name", NULL};
  const char *name = thr_args_options(L, 1, 1, names);
  if (lua_type(L, 1) == LUA_TNUMBER && lua_tonumber(L, 1) < 0)
    return thr_blame_error(L, "semaphore initial value must be >= 0");
  lua_Integer value =
      thr_args_optinteger(L, 1, "value", 0, THR_MAX_SEMAPHORE, 1);
  thr_box *box = thr_box_new(L, &kind);
  thr_semaphore *s = thr_semaphore_new(value, bounded);
  if (!s) return thr_blame_error(L, "not enough memory");
  thr_box_fill(box, &kind, s);
  s->label = thr_describe_label(L, name);
  return 1;
}

int thr_semaphore_create(lua_State *L) { return create(L, false); }
int thr_semaphore_createbounded(lua_State *L) { return create(L, true); }

/* The semaphore's box is at 1. */
static bool wait(lua_State *L, thr_tstate *ts, thr_semaphore *s,
                 int64_t deadline) {
  thr_parkresult r;
  thr_box_keep(L, 1);
  do r = thr_semaphore_wait(s, ts, deadline);
  while (thr_pending_disturbed(L, ts, r));
  return r == THR_PARK_WOKEN;
}

/***
Takes a permit, after waiting until there is one.
@function acquire
@tparam[opt=true] boolean blocking false for a mere try
@tparam[opt] number timeout seconds (below 0 is 0); without it for ever.  Both
may be given as a table: `{blocking = ..., timeout = ...}`
@treturn boolean acquired
@raise if an argument is of the wrong type; "can't specify timeout for
non-blocking acquire"; a deadlock, a cancellation
*/
static int semaphore_acquire(lua_State *L) {
  thr_semaphore *s = thr_box_check(L, 1, &kind);
  thr_tstate *ts = thr_self(L);
  int64_t deadline = THR_FOREVER;
  if (lua_gettop(L) > 1)
    deadline = thr_args_acquire(
        L, false, "can't specify timeout for non-blocking acquire");
  lua_pushboolean(L, thr_semaphore_try(s) ||
                         (deadline != 0 && wait(L, ts, s, deadline)));
  return 1;
}

static void release(lua_State *L, lua_Integer n) {
  thr_semaphore *s = thr_box_check(L, 1, &kind);
  if (!thr_semaphore_release(s, n))
    thr_blame_error(L, "Semaphore released too many times%s",
                    thr_describe_pushobject(L, "Semaphore", s, s->label));
}

/***
Gives permits back.
@function release
@tparam[opt=1] integer n at least 1; also as a table: `{n = ...}`
@raise if n is less than 1; "Semaphore released too many times", where a
BoundedSemaphore would have more permits than at first
*/
static int semaphore_release(lua_State *L) {
  static const char *const names[] = {"n", NULL};
  thr_box_check(L, 1, &kind);
  thr_args_keywords(L, 2, names);
  if (lua_type(L, 2) == LUA_TNUMBER && lua_tonumber(L, 2) < 1)
    return thr_args_error(L, 2, "n", "must be one or more");
  release(L, thr_args_optinteger(L, 2, "n", 1, THR_MAX_SEMAPHORE, 1));
  return 0;
}

static int semaphore_close(lua_State *L) {
  if (thr_semaphore_release(thr_box_check(L, 1, &kind), 1)) return 0;
  return thr_guard_refuse(L, "Semaphore released too many times", "semaphore");
}

static void acquire_forever(lua_State *L) {
  thr_semaphore *s = thr_box_check(L, 1, &kind);
  thr_tstate *ts = thr_self(L);
  if (!thr_semaphore_try(s)) wait(L, ts, s, THR_FOREVER);
}

/***
Takes a permit, however long it takes.
@function guard
@treturn Semaphore itself; as a to-be-closed variable it gives it back at the
end of the block, also on an error or a break
@raise a deadlock, a cancellation
*/
static int semaphore_guard(lua_State *L) {
  acquire_forever(L);
  return thr_guard(L);
}

/***
Calls a function with a permit, and gives it back also on an error.
@function with
@tparam function fn called with the arguments that follow
@param ... its arguments
@return what fn returns
@raise if fn is not callable; what fn raises
*/
static int semaphore_with(lua_State *L) {
  thr_box_use(L, 1, &kind);
  thr_args_callable(L, 2, "fn");
  acquire_forever(L);
  return thr_guard_with(L);
}

/***
The name that it was given when it was made.
@function get_name
@treturn string or nil, where it has none
*/
static int semaphore_getname(lua_State *L) {
  thr_semaphore *s = thr_box_check(L, 1, &kind);
  return thr_describe_getname(L, s->label);
}

static int semaphore_tostring(lua_State *L) {
  thr_semaphore *s = thr_box_use(L, 1, &kind);
  LUAI_UACINT value = (LUAI_UACINT)thr_semaphore_value(s);
  const char *label = thr_describe_pushlabel(L, s->label);
  if (s->bounded)
    lua_pushfstring(L, "<threading.BoundedSemaphore%s at %p: value=%I/%I>",
                    label, s, value, (LUAI_UACINT)s->initial);
  else
    lua_pushfstring(L, "<threading.Semaphore%s at %p: value=%I>", label, s,
                    value);
  return 1;
}

void thr_semaphore_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"acquire", semaphore_acquire}, {"release", semaphore_release},
      {"guard", semaphore_guard},     {"with", semaphore_with},
      {"get_name", semaphore_getname}, {"__close", semaphore_close},
      {"__tostring", semaphore_tostring}, {NULL, NULL}};
  thr_box_newtype(L, &kind, methods);
  lua_pop(L, 1);
}
