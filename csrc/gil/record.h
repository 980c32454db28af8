/*
** record: the records.  A runtime is that of one Lua state, a tstate that of
** one OS thread which runs Lua code in it.  Their parts, each with an owner of
** its own, and the words for guards are in parts.h; the rest is this unit's.
**
** Knows no Lua: a lua_State is carried, never looked into.
*/
#ifndef THR_RECORD_H
#define THR_RECORD_H

#include "gil/group.h"
#include "gil/parts.h"
#include "os/tuning.h"

THR_PRIVATE_BEGIN

typedef struct thr_loading thr_loading;
struct thr_held;
typedef struct thr_explored thr_explored;

struct thr_tstate {
  _Atomic(const void *) id; /* m to write: of the Lua state, see
                               thr_runtime.id; NULL when that is closed */
  thr_runtime *rt; /* const */
  uint64_t ident;  /* const: never used twice in one process */
  atomic_int refs; /* atomic */
  bool is_main;    /* const, but for a fork: that of its Lua state */
  bool signals;    /* const, but for a fork: they arrive on its OS thread, and
                      must end its waits */
  thr_explored *explored; /* explore's; own, or set before its thread starts:
                             NULL, or who runs when is explore's choice */

  _Atomic(thr_traced *) traced; /* trace's; m to write: NULL, or what it does is
                                   recorded */

  thr_ts_lua lua;
  thr_ts_gil gil;
  thr_ts_hooks hooks;
  thr_ts_rest rest;
  thr_ts_sleep sleep;
  thr_ts_wait wait;
  thr_ts_woken woken;
  thr_ts_asked asked;
  thr_ts_nest nest;
  thr_ts_life life;
  thr_ts_kept kept;
  struct thr_held *held; /* own: which locks it has, see order; or NULL */
  struct thr_made *made; /* gil: where, until it starts, see unstarted; or
                            NULL */

  thr_tstate *next, *prev; /* m: list of the runtime's living threads */
  thr_tstate *tls_next;    /* own: records of one OS thread */
  thr_tstate *retired_next; /* gil; own while it starts: those it joins */
};

struct thr_runtime {
  _Atomic(const void *) known_boxes[THR_KNOWN_BOXES]; /* box's; gil to write:
                              other Lua states' threads read it, too.  First,
                              where it is found the quickest */
  const void *id;          /* const: the registry table's address */
  struct lua_State *mainL; /* const */
  atomic_int refs;         /* atomic */
  thr_tstate *main;        /* gil: const, but for a fork */

  thr_mutex m;
  thr_tstate *threads;     /* m */
  atomic_int alive;        /* m to write: living threads, without the main */
  atomic_int nondaemons;   /* m to write: those that the end waits for */
  thr_tstate *retired;     /* gil: ended, their OS threads not yet joined */

  thr_member member;       /* group's */
  atomic_int doors;        /* capi's; atomic: how often C has opened the state
                              for threads */
  thr_gil gil;
  thr_rt_trace trace;
  thr_rt_spin spin;
  thr_rt_attach attach;
  thr_rt_end end;
  thr_rt_calls calls;

  thr_rt_ctrlc ctrlc;
  bool opened;             /* module's; gil: all that it adds to Lua is there */
  bool equipped;           /* interp's; gil: see equip.h */
  atomic_size_t stack;     /* module's; atomic: stack size of new threads, 0:
                              default */
  int64_t number;          /* interp's; const: of the interpreter; 0: it is the
                              one that a host has opened */
  unsigned long unnamed;   /* handle's, and explore's; gil: how many got a name
                              by number */
  unsigned long births;    /* start's and attach's; gil: how many got a Lua
                              state of their own */
  thr_loading *loads;      /* loading's; gil: claims of modules */
  unsigned long names;     /* gil: how often a module was loaded, or a class
                              came to be: see byname */
};

/* The records of this OS thread, the one used last in front. */
extern THR_TLS thr_tstate *thr_tls;

thr_tstate *thr_tstate_find(const void *id);

/* The calling thread's record in the Lua state `id`, or NULL. */
static inline thr_tstate *thr_tstate_current(const void *id) {
  thr_tstate *ts = thr_tls;
  return ts && ts->id == id ? ts : thr_tstate_find(id);
}

