/*
** outside: a C module for the specs of threading.h, and with HOST defined a
** host of Lua. It uses what a stranger could, and nothing else.
*/
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threading.h>
#include <unistd.h>

static const char key = 0;

static int call_stored(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &key);
  lua_call(L, 0, 0);
  return 0;
}

/* On a thread that has the lock; keeps the text of an error. */
static int call(lua_State *L, char *message, size_t size) {
  lua_pushcfunction(L, call_stored);
  int status = lua_pcall(L, 0, 0, 0);
  if (status != LUA_OK && message)
    snprintf(message, size, "%s", lua_isstring(L, -1) ? lua_tostring(L, -1)
                                                      : luaL_typename(L, -1));
  lua_settop(L, 0);
  return status == LUA_OK;
}

typedef struct {
  threading_state *s;
  int times, stay, ok, failed, refused;
  char message[200];
  pthread_t thread;
} job;

static void *attach_often(void *arg) {
  job *j = arg;
  for (int i = 0; i < j->times; i++) {
    threading_thread *t = threading_attach(j->s, "outsider");
    if (!t) j->refused++;
    else if (call(threading_lua(j->s, t), j->message, sizeof(j->message)))
      j->ok++;
    else j->failed++;
    if (t && !threading_detach(j->s, t)) abort();
  }
  return NULL;
}

static void *stay_attached(void *arg) {
  job *j = arg;
  threading_thread *t = threading_attach(j->s, "resident");
  for (int i = 0; t && i < j->times; i++) {
    lua_State *L = threading_lua(j->s, t);
    if (call(L, j->message, sizeof(j->message))) j->ok++;
    else j->failed++;
    threading_nogil out = threading_release(L);
    if (!threading_take(out)) abort();
  }
  if (!t) j->refused++;
  else if (!threading_detach(j->s, t)) abort();
  return NULL;
}

/* threads(n, times, fn [, stay]) -> calls without and with an error, refused
** attaches, the last error's text. */
static int threads(lua_State *L) {
  int n = (int)luaL_checkinteger(L, 1), times = (int)luaL_checkinteger(L, 2);
  void *(*fn)(void *) = lua_toboolean(L, 4) ? stay_attached : attach_often;
  job *jobs = lua_newuserdatauv(L, sizeof(job) * (size_t)n, 0), sum = {0};
  lua_pushvalue(L, 3);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key);
  threading_state *s = threading_open(L);
  memset(jobs, 0, sizeof(job) * (size_t)n);
  THREADING_BEGIN_NOGIL(L)
  for (int i = 0; i < n; i++) {
    jobs[i].s = s;
    jobs[i].times = times;
    if (pthread_create(&jobs[i].thread, NULL, fn, &jobs[i]) != 0) abort();
  }
  for (int i = 0; i < n; i++) {
    pthread_join(jobs[i].thread, NULL);
    sum.ok += jobs[i].ok;
    sum.failed += jobs[i].failed;
    sum.refused += jobs[i].refused;
  }
  THREADING_END_NOGIL(L)
  threading_close(s);
  lua_pushinteger(L, sum.ok);
  lua_pushinteger(L, sum.failed);
  lua_pushinteger(L, sum.refused);
  lua_pushstring(L, jobs[n - 1].message);
  return 4;
}

/* resident(fn): a thread, attached when this returns, that calls fn until it
** raises. */
typedef struct {
  threading_state *s;
  pthread_barrier_t attached;
} resident_job;

static void *live(void *arg) {
  resident_job *j = arg;
  threading_state *s = j->s;
  threading_thread *t = threading_attach(s, "resident");
  if (!t) abort();
  lua_State *L = threading_lua(s, t);
  threading_nogil out = threading_release(L);
  pthread_barrier_wait(&j->attached);
  while (threading_take(out) && call(L, NULL, 0)) {
    out = threading_release(L);
    usleep(100);
  }
  threading_detach(s, t);
  threading_close(s);
  for (volatile long i = 0; i < 20000000; i++) {} /* the state is closed */
  return NULL;
}

