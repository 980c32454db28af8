/* collect: see collect.h. */
#include "collect.h"

typedef struct {
  thm_job job;
  thm_collecting it;
  bool begun;          /* engine */
  MPI_Request request; /* engine */
} collect;

static MPI_Datatype type_of(int type) {
  switch (type) {
    case THREADING_INT8: return MPI_INT8_T;
    case THREADING_INT16: return MPI_INT16_T;
    case THREADING_INT32: return MPI_INT32_T;
    case THREADING_INT64: return MPI_INT64_T;
    case THREADING_UINT8: return MPI_UINT8_T;
    case THREADING_UINT16: return MPI_UINT16_T;
    case THREADING_UINT32: return MPI_UINT32_T;
    case THREADING_UINT64: return MPI_UINT64_T;
    case THREADING_FLOAT32: return MPI_FLOAT;
    default: return MPI_DOUBLE;
  }
}

static MPI_Op operation_of(thm_operation o) {
  switch (o) {
    case THM_SUM: return MPI_SUM;
    case THM_PRODUCT: return MPI_PROD;
    case THM_MIN: return MPI_MIN;
    default: return MPI_MAX;
  }
}

static int call(const thm_collecting *c, MPI_Request *r) {
  MPI_Datatype t = type_of(c->type);
  MPI_Op op = operation_of(c->operation);
  MPI_Comm mpi = c->comm->mpi;
  int n = c->count, root = c->root;
  const void *in = c->in ? c->in : MPI_IN_PLACE;
  switch (c->kind) {
    case THM_BROADCAST: return MPI_Ibcast(c->out, n, t, root, mpi, r);
    case THM_GATHER:
      return MPI_Igather(in, n, t, c->out, n, t, root, mpi, r);
    case THM_ALLGATHER: return MPI_Iallgather(in, n, t, c->out, n, t, mpi, r);
    case THM_SCATTER:
      return MPI_Iscatter(c->in, n, t, c->out, n, t, root, mpi, r);
    case THM_REDUCE: return MPI_Ireduce(in, c->out, n, t, op, root, mpi, r);
    default: return MPI_Iallreduce(in, c->out, n, t, op, mpi, r);
  }
}

/* All have agreed, so all are here. */
static bool poll(thm_job *j) {
  collect *c = (collect *)j;
  int done = 0;
  if (!c->begun) {
    c->begun = true;
    j->haste = THM_AT_ONCE;
    if (thm_job_failed(j, call(&c->it, &c->request), "MPI")) return true;
  }
  return thm_job_failed(j, MPI_Test(&c->request, &done, MPI_STATUS_IGNORE),
                        "MPI_Test") ||
         done;
}

static void free_collect(thm_job *j) {
  const collect *c = (collect *)j;
  for (int i = 0; i < 2; i++)
    if (c->it.held[i]) c->it.api->drop(c->it.held[i]);
}

thm_job *thm_collect(const thm_collecting *what) {
  collect *c = thm_job_new(sizeof(*c), poll, free_collect);
  if (!c) return NULL;
  c->it = *what;
  return &c->job;
}
