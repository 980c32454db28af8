/*
** parts: what the records (record.h) are made of.  Each part has one owner, the
** unit that keeps it true; others read it, and write where the comment says so.
**
** Guards of fields: "gil" (the global lock), "m" (the runtime's mutex), "gil.m"
** (the mutex of the global lock), "own" (the thread itself, and, while that
** does not hold the global lock, the thread that does), "const" (never changes
** after the record is made), "atomic" (nothing else).
*/
#ifndef THR_PARTS_H
#define THR_PARTS_H

#include <stdatomic.h>

#include "os/sem.h"

THR_PRIVATE_BEGIN

struct lua_State;
struct lua_Debug;

typedef struct thr_runtime thr_runtime;
typedef struct thr_tstate thr_tstate;
typedef struct thr_waiter thr_waiter;

#define THR_NAMESIZE 64
#define THR_MAX_NESTED 64u /* bits of thr_ts_nest.took */

/* --- of a thread's record --- */

/* A coroutine that coroutine.resume runs. */
typedef struct thr_step {
  struct lua_State *co, *from; /* where resume was called */
  struct lua_State *before;    /* thr_ts_lua.running until then */
  uint64_t host;               /* thr_ts_lua.host until then */
  struct thr_step *below;
} thr_step;

/* Where in Lua the thread is.  Owner: state's coroutine; `at` and `found` are
** whose's, `quick` and `left_at` bind's self's, for capi. */
typedef struct {
  struct lua_State *base;    /* gil: the state that the thread was given */
  struct lua_State *running; /* own: base, or the coroutine on top of it */
  struct lua_State *quick; /* own: the same, for bind's quick look; NULL under
                              THREADING_DEBUG while C has let go of the lock */
  const char *left_at;     /* own: where it has done so, or NULL */
  struct lua_State *_Atomic at; /* own to write: where it called us last; the
                 holder of the gil reads where others have let go of it */
  uint64_t host;   /* own: on top of whose state it resumes; 0: its own */
  thr_step *steps; /* own: the coroutines between base and running */
  struct lua_State *found;    /* own: a state that was nobody else's, */
  unsigned long found_births; /* own: when so many had been born */
} thr_ts_lua;

/* What the thread is to the global lock.  Owner: gil; `nogil` is set where C
** lets go of it (attach, kernel), `cpu` by park, too. */
typedef struct {
  atomic_bool held;  /* own; the signal handler, and waiters, read it */
  atomic_bool at_mutex; /* own to write: it holds the lock, and may wait for
                           gil.m, which is no doze */
  atomic_bool nogil; /* own: in C code that has let go of the lock */
  int64_t used;      /* gil.m: its virtual time, see gil.h */
  atomic_int cpu;    /* own to write: where it ran last; others read it */
  atomic_bool dozes; /* gil.m to write: it was found asleep while it held the
                        gil, see doze.h */
} thr_ts_gil;

/* Whether it keeps the global lock in one C function.  Owner: kept. */
typedef struct {
  atomic_ullong steps; /* own to write: how often a function was called or has
                          returned, so far, and one; while that is watched */
  atomic_ullong at;    /* gil.m to write: the step in which it has been found to
                          keep the lock; 0: never */
  int64_t turn, from, length; /* gil.m: that turn's `since`, from when it is
                                 known to be in the step, for how long it was */
  int waiting;         /* gil.m: how many waited, at most */
  atomic_llong asked;  /* own, and gil.m where it sleeps; where it is recorded:
                          since when its function keeps the lock although it was
                          asked for it; less than 0: since when it was found
                          asleep; 0: it does not */
} thr_ts_kept;

/* A lua_State whose hook is ours, over the user's. Guard: own. */
typedef struct thr_hooked {
  struct lua_State *L; /* NULL: the record is free */
  void (*user)(struct lua_State *, struct lua_Debug *);
  int user_mask, user_count;
  int left;  /* instructions until the user's count event is due */
  int slice; /* the count that is installed */
  int mask;  /* the mask that is installed */
} thr_hooked;

/* The thread's hooks.  Owner: hook; the brackets' flags are preempt's, with
** ctrlc's.  Guard of all: own, in the brackets (preempt.h) or in a handler that
** has found that nobody is in them. */
typedef struct {
  thr_hooked of[2];          /* of base, of the coroutine */
  atomic_bool busy;          /* in the brackets: handlers keep out */
  atomic_bool missed;        /* the signal came and went while busy */
  atomic_bool sigint_missed; /* so did Ctrl-C */
  uint32_t random;           /* preempt's, for the counts */
  void (*known)(struct lua_State *, struct lua_Debug *); /* the user's hook of
                base; another one of the main thread's is a signal handler's */
} thr_ts_hooks;

