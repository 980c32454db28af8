/* remote: see remote.h. */
#include "interp/remote.h"

#include "bind/args.h"
#include "cross/decode.h"
#include "future/call.h"
#include "future/future.h"
#include "future/workers.h"
#include "interp/absent.h"
#include "interp/boxed.h"
#include "interp/enter.h"
#include "interp/failure.h"

static void drop(void *call) { thr_message_free(call); }

int thr_remote_makefuture(lua_State *L, thr_encoding *encode) {
  int n = lua_gettop(L);
  thr_args_callable(L, 1, "fn");
  thr_future *f = thr_future_new(L);
  f->drop = drop;
  f->call = encode(L, 1, n, "fn,args[]");
  return 1;
}

int thr_remote_future(lua_State *L) {
  return thr_remote_makefuture(L, thr_encode);
}

/* --- making them --- */

int thr_remote_deliver(lua_State *L, int n) {
  if (lua_toboolean(L, -n)) return thr_call_return(L, n - 1);
  thr_absent_explain(L, -2);
  thr_failure_completetraceback(L);
  lua_setiuservalue(L, 1, THR_CALL_TRACEBACK);
  return lua_error(L);
}

typedef struct {
  const thr_interp *there;
  thr_visit ended;
  thr_message *outcome; /* of a visit that is DONE */
} visit;

/* (future, visit): what thr_call_protect wants */
static int finish(lua_State *L) {
  const visit *v = lua_touserdata(L, 2);
  thr_enter_raise(L, v->there, v->ended);
  return thr_remote_deliver(L, thr_decode(L, v->outcome));
}

static bool make_there(lua_State *L) {
  thr_interp *i = thr_boxed_check(L, 3);
  thr_message *call = thr_future_takecall(thr_future_check(L, 1));
  visit v = {.there = i};
  v.ended = thr_enter(L, i, NULL, call, &v.outcome);
  thr_message_free(call);
  lua_pushcfunction(L, finish);
  lua_pushvalue(L, 1);
  lua_pushlightuserdata(L, &v);
  bool ok = thr_call_protect(L, 2, 0);
  thr_message_free(v.outcome);
  return ok;
}

int thr_remote_serve(lua_State *L) {
  lua_settop(L, 2);
  return thr_workers_serveby(L, make_there);
}
