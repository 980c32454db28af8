/* sem, on POSIX: see sem.h. */
#define _GNU_SOURCE 1

#include "os/sem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/eventfd.h>
#endif

#include "os/fault.h"
#include "os/signal.h"

/* The plain kind.  Where the system has no unnamed semaphores, or none that
** know the monotonic clock, a condition variable, which hides EINTR: its
** threads block all signals anyway. */
#if defined(THR_SEM_IS_COND)

static int cond_init(pthread_cond_t *c) {
#if defined(__APPLE__) /* has no such attribute, see cond_wait_until */
  return pthread_cond_init(c, NULL);
#else
  pthread_condattr_t attr;
  int err = pthread_condattr_init(&attr);
  if (err != 0) return err;
  err = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  if (err == 0) err = pthread_cond_init(c, &attr);
  pthread_condattr_destroy(&attr);
  return err;
#endif
}

static bool plain_init(thr_sem *s) {
  s->tokens = 0;
  if (pthread_mutex_init(&s->m, NULL) != 0) return false;
  if (cond_init(&s->c) == 0) return true;
  pthread_mutex_destroy(&s->m);
  return false;
}

static bool plain_take(thr_sem *s) {
  pthread_mutex_lock(&s->m);
  bool taken = s->tokens > 0;
  if (taken) s->tokens--;
  pthread_mutex_unlock(&s->m);
  return taken;
}

static void plain_post(thr_sem *s) {
  pthread_mutex_lock(&s->m);
  s->tokens++;
  pthread_cond_signal(&s->c);
  pthread_mutex_unlock(&s->m);
}

static int cond_wait_until(thr_sem *s, int64_t deadline) {
  if (deadline == THR_FOREVER) return pthread_cond_wait(&s->c, &s->m);
#if defined(__APPLE__)
  int64_t left = deadline - thr_os_monotonic();
  if (left <= 0) return ETIMEDOUT;
  struct timespec t = thr_os_timespec(left);
  return pthread_cond_timedwait_relative_np(&s->c, &s->m, &t);
#else
  struct timespec t = thr_os_timespec(deadline > 0 ? deadline : 0);
  return pthread_cond_timedwait(&s->c, &s->m, &t);
#endif
}

static thr_semwait plain_wait(thr_sem *s, int64_t deadline) {
  int err = 0;
  pthread_mutex_lock(&s->m);
  while (s->tokens == 0 && err != ETIMEDOUT) err = cond_wait_until(s, deadline);
  bool taken = s->tokens > 0;
  if (taken) s->tokens--;
  pthread_mutex_unlock(&s->m);
  return taken ? THR_SEM_TAKEN : THR_SEM_TIMEOUT;
}

static void plain_destroy(thr_sem *s) {
  pthread_cond_destroy(&s->c);
  pthread_mutex_destroy(&s->m);
}

#else

static bool plain_init(thr_sem *s) { return sem_init(&s->sem, 0, 0) == 0; }
static void plain_post(thr_sem *s) { sem_post(&s->sem); }
static bool plain_take(thr_sem *s) { return sem_trywait(&s->sem) == 0; }
static void plain_destroy(thr_sem *s) { sem_destroy(&s->sem); }

static thr_semwait plain_wait(thr_sem *s, int64_t deadline) {
  int r;
  if (deadline == THR_FOREVER) {
    r = sem_wait(&s->sem);
  } else {
    struct timespec t = thr_os_timespec(deadline > 0 ? deadline : 0);
    r = sem_clockwait(&s->sem, CLOCK_MONOTONIC, &t);
  }
  if (r == 0) return THR_SEM_TAKEN;
  return errno == EINTR ? THR_SEM_EINTR : THR_SEM_TIMEOUT;
}

#endif

/* The kind with a pipe; on Linux an eventfd, which is both ends.  The pipe (or
** the signal) only ends the sleep: store token, then load asleep; store
** asleep, then load token: one of both sees the other. */

static bool pipe_init(thr_sem *s) {
#if defined(__linux__)
  int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  s->in = s->out = thr_os_abovestandard(fd);
  return s->in >= 0;
#else
  int fd[2];
  if (thr_os_privatepipe(fd) != 0) return false;
  for (int i = 0; i < 2; i++) fcntl(fd[i], F_SETFL, O_NONBLOCK);
  s->out = fd[0];
  s->in = fd[1];
  return true;
#endif
}

