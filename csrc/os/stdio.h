/*
** stdio: what C's streams know, and C has no functions for.
*/
#ifndef THR_STDIO_H
#define THR_STDIO_H

#include <stdio.h>

#include "os/os.h"

THR_PRIVATE_BEGIN

/* How many bytes can be read from what the stream has buffered; -1: that is
** unknown with this C library. */
ptrdiff_t thr_os_buffered(FILE *f);

/* What is buffered, if it can be looked at: so many bytes, or NULL; and to skip
** some of these. */
const char *thr_os_peek(FILE *f, size_t *n);
void thr_os_skip(FILE *f, size_t n);

/* Puts back what was read last; how many bytes the stream has taken, the last
** ones.  For some C libraries it takes room for that, which is the stream's
** until it is closed; its size, or 0. */
size_t thr_os_unread(FILE *f, const char *s, size_t n, void *room,
                     size_t size);
size_t thr_os_roomtounread(FILE *f, size_t n);

/* Is there something that is written, but not yet to the descriptor?  Where
** that is unknown with this C library, there may be if it can be written to. */
bool thr_os_unwritten(FILE *f);

int thr_os_fileno(FILE *f); /* -1: none */

/* May reading block, and can be waited for? */
bool thr_os_mayblock(FILE *f);

/* Where the descriptor is a terminal, what is in stdout's buffer may be the
** question that the user is to answer. */
void thr_os_flushprompt(int fd);

THR_PRIVATE_END

#endif
