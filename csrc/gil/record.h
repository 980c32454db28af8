/*
** tstate: the records.  A runtime stands for one Lua state, a tstate for one
** OS thread that runs Lua code in it.
**
** Knows no Lua: a lua_State is carried, never looked into.  Every field names
** its guard: "gil", "m" (the runtime's mutex), "own" (the thread itself, and
** whoever holds the gil while the thread does not), or "const" (never changes
** after the record is made).
*/
#ifndef THR_RECORD_H
#define THR_RECORD_H

#include <stdatomic.h>

#include "os/sem.h"

THR_PRIVATE_BEGIN

struct lua_State;
struct lua_Debug;

typedef struct thr_runtime thr_runtime;
typedef struct thr_tstate thr_tstate;
typedef struct thr_gil thr_gil;
typedef struct thr_waiter thr_waiter;
typedef struct thr_loading thr_loading;

#define THR_NAMESIZE 64
#define THR_NESTED_MOST 64u /* bits of thr_tstate.took */

typedef enum { THR_INITIAL, THR_STARTED, THR_STOPPED } thr_phase;

/* Requests to a thread, as bits of tstate.pending. */
enum {
  THR_PENDING_STOP = 1,      /* the program ends: unwind */
  THR_PENDING_INTERRUPT = 2, /* interrupt_main */
  THR_PENDING_CANCEL = 4,    /* cancel, at a cancellation point */
  THR_PENDING_ASYNC = 8,     /* and between any two instructions too */
  THR_PENDING_DUMP = 16,     /* dump_on_signal: main only */
  THR_PENDING_CANCELS = THR_PENDING_CANCEL | THR_PENDING_ASYNC,
  /* those that a computing thread must meet, not only a waiting one */
  THR_PENDING_AT_ONCE = THR_PENDING_STOP | THR_PENDING_INTERRUPT |
                        THR_PENDING_ASYNC | THR_PENDING_DUMP
};

/* What a thread waits for, or waited for last, for dump and deadlock. */
typedef struct thr_wait {
  const char *what;
  const void *object; /* as the user knows it */
  const void *addr;
  uint64_t (*owner)(const void *addr); /* who can end it; NULL: anybody */
  bool owner_only; /* nobody but the owner can */
  bool unbounded; /* no deadline, no descriptor ends it */
  bool reportable; /* it can raise an error about a deadlock */
} thr_wait;

/* A lua_State whose hook is ours, over the user's. Guard: own. */
typedef struct thr_hooked {
  struct lua_State *L; /* NULL: the record is free */
  void (*user)(struct lua_State *, struct lua_Debug *);
  int user_mask, user_count;
  int left;  /* instructions until the user's count event is due */
  int slice; /* the count that is installed */
  int mask;  /* the mask that is installed */
} thr_hooked;

/* A coroutine that coroutine.resume runs. */
typedef struct thr_step {
  struct lua_State *co, *from; /* where resume was called */
  struct lua_State *before;    /* tstate.running until then */
  uint64_t host;               /* tstate.host until then */
  struct thr_step *below;
} thr_step;

struct thr_tstate {
  _Atomic(const void *) id; /* of the Lua state, see thr_runtime.id; NULL when
                       that is closed */
  thr_runtime *rt; /* const */
  uint64_t ident;  /* const: never used twice in one process */
  atomic_int refs;

  struct lua_State *base;    /* gil: the state the thread runs on */
  struct lua_State *running; /* own: base, or the coroutine on top of it */
  struct lua_State *quick;   /* own: the same, for the faces' quick look; NULL
                     under THREADING_DEBUG while C has let go of the lock */
  const char *left_at;       /* own: where it has done so, or NULL */
  struct lua_State *_Atomic at; /* own to write: where it called us last; who
                     holds the gil reads where the others have let go of it */
  uint64_t host;    /* own: on top of whose state it resumes; 0: its own */
  thr_step *steps;  /* own: the coroutines between base and running */
  struct lua_State *found;    /* own: a state that was nobody else's, */
  unsigned long found_births; /* own: when so many had been born */
  atomic_bool holds_gil;     /* own; the signal handler reads it */
  atomic_bool nogil;         /* own: in C code that has let go of the lock */
  bool watches;   /* own: its latest wait is for a descriptor */
  int spins;      /* own: how often it looks before it sleeps, see park.c */
  int heir_cpu;   /* own: of the thread that its release woke last, or -1 */
  atomic_int cpu; /* own: where it ran last; others read it */
  thr_sem sem; /* own: sleeps here, in park and gil; others post */
  thr_sem bell; /* own: sleeps here instead while it watches a descriptor; not
                   plain, once made.  Others post under the mutex of the
                   bucket in which it waits, so that it dies with its thread */

