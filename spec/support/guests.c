/*
** guests: a host of Lua whose own threads come and go, for the specs of
** threading.h. Prints "ok", or what went wrong.
**
**   guests none        without `threading`: nothing happens
**   guests often N     a thread that attaches N times leaves nothing behind
**   guests two         one thread runs two states, in turns
**   guests close N     threads attach all the time while N states are closed
**   guests memory      attach fails where each of its allocations does
*/
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threading.h>

static void fail(const char *what) {
  printf("%s\n", what);
  exit(1);
}

static void check(int ok, const char *what) {
  if (!ok) fail(what);
}

/* --- memory that runs out --- */

static atomic_int left = -1; /* allocations until one fails; negative: never */

static void *allocate(void *ud, void *p, size_t old, size_t size) {
  (void)ud;
  if (size == 0) {
    free(p);
    return NULL;
  }
  if ((!p || size > old) && left >= 0 && left-- <= 0) {
    left = 0; /* and all those that come after it */
    return NULL;
  }
  return realloc(p, size);
}

static lua_State *new_state(void) {
#if LUA_VERSION_NUM >= 505
  lua_State *L = lua_newstate(allocate, NULL, 1);
#else
  lua_State *L = lua_newstate(allocate, NULL);
#endif
  check(L != NULL, "no state");
  luaL_openlibs(L);
  return L;
}

static lua_State *new_threading(void) {
  lua_State *L = new_state();
  if (luaL_dostring(L, "require 'threading'") != LUA_OK)
    fail(lua_tostring(L, -1));
  lua_settop(L, 0);
  return L;
}

/* Calls fn on a thread of the host's, without the lock. */
static void on_guest(lua_State *L, void *(*fn)(void *), void *arg) {
  pthread_t thread;
  THREADING_BEGIN_NOGIL(L)
  check(pthread_create(&thread, NULL, fn, arg) == 0, "no thread");
  pthread_join(thread, NULL);
  THREADING_END_NOGIL(L)
}

/* --- none --- */

static void none(void) {
  lua_State *L = new_state();
  int ran = 0;
  THREADING_BEGIN_NOGIL(L)
  check(!THREADING_STOPPING(L), "stopping");
  ran = 1;
  THREADING_END_NOGIL(L)
  threading_nogil out = threading_release(L);
  check(threading_take(out), "taken");
  threading_check(L);
  threading_state *s = threading_open(L);
  threading_thread *t = threading_attach(s, "guest");
  check(ran && !s && !t && !threading_lua(s, t), "something is there");
  check(!threading_detach(s, t) && lua_gettop(L) == 0, "detach");
  threading_close(s);
  lua_close(L);
}

/* --- often --- */

typedef struct {
  threading_state *s;
  int times, done;
} guest;

static void *come_and_go(void *arg) {
  guest *g = arg;
  for (int i = 0; i < g->times; i++) {
    threading_thread *t = threading_attach(g->s, "guest");
    if (!t) return NULL;
    lua_State *L = threading_lua(g->s, t);
    if (lua_gettop(L) != 0) return NULL;
    lua_pushinteger(L, i); /* what stays on the stack is dropped */
    if (!threading_detach(g->s, t)) return NULL;
    g->done++;
  }
  return NULL;
}

static int used(lua_State *L) {
  lua_gc(L, LUA_GCCOLLECT);
  lua_gc(L, LUA_GCCOLLECT);
  return lua_gc(L, LUA_GCCOUNT);
}

#define WARM 2000 /* after which tables and caches have their size */

static void often(int times) {
  lua_State *L = new_threading();
  guest g = {threading_open(L), WARM, 0};
  on_guest(L, come_and_go, &g);
  int before = used(L);
  g.times = times;
  on_guest(L, come_and_go, &g);
  check(g.done == times + WARM, "refused");
  check(used(L) - before <= 4, "kibibytes are left behind");
  threading_close(g.s);
  lua_close(L);
}

/* --- two --- */

/* Each of the states has a thread that computes, and must be preempted. */
static void run(lua_State *L) {
  if (luaL_dostring(L, "local seen = n while n == seen do end") != LUA_OK)
    fail(lua_tostring(L, -1));
}