/* What its hooks cost.  Owner: rest. */
typedef struct {
  int closely;         /* own: how many walks are measured closely */
  int64_t cost;        /* own: of the dear ones, in all */
  atomic_llong until;  /* own; 0 by another that finds it over: until it has had
                          so much time, it is not asked to drop the lock */
} thr_ts_rest;

/* Where the thread sleeps.  Owner: park, with lot. */
typedef struct {
  thr_sem sem;  /* own: sleeps here, in park and gil; others post */
  thr_sem bell; /* own: sleeps here instead while it watches a descriptor; not
                   plain, once made.  Others post under the mutex of the
                   bucket in which it waits, so that it dies with its thread */
  _Atomic(const void *) parked_at; /* own to write: what it waits for;
                                      others read it, see lot.c */
  int spins;         /* own: how often it looks before it sleeps, see park.c */
  int successor_cpu; /* own: of the thread that its release woke last, or -1 */
} thr_ts_sleep;

/* How its wait was ended, where it is recorded.  Owner: lot; guard: the mutex
** of the bucket in which it waits, and own when that is over. */
typedef struct {
  int64_t at;  /* 0: not by another thread */
  uint64_t by; /* that one's ident; 0: none of ours */
  int64_t in;  /* the number of its interpreter */
} thr_ts_woken;

/* What a thread waits for, or waited for last. */
typedef struct thr_wait {
  const char *what;
  const void *object; /* as the user knows it */
  const struct thr_label *label; /* the object's, see label.h; or NULL */
  const void *addr;
  uint64_t (*owner)(const void *addr); /* that can end it; NULL: anybody can */
  bool owner_only; /* nobody but the owner can */
  bool unbounded;  /* no deadline, no descriptor ends it */
  bool reportable; /* it can raise an error about a deadlock */
} thr_wait;

/* Its wait, as others see it: dump, deadlock.  Owner: deadlock. */
typedef struct {
  thr_wait on;          /* m; written by the thread itself */
  bool active;          /* m: else that wait has ended */
  atomic_bool over;     /* atomic: set by the thread that ends the wait; the one
                           that waits may not have run since */
  unsigned long long number; /* m: the younger in its group, the higher */
} thr_ts_wait;

/* Requests to a thread, as bits of thr_ts_asked.pending. */
enum {
  THR_PENDING_STOP = 1,      /* the program ends: unwind */
  THR_PENDING_INTERRUPT = 2, /* interrupt_main */
  THR_PENDING_CANCEL = 4,    /* cancel, at a cancellation point */
  THR_PENDING_ASYNC = 8,     /* and between any two instructions too */
  THR_PENDING_DUMP = 16,     /* what only the main thread can do, which goes on
                                then: dump_on_signal, to set its hook */
  THR_PENDING_CANCELS = THR_PENDING_CANCEL | THR_PENDING_ASYNC,
  /* those that a computing thread must meet, not only a waiting one */
  THR_PENDING_AT_ONCE = THR_PENDING_STOP | THR_PENDING_INTERRUPT |
                        THR_PENDING_ASYNC | THR_PENDING_DUMP
};

/* What others ask of the thread.  Owner: bind's pending. */
typedef struct {
  atomic_uint pending; /* atomic: THR_PENDING_* bits */
  unsigned masked; /* own: those that neither end a wait nor are raised */
  bool in_wait;  /* own: it goes on with its wait after the dump */
  atomic_bool dumps; /* atomic: of THR_PENDING_DUMP, a dump is asked for */
  bool guarded;  /* own: a guard() has returned; see at_switch */
  unsigned stop_rounds, stops_left; /* own: see raise_stop */
  int64_t stop_again; /* own: when a stop that was caught is raised again */
  int64_t stop_used;  /* own: and after how much of its processor's time */
} thr_ts_asked;

/* How C has attached the thread, and the Lua state that it has entered.  Owner:
** state's attach, park's nest (the links); and fork. */
typedef struct {
  bool foreign; /* const, but for a fork: its OS thread is not ours */
  bool outside; /* m to write: foreign, and in no call of Lua's */
  bool let_preempt; /* own: its signal was let in when it attached */
  unsigned depth;   /* own: how many attaches are nested */
  uint64_t took;    /* own: of each a bit, has it taken the lock? */
  bool uncounted;   /* const: no thread more, for deadlock: the record of one
                       that has entered from another Lua state, where its
                       record counts; or an interpreter's main record, which is
                       no OS thread's */
  thr_mutex m; /* of the two links, and of what is asked through them */
  thr_tstate *_Atomic inner; /* nest.m to write: its record in the Lua state
                                that it has entered from here, or NULL */
  unsigned passed; /* nest.m: what was asked of that one through this one */
  thr_tstate *_Atomic outer; /* own to write: the other way round */
} thr_ts_nest;

