/* barrier: see barrier.h. */
#include "sync/barrier.h"

#include <string.h>

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/box.h"
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
  int64_t timeout; /* const: nanoseconds, where wait() gives none */
  atomic_int refs;
} barrier;

enum { TRIPPED = 1, BROKEN = 2 }; /* outcomes of tickets */

/* What a thread that has arrived is in its round. */
typedef enum { LAST, WAITING, REFUSED } part; /* refused: it is broken */

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
  thr_os_free(b);
}

static bool end_round(barrier *b, const uint64_t *which, bool broken,
                      int outcome) {
  thr_mutex_lock(&b->waiters.m);
  bool now = !which || *which == b->round;
  if (now) {
    b->round++;
    b->broken = broken;
    b->acting = false;
    thr_tickets_serve(&b->waiters, INT64_MAX, outcome);
  }
  thr_mutex_unlock(&b->waiters.m);
  thr_unpark_all(&b->acting);
  return now;
}

/* False: an abort or reset while the action ran has ended the round. */
static bool trip(barrier *b, uint64_t round) {
  return end_round(b, &round, false, TRIPPED);
}

/* The action of that round has failed. */
static void fail(barrier *b, uint64_t round) {
  end_round(b, &round, true, BROKEN);
}

/* While the action runs, all are here: the thread that runs it, too. */
static int count_waiting(barrier *b) {
  thr_mutex_lock(&b->waiters.m);
  int n = b->waiters.n + b->acting;
  thr_mutex_unlock(&b->waiters.m);
  return n;
}

static void break_round(barrier *b) { end_round(b, NULL, true, BROKEN); }
static void begin_anew(barrier *b) { end_round(b, NULL, false, BROKEN); }

static bool still_acting(thr_waiter *w) {
  return *(const atomic_bool *)w->addr;
}

/* Waits until no action runs; returns with the mutex held, or a reason. */
static thr_parkresult wait_for_round(barrier *b, thr_tstate *ts,
                                     int64_t deadline) {
  thr_waiter w = thr_waiter_on(ts, &b->acting, "Barrier");
  w.object = b;
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
static part take_part(barrier *b, thr_ticket *t, int64_t *index) {
  *index = b->waiters.n;
  if (b->broken) return REFUSED;
  if (*index + 1 == b->parties) {
    b->acting = true;
    return LAST;
  }
  thr_tickets_enter(&b->waiters, t);
  return WAITING;
}

/* THR_PARK_WOKEN: *mine is the caller's part, *index how many came before.
** Else the wait for the last round's action has failed. */
static thr_parkresult arrive(barrier *b, thr_ticket *t, thr_tstate *ts,
                             int64_t deadline, int64_t *index, part *mine) {
  thr_parkresult r = wait_for_round(b, ts, deadline);
  if (r != THR_PARK_WOKEN) return r;
  *mine = take_part(b, t, index);
  thr_mutex_unlock(&b->waiters.m);
  return r;
}

/* Gives up, which breaks the barrier for all, unless the round has ended. */
static void give_up(barrier *b, thr_ticket *t) {
  if (thr_tickets_leave(&b->waiters, t)) break_round(b);
}

/* --- the Lua face --- */

/* The box's user value holds the action. */

/***
A place where a number of threads wait for each other.
@classmod threading.Barrier
*/
static const thr_kind kind = {"threading.Barrier", unref};

static barrier *check(lua_State *L) { return thr_box_check(L, 1, &kind); }

static barrier *use(lua_State *L) { return thr_box_use(L, 1, &kind); }

int thr_barrier_create(lua_State *L) {
  static const char *const names[] = {"parties", "action", "timeout", NULL};
  thr_args_keywords(L, 1, names);
  lua_settop(L, 3);
  lua_Integer parties = thr_args_integer(L, 1, "parties", 1, MAX_PARTIES);
  if (!lua_isnil(L, 2)) thr_args_callable(L, 2, "action");
  int64_t timeout = thr_args_timeout(L, 3, "timeout");
  thr_box *box = thr_box_newuv(L, &kind, 1);
  barrier *b = new_barrier(parties);
  if (!b) return thr_blame_error(L, "not enough memory");
  b->timeout = timeout;
  thr_box_fill(box, &kind, b);
  lua_pushvalue(L, 2);
  lua_setiuservalue(L, -2, 1);
  return 1;
}

static int broken(lua_State *L) { return thr_blame_error(L, "broken barrier"); }

/* The last arriver's part: an error in the action breaks the barrier. */
static void act(lua_State *L, barrier *b) {
  uint64_t round = b->round; /* still the one in which we were the last */
  if (lua_getiuservalue(L, 1, 1) != LUA_TNIL &&
      lua_pcall(L, 0, 0, 0) != LUA_OK) {
    fail(b, round);
    lua_error(L);
  }
  if (!trip(b, round)) broken(L);
}

static void await_trip(lua_State *L, barrier *b, thr_ticket *t, thr_tstate *ts,
                       int64_t deadline) {
  thr_parkresult r;
  int again;
  do {
    r = thr_tickets_wait(&b->waiters, t, ts, deadline, "Barrier");
    again = thr_pending_trydisturbed(L, r);
  } while (again > 0);
  if (r == THR_PARK_WOKEN && t->outcome == TRIPPED) return;
  if (r == THR_PARK_TIMEOUT) break_round(b); /* it has left */
  else if (r != THR_PARK_WOKEN) give_up(b, t);
  if (again < 0) lua_error(L);
  broken(L);
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
  int64_t deadline = thr_args_fromnow(ns), index = 0;
  thr_ticket t;
  part mine = REFUSED;
  thr_parkresult r;
  thr_pending_checkown(L, ts); /* one that has come must not go again */
  do r = arrive(b, &t, ts, deadline, &index, &mine);
  while (thr_pending_disturbed(L, ts, r));
  if (r == THR_PARK_TIMEOUT) break_round(b);
  if (r == THR_PARK_TIMEOUT || mine == REFUSED) return broken(L);
  if (mine == LAST) act(L, b);
  else await_trip(L, b, &t, ts, deadline);
  lua_pushinteger(L, index);
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
    lua_pushvalue(L, 2);
    lua_rawget(L, lua_upvalueindex(1)); /* the methods */
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
  if (b->broken)
    lua_pushfstring(L, "<threading.Barrier at %p: broken>", b);
  else
    lua_pushfstring(L, "<threading.Barrier at %p: waiters=%d/%I>", b,
                    count_waiting(b), (LUAI_UACINT)b->parties);
  return 1;
}

void thr_barrier_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"wait", barrier_wait},   {"reset", barrier_reset},
      {"abort", barrier_abort}, {"__tostring", barrier_tostring},
      {"__newindex", barrier_newindex}, {NULL, NULL}};
  thr_box_newtype(L, &kind, methods);
  thr_box_indexwith(L, barrier_index);
  lua_pop(L, 1);
}