static void pipe_post(thr_sem *s) {
  uint64_t one = 1;
  s->token = true;
  if (!atomic_exchange(&s->asleep, false)) return;
  if (s->kind == THR_SEM_SIGNAL) {
    thr_os_disturb(s->sleeper);
    return;
  }
  while (write(s->in, &one, sizeof(one)) < 0 && errno == EINTR) continue;
}

static bool pipe_take(thr_sem *s) {
  return s->token && atomic_exchange(&s->token, false);
}

/* An eventfd gives all that it has as one number. */
static void pipe_drain(thr_sem *s) {
  uint64_t bytes[8];
  ssize_t full = sizeof(bytes);
  while (read(s->out, bytes, sizeof(bytes)) == full) continue;
}

/* Sleeps with the signals of `mask` blocked, NULL: as they are.
** A write may come late, when its token is taken already: it is drained by the
** wait that it disturbs, which then looks again, as after a signal. */
static thr_semwait pipe_wait(thr_sem *s, thr_watch *watch, int64_t deadline,
                             const sigset_t *mask) {
  int r = -1;
  if (watch) watch->ready = 0;
  s->asleep = true;
  if (!s->token) r = thr_os_watch(s->out, watch, deadline, mask);
  s->asleep = false;
  if (r == 1) pipe_drain(s);
  if (pipe_take(s)) return THR_SEM_TAKEN;
  if (watch && watch->ready) return THR_SEM_READY;
  return r == 0 && thr_os_monotonic() >= deadline ? THR_SEM_TIMEOUT
                                                  : THR_SEM_EINTR;
}

static void signal_init(thr_sem *s) {
  s->in = s->out = -1;
  s->token = s->asleep = false;
  s->sleeper = pthread_self();
}

bool thr_sem_init(thr_sem *s, thr_semkind kind) {
  s->kind = kind;
  if (kind != THR_SEM_PLAIN) signal_init(s);
  if (kind == THR_SEM_SIGNAL) return true;
  if (thr_fault_fails(THR_CHANCE_CALL)) return false;
  bool ok = kind == THR_SEM_PLAIN ? plain_init(s) : pipe_init(s);
  if (ok) thr_fault_hold(1);
  return ok;
}

void thr_sem_post(thr_sem *s) {
  if (s->kind == THR_SEM_PLAIN) plain_post(s);
  else pipe_post(s);
}

bool thr_sem_try(thr_sem *s) {
  return s->kind == THR_SEM_PLAIN ? plain_take(s) : pipe_take(s);
}

static bool see_nothing(void *arg) {
  (void)arg;
  return false;
}

thr_semwait thr_sem_waitfd(thr_sem *s, thr_watch *watch, int64_t deadline) {
  return s->kind == THR_SEM_SIGNAL
             ? thr_sem_waitafter(s, watch, deadline, see_nothing, NULL)
             : pipe_wait(s, watch, deadline, NULL);
}

thr_semwait thr_sem_wait(thr_sem *s, int64_t deadline) {
  return s->kind == THR_SEM_PLAIN ? plain_wait(s, deadline)
                                  : thr_sem_waitfd(s, NULL, deadline);
}

thr_semwait thr_sem_waitafter(thr_sem *s, thr_watch *watch, int64_t deadline,
                              bool (*look)(void *), void *arg) {
  sigset_t all, before, during;
  thr_semwait r = THR_SEM_EINTR;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  during = before;
  if (s->kind == THR_SEM_SIGNAL) sigdelset(&during, THREADING_SIGNAL);
  if (!look(arg)) r = pipe_wait(s, watch, deadline, &during);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return r;
}

void thr_sem_destroy(thr_sem *s) {
  if (s->kind != THR_SEM_SIGNAL) thr_fault_hold(-1);
  if (s->kind == THR_SEM_PLAIN) plain_destroy(s);
  if (s->kind != THR_SEM_PIPE) return;
  close(s->in);
  if (s->out != s->in) close(s->out);
}
