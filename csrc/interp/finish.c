/* finish: see finish.h. */
#include "interp/finish.h"

#include "bind/blame.h"
#include "bind/pending.h"
#include "bind/self.h"
#include "cross/encode.h"
#include "gil/gil.h"
#include "interp/current.h"
#include "interp/enter.h"
#include "interp/memory.h"
#include "park/nest.h"
#include "park/park.h"
#include "state/attach.h"
#include "state/shutdown.h"

/* The calling thread makes the main record its own. */
static thr_tstate *become_main(thr_tstate *self, thr_interp *i) {
  thr_tstate *main = i->rt->main;
  thr_tstate_ref(main);
  main->life.os = thr_os_self();
  main->life.native_id = thr_os_nativeid();
  if (self->signals) thr_tstate_hearsignals(main);
  thr_tstate_bind(main);
  thr_nest_enter(self, main);
  thr_gil_take(main, THR_AT_ONCE);
  return main;
}

/* Where threads in C code do not stop, its Lua state stays, for they may come
** back into it: they find that it is closed. */
static void close_state(thr_interp *i, thr_tstate *main) {
  lua_State *L = i->rt->mainL;
  thr_shutdown_close(L, main);
  if (i->rt->end.given_up == 0) {
    thr_memory_close(L);
  } else {
    thr_gil_release(main);
    thr_tstate_unbind(main);
  }
}

/* The thread that ends the program has begun in this interpreter, or is still
** in it: it never comes back. */
static void give_up(thr_interp *i) {
  i->closed = true;
  thr_interp_delist(i);
}

/* By the thread that has set CLOSING.  Where it runs in another's Lua state, as
** a finaliser may, it keeps its global lock. */
static void finish(thr_tstate *self, thr_interp *i) {
  bool lets_go = self->gil.held && thr_whose_isown(self);
  if (lets_go) thr_gil_release(self);
  thr_tstate *visitor = thr_tstate_here(i->rt);
  if (visitor) thr_detach(visitor);
  thr_tstate *main = become_main(self, i);
  close_state(i, main);
  i->closed = true;
  thr_unpark_all(&i->closed);
  thr_nest_leave(main);
  thr_tstate_unref(main);
  thr_interp_delist(i);
  if (lets_go) thr_gil_take(self, THR_AT_ONCE);
}

/* --- one --- */

static void refuse_running(lua_State *L, const thr_interp *i) {
  thr_blame_error(L, "%s is running: %d thread(s) are inside", i->name,
                  thr_interp_inside(i));
}

/* What can never be closed by this thread. */
static void refuse(lua_State *L, const thr_interp *i) {
  if (i->id == 0)
    thr_blame_error(L, "the main interpreter cannot be closed: it ends with "
                    "the program");
  if (!i->closed && thr_interp_ishere(i))
    thr_blame_error(L, "%s is running: this thread is in it", i->name);
}

static bool still_open(thr_waiter *w) {
  return !*(const atomic_bool *)w->addr;
}

/* Another thread closes it. */
static void await_end(lua_State *L, thr_tstate *self, thr_interp *i) {
  thr_waiter w = thr_waiter_on(self, &i->closed, "an interpreter to end");
  w.validate = still_open;
  while (!i->closed) {
    thr_parkresult r = thr_park(&w, THR_FOREVER);
    if (!i->closed) thr_pending_disturbed(L, self, r);
  }
}

void thr_finish_close(lua_State *L, thr_interp *i) {
  thr_tstate *self = thr_self(L);
  thr_pending_checkown(L, self);
  refuse(L, i);
  if (thr_interp_startclosing(i)) finish(self, i);
  else if (thr_interp_isclosing(i)) await_end(L, self, i);
  else refuse_running(L, i);
  thr_pending_check(L, self);
}

void thr_finish_unlisted(lua_State *L, thr_interp *i) {
  thr_interp_startclosing(i);
  finish(thr_self(L), i);
  thr_interp_unbox(i);
  thr_blame_error(L, "can't create an interpreter: the program ends");
}

/* --- many --- */

static void close_all(thr_tstate *self, const thr_interp *main, bool all) {
  thr_interp *i;
  while ((i = thr_interp_toclose(main, all))) {
    if (thr_interp_ishere(i)) give_up(i);
    else finish(self, i);
    thr_interp_unref(i);
  }
}

void thr_finish_dropped(lua_State *L, const thr_interp *main) {
  thr_tstate *self = thr_self(L);
  thr_pending_checkown(L, self);
  close_all(self, main, false);
}

/* --- the end of the program --- */

static void tell(lua_State *L, thr_interp *i) {
  thr_message *outcome, *nothing = thr_encode(L, 1, 0, "");
  thr_visit ended = thr_enter(L, i, thr_shutdown_tell, nothing, &outcome);
  thr_message_free(nothing);
  thr_message_free(outcome);
  if (ended == THR_VISIT_ASKED) thr_enter_raise(L, i, ended);
}

static int wait_for(lua_State *L) {
  thr_interp *i = lua_touserdata(L, 1);
  if (i->rt->nondaemons == 0 || thr_interp_ishere(i)) return 0;
  tell(L, i);
  thr_shutdown_await(L, thr_self(L), i->rt);
  return 0;
}

/* The box is no value of Lua's: one that is made while the state is closed is
** not finalised. */
static void at_wait(lua_State *L, thr_tstate *ts) {
  thr_interp *i;
  for (int64_t id = 0; (i = thr_interp_after(ts->rt, id));) {
    id = i->id;
    lua_pushcfunction(L, wait_for);
    lua_pushlightuserdata(L, i);
    int status = lua_pcall(L, 1, 0, 0);
    thr_interp_unbox(i);
    if (status != LUA_OK) lua_error(L);
  }
}

static void at_end(thr_tstate *ts) {
  thr_interp *main = thr_interp_mainof(ts->rt);
  if (!main) return;
  thr_interp_end(main);
  close_all(ts, main, true);
  main->closed = true;
  thr_interp_delist(main);
  thr_current_forget(ts, main);
  thr_interp_unref(main);
}

void thr_finish_open(thr_runtime *rt) {
  rt->calls.at_wait = at_wait;
  rt->calls.at_end = at_end;
}
