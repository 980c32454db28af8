/* remote: see remote.h. */
#include "interp/remote.h"

#include "bind/args.h"
#include "bind/box.h"
#include "cross/decode.h"
#include "cross/encode.h"
#include "future/call.h"
#include "future/future.h"
#include "future/workers.h"
#include "interp/absent.h"
#include "interp/boxed.h"
#include "interp/enter.h"

/* --- calls, in boxes that no Lua code sees --- */

static void unref(void *m) { thr_message_free(m); }

static const thr_kind kind = {.name = "threading.RemoteCall", .unref = unref};

int thr_remote_future(lua_State *L) {
  thr_args_callable(L, 1, "fn");
  int n = lua_gettop(L);
  thr_box *box = thr_box_new(L, &kind);
  thr_box_fill(box, &kind, thr_encode(L, 1, n, "fn,args[]"));
  lua_replace(L, 1);
  lua_settop(L, 1);
  return thr_future_new(L);
}

/* --- making them --- */

typedef struct {
  const thr_interp *there;
  thr_visit ended;
  thr_message *outcome; /* of a visit that is DONE */
} visit;

/* An error and its traceback are on top; the text of the one is put in front of
** the other, as in the traceback of a call that is made here. */
static void complete_traceback(lua_State *L) {
  if (lua_isnil(L, -1)) return;
  luaL_tolstring(L, -2, NULL);
  lua_pushliteral(L, "\n");
  lua_rotate(L, -3, 2);
  lua_concat(L, 3);
}

/* (future, visit): what thr_call_protect wants */
static int finish(lua_State *L) {
  const visit *v = lua_touserdata(L, 2);
  thr_enter_raise(L, v->there, v->ended);
  int n = thr_decode(L, v->outcome);
  if (lua_toboolean(L, -n)) return thr_call_return(L, n - 1);
  thr_absent_explain(L, -2);
  complete_traceback(L);
  lua_setiuservalue(L, 1, THR_CALL_TRACEBACK);
  return lua_error(L);
}

/* The box of the call is on the stack for as long as this thread is there. */
static bool make_there(lua_State *L) {
  thr_interp *i = thr_boxed_check(L, 3);
  visit v = {.there = i};
  lua_getiuservalue(L, 1, THR_CALL_CONTENT);
  v.ended = thr_enter(L, i, NULL, thr_box_check(L, -1, &kind), &v.outcome);
  lua_pushcfunction(L, finish);
  lua_pushvalue(L, 1);
  lua_pushlightuserdata(L, &v);
  bool ok = thr_call_protect(L, 2, 0);
  thr_message_free(v.outcome);
  lua_pop(L, 1);
  return ok;
}

int thr_remote_serve(lua_State *L) {
  lua_settop(L, 2);
  return thr_workers_serveby(L, make_there);
}

void thr_remote_open(lua_State *L) {
  static const luaL_Reg methods[] = {{NULL, NULL}};
  thr_box_newtype(L, &kind, methods);
  lua_pop(L, 1);
}
