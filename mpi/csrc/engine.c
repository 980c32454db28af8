/* engine: see engine.h. */
#define _POSIX_C_SOURCE 200809L

#include "engine.h"

#include <mpi.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "arrivals.h"
#include "bell.h"
#include "ending.h"
#include "tuning.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER; /* of `phase` */

static enum { NOT_STARTED, STARTING, RUNNING, ENDED, FAILED } phase; /* lock */
static char failure[THM_TEXT]; /* lock: why it has FAILED */
static thm_job *first, **last = &first; /* lock: submitted, not taken yet */
static thm_job *active;                 /* engine: taken, not over */
static bool ending;                     /* engine */
static pthread_t thread;                /* const once it is RUNNING */

void thm_engine_lock(void) { pthread_mutex_lock(&lock); }
void thm_engine_unlock(void) { pthread_mutex_unlock(&lock); }

/* --- jobs --- */

void *thm_job_new(size_t size, bool (*poll)(thm_job *),
                  void (*free)(thm_job *)) {
  thm_job *j = calloc(1, size);
  if (!j) return NULL;
  j->poll = poll;
  j->free = free;
  j->haste = THM_SOON; /* it has not begun */
  atomic_init(&j->refs, 1);
  return j;
}

/* The one that takes the last reference away must see what the other did. */
void thm_job_drop(thm_job *j) {
  if (!j || atomic_fetch_sub_explicit(&j->refs, 1, memory_order_acq_rel) > 1)
    return;
  if (j->free) j->free(j);
  thm_waiter_drop(&j->waiter);
  free(j);
}

bool thm_job_failed(thm_job *j, int code, const char *what) {
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  if (code == MPI_SUCCESS) return false;
  MPI_Error_string(code, text, &length);
  snprintf(j->error, sizeof(j->error), "%s: %.*s", what, length, text);
  return true;
}

static void finish(thm_job *j) {
  thm_engine_lock();
  j->over = true;
  thm_waiter_wake(&j->waiter); /* under the lock: see thm_engine_isover */
  thm_engine_unlock();
  thm_job_drop(j);
}

#define AT_END "MPI is at its end"

static void refuse(thm_job *j) {
  snprintf(j->error, sizeof(j->error), AT_END);
  finish(j);
}

void thm_engine_submit(thm_job *j) {
  atomic_fetch_add_explicit(&j->refs, 1, memory_order_relaxed);
  thm_engine_lock();
  bool taken = phase == RUNNING;
  if (taken) {
    j->next = NULL;
    *last = j;
    last = &j->next;
  }
  thm_engine_unlock();
  if (taken) thm_bell_ring(thm_bell_own());
  else refuse(j);
}

/* Whoever is told so may let go of the Event: the engine does not touch it any
** more. */
bool thm_engine_isover(thm_job *j) {
  thm_engine_lock();
  bool over = j->over;
  thm_engine_unlock();
  return over;
}

/* In the order in which they were submitted: messages must not overtake each
** other. */
static bool take_jobs(void) {
  thm_engine_lock();
  thm_job *taken = first;
  first = NULL;
  last = &first;
  thm_engine_unlock();
  thm_job **end = &active;
  while (*end) end = &(*end)->next;
  *end = taken;
  return taken != NULL;
}

bool thm_engine_isquiet(const thm_job *self) {
  thm_engine_lock();
  bool quiet = !first;
  thm_engine_unlock();
  for (const thm_job *j = active; j; j = j->next)
    if (j != self && j->haste != THM_RINGS) quiet = false;
  return quiet;
}

/* --- the loop --- */

/* One look at each job.  True: one is over. */
static bool poll_jobs(thm_haste *h) {
  bool any = false;
  thm_job **at = &active;
  while (*at) {
    thm_job *j = *at;
    if (j->poll(j)) {
      *at = j->next;
      finish(j);
      any = true;
    } else {
      if (j->haste > *h) *h = j->haste;
      at = &j->next;
    }
  }
  return any;
}

