/*
** threading.h: for C modules that want to let other Lua threads run.
**
** Header-only: include it, link nothing.  It includes lua.h alone, and does
** nothing (at no cost worth a measurement) in a program that has not loaded
** the `threading` module.
**
**   static int dot(lua_State *L) {
**     ... check arguments, get pointers ...
**     THREADING_BEGIN_NOGIL(L)
**     ... compute, or block; no Lua API between the two lines ...
**     THREADING_END_NOGIL(L)
**     ... push results ...
**   }
**
** Between the two lines other threads run Lua code on other cores; what they
** share with this function must be a Lock, a Value, or kept alive and
** untouched by the arguments on this function's stack.  Do not return, break
** or raise out of the brackets.  errno is kept across both.
**
** A long loop asks THREADING_STOPPING(L) now and then, inside the brackets,
** and leaves them if it is true: the program ends, or Ctrl-C was pressed.
** What is pending is raised when Lua goes on.
*/
#ifndef THREADING_H
#define THREADING_H

#include <lua.h>
#include <stddef.h>
#include <stdint.h>

#define THREADING_VERSION 1

/* One thread of one Lua state; NULL where there is no `threading`. */
typedef struct threading_thread threading_thread;
typedef struct threading_lock threading_lock;

/* Append-only.  `size` tells how much of it the loaded module has. */
typedef struct threading_api {
  unsigned version;
  size_t size;
  /* The calling thread, if it belongs to L's state; else NULL. */
  threading_thread *(*self)(lua_State *L);
  void (*release)(threading_thread *);
  void (*take)(threading_thread *);
  int (*stopping)(threading_thread *);
  /* NULL unless the value at arg is one. */
  threading_lock *(*tolock)(lua_State *L, int arg);
  int64_t *(*toint64)(lua_State *L, int arg);
  double *(*tofloat64)(lua_State *L, int arg);
  /* With or without the global lock.  acquire returns 0 when the thread is
  ** to stop, without the lock; release 0 when the lock was free. */
  int (*lock_acquire)(threading_thread *, threading_lock *);
  int (*lock_release)(threading_thread *, threading_lock *);
} threading_api;

/* The registry's field that holds the table, as a light userdata. */
#define THREADING_API_FIELD "threading.api"

static inline const threading_api *threading_getapi(lua_State *L) {
  const threading_api *api;
  lua_getfield(L, LUA_REGISTRYINDEX, THREADING_API_FIELD);
  api = (const threading_api *)lua_touserdata(L, -1);
  lua_pop(L, 1);
  return api;
}

typedef struct threading_nogil {
  const threading_api *api;
  threading_thread *self;
} threading_nogil;

static inline threading_nogil threading_begin(lua_State *L) {
  threading_nogil n;
  n.api = threading_getapi(L);
  n.self = n.api ? n.api->self(L) : NULL;
  if (n.self) n.api->release(n.self);
  return n;
}

static inline void threading_end(threading_nogil n) {
  if (n.self) n.api->take(n.self);
}

#define THREADING_BEGIN_NOGIL(L) \
  {                              \
    threading_nogil threading_nogil_ = threading_begin(L);

#define THREADING_END_NOGIL(L)      \
  threading_end(threading_nogil_); \
  }

#define THREADING_STOPPING(L)                            \
  (threading_nogil_.self &&                              \
   threading_nogil_.api->stopping(threading_nogil_.self))

/* A Lock, inside the brackets. */
#define THREADING_LOCK(L, lock) \
  threading_nogil_.api->lock_acquire(threading_nogil_.self, (lock))
#define THREADING_UNLOCK(L, lock) \
  threading_nogil_.api->lock_release(threading_nogil_.self, (lock))

#endif
