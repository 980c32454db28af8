/* barrier: see barrier.h. */
#include "sync/barrier.h"

#include <string.h>

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/box.h"
#include "bind/describe.h"
#include "bind/pending.h"
#include "bind/self.h"
#include "park/tickets.h"

#define MAX_PARTIES (1 << 30)

typedef struct {
  thr_tickets waiters; /* its mutex is the m of the three below */
  atomic_bool acting;  /* m to write; a bucket's mutex to read in a wait */
  uint64_t round;      /* m: how many have ended */
  atomic_bool broken;  /* m to write */
  int64_t parties; /* const */
  bool acts;       /* const: it has an action, which is a Lua function */
  int64_t timeout; /* const: nanoseconds, where wait() gives none */
  thr_label *label; /* const: its own, see label.h */
  atomic_int refs;
} barrier;

enum { TRIPPED = 1, BROKEN = 2 }; /* outcomes of tickets */

/* What a thread that has arrived is in its round: it ends it, or calls the
** action first, or waits; or is refused, for the barrier is broken. */
typedef enum { LAST, ACTING, WAITING, REFUSED } part;

typedef struct {
  thr_ticket ticket;
  part part;
  int64_t index;  /* how many came before */
  uint64_t round;
} arrival;

static barrier *new_barrier(int64_t parties) {
  barrier *b = thr_os_alloc(sizeof(*b));
  if (!b) return NULL;
  atomic_init(&b->refs, 1);
  thr_tickets_init(&b->waiters);
  b->parties = parties;
  return b;
}

static void unref(void *object) {
  barrier *b = object;
  if (atomic_fetch_sub(&b->refs, 1) != 1) return;
  thr_tickets_destroy(&b->waiters);
  thr_label_free(b->label);
  thr_os_free(b);
}

/* A barrier with an action stays with the function. */
static void *ref(void *object) {
  barrier *b = object;
  if (b->acts) return NULL;
  atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
  return b;
}

/* The mutex is held; those that wait for the action are woken without it. */
static void end_round(barrier *b, bool broken, int outcome) {
  b->round++;
  b->broken = broken;
  b->acting = false;
  thr_tickets_serve(&b->waiters, INT64_MAX, outcome);
}

/* The action of that round has ended.  False: an abort or reset while it ran
** has ended the round. */
static bool end_action(barrier *b, uint64_t round, bool failed) {
  thr_mutex_lock(&b->waiters.m);
  bool now = round == b->round;
  if (now) end_round(b, failed, failed ? BROKEN : TRIPPED);
  thr_mutex_unlock(&b->waiters.m);
  thr_unpark_all(&b->acting);
  return now;
}

static void end_now(barrier *b, bool broken) {
  thr_mutex_lock(&b->waiters.m);
  end_round(b, broken, BROKEN);
  thr_mutex_unlock(&b->waiters.m);
  thr_unpark_all(&b->acting);
}

/* While the action runs, all are here: the thread that runs it, too. */
static int count_waiting(barrier *b) {
  thr_mutex_lock(&b->waiters.m);
  int n = b->waiters.n + b->acting;
  thr_mutex_unlock(&b->waiters.m);
  return n;
}

static void break_round(barrier *b) { end_now(b, true); }
static void begin_anew(barrier *b) { end_now(b, false); }

static bool still_acting(thr_waiter *w) {
  return *(const atomic_bool *)w->addr;
}

/* Waits until no action runs; returns with the mutex held, or a reason. */
static thr_parkresult wait_for_round(barrier *b, thr_tstate *ts,
                                     int64_t deadline) {
  thr_waiter w = thr_waiter_on(ts, &b->acting, "Barrier");
  w.object = b;
  w.label = b->label;
  w.validate = still_acting;
  thr_mutex_lock(&b->waiters.m);
  while (b->acting) {
    thr_mutex_unlock(&b->waiters.m);
    thr_parkresult r = thr_park(&w, deadline);
    if (r != THR_PARK_WOKEN && r != THR_PARK_CHANGED) return r;
    thr_mutex_lock(&b->waiters.m);
  }
  return THR_PARK_WOKEN;
}

