/*
** engine: the one thread that calls MPI, from its initialization to its end.
**
** It does jobs that others submit, and looks for what has come.  While it has
** something to do it goes on at once; then it yields a few times, and sleeps on
** the bell: as long as there is something that only looking shows (a rank on
** another host, a message that is not out yet), in growing steps up to a
** millisecond.
**
** Laws
** - MPI is called by the engine alone, and never under its lock.
** - What others and the engine share is guarded by its lock, which nobody holds
**   while waiting, or while taking a global lock.
** - Knows no Lua.
*/
#ifndef THM_ENGINE_H
#define THM_ENGINE_H

#include <stdatomic.h>

#include "waiter.h"

THM_PRIVATE_BEGIN

typedef struct thm_job thm_job;

/* How soon the engine looks again at what is not over. */
typedef enum {
  THM_RINGS,  /* not before the bell rings */
  THM_SLOWLY, /* what another host, or MPI itself, does some time */
  THM_SOON,   /* a message is on its way */
  THM_AT_ONCE /* data is coming */
} thm_haste;

/* The first member of each kind of job. */
struct thm_job {
  thm_job *next;
  /* Begins, and goes on; true: it is over.  Called by the engine. */
  bool (*poll)(thm_job *);
  void (*free)(thm_job *); /* what it has; then the job itself is freed */
  thm_waiter waiter;       /* const once it is submitted */
  atomic_int refs;         /* the engine's, and that of who waits */
  thm_haste haste;         /* engine: set by poll */
  bool over;               /* engine's lock */
  char error[THM_TEXT];    /* engine, until it is over; "": none */
};

/* A job of so many bytes, zeroed, with one reference; NULL: no memory. */
void *thm_job_new(size_t size, bool (*poll)(thm_job *),
                  void (*free)(thm_job *));
void thm_job_drop(thm_job *);
/* Its error is that of a call of MPI's; false: there is none. */
bool thm_job_failed(thm_job *, int code, const char *what);

/* Hands it to the engine, with a reference for that.  After the engine's end it
** is over at once, with an error. */
void thm_engine_submit(thm_job *);
bool thm_engine_isover(thm_job *);

/* Starts the engine, which calls MPI_Init_thread, and waits for that.  false:
** `error` says why not.  Any further call says what the first one said.  The
** end of the process ends it, see ending.h. */
bool thm_engine_start(char error[THM_TEXT]);
bool thm_engine_isrunning(void);
/* The calling thread is the engine's. */
bool thm_engine_isself(void);

void thm_engine_lock(void);
void thm_engine_unlock(void);

/* For jobs: there are no others, but for some that wait for other ranks. */
bool thm_engine_isquiet(const thm_job *self);
/* For the last job: the engine does no more; what is left fails. */
void thm_engine_end(void);
/* Waits until it has ended. */
void thm_engine_join(void);

THM_PRIVATE_END

#endif
