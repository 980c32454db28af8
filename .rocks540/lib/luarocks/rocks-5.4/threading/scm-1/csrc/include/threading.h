/*
** threading.h: for C modules and hosts of Lua that use threads.
**
** Header-only: include it, link nothing.  It includes lua.h alone, and does
** nothing (at no cost worth a measurement) in a program that has not loaded
** the `threading` module.
**
** A FUNCTION THAT COMPUTES OR BLOCKS lets the other threads run meanwhile:
**
**   static int dot(lua_State *L) {
**     ... check arguments, get pointers ...
**     THREADING_BEGIN_NOGIL(L)
**     ... compute, or block; no Lua API between the two lines ...
**     THREADING_END_NOGIL(L)
**     ... threading_check(L); push results ...
**   }
**
** Between the two lines other threads run Lua code on other cores; what they
** share with this function must be a Lock, a Value, or kept alive and
** untouched by the arguments on this function's stack.  Do not raise a Lua
** error between them, nor leave them otherwise than by the second: where the
** compiler is gcc or clang, a return, break or goto out of the brackets, or a
** C++ exception, takes the lock back; elsewhere Lua would go on without it,
** which THREADING_DEBUG=1 in the environment reports.  A pair inside a pair
** does nothing.  errno is kept across both lines.
**
** A long loop asks THREADING_STOPPING(L) now and then, inside the brackets,
** and leaves them if it is true: the thread is cancelled, the program ends, or
** Ctrl-C was pressed.  threading_check(L), after them, raises what it was.
** Without, a stop or Ctrl-C is raised as soon as Lua goes on, a cancellation
** where the thread waits next or asks for it (asynchronous: at once, too).
**
** L must be the calling thread's.  A library that keeps a lua_State and calls
** back on it in another thread has not let go of the lock in BEGIN, for the
** owner would go on with the same stack; its waits return THREADING_STOPPED,
** THREADING_STOPPING is true, and threading_check says what is wrong.
**
** A HOST WITH A LOOP OF ITS OWN does the same in two calls that need not stand
** in one block:
**
**   threading_nogil out = threading_release(L);
**   ... poll, sleep, draw ...
**   threading_take(out);
**   ... lua_pcall(L, ...), and in the end lua_close(L) ...
**
** Where threads may still run it calls threading.shutdown() before lua_close,
** luaL_dostring(L, "require 'threading'.shutdown()"), which waits for them.
** lua_close does so, too, but late: what is younger than the module, such as a
** file that a thread has opened, is finalised before, and what a thread makes
** in that time by nobody.
**
** A THREAD THAT LUA DID NOT START (of an audio library, a pool) calls Lua:
**
**   threading_state *s = threading_open(L);      where Lua runs, beforehand
**
**   threading_thread *t = threading_attach(s, "audio");         on the thread
**   if (t) {                   NULL: the state is being closed, or explored
**     lua_State *L = threading_lua(s, t);
**     ... lua_pushcfunction and lua_pcall; all else inside of that call ...
**     threading_detach(s, t);
**   }
**
**   threading_close(s);                        on any thread, when all is done
**
** Between open and close a thread may always come: that all others wait is no
** deadlock.
**
** From attach to detach it has the global lock, but for pairs of BEGIN and
** END, or release and take; its stack is its own.  An error outside of
** lua_pcall ends the process at best, as anywhere in C.  Who calls back often
** stays attached and goes out in between:
**
**   threading_nogil out = threading_release(L);    with no call under way on L
**   ... wait for what comes next ...
**   if (!threading_take(out)) ... it is over: threading_detach(s, t) ...
**
** A module that has attached a thread stays loaded, for the thread's sake.
** Attached threads are daemons: the end of the program stops one that is in a
** call of Lua's, by an error in its lua_pcall, and does not wait for one that
** is outside; from then on attach and take say no.  Detach must still come,
** and may come after lua_close.  The end of the OS thread detaches it too, but
** must not come within a call of Lua's.  A thread that has a place in the state
** already may attach too (a callback on one of Lua's own threads): it has the
** lock until the detach, and then what it had before.
*/
#ifndef THREADING_H
#define THREADING_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#include <lua.h> /* in C++ as lua.hpp has it */

#define THREADING_VERSION 1

/* One thread of one Lua state. */
typedef struct threading_thread threading_thread;
/* A Lua state, for threads that want to get in. */
typedef struct threading_state threading_state;

