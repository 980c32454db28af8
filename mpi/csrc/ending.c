/* ending: see ending.h. */
#define _DEFAULT_SOURCE 1

#include "ending.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "send.h"

static pid_t owner; /* const: not a child of a fork */

/* The only one that it has, nearly always. */
static int own_rank(void) { return thm_comms ? thm_comms->rank : 0; }

/* Whatever they do. */
_Noreturn static void end_all(int status) {
  fflush(stdout);
  thm_bell_hide();
  MPI_Abort(MPI_COMM_WORLD, status);
  _exit(status);
}

_Noreturn void thm_ending_abort(const char *why) {
  fprintf(stderr, "threading.mpi: rank %d: %s\n", own_rank(), why);
  end_all(1);
}

/* --- those that serve --- */

static void stop(thm_comm *c, int rank) {
  bool busy = atomic_load(&c->calls[rank]) > 0;
  thm_job *j =
      thm_send_word(c, rank, busy ? THM_STOPNOW : THM_STOP, 0, NULL);
  if (!j) thm_ending_abort("there is not enough memory to end");
  thm_engine_submit(j);
  thm_job_drop(j);
}

static void stop_all(thm_comm *c) {
  for (int i = 0; i < c->size; i++)
    if (i != c->rank) stop(c, i);
}

/* Waits for the others, who do the same. */
static void part(thm_comm *c) {
  if (c->family == MPI_COMM_NULL) return;
  MPI_Comm_free(&c->mpi);
  MPI_Comm_disconnect(&c->family);
}

static void watch(const thm_comm *c) {
  char text[THM_TEXT];
  for (int i = 0; i < c->size; i++) {
    if (c->pids[i] == 0 || kill(c->pids[i], 0) == 0 || errno != ESRCH) continue;
    snprintf(text, sizeof(text), "rank %d (process %d) has died: all end", i,
             c->pids[i]);
    thm_ending_abort(text);
  }
}

void thm_ending_watch(void) {
  for (const thm_comm *c = thm_comms; c; c = c->next)
    if (c->pids) watch(c);
}

typedef struct {
  thm_job job;
  thm_comm *comm; /* to part with; NULL: all, and MPI's end */
  bool told;
  bool dies; /* and so does the process, whatever else it does */
} ending;

static bool poll_part(thm_job *j) {
  ending *e = (ending *)j;
  j->haste = THM_SOON;
  if (!e->told) stop_all(e->comm);
  else if (thm_engine_isquiet(j)) {
    thm_comm_close(e->comm);
    part(e->comm);
    return true;
  }
  e->told = true;
  return false;
}

thm_job *thm_ending_part(thm_comm *c) {
  ending *e = thm_job_new(sizeof(*e), poll_part, NULL);
  if (e) e->comm = c;
  return e ? &e->job : NULL;
}

/* --- the end of this process --- */

/* What the program has written so far, unless a thread of it is just writing,
** and may never end. */
_Noreturn static void die(void) {
  if (ftrylockfile(stdout) == 0) fflush(stdout);
  _exit(0);
}

static void tell_all(void) {
  for (thm_comm *c = thm_comms; c; c = c->next)
    if (c->leads) stop_all(c);
}

static bool poll_end(thm_job *j) {
  ending *e = (ending *)j;
  j->haste = THM_SOON;
  if (!thm_engine_isquiet(j)) return false; /* processes may just be starting */
  if (!e->told) {
    e->told = true;
    tell_all();
    return false;
  }
  while (thm_comms) {
    thm_comm *c = thm_comms;
    thm_comm_close(c);
    part(c);
  }
  thm_bell_hide();
  MPI_Finalize();
  if (e->dies) die();
  thm_engine_end();
  return true;
}

static void end(bool dies) {
  ending *e = thm_job_new(sizeof(*e), poll_end, NULL);
  if (!e) _exit(1);
  e->dies = dies;
  thm_engine_submit(&e->job);
  thm_job_drop(&e->job);
}

void thm_ending_stopped(thm_comm *c, bool now) {
  thm_engine_lock();
  bool idle = c->box.waiting != NULL;
  thm_mailbox_stop(&c->box);
  thm_engine_unlock();
  if (now && !idle) end(true);
}

/* --- failing --- */

typedef struct {
  thm_job job;
  int status;
  bool in_call;
} failing;

static bool poll_failing(thm_job *j) {
  const failing *f = (failing *)j;
  fprintf(stderr, "threading.mpi: rank %d %s with status %d: all end\n",
          own_rank(),
          f->in_call ? "calls os.exit, while it makes calls for others,"
                     : "ends",
          f->status);
  end_all(f->status ? f->status : 1);
}

static void fail(int status, bool in_call) {
  failing *f = thm_job_new(sizeof(*f), poll_failing, NULL);
  if (!f) _exit(status);
  f->status = status;
  f->in_call = in_call;
  thm_engine_submit(&f->job);
}

/* What this process is to the others. */
typedef struct {
  bool serves, leads, others;
} role;

static role find_role(void) {
  role r = {false, false, false};
  thm_engine_lock();
  for (const thm_comm *c = thm_comms; c; c = c->next) {
    if (c->serves && !c->box.stopped) r.serves = true;
    if (c->leads || c->box.stopped) r.leads = true;
    if (c->size > 1) r.others = true;
  }
  thm_engine_unlock();
  return r;
}

static void at_exit(int status) {
  if (getpid() != owner || !thm_engine_isrunning() || thm_engine_isself())
    return;
  role r = find_role();
  if (r.serves) fail(status, true);
  else if (status != 0 && r.others && !r.leads) fail(status, false);
  else end(false);
  thm_engine_join();
}

#if defined(__GLIBC__)
static void handler(int status, void *unused) {
  (void)unused;
  at_exit(status);
}
#else
/* Which status it is, no other C library says: a rank that fails is waited
** for here. */
static void handler(void) { at_exit(0); }
#endif

void thm_ending_install(void) {
  if (owner) return;
  owner = getpid();
#if defined(__GLIBC__)
  on_exit(handler, NULL);
#else
  atexit(handler);
#endif
}
