/* enter: see enter.h. */
#include "interp/enter.h"

#include "bind/blame.h"
#include "bind/cancel.h"
#include "bind/pending.h"
#include "bind/self.h"
#include "bind/unwind.h"
#include "cross/decode.h"
#include "cross/encode.h"
#include "gil/ctrlc.h"
#include "gil/gil.h"
#include "interp/failure.h"
#include "state/attach.h"

typedef struct {
  lua_CFunction body;
  const thr_message *message;
  lua_State *from;      /* the visitor's, where it waits */
  thr_message *outcome; /* NULL, or the visitor's */
  thr_visit ended;
  unsigned asked; /* ASKED: THR_PENDING_* that were raised */
} visit;

/* --- there, on the inner record's Lua state --- */

static int decode_and_call(lua_State *L) {
  visit *v = lua_touserdata(L, 1);
  lua_settop(L, 0);
  if (v->body) lua_pushcfunction(L, v->body);
  int n = thr_decode(L, v->message);
  lua_call(L, v->body ? n : n - 1, LUA_MULTRET);
  return lua_gettop(L);
}

/* Of what was asked of the thread, which is raised? */
static unsigned which_asked(lua_State *L) {
  if (thr_cancel_is(L, -1)) return THR_PENDING_CANCEL;
  return lua_isstring(L, -1) ? THR_PENDING_INTERRUPT : THR_PENDING_STOP;
}

static void end_visit(lua_State *L, visit *v) {
  if (thr_unwind_isasked(L, -1)) {
    v->ended = THR_VISIT_ASKED;
    v->asked = which_asked(L);
  } else if (thr_unwind_isexit(L, -1)) {
    v->ended = THR_VISIT_EXITED;
  } else {
    v->outcome = thr_failure_encode(L, thr_encode);
  }
}

static int make_visit(lua_State *L) {
  visit *v = lua_touserdata(L, 1);
  lua_pushcfunction(L, thr_failure_handler);
  lua_pushcfunction(L, decode_and_call);
  lua_pushvalue(L, 1);
  if (lua_pcall(L, 1, LUA_MULTRET, 2) != LUA_OK) {
    end_visit(L, v);
  } else {
    lua_pushboolean(L, 1);
    lua_replace(L, 2);
    v->outcome = thr_encode(L, 2, lua_gettop(L) - 1, "ok,results[]");
  }
  return 0;
}

/* The visit itself has failed: what the function has returned cannot cross,
** say. */
static int tell(lua_State *L) {
  end_visit(L, lua_touserdata(L, 1));
  return 0;
}

/* With an error on top; if it fails, then for want of memory. */
static void tell_protected(lua_State *L, visit *v) {
  lua_pushcfunction(L, tell);
  lua_insert(L, -2);
  lua_pushlightuserdata(L, v);
  lua_insert(L, -2);
  lua_pcall(L, 2, 0, 0);
}

static int visit_protected(lua_State *L) {
  visit *v = lua_touserdata(L, 1);
  lua_pushcfunction(L, make_visit);
  lua_pushvalue(L, 1);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK) tell_protected(L, v);
  return 0;
}

/* An error before the call was protected, as of a hook or for want of memory,
** has left the coroutine dead. */
static void revive(lua_State *L) {
#if LUA_VERSION_NUM >= 505 || LUA_VERSION_RELEASE_NUM >= 50406
  lua_closethread(L, NULL);
#else
  lua_resetthread(L);
#endif
}

/* By a resume, for that counts nested C calls on from those of the visitor: all
** are on one C stack, and each Lua state alone would allow as many as fit on
** it. */
static void visit_there(lua_State *L, visit *v) {
  int nres;
  if (!lua_checkstack(L, 2 * LUA_MINSTACK)) return;
  lua_pushcfunction(L, visit_protected);
  lua_pushlightuserdata(L, v);
  int status = lua_resume(L, v->from, 1, &nres);
  if (lua_status(L) != LUA_OK) {
    revive(L);
    tell_protected(L, v);
  } else if (status != LUA_OK) {
    v->ended = THR_VISIT_TOODEEP;
  }
  lua_settop(L, 0);
  if (v->outcome) v->ended = THR_VISIT_DONE;
}

/* --- here --- */

static bool is_asked(const thr_tstate *self) {
  return thr_tstate_asked(self, ~0u);
}

/* DONE: it may enter. */
static thr_visit may_enter(thr_tstate *self, thr_interp *i) {
  if (is_asked(self)) return THR_VISIT_ASKED;
  if (!thr_whose_isown(self)) return THR_VISIT_NOTOWN;
  if (thr_interp_ishere(i) && !i->closed) return THR_VISIT_INSIDE;
  return thr_interp_comein(i) ? THR_VISIT_DONE : THR_VISIT_CLOSED;
}

static void go_and_come_back(thr_tstate *self, thr_interp *i, visit *v) {
  thr_gil_release(self);
  thr_tstate *inner = thr_attach_enter(i->rt, self);
  if (inner) {
    visit_there(inner->lua.base, v);
    thr_attach_leave(inner);
  } else if (thr_interp_isclosing(i)) {
    v->ended = THR_VISIT_CLOSED;
  } else if (is_asked(self)) {
    v->ended = THR_VISIT_ASKED;
  }
  thr_gil_take(self, THR_AT_ONCE);
}

/* A Ctrl-C has interrupted the thread there, and has set a hook here, which is
** the interruption from now on. */
static void interrupt_once(thr_tstate *self) {
  if (thr_ctrlc_signalled(self))
    atomic_fetch_and(&self->asked.pending, ~THR_PENDING_INTERRUPT);
}

thr_visit thr_enter(lua_State *L, thr_interp *i, lua_CFunction body,
                    const thr_message *message, thr_message **outcome) {
  thr_tstate *self = thr_self(L);
  visit v = {.body = body, .message = message, .from = L};
  *outcome = NULL;
  thr_visit may = may_enter(self, i);
  if (may != THR_VISIT_DONE) return may;
  thr_interp_ref(i);
  go_and_come_back(self, i, &v);
  thr_interp_goout(i);
  thr_interp_unref(i);
  *outcome = v.outcome;
  atomic_fetch_or(&self->asked.pending, v.asked & ~THR_PENDING_STOP);
  interrupt_once(self);
  return v.ended;
}

/* The Lua state there may have asked the thread to end, for it is closed: then
** the program is at its end here, too. */
static void raise_asked(lua_State *L) {
  thr_pending_disturbed(L, thr_self(L), THR_PARK_INTERRUPTED);
  thr_unwind_stop(L);
}

void thr_enter_raise(lua_State *L, const thr_interp *i, thr_visit ended) {
  switch (ended) {
    case THR_VISIT_DONE: break;
    case THR_VISIT_ASKED: raise_asked(L); break;
    case THR_VISIT_EXITED: thr_unwind_exit(L); break;
    case THR_VISIT_NOMEMORY: thr_blame_error(L, "not enough memory"); break;
    case THR_VISIT_TOODEEP: thr_blame_error(L, "C stack overflow"); break;
    case THR_VISIT_CLOSED: thr_blame_error(L, "%s is closed", i->name); break;
    case THR_VISIT_NOTOWN: thr_pending_notown(L, thr_self(L)); break;
    case THR_VISIT_INSIDE:
      thr_blame_error(L, "this thread is in %s already: call the function "
                      "itself", i->name);
  }
}

thr_message *thr_enter_call(lua_State *L, thr_interp *i,
                            const thr_message *message) {
  thr_message *outcome;
  thr_enter_raise(L, i, thr_enter(L, i, NULL, message, &outcome));
  return outcome;
}
