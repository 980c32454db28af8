/*
** fork: in the child only the forking thread goes on, as the main thread.
**
** While the process forks no list changes; then the child forgets the other
** threads, which count as stopped: a wait for them ends, and what they held
** stays held.
*/
#ifndef THR_FORK_H
#define THR_FORK_H

#include "os/port.h"

THR_PRIVATE_BEGIN

/* Once per process: has fork() call us.  Returns 0 or errno. */
int thr_fork_open(void);

THR_PRIVATE_END

#endif