static int resident(lua_State *L) {
  static resident_job j;
  pthread_t thread;
  lua_settop(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key);
  j.s = threading_open(L);
  pthread_barrier_init(&j.attached, NULL, 2);
  THREADING_BEGIN_NOGIL(L)
  if (pthread_create(&thread, NULL, live, &j) != 0) abort();
  pthread_detach(thread);
  pthread_barrier_wait(&j.attached);
  THREADING_END_NOGIL(L)
  return 0;
}

/* later(how, object): in a while, a thread of C's that has retained the object
** sets it, or releases it, or "drop"s it; without an object it attaches and
** calls fn, later("attach", fn), or just "close"s; or it "keep"s either, and
** returns its address. */
typedef struct {
  char how;
  threading_state *s;
  const threading_api *api;
  threading_object *object;
  threading_event *e;
  threading_semaphore *sema;
} late;

static void *act_late(void *arg) {
  late *l = arg;
  usleep(20000);
  if (l->how == 's') l->api->event_set(l->e);
  if (l->how == 'r') l->api->semaphore_release(l->sema);
  if (l->how == 'a') {
    threading_thread *t = threading_attach(l->s, "late");
    if (!t || !call(threading_lua(l->s, t), NULL, 0)) abort();
    threading_detach(l->s, t);
  }
  l->api->drop(l->object);
  threading_close(l->s);
  free(l);
  return NULL;
}

/* A thread that may still return when the Lua state is closed must find its
** code. */
static void stay_loaded(void) {
  Dl_info info;
  if (!dladdr((void *)act_late, &info) ||
      !dlopen(info.dli_fname, RTLD_NOW | RTLD_NODELETE))
    abort();
}

static int later(lua_State *L) {
  pthread_t thread;
  late *l = calloc(1, sizeof(*l));
  if (!l) abort();
  l->how = *luaL_checkstring(L, 1);
  l->api = threading_getapi(L);
  l->e = l->api->toevent(L, 2);
  l->sema = l->api->tosemaphore(L, 2);
  l->object = l->api->retain(L, 2);
  if (!l->object) l->s = threading_open(L);
  lua_settop(L, 2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key);
  if (l->how == 'k') return lua_pushlightuserdata(L, l), 1;
  stay_loaded();
  if (pthread_create(&thread, NULL, act_late, l) != 0) abort();
  pthread_detach(thread);
  return 0;
}

/* ends(how [, fn]): a thread attaches, calls fn, and ends without a detach:
** "attached", "outside", "nested", or within the call: "call", "bracket"; or
** is detached by a "destructor" of the host's. */
typedef struct {
  threading_state *s;
  const char *how;
  threading_thread *self;
} ending;

static void detach_late(void *arg) {
  ending *e = arg;
  if (!threading_detach(e->s, e->self)) abort();
}

static int end_in_call(lua_State *L) {
  const char *how = lua_touserdata(L, 1);
  call_stored(L);
  if (strcmp(how, "call") == 0) pthread_exit(NULL);
  if (strcmp(how, "bracket") == 0) {
    threading_release(L);
    pthread_exit(NULL);
  }
  return 0;
}

static void *end_attached(void *arg) {
  ending *e = arg;
  threading_thread *t = e->self = threading_attach(e->s, "careless");
  pthread_key_t own;
  if (!t) abort();
  if (strcmp(e->how, "destructor") == 0)
    if (pthread_key_create(&own, detach_late) || pthread_setspecific(own, e))
      abort();
  lua_State *L = threading_lua(e->s, t);
  lua_pushcfunction(L, end_in_call);
  lua_pushlightuserdata(L, (void *)e->how);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK) abort();
  if (strcmp(e->how, "outside") == 0) threading_release(L);
  if (strcmp(e->how, "nested") == 0) {
    threading_release(L);
    if (threading_attach(e->s, NULL) != t) abort();
  }
  return NULL;
}

static int ends(lua_State *L) {
  ending e = {threading_open(L), luaL_checkstring(L, 1), NULL};
  pthread_t thread;
  lua_pushvalue(L, 2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key);
  THREADING_BEGIN_NOGIL(L)
  if (pthread_create(&thread, NULL, end_attached, &e) != 0) abort();
  pthread_join(thread, NULL);
  THREADING_END_NOGIL(L)
  threading_close(e.s);
  return 0;
}

