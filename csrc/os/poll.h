/*
** poll: a descriptor that a thread watches while it sleeps.
**
** A part of the os layer, see os.h.
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

THR_PRIVATE_END

#endif
