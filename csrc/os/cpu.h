/*
** cpu: processors: what they are, and which threads have them.  What the
** other rooms ask often is in os.h.
*/
#ifndef THR_CPU_H
#define THR_CPU_H

#include "os/os.h"

THR_PRIVATE_BEGIN

/* Writes what a compiler may look at that makes code for this processor alone:
** on processors with the same description that code runs.  Returns how many
** bytes; 0: unknown here. */
size_t thr_os_describecpu(char *to, size_t size);

THR_PRIVATE_END

#endif
