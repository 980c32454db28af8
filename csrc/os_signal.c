/* os: signals, on POSIX.  See os.h for the contract. */
#define _GNU_SOURCE 1

#include "os_signal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "testing.h"

/* Go's choice too: ignored by default, and debuggers do not use it. */
#if !defined(THREADING_SIGNAL)
#define THREADING_SIGNAL SIGURG
#endif

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

static void (*preempt_fn)(void);        /* set once, before the handler is */
static struct sigaction before_preempt; /* likewise */

static bool is_function(const struct sigaction *sa) {
  return sa->sa_flags & SA_SIGINFO ||
         (sa->sa_handler != SIG_DFL && sa->sa_handler != SIG_IGN);
}

static void pass_on(const struct sigaction *before, int sig, siginfo_t *info,
                    void *context) {
  if (!is_function(before)) return;
  if (before->sa_flags & SA_SIGINFO) before->sa_sigaction(sig, info, context);
  else before->sa_handler(sig);
}

static void on_preempt(int sig, siginfo_t *info, void *context) {
  int saved = errno;
  preempt_fn();
  pass_on(&before_preempt, sig, info, context);
  errno = saved;
}

static int install_preempt(void) {
  struct sigaction sa;
  memset(&sa, 0, sizeof(sa));
  sa.sa_sigaction = on_preempt;
  /* Another handler that set a hook in the middle of ours would be lost. */
  sigfillset(&sa.sa_mask);
  sa.sa_flags = SA_RESTART | SA_SIGINFO;
  if (thr_testing_fails(THR_CHANCE_CALL)) return EINVAL;
  if (sigaction(THREADING_SIGNAL, NULL, &before_preempt) != 0) return errno;
  return sigaction(THREADING_SIGNAL, &sa, NULL) == 0 ? 0 : errno;
}

int thr_os_handlepreempt(void (*fn)(void)) {
  static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
  sigset_t set;
  int err = 0;
  pthread_mutex_lock(&once);
  if (!preempt_fn) {
    preempt_fn = fn;
    err = install_preempt();
    if (err != 0) preempt_fn = NULL;
  }
  pthread_mutex_unlock(&once);
  sigemptyset(&set);
  sigaddset(&set, THREADING_SIGNAL);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
  return err;
}

bool thr_os_letpreempt(bool in) {
  sigset_t set, before;
  sigemptyset(&set);
  sigaddset(&set, THREADING_SIGNAL);
  pthread_sigmask(in ? SIG_UNBLOCK : SIG_BLOCK, &set, &before);
  return !sigismember(&before, THREADING_SIGNAL);
}

void thr_os_preempt(thr_osthread t) { pthread_kill(t, THREADING_SIGNAL); }

static bool (*sigint_may)(void);       /* set before the handler is */
static void (*sigint_after)(void);     /* likewise */
static struct sigaction before_sigint; /* likewise */

static void on_sigint(int sig, siginfo_t *info, void *context) {
  int saved = errno;
  if (sigint_may()) {
    pass_on(&before_sigint, sig, info, context);
    sigint_after();
  }
  errno = saved;
}

void thr_os_aroundsigint(bool (*may)(void), void (*after)(void)) {
  struct sigaction sa;
  if (sigaction(SIGINT, NULL, &sa) != 0 || !is_function(&sa) ||
      (sa.sa_flags & SA_SIGINFO && sa.sa_sigaction == on_sigint))
    return;
  sigint_may = may;
  sigint_after = after;
  before_sigint = sa;
  sa.sa_sigaction = on_sigint;
  sa.sa_flags |= SA_SIGINFO;
  sigfillset(&sa.sa_mask);
  sigaction(SIGINT, &sa, NULL);
}

static void (*signal_fn)(void);   /* set before the handler is */
static pthread_t signal_thread;    /* likewise */

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
  if (thr_testing_fails(THR_CHANCE_CALL)) return EINVAL;
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
  return sigaction(sig, NULL, &sa) == 0 && is_function(&sa);
}
bool thr_os_sigvalid(int sig) { return sig > 0 && sig < NSIG; }
