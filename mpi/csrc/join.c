/* join: see join.h. */
#define _POSIX_C_SOURCE 200809L

#include "join.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef enum { NEW, COPYING, GATHERING, MEETING } state;

typedef struct {
  char hello[THM_HELLO];
  thm_process process;
} card;

/* All is the engine's, once it is submitted. */
typedef struct {
  thm_job job;
  state state;
  MPI_Request request;
  MPI_Comm mpi, family;
  int size;
  card mine, *all;
  thm_process *processes;
  thm_comm *comm;
  char *program, **argv; /* NULL: none are started */
  int n;
} join;

static bool failed(join *j, int code, const char *what) {
  return thm_job_failed(&j->job, code, what);
}

/* The others do the same now. */
static bool merge(join *j, bool high) {
  MPI_Comm_set_errhandler(j->family, MPI_ERRORS_RETURN);
  if (failed(j, MPI_Intercomm_merge(j->family, high, &j->mpi),
             "MPI_Intercomm_merge"))
    return false;
  j->state = COPYING;
  return true;
}

static bool spawn(join *j) {
  MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
  int code = MPI_Comm_spawn(j->program, j->argv, j->n, MPI_INFO_NULL, 0,
                            MPI_COMM_SELF, &j->family, MPI_ERRCODES_IGNORE);
  return !failed(j, code, "MPI_Comm_spawn") && merge(j, false);
}

/* Nobody waits for ranks that come late but by looking now and then. */
static bool begin(join *j) {
  j->request = MPI_REQUEST_NULL;
  j->family = MPI_COMM_NULL;
  thm_bell_open(j->mine.process.bell);
  j->mine.process.pid = (int)getpid();
  if (j->program) return spawn(j);
  MPI_Comm_get_parent(&j->family);
  if (j->family != MPI_COMM_NULL) return merge(j, true);
  j->state = COPYING;
  return !failed(j, MPI_Comm_idup(MPI_COMM_WORLD, &j->mpi, &j->request),
                 "MPI_Comm_idup");
}

static bool gather(join *j) {
  MPI_Comm_set_errhandler(j->mpi, MPI_ERRORS_RETURN);
  MPI_Comm_size(j->mpi, &j->size);
  j->all = calloc((size_t)j->size, sizeof(card));
  j->processes = calloc((size_t)j->size, sizeof(*j->processes));
  if (!j->all || !j->processes) return !failed(j, MPI_ERR_NO_MEM, "join");
  j->state = GATHERING;
  return !failed(j, MPI_Iallgather(&j->mine, sizeof(card), MPI_BYTE, j->all,
                                   sizeof(card), MPI_BYTE, j->mpi, &j->request),
                 "MPI_Iallgather");
}

/* When all have come here, all have found the bells. */
static bool meet(join *j) {
  for (int i = 0; i < j->size; i++) j->processes[i] = j->all[i].process;
  j->comm =
      thm_comm_new(j->mpi, j->family, j->processes, j->program != NULL);
  if (!j->comm) return !failed(j, MPI_ERR_NO_MEM, "join");
  j->state = MEETING;
  return !failed(j, MPI_Ibarrier(j->mpi, &j->request), "MPI_Ibarrier");
}

static thm_comm *world; /* engine's lock */

thm_comm *thm_join_world(void) {
  thm_engine_lock();
  thm_comm *c = world;
  thm_engine_unlock();
  return c;
}

/* One that starts others may do so again, and be looked for. */
static bool over(join *j) {
  thm_engine_lock();
  if (!j->program) world = j->comm;
  thm_engine_unlock();
  if (j->size > 1 && !j->program) thm_bell_hide();
  return false;
}

static bool poll(thm_job *job) {
  static bool (*const next[])(join *) = {
    [NEW] = begin, [COPYING] = gather, [GATHERING] = meet, [MEETING] = over
  };
  join *j = (join *)job;
  int done = 1;
  job->haste = THM_SLOWLY;
  if (j->state != NEW &&
      failed(j, MPI_Test(&j->request, &done, MPI_STATUS_IGNORE), "join"))
    return true;
  return done && !next[j->state](j);
}

/* --- making it --- */

static void free_join(thm_job *job) {
  join *j = (join *)job;
  for (int i = 0; j->argv && j->argv[i]; i++) free(j->argv[i]);
  free(j->argv);
  free(j->program);
  free(j->all);
  free(j->processes);
}

thm_job *thm_join(const char *hello) {
  join *j = thm_job_new(sizeof(*j), poll, free_join);
  if (!j) return NULL;
  memcpy(j->mine.hello, hello, THM_HELLO);
  return &j->job;
}

static char *copy(const char *s) {
  char *c = malloc(strlen(s) + 1);
  return c ? strcpy(c, s) : NULL;
}

static bool copy_command(join *j, const char *program,
                         const char *const *argv) {
  size_t n = 0;
  while (argv[n]) n++;
  j->program = copy(program);
  j->argv = calloc(n + 1, sizeof(*j->argv));
  bool ok = j->program && j->argv;
  for (size_t i = 0; ok && i < n; i++) ok = (j->argv[i] = copy(argv[i]));
  return ok;
}

thm_job *thm_join_spawned(const char *hello, const char *program,
                          const char *const *argv, int n) {
  thm_job *job = thm_join(hello);
  join *j = (join *)job;
  if (!j) return NULL;
  j->n = n;
  if (copy_command(j, program, argv)) return job;
  thm_job_drop(job);
  return NULL;
}

thm_comm *thm_join_comm(const thm_job *job) { return ((join *)job)->comm; }

const char *thm_join_hello(const thm_job *job, int i) {
  return ((join *)job)->all[i].hello;
}