  /* the hook, see preempt.c */
  thr_hooked hooked[2];   /* own: of base, of the coroutine */
  atomic_bool hooks_busy; /* own: the handler must not touch hooked[] */
  atomic_bool hooks_missed; /* own: it came and went while hooks_busy */
  atomic_bool sigint_missed; /* own: so did Ctrl-C */
  uint32_t random;        /* own */
  atomic_bool dozes;      /* gil mutex to write: it was found asleep while it
                             held the gil, see doze.h */
  int walks_closely;        /* own: how many walks are measured closely; */
  int64_t walk_cost;        /* own: the cost of the dear ones; see rest.h */
  atomic_llong rests_until; /* own, or 0 by who sees it over: until it has had
                               so much time, it is not to be asked to drop */

  _Atomic(const void *) parked_at; /* see lot.c */
  thr_wait wait;         /* m; written by the thread itself */
  bool waiting;          /* m: else that wait has ended */
  atomic_bool wait_over; /* who ends the wait; it may not have run since */
  bool closes;           /* own: it is about to close the Lua state */
  bool in_wait;          /* own: it goes on after the dump that comes now */
  bool guarded;          /* own: a guard() has returned; see at_switch */
  unsigned long wait_number; /* m: the younger the wait, the higher */
  atomic_uint pending;             /* THR_PENDING_* bits */
  unsigned masked; /* own: those that neither end a wait nor are raised */
  void (*base_hook)(struct lua_State *, struct lua_Debug *); /* own: the hook
                     of base that is known; another is a signal handler's */
  unsigned stop_rounds, stops_left; /* own: see pending.c */
  int64_t stop_again; /* own: when a stop that was caught is raised again */
  int64_t stop_used;  /* own: and after how much of its processor's time */

  thr_osthread os;         /* const once started */
  atomic_llong native_id;  /* 0 until the OS thread lives */
  atomic_int phase;        /* thr_phase */
  bool is_main;            /* const */
  bool daemon;             /* gil; m when counted */
  bool foreign;            /* const, but for a fork: attached, see attach.h */
  bool outside;            /* m to write: foreign, and in no call of Lua's */
  uint64_t took;  /* own: of each nested attach a bit, has it taken the lock? */
  unsigned depth; /* own: how many those are */
  bool let_preempt; /* own: its signal was let in when it attached */
  char name[THR_NAMESIZE]; /* gil */
  void (*body)(thr_tstate *); /* const: what the OS thread does */

  thr_tstate *next, *prev; /* m: list of the runtime's living threads */
  thr_tstate *tls_next;    /* own: records of one OS thread */
  thr_tstate *zombie_next; /* gil: ended, the OS thread not yet joined */
};

/* The global lock, see gil.h. */
struct thr_gil {
  atomic_uint word;             /* whether it is held, and waited for */
  _Atomic(thr_tstate *) holder; /* see the first law of gil.h */
  thr_tstate *last;             /* holder only: who held it before */
  _Atomic(unsigned long long) switches; /* holder only writes */
  atomic_llong interval;
  int64_t grace; /* holder only: after how long it drops unasked; 0: never */
  bool offers; /* holder only: the next that was preempted does */
  thr_mutex m;
  struct thr_gilwaiter *queue, *queue_end; /* m: sorted by due */
  int hasty;                        /* m: who in the queue was due at once */
};

struct thr_runtime {
  const void *id;          /* const: the registry table's address */
  struct lua_State *mainL; /* const */
  thr_gil gil;
  atomic_int refs;
  thr_tstate *main;        /* const */

  thr_mutex m;
  thr_tstate *threads;     /* m */
  atomic_int alive;        /* m to write: living threads, without the main */
  atomic_int nondaemons;   /* m to write: those that the end waits for */
  atomic_int outside;      /* m to write: those of the living that are so */
  _Atomic(thr_tstate *) spinner; /* looks whether its wait is over */
  bool one_cpu;            /* const: to spin would keep the others off it */
  atomic_int awake;        /* those that do not wait for ever, see deadlock.h */
  atomic_int doors;        /* how often C has opened the state for threads */
  atomic_int policy;       /* thr_deadlock_policy */
  unsigned long waits;     /* m: how many have begun */