/* again(fn): a callback on a thread of Lua's own, in and out of brackets. */
static int again(lua_State *L) {
  int ok = 1;
  lua_settop(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key);
  threading_state *s = threading_open(L);
  if (!s) return luaL_error(L, "not enough memory");
  threading_thread *self = s->api->self(L);
  THREADING_BEGIN_NOGIL(L)
  for (int depth = 0; depth < 3; depth++) {
    threading_thread *t = threading_attach(s, "nobody");
    ok = t == self && threading_lua(s, t) == L &&
         call(L, NULL, 0) && ok; /* L's own stack, which is the caller's here */
  }
  for (int depth = 0; depth < 3; depth++) ok = threading_detach(s, self) && ok;
  ok = !s->api->release(self) && ok; /* it is without the lock, as before */
  THREADING_END_NOGIL(L)
  ok = threading_attach(s, NULL) == self && threading_detach(s, self) &&
       !threading_detach(s, self) && ok;
  int most = 0;
  while (threading_attach(s, NULL)) most++;
  for (int i = 0; i < most; i++) threading_detach(s, self);
  threading_close(s);
  lua_pushboolean(L, ok);
  lua_pushinteger(L, most);
  return 2;
}

/* A detach from within a call of Lua's is refused. */
static int try_detach(lua_State *L) {
  threading_state *s = threading_open(L);
  if (!s) return 0;
  lua_pushboolean(L, threading_detach(s, s->api->self(L)));
  threading_close(s);
  return 1;
}

/* nested() -> is errno kept, does a pair inside a pair do nothing? */
static int nested(lua_State *L) {
  int kept = 1, inner = 1, stopping = 0;
  THREADING_BEGIN_NOGIL(L)
  errno = 77;
  THREADING_BEGIN_NOGIL(L)
  kept = kept && errno == 77;
  stopping = THREADING_STOPPING(L);
  THREADING_END_NOGIL(L)
  kept = kept && errno == 77;
  inner = !threading_nogil_.self ||
          !threading_nogil_.api->release(threading_nogil_.self);
  errno = 78;
  THREADING_END_NOGIL(L)
  lua_pushboolean(L, kept && errno == 78);
  lua_pushboolean(L, inner && !stopping);
  return 2;
}

/* wait(object, seconds [, outside]) -> 1, 0, -1; then what is pending */
static int wait(lua_State *L) {
  const threading_api *api = threading_getapi(L);
  threading_thread *t = api->self(L);
  double s = luaL_checknumber(L, 2);
  int outside = lua_toboolean(L, 3), r;
  threading_lock *l = api->tolock(L, 1);
  threading_rlock *rl = api->torlock(L, 1);
  threading_semaphore *sema = api->tosemaphore(L, 1);
  threading_event *e = api->toevent(L, 1);
  threading_nogil out = {NULL, NULL, 0};
  if (outside) out = threading_release(L);
  if (l) r = api->lock_wait(t, l, s);
  else if (rl) r = api->rlock_wait(t, rl, s);
  else if (sema) r = api->semaphore_wait(t, sema, s);
  else r = api->event_wait(t, e, s);
  if (outside) threading_take(out);
  if (r == THREADING_STOPPED) threading_check(L);
  lua_pushinteger(L, r);
  return 1;
}

/* release(object) -> was it held? An Event is set, and cleared if it was. */
static int release(lua_State *L) {
  const threading_api *api = threading_getapi(L);
  threading_event *e = api->toevent(L, 1);
  int r = 1;
  if (api->tolock(L, 1)) r = api->lock_release(NULL, api->tolock(L, 1));
  else if (api->torlock(L, 1))
    r = api->rlock_release(api->self(L), api->torlock(L, 1));
  else if (api->tosemaphore(L, 1))
    r = api->semaphore_release(api->tosemaphore(L, 1));
  else if (api->event_isset(e)) api->event_clear(e);
  else api->event_set(e);
  lua_pushboolean(L, r);
  return 1;
}

