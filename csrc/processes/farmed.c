/* farmed: see farmed.h. */
#include "processes/farmed.h"

#include "future/call.h"
#include "future/future.h"
#include "future/workers.h"
#include "interp/remote.h"
#include "processes/flat.h"
#include "processes/portable.h"
#include "processes/worker.h"

int thr_farmed_future(lua_State *L) {
  return thr_remote_makefuture(L, thr_portable_encode);
}

/* --- making them --- */

/* home(word): pushes a worker. */
static thr_worker *push_worker(lua_State *L, const char *word) {
  lua_pushvalue(L, 2);
  lua_pushstring(L, word);
  lua_call(L, 1, 1);
  return thr_worker_check(L, -1);
}

/* With how a worker has ended on top of the stack. */
static int raise_gone(lua_State *L) {
  lua_pushvalue(L, 2);
  lua_insert(L, -2);
  lua_pushliteral(L, "gone");
  lua_insert(L, -2);
  lua_call(L, 2, 0); /* which raises */
  return 0;
}

/* One that has ended since its last call has not begun this one: then another
** one makes it. */
static thr_message *ask(lua_State *L, const thr_message *call) {
  thr_message *answer = NULL;
  bool unsent,
      done = thr_worker_ask(L, push_worker(L, NULL), call, &answer, &unsent);
  if (unsent)
    done = thr_worker_ask(L, push_worker(L, "again"), call, &answer, &unsent);
  if (unsent) lua_pushliteral(L, "its worker process has ended");
  if (!done) raise_gone(L);
  return answer;
}

/* (future, home): what thr_call_protect wants.  The future keeps its call until
** it is done. */
static int make(lua_State *L) {
  const thr_future *f = thr_future_check(L, 1);
  return thr_remote_deliver(L, thr_flat_decode(L, ask(L, f->call)));
}

static bool make_there(lua_State *L) {
  lua_pushcfunction(L, make);
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 3);
  return thr_call_protect(L, 2, 0);
}

int thr_farmed_serve(lua_State *L) {
  lua_settop(L, 2);
  return thr_workers_serveby(L, make_there);
}
