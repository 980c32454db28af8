/*
** comm: the ranks that belong together: those of the world, or this one and
** those that it has started.
*/
#ifndef THM_COMM_H
#define THM_COMM_H

#include <mpi.h>

#include "bell.h"
#include "engine.h"
#include "mailbox.h"

THM_PRIVATE_BEGIN

typedef struct thm_comm thm_comm;
typedef struct thm_send thm_send;

/* const, but for what is said to be somebody's. */
struct thm_comm {
  thm_comm *next;     /* engine: of all */
  MPI_Comm mpi;       /* engine */
  MPI_Comm family;    /* engine: the intercommunicator to those that were
                         started, or to who has started us; or MPI_COMM_NULL */
  int rank, size;
  thm_bell **bells;   /* of the ranks; NULL: on another host */
  int *pids;          /* of the ranks that this one has started; or NULL */
  bool far;           /* there is such a one */
  bool serves;        /* engine's lock: it makes calls for others,  */
  bool leads;         /* or has others do so, and ends them */
  atomic_int *calls;  /* of each rank: how many it makes for this one */
  thm_mailbox box;    /* engine's lock */
  uint32_t number;    /* engine: of the last parcel */
  thm_send *unasked;  /* engine: long parcels that nobody has asked for yet */
};

/* What a rank says of its process to the others. */
typedef struct {
  char bell[THM_BELLNAME];
  int pid;
} thm_process;

/* For a communicator which is its own from now on, and its ranks; `started`:
** this one has started the others.  Engine.  NULL: no memory. */
thm_comm *thm_comm_new(MPI_Comm mpi, MPI_Comm family,
                       const thm_process *processes, bool started);
/* The ranks have parted. */
void thm_comm_close(thm_comm *c);

/* All that are open.  Engine. */
extern thm_comm *thm_comms;

THM_PRIVATE_END

#endif