/* How long to sleep after so many sleeps that have ended with nothing. */
static double pause_after(unsigned sleeps, thm_haste h) {
  double most = h == THM_SOON     ? THM_PAUSE_SENDING
                : h == THM_SLOWLY ? THM_PAUSE_FAR
                                  : THM_PAUSE_IDLE;
  double pause = THM_PAUSE_FIRST;
  while (pause < most && sleeps-- > 0) pause *= THM_PAUSE_GROWTH;
  return pause < most ? pause : most;
}

static void rest(unsigned looks, thm_haste h) {
  if (h == THM_AT_ONCE || looks < THM_LOOKS) {
    sched_yield();
    return;
  }
  double pause = pause_after(looks - THM_LOOKS, h);
  if (pause == THM_PAUSE_IDLE) thm_ending_watch();
  thm_bell_sleep(pause);
}

/* After a ring it looks several times: what has come may be seen by MPI at a
** later look. */
static void run(void) {
  unsigned looks = 0;
  while (!ending) {
    bool any = thm_bell_empty(); /* what is rung from here on ends the sleep */
    thm_haste h = thm_arrivals_far() ? THM_SLOWLY : THM_RINGS;
    any |= take_jobs();
    any |= poll_jobs(&h);
    any |= thm_arrivals_look();
    looks = any ? 0 : looks + 1;
    if (!any) rest(looks, h);
  }
}

static void set_phase(int to) {
  thm_engine_lock();
  phase = to;
  pthread_cond_broadcast(&changed);
  thm_engine_unlock();
}

static bool initialize(void) {
  int there = 0, level = 0;
  char name[THM_BELLNAME];
  if (!thm_bell_open(name)) {
    snprintf(failure, sizeof(failure), "no semaphore is to be had");
    return false;
  }
  MPI_Initialized(&there);
  if (there) {
    snprintf(failure, sizeof(failure),
             "MPI was initialized by somebody else in this process");
    return false;
  }
  if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level) == MPI_SUCCESS &&
      level >= MPI_THREAD_FUNNELED)
    return true;
  snprintf(failure, sizeof(failure),
           "this MPI cannot be used by a program with threads");
  return false;
}

void thm_engine_end(void) {
  ending = true;
  set_phase(ENDED);
}

/* What is left fails. */
static void give_up(void) {
  take_jobs();
  while (active) {
    thm_job *j = active;
    active = j->next;
    refuse(j);
  }
}

static void *engine(void *unused) {
  (void)unused;
  if (!initialize()) {
    set_phase(FAILED);
    return NULL;
  }
  set_phase(RUNNING);
  run();
  give_up();
  return NULL;
}

/* The child of a fork has no engine.  The lock is in order there: the thread
** that forks has it. */
static void in_child(void) {
  if (phase != NOT_STARTED) phase = ENDED;
  thm_engine_unlock();
}

/* Signals are for the threads of Lua. */
static bool create_thread(void) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  bool ok = pthread_create(&thread, NULL, engine, NULL) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return ok;
}

bool thm_engine_start(char error[THM_TEXT]) {
  thm_engine_lock();
  if (phase == NOT_STARTED) {
    phase = STARTING;
    pthread_atfork(thm_engine_lock, thm_engine_unlock, in_child);
    if (!create_thread()) {
      phase = FAILED;
      snprintf(failure, sizeof(failure), "no thread can be started");
    }
  }
  while (phase == STARTING) pthread_cond_wait(&changed, &lock);
  bool ok = phase == RUNNING;
  if (!ok) snprintf(error, THM_TEXT, "%s", phase == FAILED ? failure : AT_END);
  thm_engine_unlock();
  return ok;
}

bool thm_engine_isrunning(void) {
  thm_engine_lock();
  bool is = phase == RUNNING;
  thm_engine_unlock();
  return is;
}

bool thm_engine_isself(void) {
  return thm_engine_isrunning() && pthread_equal(pthread_self(), thread);
}

void thm_engine_join(void) { pthread_join(thread, NULL); }