/* The objects of threading.*, in C. */
typedef struct threading_lock threading_lock;
typedef struct threading_rlock threading_rlock;
typedef struct threading_semaphore threading_semaphore;
typedef struct threading_event threading_event;
/* What keeps one alive. */
typedef struct threading_object threading_object;

/* The types of numbers. */
enum {
  THREADING_INT8,
  THREADING_INT16,
  THREADING_INT32,
  THREADING_INT64,
  THREADING_UINT8,
  THREADING_UINT16,
  THREADING_UINT32,
  THREADING_UINT64,
  THREADING_FLOAT32,
  THREADING_FLOAT64
};

/* A Value's number, to be accessed atomically. */
typedef struct threading_value {
  void *p;
  int type;
} threading_value;

/* An Array's elements, aligned to 64 bytes. */
typedef struct threading_array {
  void *data; /* NULL if there is none */
  size_t length;
  int type;
} threading_array;

/* How a wait of C's ended. */
enum {
  THREADING_STOPPED = -1, /* the thread is to stop, see threading_check */
  THREADING_TIMEOUT = 0,
  THREADING_DONE = 1
};

/* Append-only.  `size` tells how much of it the loaded module has: look with
** THREADING_HAS before you use what a later version has added. */
typedef struct threading_api {
  unsigned version;
  size_t size;
  /* The calling thread, if it belongs to L's state; else NULL.  Needs no
  ** lock. */
  threading_thread *(*self)(lua_State *L);
  /* 0: it was without the lock already. */
  int (*release)(threading_thread *);
  /* 0, and without the lock: an attached thread, and the state is closed. */
  int (*take)(threading_thread *);
  int (*stopping)(threading_thread *);
  /* NULL unless the value at arg is one. */
  threading_lock *(*tolock)(lua_State *L, int arg);
  int64_t *(*toint64)(lua_State *L, int arg);
  double *(*tofloat64)(lua_State *L, int arg);
  /* Locks, with or without the global lock, which other threads get while
  ** this one waits.  acquire returns 0 when the thread is to stop, without
  ** the lock; release 0 when the lock was free. */
  int (*lock_acquire)(threading_thread *, threading_lock *);
  int (*lock_release)(threading_thread *, threading_lock *);

  /* Raises what is pending for the calling thread, if anything is. */
  void (*check)(lua_State *L);

  threading_rlock *(*torlock)(lua_State *L, int arg);
  threading_semaphore *(*tosemaphore)(lua_State *L, int arg);
  threading_event *(*toevent)(lua_State *L, int arg);
  /* 0 unless the value at arg is one. */
  int (*tovalue)(lua_State *L, int arg, threading_value *);
  int (*toarray)(lua_State *L, int arg, threading_array *);
  /* Any of these objects (a Lock too) lives as long as it is on the stack; or
  ** from retain to drop, which any thread may call, without the lock and after
  ** lua_close.  Who waits for it meanwhile waits for C: that every thread waits
  ** is then no deadlock.  NULL: no such object, or no memory. */
  threading_object *(*retain)(lua_State *L, int arg);
  void (*drop)(threading_object *);

  /* Waits, with or without the global lock: so many seconds, 0 to try, for
  ** ever if negative.  They return THREADING_DONE, TIMEOUT or STOPPED. */
  int (*lock_wait)(threading_thread *, threading_lock *, double seconds);
  int (*rlock_wait)(threading_thread *, threading_rlock *, double seconds);
  int (*semaphore_wait)(threading_thread *, threading_semaphore *,
                        double seconds);
  int (*event_wait)(threading_thread *, threading_event *, double seconds);
  /* 0: the thread does not own it. */
  int (*rlock_release)(threading_thread *, threading_rlock *);
  /* 0: a BoundedSemaphore would have more permits than at first.  This and
  ** those of Events may be called by any thread, attached or not. */
  int (*semaphore_release)(threading_semaphore *);
  void (*event_set)(threading_event *);
  void (*event_clear)(threading_event *);
  int (*event_isset)(threading_event *);

  /* See above; open needs the lock. */
  threading_state *(*open)(lua_State *L);
  void (*close)(threading_state *);
  threading_thread *(*attach)(threading_state *, const char *name);
  /* 0, and nothing is done: a call of Lua's is under way on the thread, or it
  ** is not attached. */
  int (*detach)(threading_thread *);
  lua_State *(*lua)(threading_thread *);
} threading_api;

