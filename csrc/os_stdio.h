/*
** os_stdio: what C's streams do not tell.  A part of the os layer, see os.h.
*/
#ifndef THR_OS_STDIO_H
#define THR_OS_STDIO_H

#include <stdio.h>

#include "os.h"

THR_PRIVATE_BEGIN

/* How many bytes can be read from what the stream has buffered; -1: this C
** library does not tell. */
ptrdiff_t thr_os_buffered(FILE *f);

int thr_os_fileno(FILE *f); /* -1: none */

THR_PRIVATE_END

#endif