static double get(int type, const void *p) {
  switch (type) {
    case THREADING_INT8: return *(const int8_t *)p;
    case THREADING_INT16: return *(const int16_t *)p;
    case THREADING_INT32: return *(const int32_t *)p;
    case THREADING_INT64: return (double)*(const int64_t *)p;
    case THREADING_UINT8: return *(const uint8_t *)p;
    case THREADING_UINT16: return *(const uint16_t *)p;
    case THREADING_UINT32: return *(const uint32_t *)p;
    case THREADING_UINT64: return (double)*(const uint64_t *)p;
    case THREADING_FLOAT32: return *(const float *)p;
    default: return *(const double *)p;
  }
}

/* read(value) -> number, type; read(array, i) -> the same, and its length */
static int read_number(lua_State *L) {
  static const int sizes[] = {1, 2, 4, 8, 1, 2, 4, 8, 4, 8};
  const threading_api *api = threading_getapi(L);
  threading_value v;
  threading_array a;
  if (api->tovalue(L, 1, &v)) {
    lua_pushnumber(L, get(v.type, v.p));
    lua_pushinteger(L, v.type);
    return 2;
  }
  if (!api->toarray(L, 1, &a)) return 0;
  size_t i = (size_t)luaL_checkinteger(L, 2) - 1;
  const char *p = (const char *)a.data + i * (size_t)sizes[a.type];
  lua_pushnumber(L, get(a.type, p));
  lua_pushinteger(L, a.type);
  lua_pushinteger(L, (lua_Integer)a.length);
  return 3;
}

/* keep(array) -> sum(): what C keeps, Lua may forget. */
typedef struct {
  const threading_api *api;
  threading_object *object;
  threading_array a;
} kept;

static int sum(lua_State *L) {
  kept *k = lua_touserdata(L, lua_upvalueindex(1));
  double s = 0;
  for (size_t i = 0; i < k->a.length; i++) s += ((double *)k->a.data)[i];
  lua_pushnumber(L, s);
  return 1;
}

static int forget(lua_State *L) {
  kept *k = lua_touserdata(L, 1);
  k->api->drop(k->object);
  return 0;
}

static int keep(lua_State *L) {
  kept *k = lua_newuserdatauv(L, sizeof(*k), 0);
  k->api = threading_getapi(L);
  k->object = NULL;
  if (luaL_newmetatable(L, "outside.kept")) {
    lua_pushcfunction(L, forget);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  lua_pushcclosure(L, sum, 1);
  k->object = k->api->retain(L, 1);
  return k->object && k->api->toarray(L, 1, &k->a);
}

static int retainable(lua_State *L) {
  const threading_api *api = threading_getapi(L);
  threading_object *o = api->retain(L, 1);
  lua_pushboolean(L, o != NULL);
  api->drop(o);
  return 1;
}

/* api() -> version, is the table as long as the header's, new functions? */
static int api(lua_State *L) {
  const threading_api *a = threading_getapi(L);
  threading_state *s = threading_open(L);
  lua_pushboolean(L, a != NULL);
  lua_pushboolean(L, s != NULL);
  threading_close(s);
  if (!a) return 2;
  lua_pushinteger(L, (lua_Integer)a->version);
  lua_pushboolean(L, a->size >= sizeof(threading_api) &&
                         THREADING_HAS(a, lua));
  return 4;
}

/* A profiler: counts how often it is called, until it is stopped. */
static volatile int samples;

static void sample(lua_State *L, lua_Debug *ar) {
  (void)L;
  (void)ar;
  samples++;
}

static lua_State *main_state(lua_State *L) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  lua_State *mainL = lua_tothread(L, -1);
  lua_pop(L, 1);
  return mainL;
}

static int profile(lua_State *L) {
  samples = 0;
  lua_sethook(main_state(L), sample, LUA_MASKCOUNT, 100);
  return 0;
}

static int profiled(lua_State *L) {
  lua_sethook(main_state(L), NULL, 0, 0);
  lua_pushinteger(L, samples);
  return 1;
}

/* finish_sethook(mask, count): the second half of a lua_sethook whose first
** half is done: the function stands. */
static int finish_sethook(lua_State *L) {
  lua_State *mainL = main_state(L);
  lua_sethook(mainL, lua_gethook(mainL), (int)luaL_checkinteger(L, 1),
              (int)luaL_checkinteger(L, 2));
  return 0;
}

/* coroutine(fn) -> a coroutine; with a second argument, C resumes it itself. */
static int new_coroutine(lua_State *L) {
  int n, now = lua_toboolean(L, 2);
  lua_State *co = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  if (now) lua_resume(co, L, 0, &n);
  return 1;
}

