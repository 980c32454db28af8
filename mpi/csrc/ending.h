/*
** ending: how this process ends, and those that serve it.
**
** Whatever way the process comes to its exit (the end of the script, an error,
** os.exit), its handler has the engine say to those that serve that it is over,
** and then finalize MPI.  A rank that others wait for, and that ends with a
** failure, ends them, too: MPI_Abort.
*/
#ifndef THM_ENDING_H
#define THM_ENDING_H

#include "comm.h"

THM_PRIVATE_BEGIN

/* Once; from then on the exit of the process ends the engine. */
void thm_ending_install(void);

/* Rank 0 has said that it is over, and, for `now`, that it does not wait for
** what this one does.  Engine. */
void thm_ending_stopped(thm_comm *c, bool now);

/* Looks whether those that this rank has started live; where one does not, all
** end, for no launcher looks after them.  Engine. */
void thm_ending_watch(void);

/* Ends all ranks.  Engine. */
_Noreturn void thm_ending_abort(const char *why);

/* A job that has those that were started for this rank end, and parts with
** them.  NULL: no memory. */
thm_job *thm_ending_part(thm_comm *c);

THM_PRIVATE_END

#endif
