/*
** signal: which signals our threads use and block, and our handlers over those
** of others.  For the room `os` alone; what others may ask for is in os.h.
*/
#ifndef THR_SIGNAL_H
#define THR_SIGNAL_H

#include <signal.h>

#include "os/os.h"

THR_PRIVATE_BEGIN

/* The preemption signal.  Go's choice too: ignored by default, and debuggers do
** not use it. */
#if !defined(THREADING_SIGNAL)
#define THREADING_SIGNAL SIGURG
#endif

/* Every signal that may come from outside. */
void thr_os_asynchronous(sigset_t *set);

THR_PRIVATE_END

#endif