/* The mutex is held. */
static part take_part(barrier *b, arrival *a) {
  a->index = b->waiters.n;
  a->round = b->round;
  if (b->broken) return REFUSED;
  if (a->index + 1 < b->parties) {
    thr_tickets_enter(&b->waiters, &a->ticket);
    return WAITING;
  }
  if (b->acts) b->acting = true;
  else end_round(b, false, TRIPPED);
  return b->acts ? ACTING : LAST;
}

/* THR_PARK_WOKEN: the caller has a part.  Else the wait for the last round's
** action has failed. */
static thr_parkresult arrive(barrier *b, arrival *a, thr_tstate *ts,
                             int64_t deadline) {
  thr_parkresult r = wait_for_round(b, ts, deadline);
  if (r != THR_PARK_WOKEN) return r;
  a->part = take_part(b, a);
  thr_mutex_unlock(&b->waiters.m);
  return r;
}

/* Gives up, which breaks the barrier for all, unless the round has ended.
** Under one mutex: nobody comes, and ends the round, in between. */
static void give_up(barrier *b, thr_ticket *t) {
  thr_mutex_lock(&b->waiters.m);
  bool left = thr_tickets_remove(&b->waiters, t);
  if (left) end_round(b, true, BROKEN);
  thr_mutex_unlock(&b->waiters.m);
  if (left) thr_unpark_all(&b->acting);
}

/* --- the Lua face --- */

/* The box's user value holds the action, or nil. */

/***
A place where a number of threads wait for each other.
@classmod threading.Barrier
@usage
local threading = require "threading"
local barrier = threading.Barrier(3, function()
  print "all three are here" --> all three are here
end)

local threads = {}
for i = 1, 3 do
  threads[i] = threading.Thread {
    target = function()
      barrier:wait()
    end,
  }
  threads[i]:start()
end
for _, t in ipairs(threads) do
  t:join()
end
*/
static const thr_kind kind = {
    .name = "threading.Barrier", .unref = unref, .ref = ref, .nuvalues = 1,
    .open = thr_barrier_open,
    .stays = "make it without an action, and let the thread act for which "
             "wait() returns 0"};

static barrier *check(lua_State *L) { return thr_box_check(L, 1, &kind); }

static barrier *use(lua_State *L) { return thr_box_use(L, 1, &kind); }

int thr_barrier_create(lua_State *L) {
  static const char *const names[] = {"parties", "action", "timeout", "name",
                                      NULL};
  const char *name = thr_args_options(L, 1, 3, names);
  lua_settop(L, 4); /* the name stays */
  lua_Integer parties = thr_args_integer(L, 1, "parties", 1, MAX_PARTIES);
  if (!lua_isnil(L, 2)) thr_args_callable(L, 2, "action");
  int64_t timeout = thr_args_timeout(L, 3, "timeout");
  thr_box *box = thr_box_newuv(L, &kind, 1);
  barrier *b = new_barrier(parties);
  if (!b) return thr_blame_error(L, "not enough memory");
  b->timeout = timeout;
  b->acts = !lua_isnil(L, 2);
  thr_box_fill(box, &kind, b);
  b->label = thr_describe_label(L, name);
  lua_pushvalue(L, 2);
  lua_setiuservalue(L, -2, 1);
  return 1;
}

/* Its box is at 1. */
static int broken(lua_State *L, const barrier *b) {
  return thr_blame_error(L, "broken barrier%s",
                         thr_describe_pushobject(L, "Barrier", b, b->label));
}

/* The last arriver's part: an error in the action breaks the barrier. */
static void act(lua_State *L, barrier *b, uint64_t round) {
  lua_getiuservalue(L, 1, 1);
  bool failed = lua_pcall(L, 0, 0, 0) != LUA_OK;
  bool now = end_action(b, round, failed);
  if (failed) lua_error(L);
  if (!now) broken(L, b);
}

