/*
** shell: the commands of popen and execute.
**
** A part of the os layer, see os.h.  Nothing here waits.
*/
#ifndef THR_SHELL_H
#define THR_SHELL_H

#include <stdio.h>

#include "os/os.h"

THR_PRIVATE_BEGIN

bool thr_os_hasshell(void);

typedef struct {
  int64_t pid; /* 0: none */
  struct thr_orphan *orphan; /* what it becomes where nobody waits for it */
  int end;     /* a descriptor that is ready for reading when the program has
                  ended; -1: the system has none */
} thr_oschild;

/* Has the shell carry out a command.  Returns 0 or errno. */
int thr_os_shell(thr_oschild *c, const char *command);
/* The same with a file: in the mode "r" it reads what the command prints; what
** is written to it in the mode "w" the command reads. */
int thr_os_shellfile(thr_oschild *c, const char *command, const char *mode,
                     FILE **f);

/* Has it ended?  Then it is forgotten, and *status is what waitpid tells, or
** -1, with errno. */
bool thr_os_reap(thr_oschild *c, int *status);

/* Waits for its end: at the end of a Lua state, when no thread is left. */
void thr_os_reaplast(thr_oschild *c, int *status);

void thr_os_terminate(const thr_oschild *c);

/* Nobody will ask for its end: the system's record of it is dropped some time
** after that. */
void thr_os_disown(thr_oschild *c);

THR_PRIVATE_END

#endif
