/*
** os_signal: which signals our threads block; for the os layer alone, what
** others may ask for stands in os.h.
*/
#ifndef THR_OS_SIGNAL_H
#define THR_OS_SIGNAL_H

#include <signal.h>

#include "os.h"

THR_PRIVATE_BEGIN

/* Every signal that may come from outside. */
void thr_os_asynchronous(sigset_t *set);

THR_PRIVATE_END

#endif