typedef enum { THR_INITIAL, THR_STARTED, THR_STOPPED } thr_phase;

/* The OS thread, and its life.  Owner: park's thread; for the main thread and
** those of others state's open, attach and fork. */
typedef struct {
  thr_osthread os;        /* const once started */
  atomic_llong native_id; /* atomic: 0 until the OS thread lives */
  atomic_bool id_awaited; /* atomic: somebody waits for native_id */
  atomic_int phase;       /* atomic: thr_phase */
  bool daemon;            /* gil; m when counted */
  bool closes;            /* own: it is about to close the Lua state */
  char name[THR_NAMESIZE];    /* m to write, with the gil; either to read */
  void (*body)(thr_tstate *); /* const: what the OS thread does */
} thr_ts_life;

/* --- of a Lua state's record --- */

/* What those that wait for the global lock have seen of its holder.  Owner:
** kept; guard: gil.m. */
typedef struct {
  thr_tstate *holder; /* only compared */
  int64_t turn;       /* its turn's `since` */
  unsigned long long steps; /* how many it had made, and */
  int64_t from, used; /* when that was seen first, what it had used then */
} thr_gil_kept;

/* The global lock.  Owner: gil, see gil.h. */
typedef struct thr_gil {
  atomic_uint word;     /* atomic: whether it is held, and waited for */
  atomic_bool drop; /* gil.m to write, but for the holder: it shall let go */
  _Atomic(thr_tstate *) holder; /* atomic, see the first law of gil.h */
  thr_tstate *last;             /* gil: the last holder; for `switches` */
  _Atomic(unsigned long long) switches; /* gil to write */
  atomic_llong interval;        /* atomic */
  thr_mutex m;   /* of all that follows */
  struct thr_gilwaiter *queue, *queue_end; /* sorted by virtual time */
  int queued;    /* how many */
  int64_t clock; /* the virtual time of the lock */
  int64_t since; /* from when on the holder's time counts; 0: it does not yet */
  /* const, set by warn's keeper: whether the holder is watched; the least
  ** patience of a woken thread that is posted, and not only invited */
  bool watched;
  int64_t posted_from;
  thr_gil_kept kept;
} thr_gil;

/* Of the Lua state, as it is recorded.  Owner: trace's recorder. */
typedef struct {
  uint64_t last;       /* gil: ident of who has taken the lock last */
  int64_t counted;     /* gil: when memory was counted last */
  atomic_int runnable; /* atomic: threads that run Lua, or are ready to */
} thr_rt_trace;

/* Looks before sleeps.  Owner: park. */
typedef struct {
  _Atomic(thr_tstate *) spinner; /* atomic: looks whether its wait is over */
  bool one_cpu; /* const: to spin would keep the others off it */
} thr_rt_spin;

/* Lua states that were made from one another, see group.h.  The counts are
** deadlock's; and lot's, capi's, fork's. */
typedef struct thr_group {
  atomic_int refs;       /* atomic */
  atomic_int awake;      /* atomic: threads that do not wait for ever */
  atomic_int policy;     /* atomic: thr_deadlock_policy */
  atomic_ullong waits;   /* atomic: how many have begun */
  _Atomic(const struct thr_trace_calls *) tracer; /* atomic; trace's: NULL, or
                            what its threads do is recorded */
  thr_mutex m;           /* of the list */
  struct thr_member *members; /* in the order of birth */
} thr_group;

/* What a runtime is in its group. */
typedef struct thr_member {
  thr_group *group;        /* const */
  thr_runtime *rt;         /* const */
  struct thr_member *next; /* the group's m */
} thr_member;

/* Ctrl-C, as a handler of ours has seen it.  Owner: ctrlc. */
typedef struct {
  atomic_bool stale; /* atomic: main's hook is to be laid, or lifted: it does so
                        when it takes the gil */
  atomic_bool came;   /* atomic: it has been pressed while threads lived */
  atomic_bool caught; /* atomic: it was pressed where it would have ended the
                         process, and nobody has taken note yet */
} thr_rt_ctrlc;

