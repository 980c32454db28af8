/*
** pollset: many descriptors that are watched as one, for select: the set is
** itself a descriptor, which is readable when one of its members is ready.
**
** A part of the os layer, see os.h.  Nothing here waits.
*/
#ifndef THR_POLLSET_H
#define THR_POLLSET_H

#include "os/os.h"

THR_PRIVATE_BEGIN

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
void thr_os_pollclose(int set);

THR_PRIVATE_END

#endif
