/* os: signals, on POSIX.  See os.h for the contract. */
#define _GNU_SOURCE 1

#include "os/signal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "os/fault.h"
#include "os/overlay.h"

/* Every signal that may come from outside.  The synchronous ones must stay
** deliverable: blocked, they kill the process without their handler. */
void thr_os_asynchronous(sigset_t *set) {
  static const int keep[] = {SIGSEGV, SIGBUS,  SIGFPE,          SIGILL,
                             SIGABRT, SIGTRAP, SIGSYS, THREADING_SIGNAL};
  sigfillset(set);
  for (size_t i = 0; i < sizeof(keep) / sizeof(keep[0]); i++)
    sigdelset(set, keep[i]);
}

void thr_os_blocksignals(bool block) {
  sigset_t set;
  thr_os_asynchronous(&set);
  pthread_sigmask(block ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

static void on_sigint(int sig, siginfo_t *info, void *context);

static bool (*sigint_may)(void);   /* set before the handler is */
static void (*sigint_after)(void); /* likewise */
static thr_overlay sigint = {.fn = on_sigint,
                             .sig = SIGINT,
                             .bit = 2}; /* main thread */

static void on_sigint(int sig, siginfo_t *info, void *context) {
  int saved = errno;
  (void)sig;
  if (sigint_may()) {
    thr_overlay_passon(&sigint, info, context);
    sigint_after();
  }
  errno = saved;
}

void thr_os_aroundsigint(bool (*may)(void), void (*after)(void)) {
  struct sigaction now;
  if (sigaction(SIGINT, NULL, &now) != 0 || !thr_overlay_isfunction(&now))
    return;
  sigint_may = may;
  sigint_after = after;
  thr_overlay_lay(&sigint);
}

static void (*signal_fn)(void); /* set before the handler is */
static pthread_t signal_thread; /* likewise */

static void on_signal(int sig) {
  int saved = errno;
  if (pthread_equal(pthread_self(), signal_thread)) signal_fn();
  else pthread_kill(signal_thread, sig);
  errno = saved;
}

/* Without SA_RESTART: the thread may sleep, and shall see it. */
int thr_os_onsignal(int sig, void (*fn)(void)) {
  struct sigaction sa;
  memset(&sa, 0, sizeof(sa));
  sa.sa_handler = on_signal;
  sigfillset(&sa.sa_mask);
  signal_fn = fn;
  signal_thread = pthread_self();
  if (thr_fault_fails(THR_CHANCE_CALL)) return EINVAL;
  return sigaction(sig, &sa, NULL) == 0 ? 0 : errno;
}

int thr_os_signumber(const char *name) {
  static const struct {
    const char *name;
    int number;
  } known[] = {{"QUIT", SIGQUIT}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2},
               {"HUP", SIGHUP},   {"INT", SIGINT},   {"TERM", SIGTERM},
               {"ALRM", SIGALRM}, {"WINCH", SIGWINCH}};
  if (strncmp(name, "SIG", 3) == 0) name += 3;
  for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
    if (strcmp(name, known[i].name) == 0) return known[i].number;
  return 0;
}

int thr_os_raise(int sig) { return kill(getpid(), sig) == 0 ? 0 : errno; }
int thr_os_sigint(void) { return SIGINT; }
bool thr_os_sighandled(int sig) {
  struct sigaction sa;
  return sigaction(sig, NULL, &sa) == 0 && thr_overlay_isfunction(&sa);
}
bool thr_os_sigvalid(int sig) { return sig > 0 && sig < NSIG; }
