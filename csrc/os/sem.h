/*
** sem: the semaphores that threads sleep on.
**
** Laws
** - Only gil, park, explore and trace sleep.
*/
#ifndef THR_SEM_H
#define THR_SEM_H

#include <semaphore.h>

#include "os/os.h"
#include "os/poll.h"

THR_PRIVATE_BEGIN

/*
** A thread's semaphore, on which it alone sleeps.  A main thread's is made of a
** pipe: only poll can let signals in and fall asleep in one step, and a Ctrl-C
** that came between the last look and the sleep would be lost.  A thread that
** watches a descriptor needs poll too, but not a descriptor more: the
** preemption signal wakes it as well, for two system calls more.
*/
typedef enum {
  THR_SEM_PLAIN,
  THR_SEM_PIPE,
  THR_SEM_SIGNAL /* needs nothing; the poster knows that the thread lives */
} thr_semkind;

typedef struct {
  thr_semkind kind;
  union {
    struct { /* the plain kind */
#if THR_GLIBC(2, 30) /* has sem_clockwait */
      sem_t sem;
#else
#define THR_SEM_IS_COND 1
      pthread_mutex_t m;
      pthread_cond_t c;
      unsigned tokens; /* under m */
#endif
    };
    struct { /* the others */
      thr_osthread sleeper; /* const: the thread that has made it */
      int in, out;          /* the pipe's ends, or -1 */
      _Atomic bool token;   /* set by the poster, taken by the sleeper */
      _Atomic bool asleep;  /* set by the sleeper: a post must end its sleep */
    };
  };
} thr_sem;

typedef enum {
  THR_SEM_TAKEN,
  THR_SEM_READY, /* the descriptor that is watched */
  THR_SEM_TIMEOUT,
  THR_SEM_EINTR
} thr_semwait;

/* Made by the thread that sleeps on it, but for the plain kind.  False: no
** resources. */
bool thr_sem_init(thr_sem *s, thr_semkind kind);
void thr_sem_post(thr_sem *s);
bool thr_sem_try(thr_sem *s); /* takes a token if there is one */
thr_semwait thr_sem_wait(thr_sem *s, int64_t deadline);
/* On a semaphore that is not plain: until a token comes or the descriptor, if
** that is not NULL, is ready. */
thr_semwait thr_sem_waitfd(thr_sem *s, thr_watch *watch, int64_t deadline);
/* The same; with all signals blocked it first asks `look`, and returns
** THR_SEM_EINTR at once if that says so. */
thr_semwait thr_sem_waitafter(thr_sem *s, thr_watch *watch, int64_t deadline,
                              bool (*look)(void *), void *arg);
void thr_sem_destroy(thr_sem *s);

THR_PRIVATE_END

#endif
