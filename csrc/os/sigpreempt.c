/* os: the preemption signal, on POSIX.  See os.h for the contract. */
#define _GNU_SOURCE 1

#include <errno.h>

#include "os/fault.h"
#include "os/overlay.h"
#include "os/signal.h"

/* So many signals in a row that nobody hears: is our handler there still? */
#define UNHEARD_MOST 3

static void on_preempt(int sig, siginfo_t *info, void *context);

static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
static void (*preempt_fn)(void); /* set once, before the handler is */
static atomic_uint unheard;      /* since one was heard, by any thread */
static thr_overlay overlay = {.fn = on_preempt,
                              .sig = THREADING_SIGNAL,
                              .bit = 1,
                              .flags = SA_RESTART}; /* once */

static void on_preempt(int sig, siginfo_t *info, void *context) {
  int saved = errno;
  (void)sig;
  atomic_store_explicit(&unheard, 0, memory_order_relaxed);
  preempt_fn();
  thr_overlay_passon(&overlay, info, context);
  errno = saved;
}

static int install(void) {
  if (thr_fault_fails(THR_CHANCE_CALL)) return EINVAL;
  return thr_overlay_lay(&overlay);
}

int thr_os_handlepreempt(void (*fn)(void)) {
  int err = 0;
  pthread_mutex_lock(&once);
  if (!preempt_fn) {
    preempt_fn = fn;
    err = install();
    if (err != 0) preempt_fn = NULL;
  }
  pthread_mutex_unlock(&once);
  thr_os_letpreempt(true);
  return err;
}

bool thr_os_letpreempt(bool in) {
  sigset_t set, before;
  sigemptyset(&set);
  sigaddset(&set, THREADING_SIGNAL);
  pthread_sigmask(in ? SIG_UNBLOCK : SIG_BLOCK, &set, &before);
  return !sigismember(&before, THREADING_SIGNAL);
}

/* Somebody has taken the signal away, who does not know that it is in use. */
static void regain(void) {
  struct sigaction now;
  if (sigaction(THREADING_SIGNAL, NULL, &now) != 0 ||
      thr_overlay_lies(&overlay, &now))
    return;
  pthread_mutex_lock(&once);
  thr_overlay_lay(&overlay);
  pthread_mutex_unlock(&once);
}

void thr_os_preempt(thr_osthread t) {
  if (atomic_fetch_add_explicit(&unheard, 1, memory_order_relaxed) >=
      UNHEARD_MOST)
    regain();
  pthread_kill(t, THREADING_SIGNAL);
}

void thr_os_disturb(thr_osthread t) {
  regain();
  pthread_kill(t, THREADING_SIGNAL);
}
