/*
** privatefd: what a descriptor of ours must be: none that a program of ours
** inherits, and none with the number of a standard stream.  Where these are
** closed, the system gives their numbers to the next descriptor that is made,
** and what is read from, or printed to, the stream would go there.
**
** A part of the os layer, see os.h.
*/
#ifndef THR_PRIVATEFD_H
#define THR_PRIVATEFD_H

#include "os/os.h"

THR_PRIVATE_BEGIN

/* Another number for a new descriptor that has one of a standard stream's; what
** is less than 0, it returns.  -1 with errno: it is closed. */
int thr_os_abovestandard(int fd);

/* No program that is started from now on inherits it. */
void thr_os_noinherit(int fd);

/* A pipe of ours.  Returns 0 or errno. */
int thr_os_privatepipe(int fd[2]);

THR_PRIVATE_END

#endif