  bool opened;             /* gil: all that the module adds to Lua is there */
  atomic_bool drop;        /* gil mutex to write: the holder shall let go */

  /* the end, see shutdown.h and finale.h */
  atomic_bool main_stale;  /* main's hook is to be laid, or lifted: it does so
                              when it takes the gil */
  atomic_bool closing;     /* m to write: no new thread; those that live are
                              stopped */
  bool abandoned;          /* gil: Ctrl-C has ended the final wait */
  _Atomic(thr_tstate *) ender; /* gil to write: the first thread that ends the
                              process, while it does; others give way */
  int given_up;            /* gil: threads that the end has left behind */
  void *sentinel;          /* gil: the youngest one */
  char *script;            /* const: its chunk's source, or NULL */

  atomic_size_t stack;     /* stack size of new threads, 0: default */
  thr_tstate *zombies;     /* gil */
  unsigned long unnamed;   /* gil: how many were given a name by number */
  unsigned long births;    /* gil: how many got a Lua state of their own */
  thr_loading *loads;      /* gil: claims of modules, see loading.h */
  struct lua_State *origin; /* const: runs nothing; in Lua 5.4.0 a state takes
                     from its maker, or resumer, how deep calls may nest */
  struct lua_State *_Atomic spare; /* gil: the next attached thread's */

  /* const, set by those above: what others below call */
  void (*on_hook)(struct lua_State *, struct lua_Debug *); /* our hook */
  void (*at_signal)(thr_tstate *, struct lua_State *,
                    void (*)(struct lua_State *, struct lua_Debug *),
                    struct lua_Debug *); /* calls a handler's hook; raises */
  void (*at_switch)(thr_tstate *, struct lua_State *);
  void (*at_return)(thr_tstate *, struct lua_State *, struct lua_Debug *);
  void (*at_deadlock)(thr_tstate *, struct lua_State *); /* raises */
  void (*at_dump)(struct lua_State *);
};

/* The records of this OS thread, the one used last in front. */
extern THR_TLS thr_tstate *thr_tls;

thr_tstate *thr_tstate_find(const void *id);

/* The calling thread's record in the Lua state `id`, or NULL. */
static inline thr_tstate *thr_tstate_current(const void *id) {
  thr_tstate *ts = thr_tls;
  return ts && ts->id == id ? ts : thr_tstate_find(id);
}

thr_runtime *thr_runtime_new(const void *id, struct lua_State *mainL);
void thr_runtime_unref(thr_runtime *rt);

/* NULL: no memory.  A main thread sleeps so that signals wake it. */
thr_tstate *thr_tstate_new(thr_runtime *rt, bool is_main);
void thr_tstate_ref(thr_tstate *ts);
void thr_tstate_unref(thr_tstate *ts);
/* Posts the semaphore, and drops the reference that the caller took while the
** thread was sure to live: it may have ended by now, for it may have found
** out by itself what the post is to tell. */
void thr_tstate_wake(thr_tstate *ts);
/* Makes and drops what the calling thread needs to watch descriptors. */
void thr_tstate_makebell(thr_tstate *ts);
void thr_tstate_dropbell(thr_tstate *ts);
void thr_tstate_setname(thr_tstate *ts, const char *name);

/* It runs L from now on. */
static inline void thr_tstate_run(thr_tstate *ts, struct lua_State *L) {
  ts->running = ts->quick = L;
}

/* Binds a record to the calling OS thread, and looses it. */
void thr_tstate_bind(thr_tstate *ts);
void thr_tstate_unbind(thr_tstate *ts);

/* The calling thread's record in the runtime, or NULL. */
thr_tstate *thr_tstate_here(const thr_runtime *rt);

/* Enters the list of the living, and leaves it.  Leaving returns for how many
** others the end of the program has to wait.  The list holds a reference to a
** foreign record, whose thread may go at any moment; it is refused, with
** false, when the end has begun. */
bool thr_tstate_enlist(thr_tstate *ts);
int thr_tstate_delist(thr_tstate *ts);

/* Adds a record that has left the list to the zombies, whose OS threads are
** still to be joined; joins them until at most `keep` are left. */
void thr_tstate_bury(thr_tstate *ts);
void thr_tstate_reap(thr_runtime *rt, int keep);

THR_PRIVATE_END

#endif
