/*
** join: a job by which ranks find each other, and say what they are.
**
** Every rank says the same number of bytes, a text padded with zeros, and gets
** those of all.
*/
#ifndef THM_JOIN_H
#define THM_JOIN_H

#include "comm.h"

THM_PRIVATE_BEGIN

#define THM_HELLO 1024 /* bytes of a text, with a zero at the end */

/* With those of MPI's world; where this process was started by another one,
** with that, as rank 0, and the others that it has started.  NULL: no
** memory. */
thm_job *thm_join(const char *hello);
/* The world, if this process has joined it: another Lua state in it may want
** that, too.  NULL: not yet. */
thm_comm *thm_join_world(void);
/* With so many processes of a program, which it starts.  argv: its arguments,
** NULL at the end; both are copied. */
thm_job *thm_join_spawned(const char *hello, const char *program,
                          const char *const *argv, int n);

/* Of one that is over, without an error.  The text of rank i. */
thm_comm *thm_join_comm(const thm_job *j);
const char *thm_join_hello(const thm_job *j, int i);

THM_PRIVATE_END

#endif