static void await_trip(lua_State *L, barrier *b, thr_ticket *t, thr_tstate *ts,
                       int64_t deadline) {
  thr_parkresult r;
  int again;
  do {
    r = thr_tickets_wait(&b->waiters, t, ts, deadline, "Barrier", b->label);
    again = thr_pending_trydisturbed(L, r);
  } while (again > 0);
  if (r != THR_PARK_WOKEN) give_up(b, t);
  if (again < 0) lua_error(L);
  if (t->outcome != TRIPPED) broken(L, b);
}

/***
Waits until all parties are here.  A timeout breaks the barrier.
@function wait
@tparam[opt] number timeout seconds (below 0 is 0); by default the
constructor's.  Also as a table: `{timeout = ...}`
@treturn integer from 0 to parties - 1, another one for each thread
@raise "broken barrier"; if the timeout is not valid; in the thread that calls
the action, what that raises; a deadlock, a cancellation
*/
static int barrier_wait(lua_State *L) {
  barrier *b = use(L);
  thr_tstate *ts = thr_self(L);
  int64_t ns = thr_args_lasttimeout(L, 2);
  if (lua_isnoneornil(L, 2)) ns = b->timeout;
  int64_t deadline = thr_args_fromnow(ns);
  arrival a = {.part = REFUSED};
  thr_parkresult r;
  thr_pending_checkown(L, ts); /* one that has come must not go again */
  do r = arrive(b, &a, ts, deadline);
  while (thr_pending_disturbed(L, ts, r));
  if (r == THR_PARK_TIMEOUT) break_round(b);
  if (r == THR_PARK_TIMEOUT || a.part == REFUSED) return broken(L, b);
  if (a.part == ACTING) act(L, b, a.round);
  else if (a.part == WAITING) await_trip(L, b, &a.ticket, ts, deadline);
  lua_pushinteger(L, a.index);
  return 1;
}

/***
Makes it as new; threads that wait get "broken barrier".
@function reset
*/
static int barrier_reset(lua_State *L) {
  begin_anew(check(L));
  return 0;
}

/***
Breaks it; threads that wait get "broken barrier".
@function abort
*/
static int barrier_abort(lua_State *L) {
  break_round(check(L));
  return 0;
}

/***
The name that it was given when it was made.
@function get_name
@treturn string or nil, where it has none
*/
static int barrier_getname(lua_State *L) {
  return thr_describe_getname(L, check(L)->label);
}

/***
How many threads it is for (integer, read only).
@field parties
*/
/***
How many of them wait now; in the action, all (integer, read only).
@field n_waiting
*/
/***
Is it broken (boolean, read only)?
@field broken
*/
static int barrier_index(lua_State *L) {
  barrier *b = check(L);
  const char *key = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
  if (strcmp(key, "parties") == 0) {
    lua_pushinteger(L, b->parties);
  } else if (strcmp(key, "n_waiting") == 0) {
    lua_pushinteger(L, count_waiting(b));
  } else if (strcmp(key, "broken") == 0) {
    lua_pushboolean(L, b->broken);
  } else {
    thr_box_pushmethod(L);
  }
  return 1;
}

static int barrier_newindex(lua_State *L) {
  check(L);
  return thr_blame_error(L, "cannot set '%s' of a Barrier",
                         luaL_tolstring(L, 2, NULL));
}

static int barrier_tostring(lua_State *L) {
  barrier *b = use(L);
  const char *label = thr_describe_pushlabel(L, b->label);
  if (b->broken)
    lua_pushfstring(L, "<threading.Barrier%s at %p: broken>", label, b);
  else
    lua_pushfstring(L, "<threading.Barrier%s at %p: waiters=%d/%I>", label, b,
                    count_waiting(b), (LUAI_UACINT)b->parties);
  return 1;
}

void thr_barrier_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"wait", barrier_wait},   {"reset", barrier_reset},
      {"abort", barrier_abort}, {"get_name", barrier_getname},
      {"__tostring", barrier_tostring}, {"__newindex", barrier_newindex},
      {NULL, NULL}};
  thr_box_newtype(L, &kind, methods);
  thr_box_indexwith(L, barrier_index);
  lua_pop(L, 1);
}
