/* await: see await.h. */
#include "socket/await.h"

#include <lauxlib.h>

#include "bind/blame.h"
#include "bind/pending.h"
#include "bind/self.h"
#include "gil/gil.h"
#include "os/tuning.h"
#include "park/park.h"

typedef struct {
  thr_waiter waiter; /* first: park hands it back */
  thr_channel *channel;
  thr_action action;
  void *arg;
  bool tried, done;
} use_waiter;

/* What comes late, or finds no room, most likely does the next times, too. */
static void note_late(thr_channel *ch, thr_turn turn, bool late) {
  atomic_store_explicit(&ch->late[turn], late ? THR_LATE : 0,
                        memory_order_relaxed);
}

static bool is_late(thr_channel *ch, thr_turn turn) {
  int late = atomic_load_explicit(&ch->late[turn], memory_order_relaxed);
  if (late == 0) return false;
  atomic_store_explicit(&ch->late[turn], late - 1, memory_order_relaxed);
  return true;
}

static bool act(thr_waiter *w) {
  use_waiter *u = (use_waiter *)w;
  size_t had = u->channel->inbox.fresh;
  u->done = u->action(u->arg, w->watch->fd);
  if (!u->tried && w->watch->wanted == THR_IN)
    note_late(u->channel, THR_RECEIVING,
              !u->done && u->channel->inbox.fresh == had);
  u->tried = true;
  return u->done;
}

/* The number of the descriptor of the socket at 1; -1: there is none, or it is
** about to be taken away.  Lua code may run where it is not plain. */
static int descriptor_of(const thr_call *c) {
  lua_State *L = c->L;
  if (c->plain) return c->channel->fd;
  if (c->channel->closing > 0) return -1;
  lua_getfield(L, 1, "_object");
  lua_getfield(L, -1, "getfd");
  lua_insert(L, -2);
  lua_call(L, 1, 1);
  lua_Number fd = lua_tonumber(L, -1);
  lua_pop(L, 1);
  return (int)fd;
}

/* Sends without a place in the parking lot, which most sends do not need; true:
** that was enough.  Who closes the socket waits until it has ended. */
static bool act_outside(const thr_call *c, thr_action action, void *arg) {
  thr_tstate *ts = c->ts;
  int fd = descriptor_of(c);
  if (fd < 0 || thr_channel_waitsnever(c->channel) || ts->asked.pending ||
      !thr_whose_isown(ts) || is_late(c->channel, THR_SENDING))
    return false;
  thr_uses_set(&c->channel->uses, ts, fd);
  thr_gil_release(ts);
  bool done = action(arg, fd);
  thr_gil_take(ts, THR_AT_ONCE);
  note_late(c->channel, THR_SENDING, !done);
  return done;
}

/* One wait, of a thread that is noted.  True, with what has come out of it:
** it is over. */
static bool wait_once(const thr_call *c, unsigned wanted, thr_action action,
                      void *arg, const char **why) {
  thr_watch watch = {.fd = descriptor_of(c), .wanted = wanted};
  *why = "closed";
  if (watch.fd < 0) return true;
  thr_uses_set(&c->channel->uses, c->ts, watch.fd);
  thr_tstate_makebell(c->ts);
  use_waiter u = {thr_waiter_onfd(c->ts, &watch, "descriptor"), c->channel,
                  action, arg, false, false};
  if (action) u.waiter.attempt = act;
  if (action && wanted == THR_IN)
    u.tried = u.waiter.comes_late = is_late(c->channel, THR_RECEIVING);
  thr_parkresult r = thr_park(&u.waiter, thr_channel_deadline(c));
  bool ready = r == THR_PARK_READY && watch.ready != THR_NOFD;
  if (u.done || (!action && ready)) *why = NULL;
  else if (r == THR_PARK_TIMEOUT) *why = "timeout";
  else if (r != THR_PARK_WOKEN && r != THR_PARK_READY)
    return !thr_pending_disturbed(c->L, c->ts, r);
  return true;
}

const char *thr_await(thr_call *c, unsigned wanted, thr_action action,
                      void *arg) {
  const char *why = NULL;
  if (!thr_uses_note(&c->channel->uses, c->ts, -1))
    thr_blame_error(c->L, "not enough memory");
  c->noted = true;
  bool done = action && wanted == THR_OUT && act_outside(c, action, arg);
  while (!done) done = wait_once(c, wanted, action, arg, &why);
  thr_uses_leave(&c->channel->uses, c->ts);
  c->noted = false;
  return why;
}

static int protect(thr_call *c, lua_CFunction body) {
  lua_State *L = c->L;
  int n = lua_gettop(L);
  lua_pushcfunction(L, body);
  for (int i = 1; i <= n; i++) lua_pushvalue(L, i);
  lua_pushlightuserdata(L, c);
  int status = lua_pcall(L, n + 1, LUA_MULTRET, 0);
  if (c->noted) thr_uses_leave(&c->channel->uses, c->ts);
  return status;
}

int thr_await_call(thr_call *c, lua_CFunction body) {
  int n = lua_gettop(c->L), status = protect(c, body);
  return status == LUA_OK ? lua_gettop(c->L) - n : lua_error(c->L);
}

int thr_await_run(thr_call *c, thr_turn turn, lua_CFunction body) {
  int n = lua_gettop(c->L), status = protect(c, body);
  thr_channel_settle(c->channel, turn);
  thr_lock_release(c->channel->turns[turn]);
  return status == LUA_OK ? lua_gettop(c->L) - n : lua_error(c->L);
}

static int await_socket(lua_State *L) {
  thr_call *c = lua_touserdata(L, -1);
  unsigned wanted = *lua_tostring(L, 2) == 'r' ? THR_IN : THR_OUT;
  const char *why = thr_await(c, wanted, NULL, NULL);
  lua_pushboolean(L, !why);
  lua_pushstring(L, why);
  return 2;
}

/* _await_socket(socket, mode, began) -> true | false, "timeout" | "closed" */
int thr_await_socket(lua_State *L) {
  thr_call c;
  thr_channel_begin(L, &c);
  c.began = lua_tointeger(L, 3);
  if (thr_channel_waitsnever(c.channel)) {
    lua_pushboolean(L, 0);
    lua_pushliteral(L, "timeout");
    return 2;
  }
  return thr_await_call(&c, await_socket);
}
