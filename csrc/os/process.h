/*
** process: other programs and shared objects: what compiling a kernel asks
** of the operating system, beside os_folder.
**
** A part of the os layer, see os.h.  May be called with or without the
** global lock; nothing here waits longer than its deadline.
*/
#ifndef THR_PROCESS_H
#define THR_PROCESS_H

#include "os/os.h"

THR_PRIVATE_BEGIN

typedef struct {
  int64_t pid; /* 0: none */
  int output;  /* the end of a pipe: its standard output and error; or -1 */
} thr_osprocess;

/* Starts argv[0], found through PATH, without a shell, in a process group of
** its own, with no input.  Returns 0 or errno. */
int thr_os_spawn(thr_osprocess *p, char *const argv[]);

/* What it prints: how many bytes; 0 at the end of the output; -1 when nothing
** has come before the deadline, or a signal has. */
ptrdiff_t thr_os_output(thr_osprocess *p, char *to, size_t size,
                        int64_t deadline);

/* Has it ended?  Then it is forgotten, and *status is what it returned, 128
** and more if a signal ended it, -1 if the system has not kept it. */
bool thr_os_ended(thr_osprocess *p, int *status);

/* Ends it and what it has started, if it has not ended. */
void thr_os_kill(thr_osprocess *p);

/* The shared object in an open file, which stays loaded; NULL with a message
** in *why.  `path` leads to the file, and serves where descriptors do not. */
void *thr_os_load(int file, const char *path, const char **why);
typedef void (*thr_os_fn)(void);
thr_os_fn thr_os_symbol(void *object, const char *name); /* or NULL */
void *thr_os_datum(void *object, const char *name); /* likewise */

/* Where is the symbol: in the program and what it is linked with, or in one of
** the files, if that is loaded?  False: nowhere. */
bool thr_os_holder(const char *symbol, const char *const files[],
                   void **object);

THR_PRIVATE_END

#endif
