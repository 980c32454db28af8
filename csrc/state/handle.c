/* handle: see handle.h. */
#include "state/handle.h"

#include <stdio.h>
#include <string.h>

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/box.h"
#include "bind/cancel.h"
#include "bind/pending.h"
#include "bind/self.h"
#include "park/thread.h"
#include "state/open.h"
#include "state/start.h"
#include "warn/unstarted.h"

static void unref(void *ts) {
  thr_unstarted_dropped(ts);
  thr_tstate_unref(ts);
}

static const thr_kind kind = {
    .name = "threading.Handle", .unref = unref,
    .stays = "join the thread here; let it set an Event, say, which crosses"};

void thr_handle_pushkey(lua_State *L) {
  lua_pushlightuserdata(L, (void *)&kind);
}

/* --- making --- */

/* The user values of the handle of a thread that is not started. */
enum { TARGET = 1, ARGS, VALUES = ARGS };

static thr_tstate *push_new(lua_State *L) {
  thr_tstate *self = thr_self(L);
  thr_box *box = thr_box_newuv(L, &kind, VALUES);
  thr_tstate *ts = thr_tstate_new(self->rt, false);
  if (!ts) {
    thr_blame_error(L, "not enough memory");
    return NULL;
  }
  thr_box_fill(box, &kind, ts);
  ts->life.daemon = thr_tstate_outermost(self)->life.daemon;
  return ts;
}

static void set_default_name(thr_tstate *ts) {
  char name[THR_NAMESIZE];
  snprintf(name, sizeof(name), "Thread-%lu", ++ts->rt->unnamed);
  thr_tstate_setname(ts, name);
}

/* _thread._handle([name [, daemon [, target [, args]]]]) -> an unstarted
** thread; by default a daemon if its maker is one */
int thr_handle_new(lua_State *L) {
  const char *name = luaL_optstring(L, 1, NULL);
  lua_settop(L, 4);
  thr_tstate *ts = push_new(L);
  if (name) thr_tstate_setname(ts, name);
  else set_default_name(ts);
  if (!lua_isnil(L, 2)) ts->life.daemon = lua_toboolean(L, 2);
  thr_unstarted_made(L, ts);
  lua_pushvalue(L, 3);
  lua_setiuservalue(L, 5, TARGET);
  lua_pushvalue(L, 4);
  lua_setiuservalue(L, 5, ARGS);
  return 1;
}

static int push_handle(lua_State *L, thr_tstate *ts) {
  thr_box *box = thr_box_new(L, &kind);
  thr_tstate_ref(ts);
  thr_box_fill(box, &kind, ts);
  return 1;
}

int thr_handle_main(lua_State *L) {
  return push_handle(L, thr_self(L)->rt->main);
}

int thr_handle_self(lua_State *L) { return push_handle(L, thr_self(L)); }

/* --- starting --- */

static int refused(lua_State *L, int err) {
  return thr_blame_error(L, "can't start new thread: %s", strerror(err));
}

/* handle:start(self, on_error, report[, begin]): self enters the register, and
** begin(self), or its run(), is called in the thread.  Nothing has changed if
** it raises. */
static int handle_start(lua_State *L) {
  thr_tstate *ts = thr_box_use(L, 1, &kind);
  luaL_checktype(L, 2, LUA_TTABLE);
  luaL_checktype(L, 3, LUA_TFUNCTION);
  luaL_checktype(L, 4, LUA_TFUNCTION);
  lua_settop(L, 5);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &thr_key_active);
  lua_insert(L, 2);
  lua_pushcfunction(L, thr_start_run);
  lua_pushvalue(L, 3); /* self, which stays below, too */
  lua_rotate(L, 4, 2);
  thr_unstarted_tried(ts);
  thr_start_prepare(L, ts, 4);
  lua_rawseti(L, 2, (lua_Integer)ts->ident);
  int err = thr_start(L, ts);
  if (err == 0) return 0;
  lua_pushnil(L);
  lua_rawseti(L, 2, (lua_Integer)ts->ident);
  return refused(L, err);
}

/* Nobody waits for a low-level thread. */
int thr_handle_startnew(lua_State *L) {
  thr_args_callable(L, 1, "fn");
  thr_tstate *ts = push_new(L);
  lua_insert(L, 1);
  ts->life.daemon = true;
  lua_pushvalue(L, 2);
  lua_pushcclosure(L, thr_start_call, 1);
  lua_replace(L, 2);
  thr_start_prepare(L, ts, 2);
  int err = thr_start(L, ts);
  if (err != 0) return refused(L, err);
  lua_pushinteger(L, (lua_Integer)ts->ident);
  return 1;
}

/* --- methods of Thread --- */

/* The thread at arg: a Thread object, or the handle itself. */
static thr_tstate *check_thread(lua_State *L, int arg) {
  bool object = lua_istable(L, arg);
  if (object && lua_rawgetp(L, arg, &kind) == LUA_TUSERDATA)
    lua_replace(L, arg);
  thr_tstate *ts = thr_box_test(L, arg, &kind);
  if (!ts && object)
    thr_blame_error(L, "Thread.init() was not called on this object; the "
                    "'init' of a derived class has to call "
                    "`Thread.init(self, options)`");
  if (!ts) thr_args_unexpected(L, arg, "threading.Thread");
  return ts;
}