/* Of this group or, where it is NULL, a new one, but not in its list yet.
** NULL: no memory. */
thr_runtime *thr_runtime_new(const void *id, struct lua_State *mainL,
                             thr_group *group);
void thr_runtime_unref(thr_runtime *rt);

/* Calls see(arg, rt) for each runtime of the group with its mutex held, in the
** order of birth, until it says true; returns whether it did. */
bool thr_runtime_any(thr_group *group, bool (*see)(void *arg, thr_runtime *rt),
                     void *arg);

/* NULL: no memory.  `signals`: see thr_tstate; it sleeps so that they wake
** it. */
thr_tstate *thr_tstate_new(thr_runtime *rt, bool signals);
/* For a record that the thread on which signals arrive makes its own beside
** another: without a descriptor more, for it may have many. */
void thr_tstate_hearsignals(thr_tstate *ts);
void thr_tstate_ref(thr_tstate *ts);
void thr_tstate_unref(thr_tstate *ts);
/* Posts the semaphore, and drops the reference that the caller took while the
** thread was sure to live.  It may have ended by now, if it found out by itself
** what it is woken for. */
void thr_tstate_wake(thr_tstate *ts);
/* Makes and drops the bell, for waits of the calling thread for descriptors. */
void thr_tstate_makebell(thr_tstate *ts);
void thr_tstate_dropbell(thr_tstate *ts);
void thr_tstate_setname(thr_tstate *ts, const char *name);
/* Under the runtime's mutex: what the thread is called in texts.  One that C
** has attached may have no name. */
const char *thr_tstate_shownname(const thr_tstate *ts);
/* Likewise: the living thread of that ident, or NULL. */
thr_tstate *thr_tstate_byident(const thr_runtime *rt, uint64_t ident);

/* Which of these THR_PENDING_* bits are asked of the thread, but for those that
** it has masked? */
static inline unsigned thr_tstate_asked(const thr_tstate *ts, unsigned bits) {
  return ts->asked.pending & bits & ~ts->asked.masked;
}

/* The thread's record in the Lua state where it is now, see nest.h. */
static inline thr_tstate *thr_tstate_innermost(thr_tstate *ts) {
  thr_tstate *inner;
  while ((inner = ts->nest.inner)) ts = inner;
  return ts;
}

/* Its record in the one where it began. */
static inline thr_tstate *thr_tstate_outermost(thr_tstate *ts) {
  while (ts->nest.outer) ts = ts->nest.outer;
  return ts;
}

/* It runs L from now on. */
static inline void thr_tstate_run(thr_tstate *ts, struct lua_State *L) {
  ts->lua.running = ts->lua.quick = L;
}

/* What records the thread; NULL: nothing does. */
static inline const thr_trace_calls *thr_tstate_tracer(const thr_tstate *ts) {
  thr_traced *t = atomic_load_explicit(&ts->traced, memory_order_acquire);
  return t ? t->calls : NULL;
}

/* Binds a record to the calling OS thread, and unbinds it. */
void thr_tstate_bind(thr_tstate *ts);
void thr_tstate_unbind(thr_tstate *ts);

/* The calling thread's record in the runtime, or NULL. */
thr_tstate *thr_tstate_here(const thr_runtime *rt);

/* Adds the record to the list of living threads, and removes it; that returns
** how many others the end of the program waits for.  The list holds a reference
** to a foreign record, whose thread may go at any moment; such a record is
** refused, with false, when the end has begun. */
bool thr_tstate_enlist(thr_tstate *ts);
int thr_tstate_delist(thr_tstate *ts);

/* Adds a record that has left the list to the retired ones, whose OS threads
** are still to be joined. */
void thr_tstate_retire(thr_tstate *ts);
/* Takes the oldest of them out, all but `keep`; and puts them back. */
thr_tstate *thr_tstate_takeretired(thr_runtime *rt, int keep);
void thr_tstate_giveretired(thr_runtime *rt, thr_tstate *first);
/* Joins those that were taken out: without the global lock, or when no thread
** is left that could want it. */
void thr_tstate_joinretired(thr_tstate *first);

THR_PRIVATE_END

#endif