/* The end of the program.  Owner: state's shutdown; sentinel and script are
** finale's, `told` is lasting's. */
typedef struct {
  atomic_bool closing; /* m to write: no new thread; those that live are
                          stopped */
  bool abandoned;      /* gil: Ctrl-C has ended the final wait */
  bool told;           /* gil: it was told which threads are waited for */
  _Atomic(thr_tstate *) ender; /* gil to write: the first thread that ends the
                          process, while it does; others give way */
  int given_up;        /* gil: threads that the end has left behind */
  void *sentinel;      /* gil: the youngest one */
  char *script;        /* const: its chunk's source, or NULL */
  bool one_chunk;      /* const: lua.c runs that, and no prompt's lines */
} thr_rt_end;

/* Lua states for threads of others.  Owner: state's attach. */
typedef struct {
  atomic_int outside; /* m to write: threads with thr_ts_nest.outside */
  struct lua_State *origin; /* const: runs nothing; in Lua 5.4.0 a state takes
                     from its maker, or resumer, how deep calls may nest */
  struct lua_State *_Atomic spare; /* gil: the next attached thread's */
} thr_rt_attach;

/* What explore does for a thread that it controls (thr_tstate.explored), in the
** place of gil, park and the clock.  Each is called by the thread itself but
** for `drop`; see explore's baton.h. */
typedef struct {
  void (*at_step)(thr_tstate *); /* between two instructions */
  void (*at_take)(thr_tstate *); /* it is about to take the global lock */
  int (*park)(thr_waiter *, int64_t deadline); /* it has entered the parking
                                   lot, and leaves it; a thr_parkresult */
  int64_t (*now)(thr_tstate *);  /* the clock of timeouts */
  bool (*add)(thr_tstate *self, thr_tstate *ts); /* starts ts; no memory */
  void (*drop)(thr_tstate *ts);   /* which could not be started */
  void (*arrive)(thr_tstate *);   /* its OS thread begins, */
  void (*ending)(thr_tstate *);   /* has run its last Lua code, */
  void (*leave)(thr_tstate *);    /* and ends */
  void (*failed)(thr_tstate *, const char *text); /* by an error */
} thr_explore_calls;

/* What is noted of a thread that is recorded (thr_tstate.traced).  Each is
** called by the thread itself, but for `add`; see trace's recorder.h. */
typedef struct thr_trace_calls {
  void (*add)(thr_tstate *);   /* it comes to the list of the living; m */
  void (*leave)(thr_tstate *); /* it has left that */
  void (*runs)(thr_tstate *);  /* it has got the global lock */
  void (*leaves)(thr_tstate *);    /* it lets go of the lock, */
  void (*compiled)(thr_tstate *);  /* or first this: for a compiled function */
  void (*preempted)(thr_tstate *); /* or this: for others that want it */
  void (*waits)(thr_waiter *); /* or this: to wait */
  void (*woken)(thr_waiter *); /* that wait has ended */
  void (*ready)(thr_tstate *); /* it waits for the global lock */
  void (*kept)(thr_tstate *, struct lua_State *, struct lua_Debug *,
               int64_t since); /* it was asked for the lock then, in the
                                  function that returns now */
  void (*notes)(thr_tstate *, const char *name, const char *text); /* what
                                  happens to it; with the lock */
} thr_trace_calls;

typedef struct thr_traced {
  const thr_trace_calls *calls; /* const */
} thr_traced;

/* What lower units call in higher ones.  Const, set by state's open; but for
** `explore`, which explore sets under the gil: NULL until then. */
typedef struct {
  void (*on_hook)(struct lua_State *, struct lua_Debug *); /* our hook */
  void (*at_signal)(thr_tstate *, struct lua_State *,
                    void (*)(struct lua_State *, struct lua_Debug *),
                    struct lua_Debug *); /* calls a handler's hook; raises */
  void (*at_switch)(thr_tstate *, struct lua_State *); /* raises */
  void (*at_return)(thr_tstate *, struct lua_State *, struct lua_Debug *);
  void (*at_deadlock)(thr_tstate *, struct lua_State *); /* raises */
  void (*at_dump)(struct lua_State *);
  void (*at_share)(struct lua_State *); /* an object has come to a Lua state
                              that lacks our types: makes them; raises; or
                              NULL */
  /* interp's, where there may be interpreters, or NULL: when the threads of
  ** the program have ended; before its daemons are stopped */
  void (*at_wait)(struct lua_State *, thr_tstate *); /* raises */
  void (*at_end)(thr_tstate *);
  const thr_explore_calls *explore;
} thr_rt_calls;

THR_PRIVATE_END

#endif