/* Thread:join([timeout]) -> whether it has ended */
int thr_handle_join(lua_State *L) {
  thr_tstate *ts = check_thread(L, 1), *self = thr_self(L);
  thr_box_keep(L, 1);
  int64_t deadline = thr_args_fromnow(thr_args_lasttimeout(L, 2));
  if (ts == self) return thr_blame_error(L, "cannot join current thread");
  if (ts->life.phase == THR_INITIAL)
    return thr_blame_error(L, "cannot join thread before it is started; "
                           "call `t:start()`");
  thr_parkresult r;
  do r = thr_thread_wait(self, ts, deadline);
  while (thr_pending_disturbed(L, self, r));
  lua_pushboolean(L, r == THR_PARK_WOKEN);
  return 1;
}

/* Thread:is_alive() */
int thr_handle_isalive(lua_State *L) {
  thr_tstate *ts = check_thread(L, 1);
  lua_pushboolean(L, ts->life.phase == THR_STARTED);
  return 1;
}

/* _thread._shield(thread): from its first instruction on it hears of no
** cancellation, but in what it calls by _expose. */
int thr_handle_shield(lua_State *L) {
  thr_tstate *ts = check_thread(L, 1);
  if (ts->life.phase == THR_INITIAL) ts->asked.masked = THR_PENDING_CANCELS;
  return 0;
}

/* --- methods --- */

/* handle:take() -> target, args; which it keeps no longer: they may refer to
** the Thread object.  It may be finalised: a thread may begin while a host
** closes its state. */
static int handle_take(lua_State *L) {
  luaL_checkudata(L, 1, kind.name);
  for (int i = TARGET; i <= VALUES; i++) {
    lua_getiuservalue(L, 1, i);
    lua_pushnil(L);
    lua_setiuservalue(L, 1, i);
  }
  return VALUES;
}

/* handle:cancel(message, asynchronous) -> false if it has ended already */
static int handle_cancel(lua_State *L) {
  thr_tstate *ts = thr_box_use(L, 1, &kind), *self = thr_self(L);
  unsigned bits = THR_PENDING_CANCEL;
  if (lua_toboolean(L, 3)) bits |= THR_PENDING_ASYNC;
  bool alive = ts->life.phase != THR_STOPPED;
  if (alive) {
    thr_cancel_setmessage(L, ts, 2);
    thr_lot_interrupt(ts, bits);
  }
  if (ts == self && (bits & THR_PENDING_ASYNC & ~ts->asked.masked))
    thr_pending_raise(L, ts);
  lua_pushboolean(L, alive);
  return 1;
}

static int handle_phase(lua_State *L) {
  static const char *const names[] = {"initial", "started", "stopped"};
  thr_tstate *ts = thr_box_check(L, 1, &kind);
  /* as an index, gcc would not load it atomically */
  int phase = ts->life.phase;
  lua_pushstring(L, names[phase]);
  return 1;
}

static int handle_ident(lua_State *L) {
  thr_tstate *ts = thr_box_check(L, 1, &kind);
  lua_pushinteger(L, (lua_Integer)ts->ident);
  return 1;
}

static int handle_nativeid(lua_State *L) {
  thr_tstate *ts = thr_box_use(L, 1, &kind), *self = thr_self(L);
  if (ts->life.phase == THR_INITIAL) return 0;
  while (thr_thread_nativeid(self, ts) == 0)
    thr_pending_disturbed(L, self, THR_PARK_INTERRUPTED);
  lua_pushinteger(L, ts->life.native_id);
  return 1;
}

static int handle_name(lua_State *L) {
  thr_tstate *ts = thr_box_check(L, 1, &kind);
  lua_pushstring(L, ts->life.name);
  return 1;
}

static int handle_setname(lua_State *L) {
  thr_tstate *ts = thr_box_use(L, 1, &kind);
  const char *name = luaL_checkstring(L, 2);
  thr_mutex_lock(&ts->rt->m); /* others may read it for a message */
  thr_tstate_setname(ts, name);
  thr_mutex_unlock(&ts->rt->m);
  if (ts == thr_self(L)) thr_os_setname(ts->life.name);
  return 0;
}

static int handle_daemon(lua_State *L) {
  thr_tstate *ts = thr_box_check(L, 1, &kind);
  lua_pushboolean(L, ts->life.daemon);
  return 1;
}

/* Of a thread that is not started: the others are counted. */
static int handle_setdaemon(lua_State *L) {
  thr_tstate *ts = thr_box_check(L, 1, &kind);
  if (ts->life.phase == THR_INITIAL) ts->life.daemon = lua_toboolean(L, 2);
  return 0;
}

void thr_handle_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"start", handle_start},     {"take", handle_take},
      {"cancel", handle_cancel},   {"phase", handle_phase},
      {"ident", handle_ident},     {"native_id", handle_nativeid},
      {"name", handle_name},       {"set_name", handle_setname},
      {"daemon", handle_daemon},   {"set_daemon", handle_setdaemon},
      {NULL, NULL}};
  thr_box_newtype(L, &kind, methods);
  lua_pop(L, 1);
}