/* poll() until the thread is to stop; then what it was is raised. */
static int poll_stop(lua_State *L) {
  THREADING_BEGIN_NOGIL(L)
  while (!THREADING_STOPPING(L)) usleep(100);
  THREADING_END_NOGIL(L)
  threading_check(L);
  return 0;
}

__attribute__((visibility("default"))) int luaopen_outside(lua_State *L) {
  static const luaL_Reg functions[] = {
      {"again", again},     {"api", api},         {"ends", ends},
      {"coroutine", new_coroutine},
      {"finish_sethook", finish_sethook}, {"keep", keep},
      {"later", later},
      {"nested", nested},   {"poll", poll_stop},  {"read", read_number},
      {"profile", profile}, {"profiled", profiled},
      {"release", release}, {"resident", resident},
      {"retainable", retainable},
      {"threads", threads}, {"try_detach", try_detach},
      {"wait", wait},       {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}

#if defined(HOST)

/* Two threads of the host's: one goes outside and comes back too late, one is
** in a call of Lua's when the state is closed. */
typedef struct {
  threading_state *s;
  pthread_barrier_t attached, closed;
  int ok;
} guest;

static void *latecomer(void *arg) {
  guest *g = arg;
  threading_thread *t = threading_attach(g->s, "latecomer");
  if (!t) abort();
  threading_nogil out = threading_release(threading_lua(g->s, t));
  pthread_barrier_wait(&g->attached);
  pthread_barrier_wait(&g->closed);
  g->ok = !threading_take(out) && threading_attach(g->s, NULL) == NULL &&
          threading_detach(g->s, t) && threading_attach(g->s, NULL) == NULL;
  return NULL;
}

static int wait_barrier(lua_State *L) {
  guest *g = lua_touserdata(L, 1);
  pthread_barrier_wait(&g->attached);
  (void)luaL_dostring(L, "while true do local _ = {} end");
  return lua_error(L);
}

static void *endless(void *arg) {
  guest *g = arg;
  threading_thread *t = threading_attach(g->s, "endless");
  if (!t) abort();
  lua_State *L = threading_lua(g->s, t);
  lua_pushcfunction(L, wait_barrier);
  lua_pushlightuserdata(L, g);
  g->ok = lua_pcall(L, 1, 0, 0) == LUA_ERRRUN;
  g->ok = threading_detach(g->s, t) && g->ok;
  return NULL;
}

static int count_threads(void) {
  int n = 0;
  DIR *d = opendir("/proc/self/task");
  if (!d) return 1;
  while (readdir(d)) n++;
  closedir(d);
  return n - 2;
}

static int run_state(void) {
  guest late = {.ok = 0}, busy = {.ok = 0};
  pthread_t threads[2];
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  if (luaL_dostring(L, "t = require 'threading' e = t.Event() "
                       "t.Thread { daemon = true, target = function() "
                       "e:wait() end }:start()") != LUA_OK) {
    puts(lua_tostring(L, -1));
    return 0;
  }
  late.s = busy.s = threading_open(L);
  pthread_barrier_init(&late.attached, NULL, 2);
  pthread_barrier_init(&late.closed, NULL, 2);
  pthread_barrier_init(&busy.attached, NULL, 2);
  threading_nogil out = threading_release(L);
  pthread_create(&threads[0], NULL, latecomer, &late);
  pthread_create(&threads[1], NULL, endless, &busy);
  pthread_barrier_wait(&busy.attached); /* first: it waits with the lock */
  pthread_barrier_wait(&late.attached);
  threading_take(out);
  lua_close(L);
  pthread_barrier_wait(&late.closed);
  pthread_join(threads[0], NULL);
  pthread_join(threads[1], NULL);
  threading_close(late.s);
  return late.ok && busy.ok;
}

int main(int argc, char **argv) {
  int states = argc > 1 ? atoi(argv[1]) : 1, before = count_threads();
  for (int i = 0; i < states; i++)
    if (!run_state()) return printf("state %d failed\n", i), 1;
  printf("%d thread(s) left\n", count_threads() - before);
  return 0;
}

#endif
