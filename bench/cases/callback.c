/*
** callback: a thread that Lua did not start calls a Lua function CALLS times,
** a millisecond after the other, and stays attached in between, as one of an
** audio library would.
*/
#include <lauxlib.h>
#include <lua.h>
#include <pthread.h>

#include "../../csrc/include/threading.h"
#include "../measure.h"

#define CALLS 2000
#define PAUSE 1000000 /* ns */

typedef struct {
  threading_state *state;
  double took[CALLS];
} caller;

/* Without the lock before and after; the function is a global. */
static void *call(void *arg) {
  caller *c = arg;
  struct timespec pause = {0, PAUSE};
  threading_thread *t = threading_attach(c->state, "caller");
  lua_State *L = threading_lua(c->state, t);
  for (int i = 0; i < CALLS; i++) {
    threading_nogil out = threading_release(L);
    must(nanosleep(&pause, NULL));
    double from = now();
    must(!threading_take(out));
    lua_getglobal(L, "callback");
    must(lua_pcall(L, 0, 0, 0));
    c->took[i] = now() - from;
  }
  must(!threading_detach(c->state, t));
  return NULL;
}

/* measure(): the median and the 99th percentile of how long a call took. */
static int callback_measure(lua_State *L) {
  static caller c;
  pthread_t t;
  c.state = threading_open(L);
  THREADING_BEGIN_NOGIL(L)
  must(pthread_create(&t, NULL, call, &c));
  must(pthread_join(t, NULL));
  THREADING_END_NOGIL(L)
  threading_close(c.state);
  qsort(c.took, CALLS, sizeof(*c.took), by_size);
  lua_pushnumber(L, c.took[CALLS / 2]);
  lua_pushnumber(L, c.took[CALLS * 99 / 100]);
  return 2;
}

int luaopen_callback(lua_State *L) {
  lua_pushcfunction(L, callback_measure);
  return 1;
}
