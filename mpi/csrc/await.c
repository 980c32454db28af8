/* await: see await.h. */
#define _POSIX_C_SOURCE 200809L

#include "await.h"

#include <lauxlib.h>
#include <time.h>

#define JOB "threading.mpi.job"
#define RECEIVER "threading.mpi.receiver"

static char new_event; /* key of the registry: the function that makes one */

const threading_api *thm_await_api(lua_State *L) {
  const threading_api *api = threading_getapi(L);
  if (!api || !THREADING_HAS(api, event_wait))
    luaL_error(L, "threading.mpi needs a later version of `threading`");
  return api;
}

/* Pushes the Event, too, which keeps it where it is. */
static void set_waiter(lua_State *L, thm_waiter *w) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &new_event);
  lua_call(L, 0, 1);
  w->api = thm_await_api(L);
  w->held = w->api->retain(L, -1);
  if (!w->held) luaL_error(L, "not enough memory");
  w->event = w->api->toevent(L, -1);
}

/* THREADING_DONE or TIMEOUT; STOPPED where something is asked of the thread,
** which the caller raises when it has tidied up. */
static int wait(lua_State *L, const thm_waiter *w, double seconds) {
  threading_thread *self = w->api->self(L);
  if (!self) return luaL_error(L, "this thread is not one of Lua's");
  return w->api->event_wait(self, w->event, seconds);
}

/* --- jobs --- */

static int job_gc(lua_State *L) {
  thm_job **box = luaL_checkudata(L, 1, JOB);
  thm_job_drop(*box);
  *box = NULL;
  return 0;
}

void thm_await_push(lua_State *L, thm_job *j) {
  if (!j) luaL_error(L, "not enough memory");
  thm_job **box = lua_newuserdatauv(L, sizeof(*box), 0);
  *box = j;
  luaL_setmetatable(L, JOB);
}

void thm_await_nobody(lua_State *L, thm_job *j) {
  thm_engine_submit(j);
  lua_pop(L, 1);
}

bool thm_await_job(lua_State *L, thm_job *j) {
  set_waiter(L, &j->waiter);
  thm_engine_submit(j);
  while (wait(L, &j->waiter, -1) == THREADING_STOPPED) threading_check(L);
  lua_pop(L, 1);
  if (!thm_engine_isover(j) || j->error[0] == '\0') return true;
  lua_pushnil(L);
  lua_pushstring(L, j->error);
  return false;
}

int thm_await_answer(lua_State *L, thm_job *j) {
  if (!thm_await_job(L, j)) return 2;
  lua_pushboolean(L, true);
  return 1;
}

/* --- receivers --- */

typedef struct {
  thm_receiver r;
  thm_comm *comm;
} receiver;

static void leave(receiver *box) {
  thm_engine_lock();
  thm_mailbox_leave(&box->comm->box, &box->r);
  thm_engine_unlock();
}

static int receiver_gc(lua_State *L) {
  receiver *box = luaL_checkudata(L, 1, RECEIVER);
  leave(box);
  thm_waiter_drop(&box->r.waiter);
  return 0;
}

thm_receiver *thm_await_receiver(lua_State *L, thm_comm *c, int source,
                                 int tag) {
  receiver *box = lua_newuserdatauv(L, sizeof(*box), 1);
  *box = (receiver){.r = {.source = source, .tag = tag}, .comm = c};
  luaL_setmetatable(L, RECEIVER);
  set_waiter(L, &box->r.waiter);
  lua_setiuservalue(L, -2, 1);
  return &box->r;
}

void thm_await_begin(thm_receiver *r) {
  r->waiter.api->event_clear(r->waiter.event);
  thm_engine_lock();
  thm_mailbox_take(&((receiver *)r)->comm->box, r);
  thm_engine_unlock();
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Has it come, or will it never? */
static bool is_settled(const thm_receiver *r) {
  thm_engine_lock();
  bool settled = r->got || r->stopped;
  thm_engine_unlock();
  return settled;
}

/* The place in the row is given up before anything is raised. */
static void answer_stop(lua_State *L, receiver *box) {
  leave(box);
  threading_check(L);
  thm_await_begin(&box->r);
}

thm_parcel *thm_await_parcel(lua_State *L, thm_receiver *r, double seconds) {
  receiver *box = (receiver *)r;
  double end = seconds < 0 ? 0 : now() + seconds;
  while (!is_settled(r)) {
    double left = seconds < 0 ? -1 : end - now();
    int how = seconds >= 0 && left <= 0
                  ? THREADING_TIMEOUT
                  : wait(L, &r->waiter, left);
    if (how == THREADING_STOPPED) answer_stop(L, box);
    if (how == THREADING_TIMEOUT) break;
  }
  thm_engine_lock();
  thm_parcel *p = r->got;
  r->got = NULL;
  thm_mailbox_leave(&box->comm->box, r);
  thm_engine_unlock();
  return p;
}

void thm_await_class(lua_State *L, const char *name, lua_CFunction gc) {
  luaL_newmetatable(L, name);
  if (gc) {
    lua_pushcfunction(L, gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_pop(L, 1);
}

void thm_await_open(lua_State *L) {
  thm_await_class(L, JOB, job_gc);
  thm_await_class(L, RECEIVER, receiver_gc);
  lua_getglobal(L, "require");
  lua_pushliteral(L, "threading");
  lua_call(L, 1, 1);
  lua_getfield(L, -1, "Event");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &new_event);
  lua_pop(L, 1);
}
