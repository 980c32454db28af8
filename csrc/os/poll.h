/*
** poll: is a descriptor, or one of a set, ready?
**
** Laws
** - Nothing here waits but thr_os_watch, which sem alone calls, and the thread
**   that thr_os_exitathangup starts.
*/
#ifndef THR_POLL_H
#define THR_POLL_H

#include "os/os.h"

THR_PRIVATE_BEGIN

enum {
  THR_IN = 1,
  THR_OUT = 2,
  THR_NOFD = 4 /* no such descriptor is open */
};

typedef struct {
  int fd;
  unsigned wanted; /* THR_IN, THR_OUT */
  unsigned ready;  /* those of them that will not block; or THR_NOFD */
} thr_watch;

/* Is it ready now? */
bool thr_os_look(thr_watch *watch);

/* Sleeps until `fd` can be read, the descriptor beside it (NULL: none) is
** ready, the deadline, or a signal.  The signals of `mask`, a sigset_t, are
** blocked meanwhile, in one step; NULL: those that are.  -1: a signal, 0: the
** time is up, else 1 if `fd` can be read, 2 if not. */
int thr_os_watch(int fd, thr_watch *watch, int64_t deadline, const void *mask);

/* Ends this process, whatever its threads do then, as soon as the other end of
** a socket is closed: a thread of its own waits for that.  Returns 0 or
** errno. */
int thr_os_exitathangup(int fd);

/* --- sets --- */

/* A set of descriptors is itself a descriptor, which is readable when one of
** its members is ready. */
typedef struct {
  int fd; /* a member */
  bool in, out;
} thr_pollable;

int thr_os_pollopen(void); /* a descriptor, or -1 with errno */
/* Adds a descriptor that is not yet a member; false with errno. */
bool thr_os_polladd(int set, const thr_pollable *p);
/* Which members are ready, and for what: at most n; how many.  A member may
** stand there twice.  -1 with errno. */
int thr_os_pollready(int set, thr_pollable *list, int n);

THR_PRIVATE_END

#endif