static void two(void) {
  lua_State *states[2];
  for (int i = 0; i < 2; i++) {
    states[i] = new_threading();
    if (luaL_dostring(states[i], "n = 0 require 'threading'.Thread { daemon = "
                      "true, target = function() while true do n = n + 1 end "
                      "end }:start()") != LUA_OK)
      fail(lua_tostring(states[i], -1));
  }
  for (int i = 0; i < 10; i++) run(states[i % 2]);
  for (int i = 0; i < 2; i++) lua_close(states[i]);
}

/* --- close --- */

#define GUESTS 4

typedef struct {
  threading_state *s;
  pthread_barrier_t *there;
  int ok;
} intruder;

static int script(lua_State *L) {
  return luaL_dostring(L, "for i = 1, 100 do local _ = {} end") == LUA_OK
             ? 0
             : lua_error(L);
}

static void *intrude(void *arg) {
  intruder *in = arg;
  threading_thread *t;
  int calls = 0, stopped = 0;
  for (; (t = threading_attach(in->s, "intruder")); calls++) {
    lua_State *L = threading_lua(in->s, t);
    lua_pushcfunction(L, script);
    if (lua_pcall(L, 0, 0, 0) != LUA_OK) stopped++;
    if (!threading_detach(in->s, t)) return NULL;
    if (calls == 0) pthread_barrier_wait(in->there);
  }
  in->ok = calls > 0 && stopped <= 1;
  return NULL;
}

/* The same by one who stays attached, and goes out between its calls. */
static void *reside(void *arg) {
  intruder *in = arg;
  threading_thread *t = threading_attach(in->s, "resident");
  threading_nogil out;
  int calls = 0;
  if (!t) return NULL;
  do {
    lua_State *L = threading_lua(in->s, t);
    lua_pushcfunction(L, script);
    (void)lua_pcall(L, 0, 0, 0);
    lua_settop(L, 0);
    out = threading_release(L);
    if (calls++ == 0) pthread_barrier_wait(in->there);
  } while (threading_take(out));
  in->ok = threading_detach(in->s, t);
  return NULL;
}

static void close_once(void) {
  lua_State *L = new_threading();
  pthread_t threads[GUESTS];
  pthread_barrier_t there;
  intruder in[GUESTS];
  threading_state *s = threading_open(L);
  pthread_barrier_init(&there, NULL, GUESTS + 1);
  THREADING_BEGIN_NOGIL(L)
  for (int i = 0; i < GUESTS; i++) {
    in[i] = (intruder){s, &there, 0};
    void *(*come)(void *) = i % 2 == 0 ? intrude : reside;
    check(!pthread_create(&threads[i], NULL, come, &in[i]), "no thread");
  }
  pthread_barrier_wait(&there);
  THREADING_END_NOGIL(L)
  lua_close(L);
  for (int i = 0; i < GUESTS; i++) {
    pthread_join(threads[i], NULL);
    check(in[i].ok, "an intruder was let down");
  }
  threading_close(s);
  pthread_barrier_destroy(&there);
}

/* --- memory --- */

static void *attach_with_less(void *arg) {
  guest *g = arg;
  left = g->times;
  threading_thread *t = threading_attach(g->s, "guest");
  left = -1;
  g->done = t != NULL;
  if (t && !threading_detach(g->s, t)) fail("no detach");
  return NULL;
}

/* After a failed attach the next one comes in. */
static void memory(void) {
  lua_State *L = new_threading();
  guest g = {threading_open(L), 0, 0};
  int failures = 0;
  for (int n = 0; !g.done; n++) {
    g.times = n;
    on_guest(L, attach_with_less, &g);
    failures += !g.done;
    guest next = {g.s, 1, 0};
    on_guest(L, come_and_go, &next);
    check(next.done == 1, "the next one is refused");
  }
  check(failures > 3, "attach allocates nothing");
  threading_close(g.s);
  lua_close(L);
}

int main(int argc, char **argv) {
  const char *what = argc > 1 ? argv[1] : "";
  int n = argc > 2 ? atoi(argv[2]) : 1;
  if (strcmp(what, "none") == 0) none();
  else if (strcmp(what, "often") == 0) often(n);
  else if (strcmp(what, "close") == 0)
    for (int i = 0; i < n; i++) close_once();
  else if (strcmp(what, "memory") == 0) memory();
  else if (strcmp(what, "two") == 0) two();
  else fail("which?");
  puts("ok");
  return 0;
}
