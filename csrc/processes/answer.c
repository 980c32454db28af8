/* answer: see answer.h. */
#include "processes/answer.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "bind/blame.h"
#include "bind/box.h"
#include "bind/self.h"
#include "bind/unwind.h"
#include "cross/decode.h"
#include "interp/failure.h"
#include "io/outlet.h"
#include "os/child.h"
#include "os/poll.h"
#include "processes/flat.h"
#include "processes/link.h"
#include "processes/portable.h"

/* --- a call --- */

typedef struct {
  const thr_message *call;
  thr_message *outcome;
} answer;

static int decode_and_call(lua_State *L) {
  const answer *a = lua_touserdata(L, 1);
  lua_settop(L, 0);
  thr_flat_account(L, a->call);
  int n = thr_decode(L, a->call);
  lua_call(L, n - 1, LUA_MULTRET);
  return lua_gettop(L);
}

static void tell_failure(lua_State *L, answer *a) {
  if (thr_unwind_isexit(L, -1)) {
    lua_pop(L, 1);
    lua_pushliteral(L, "threading.exit");
  }
  a->outcome = thr_failure_encode(L, thr_portable_encode);
}

static int make(lua_State *L) {
  answer *a = lua_touserdata(L, 1);
  lua_pushcfunction(L, thr_failure_handler);
  lua_pushcfunction(L, decode_and_call);
  lua_pushvalue(L, 1);
  if (lua_pcall(L, 1, LUA_MULTRET, 2) != LUA_OK) {
    tell_failure(L, a);
  } else {
    lua_pushboolean(L, 1);
    lua_replace(L, 2);
    a->outcome =
        thr_portable_encode(L, 2, lua_gettop(L) - 1, "ok,results[]");
  }
  return 0;
}

/* What the function has returned cannot go there, say. */
static int tell(lua_State *L) {
  tell_failure(L, lua_touserdata(L, 1));
  return 0;
}

static void make_protected(lua_State *L, answer *a) {
  int top = lua_gettop(L);
  lua_pushcfunction(L, make);
  lua_pushlightuserdata(L, a);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
    lua_pushcfunction(L, tell);
    lua_insert(L, -2);
    lua_pushlightuserdata(L, a);
    lua_insert(L, -2);
    lua_pcall(L, 2, 0, 0); /* if it fails, then for want of memory */
  }
  lua_settop(L, top);
}

/* What it has printed comes before what happens when its result is there. */
static void flush(lua_State *L) {
  int top = lua_gettop(L);
  thr_outlet_flushfile(L, stdout, NULL); /* where that may have to wait */
  fflush(stdout);
  lua_settop(L, top);
}

/* --- all of them --- */

static void unref(void *obj) {
  thr_link_close(obj);
  thr_os_free(obj);
}

static const thr_kind kind = {.name = "threading.link", .unref = unref};

/* Pushes a box with the link. */
static thr_link *push_link(lua_State *L) {
  thr_box_needtype(L, &kind);
  thr_box *box = thr_box_new(L, &kind);
  thr_link *l = thr_os_alloc(sizeof(*l));
  if (!l) {
    thr_blame_error(L, "not enough memory");
    return NULL; /* for checkers: that has raised */
  }
  thr_link_init(l);
  thr_box_fill(box, &kind, l);
  thr_os_ignoreinterrupt();
  thr_os_noinherit(THR_CHILD_FD);
  int err = thr_link_open(l, THR_CHILD_FD);
  if (err == 0) err = thr_os_exitathangup(THR_CHILD_FD);
  if (err != 0) thr_blame_error(L, "%s", strerror(err));
  return l;
}

int thr_answer_calls(lua_State *L) {
  lua_settop(L, 0);
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  thr_link *l = push_link(L);
  answer a = {NULL, NULL};
  for (;;) {
    thr_message *call = NULL;
    thr_linkresult r =
        thr_link_exchange(L, l, a.outcome, &call, "call from the parent");
    thr_message_free(a.outcome);
    if (r == THR_LINK_RAISED) return lua_error(L);
    if (r != THR_LINK_DONE) return 0;
    a = (answer){call, NULL};
    make_protected(L, &a);
    thr_message_free(call);
    if (!a.outcome) return thr_blame_error(L, "not enough memory");
    flush(L);
  }
}
