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

/* How many bytes are written, but not yet to the descriptor?  And for how many
** more is there room in the buffer, that nothing need be written to the
** descriptor: 0 where each line is. */
size_t thr_os_pending(FILE *f);
size_t thr_os_outroom(FILE *f);
bool thr_os_isfullybuffered(FILE *f);

/* So many bytes a pipe that is ready takes at once. */
size_t thr_os_pipetakes(void);

int thr_os_fileno(FILE *f); /* -1: none */

/* May reading block, and can be waited for? */
bool thr_os_mayblock(FILE *f);

/* The same for writing. */
typedef enum {
  THR_NEVER_FULL,
  THR_FULL_OR_READY, /* where it is ready, it takes thr_os_pipetakes() */
  THR_FILLS_SLOWLY   /* a terminal: it may take one byte, and no more */
} thr_fullness;
thr_fullness thr_os_fullness(FILE *f);
/* Is it open for writing? */
bool thr_os_iswritable(FILE *f);

/* Is that the name of a pipe? */
bool thr_os_isfifo(const char *name);
/* Opens such a pipe for reading or writing.  Returns its descriptor, which no
** child inherits, or -1.  The first waits until somebody has opened the other
** end, and lets itself be stopped (thr_os_letstop); the second never waits. */
int thr_os_awaitfifo(const char *name, bool reads);
int thr_os_tryfifo(const char *name, bool reads);

/* Where the descriptor is a terminal, what is in stdout's buffer may be the
** question that the user is to answer. */
void thr_os_flushprompt(int fd);

THR_PRIVATE_END

#endif
