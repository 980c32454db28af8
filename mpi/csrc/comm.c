/* comm: see comm.h. */
#include "comm.h"

#include <stdlib.h>

thm_comm *thm_comms;

static void find(thm_comm *c, const thm_process *processes) {
  for (int i = 0; i < c->size; i++) {
    c->bells[i] = i == c->rank ? thm_bell_own()
                               : thm_bell_find(processes[i].bell);
    if (!c->bells[i]) c->far = true;
    if (c->pids) c->pids[i] = c->bells[i] ? processes[i].pid : 0;
  }
}

static bool reserve(thm_comm *c, bool started) {
  size_t n = (size_t)c->size;
  c->bells = calloc(n, sizeof(*c->bells));
  c->calls = calloc(n, sizeof(*c->calls));
  if (started) c->pids = calloc(n, sizeof(*c->pids));
  return c->bells && c->calls && (c->pids || !started);
}

thm_comm *thm_comm_new(MPI_Comm mpi, MPI_Comm family,
                       const thm_process *processes, bool started) {
  thm_comm *c = calloc(1, sizeof(*c));
  if (!c) return NULL;
  MPI_Comm_rank(mpi, &c->rank);
  MPI_Comm_size(mpi, &c->size);
  if (!reserve(c, started)) {
    free(c->bells);
    free(c->calls);
    free(c->pids);
    free(c);
    return NULL;
  }
  c->mpi = mpi;
  c->family = family;
  c->leads = started; /* whatever becomes of the thread that waits for them */
  thm_mailbox_init(&c->box);
  find(c, processes);
  c->next = thm_comms;
  thm_comms = c;
  return c;
}

/* The memory stays: a Lua value may still refer to it, and there are few. */
void thm_comm_close(thm_comm *c) {
  thm_comm **at = &thm_comms;
  while (*at && *at != c) at = &(*at)->next;
  if (*at) *at = c->next;
  thm_engine_lock();
  thm_mailbox_stop(&c->box);
  thm_engine_unlock();
}