#define THREADING_HAS(api, function) \
  ((api)->size > offsetof(threading_api, function))

struct threading_state {
  const threading_api *api;
};

/* The registry's field that holds the table, as a light userdata. */
#define THREADING_API_FIELD "threading.api"

/* NULL: `threading` is not loaded.  Needs the lock.  Raises where that has
** another version than this file: the table is another one, then. */
static inline const threading_api *threading_getapi(lua_State *L) {
  const threading_api *api;
  lua_getfield(L, LUA_REGISTRYINDEX, THREADING_API_FIELD);
  api = (const threading_api *)lua_touserdata(L, -1);
  lua_pop(L, 1);
  if (api && api->version != THREADING_VERSION) {
    lua_pushfstring(L, "a C module was built with version %d of threading.h, "
                    "and `threading` has version %d: build the module again",
                    THREADING_VERSION, (int)api->version);
    lua_error(L);
  }
  return api;
}

typedef struct threading_nogil {
  const threading_api *api; /* NULL: `threading` is not loaded */
  threading_thread *self;   /* NULL: nor has this thread a place in it */
  int out;                  /* the lock is to be taken again */
} threading_nogil;

#if defined(__GNUC__)
#define THREADING_LOAD(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define THREADING_STORE(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#else
#define THREADING_LOAD(p) (*(p))
#define THREADING_STORE(p, v) ((void)(*(p) = (v)))
#endif

/* The table is remembered: a pair inside a pair must not look into Lua. */
static inline threading_nogil threading_self(lua_State *L) {
  static const threading_api *known;
  threading_nogil n;
  n.out = 0;
  n.api = THREADING_LOAD(&known);
  n.self = n.api ? n.api->self(L) : NULL;
  if (n.self) return n;
  n.api = threading_getapi(L);
  n.self = n.api ? n.api->self(L) : NULL;
  if (n.self) THREADING_STORE(&known, n.api);
  return n;
}

static inline threading_nogil threading_release(lua_State *L) {
  threading_nogil n = threading_self(L);
  if (n.self) n.out = n.api->release(n.self);
  return n;
}

/* 0: the state is closed; for attached threads only. */
static inline int threading_take(threading_nogil n) {
  return n.out ? n.api->take(n.self) : 1;
}

static inline void threading_check(lua_State *L) {
  const threading_api *api = threading_getapi(L);
  if (api) api->check(L);
}

/* The end of the block is where the lock is taken: by END, or by whatever
** leaves it before. */
#if defined(__GNUC__)
static inline void threading_leave(threading_nogil *n) {
  (void)threading_take(*n);
}
#define THREADING_AT_END __attribute__((cleanup(threading_leave)))
#define THREADING_LEAVE(n) ((void)(n))
#else
#define THREADING_AT_END
#define THREADING_LEAVE(n) ((void)threading_take(n))
#endif

#define THREADING_BEGIN_NOGIL(L) \
  {                              \
    THREADING_AT_END threading_nogil threading_nogil_ = threading_release(L);

#define THREADING_END_NOGIL(L)        \
  THREADING_LEAVE(threading_nogil_);  \
  }

#define THREADING_STOPPING(L)                            \
  (threading_nogil_.self &&                              \
   threading_nogil_.api->stopping(threading_nogil_.self))

/* A Lock, inside the brackets. */
#define THREADING_LOCK(L, lock) \
  threading_nogil_.api->lock_acquire(threading_nogil_.self, (lock))
#define THREADING_UNLOCK(L, lock) \
  threading_nogil_.api->lock_release(threading_nogil_.self, (lock))

/* NULL: `threading` is not loaded, or there is no memory; the functions below
** take that. */
static inline threading_state *threading_open(lua_State *L) {
  const threading_api *api = threading_getapi(L);
  return api ? api->open(L) : NULL;
}

static inline void threading_close(threading_state *s) {
  if (s) s->api->close(s);
}

static inline threading_thread *threading_attach(threading_state *s,
                                                 const char *name) {
  return s ? s->api->attach(s, name) : NULL;
}

static inline int threading_detach(threading_state *s, threading_thread *t) {
  return s && t ? s->api->detach(t) : 0;
}

static inline lua_State *threading_lua(threading_state *s,
                                       threading_thread *t) {
  return s && t ? s->api->lua(t) : NULL;
}

#ifdef __cplusplus
}
#endif

#endif
