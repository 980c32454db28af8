/*
** child: programs that this one starts: how, what they print, and their end.
**
** Laws
** - Nothing here waits, but thr_child_waitlast.  A program's end and its output
**   are descriptors, for which a thread waits in park.
** - A child is reaped once, or disowned.
*/
#ifndef THR_CHILD_H
#define THR_CHILD_H

#include <stdio.h>

#include "os/os.h"

THR_PRIVATE_BEGIN

typedef struct { /* its owner's; the global lock guards it */
  int64_t pid;   /* 0: none */
  int end; /* a descriptor that is ready for reading when the program has
              ended; -1: the system has none */
  struct thr_disowned *disowned; /* what it becomes if it is disowned */
} thr_child;

#define THR_NO_CHILD ((thr_child){.pid = 0, .end = -1, .disowned = NULL})

/* Is there a shell? */
bool thr_child_hasshell(void);
/* Has the shell carry out a command.  Returns 0 or errno. */
int thr_child_shell(thr_child *c, const char *command);
/* The same with a file: in the mode "r" it reads what the command prints; what
** is written to it in the mode "w" the command reads. */
int thr_child_shellfile(thr_child *c, const char *command, const char *mode,
                        FILE **f);

/* Starts argv[0], found through PATH, without a shell, in a process group of
** its own, with no input.  What it prints is read from *output, a descriptor
** that the caller closes.  Returns 0 or errno. */
int thr_child_run(thr_child *c, char *const argv[], int *output);
/* Of an output that is ready: how many bytes; 0 at its end; -1: look again. */
ptrdiff_t thr_child_read(int output, char *to, size_t size);

/* Starts argv[0], a path, with the terminal, the output and the environment of
** this process, with no input, and with one descriptor besides, `theirs`,
** which has the number THR_CHILD_FD there.  Ctrl-C is blocked in it.  Returns 0
** or errno. */
#define THR_CHILD_FD 3
int thr_child_work(thr_child *c, char *const argv[], int theirs);

/* Goes on twice, see fork.  In the child, where c->pid is 0, *pipe is where to
** write what its parent reads from its own *pipe.  Returns 0 or errno. */
int thr_child_fork(thr_child *c, int *pipe);
/* The end of such a child: writes the text, and what is buffered, and ends
** without what else is done at the end of a process. */
void thr_child_leave(int pipe, const char *text, size_t n, int code);

/* Has it ended?  Then it is forgotten, and *status is what waitpid reports, or
** -1, with errno: the system has not kept it. */
bool thr_child_reap(thr_child *c, int *status);
/* The same, waiting for its end: after the end of a Lua state, when it has no
** thread left that could park. */
void thr_child_waitlast(thr_child *c, int *status);
/* What the program of this status returned, 128 and more if a signal ended it,
** or -1. */
int thr_child_exitcode(int status);
/* Which signal has ended the program of this status, with its name; 0: none. */
int thr_child_signal(int status, const char **name);

/* Asks it to end. */
void thr_child_terminate(const thr_child *c);
/* Ends what thr_child_run has started, and all that this has started, and
** disowns it. */
void thr_child_kill(thr_child *c);
/* Ends it, and nothing that it has started, at once; it is still to be reaped,
** or disowned. */
void thr_child_end(const thr_child *c);
/* Nobody will ask for its end: the system's record of it is dropped some time
** after that. */
void thr_child_disown(thr_child *c);

THR_PRIVATE_END

#endif
