/* signal, on POSIX: see signal.h and os.h. */
#define _GNU_SOURCE 1

#include "os/signal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "os/fault.h"
#include "os/tuning.h"

/*
** --- handlers of ours over those of others ---
**
** What was there before is called after ours.  Somebody may lay another over
** ours, or take ours away; then ours may be laid again, over that.  If it calls
** ours, as it should, the two of them call each other: then each is called
** once.
*/

#define MAX_FORMERS 8 /* former handlers of one signal that are kept */

typedef struct {
  void (*fn)(int sig, siginfo_t *info, void *context); /* const */
  int sig;   /* const */
  int bit;   /* const: its own */
  int flags; /* const: of sigaction, beside SA_SIGINFO */
  /* Under `once`, or the main thread's alone: */
  struct sigaction former[MAX_FORMERS]; /* never changed once `before` has
                                           pointed there */
  int formers;
  _Atomic(const struct sigaction *) before; /* the handler below ours */
} overlay;

static bool is_function(const struct sigaction *sa) {
  return sa->sa_flags & SA_SIGINFO ||
         (sa->sa_handler != SIG_DFL && sa->sa_handler != SIG_IGN);
}

static bool lies(const overlay *o, const struct sigaction *sa) {
  return sa->sa_flags & SA_SIGINFO && sa->sa_sigaction == o->fn;
}

static bool is_same(const struct sigaction *a, const struct sigaction *b) {
  if ((a->sa_flags ^ b->sa_flags) & SA_SIGINFO) return false;
  return a->sa_flags & SA_SIGINFO ? a->sa_sigaction == b->sa_sigaction
                                  : a->sa_handler == b->sa_handler;
}

/* A handler may run on another thread and look at a former one: none is ever
** overwritten.  One that comes when there is no room is not called. */
static const struct sigaction *keep(overlay *o, const struct sigaction *sa) {
  for (int i = 0; i < o->formers; i++)
    if (is_same(&o->former[i], sa)) return &o->former[i];
  if (o->formers == MAX_FORMERS) return NULL;
  o->former[o->formers] = *sa;
  return &o->former[o->formers++];
}

/* All signals are held back: another handler that set a hook in the middle of
** ours would be lost.  Its stack, and whether it lets system calls go on, is as
** the handler below wants it. */
static int lay_over(const overlay *o, const struct sigaction *below) {
  struct sigaction sa;
  memset(&sa, 0, sizeof(sa));
  sa.sa_sigaction = o->fn;
  sigfillset(&sa.sa_mask);
  sa.sa_flags = o->flags | SA_SIGINFO |
                (below->sa_flags & (SA_ONSTACK | SA_RESTART));
  return sigaction(o->sig, &sa, NULL) == 0 ? 0 : errno;
}

static int lay(overlay *o) {
  struct sigaction now;
  if (sigaction(o->sig, NULL, &now) != 0) return errno;
  if (lies(o, &now)) return 0;
  o->before = keep(o, &now);
  return lay_over(o, &now);
}

static THR_TLS volatile sig_atomic_t passing; /* bits of overlays */

static void pass_on(const overlay *o, siginfo_t *info, void *context) {
  const struct sigaction *before = o->before;
  if (!before || !is_function(before) || passing & o->bit) return;
  passing |= o->bit;
  if (before->sa_flags & SA_SIGINFO)
    before->sa_sigaction(o->sig, info, context);
  else
    before->sa_handler(o->sig);
  passing &= ~o->bit;
}

/* --- the preemption signal --- */

static void on_preempt(int sig, siginfo_t *info, void *context);

static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
static void (*preempt_fn)(void); /* set once, before the handler is */
static atomic_uint unheard;      /* since any thread has received one */
static overlay preempting = {.fn = on_preempt,
                             .sig = THREADING_SIGNAL,
                             .bit = 1,
                             .flags = SA_RESTART}; /* once */

static void on_preempt(int sig, siginfo_t *info, void *context) {
  int saved = errno;
  (void)sig;
  atomic_store_explicit(&unheard, 0, memory_order_relaxed);
  preempt_fn();
  pass_on(&preempting, info, context);
  errno = saved;
}

static int install(void) {
  if (thr_fault_fails(THR_CHANCE_CALL)) return EINVAL;
  return lay(&preempting);
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

/* Another library may have taken the signal, unaware that it is in use. */
static void regain(void) {
  struct sigaction now;
  if (sigaction(THREADING_SIGNAL, NULL, &now) != 0 || lies(&preempting, &now))
    return;
  pthread_mutex_lock(&once);
  lay(&preempting);
  pthread_mutex_unlock(&once);
}

void thr_os_preempt(thr_osthread t) {
  if (atomic_fetch_add_explicit(&unheard, 1, memory_order_relaxed) >=
      THR_MAX_UNHEARD)
    regain();
  pthread_kill(t, THREADING_SIGNAL);
}

void thr_os_disturb(thr_osthread t) {
  regain();
  pthread_kill(t, THREADING_SIGNAL);
}

/* --- Ctrl-C --- */

static void on_sigint(int sig, siginfo_t *info, void *context);

static bool (*sigint_may)(void);   /* set before the handler is */
static void (*sigint_after)(void); /* likewise */
static overlay sigint = {.fn = on_sigint, .sig = SIGINT, .bit = 2}; /* main
                                                                  thread */

static void on_sigint(int sig, siginfo_t *info, void *context) {
  int saved = errno;
  (void)sig;
  if (sigint_may()) {
    pass_on(&sigint, info, context);
    sigint_after();
  }
  errno = saved;
}

void thr_os_aroundsigint(bool (*may)(void), void (*after)(void)) {
  struct sigaction now;
  if (sigaction(SIGINT, NULL, &now) != 0 || !is_function(&now)) return;
  sigint_may = may;
  sigint_after = after;
  lay(&sigint);
}

/* The handler that has run may have taken itself off, and ours with it. */
void thr_os_sigintagain(void) {
  struct sigaction now;
  const struct sigaction *before = sigint.before;
  if (before && is_function(before) && sigaction(SIGINT, NULL, &now) == 0 &&
      !is_function(&now))
    lay_over(&sigint, before);
}

static bool is_default(const struct sigaction *sa) {
  return !(sa->sa_flags & SA_SIGINFO) && sa->sa_handler == SIG_DFL;
}

void thr_os_catchsigint(bool (*may)(void), void (*after)(void)) {
  struct sigaction now;
  if (sigaction(SIGINT, NULL, &now) != 0 || !is_default(&now)) return;
  sigint_may = may;
  sigint_after = after;
  lay(&sigint);
}

void thr_os_uncatchsigint(void) {
  struct sigaction now;
  const struct sigaction *before = sigint.before;
  if (before && is_default(before) && sigaction(SIGINT, NULL, &now) == 0 &&
      lies(&sigint, &now))
    sigaction(SIGINT, before, NULL);
}

static struct {
  int calls; /* once: how many ignore them */
  struct sigaction interrupt, quit; /* once: what they did before */
} keys;

void thr_os_ignorekeys(bool ignore) {
  struct sigaction sa;
  memset(&sa, 0, sizeof(sa));
  sa.sa_handler = SIG_IGN;
  pthread_mutex_lock(&once);
  if (ignore && keys.calls++ == 0) {
    sigaction(SIGINT, &sa, &keys.interrupt);
    sigaction(SIGQUIT, &sa, &keys.quit);
  } else if (!ignore && --keys.calls == 0) {
    sigaction(SIGINT, &keys.interrupt, NULL);
    sigaction(SIGQUIT, &keys.quit, NULL);
  }
  pthread_mutex_unlock(&once);
}

void thr_os_addkeys(void *set) {
  pthread_mutex_lock(&once);
  if (keys.calls > 0 && keys.interrupt.sa_handler != SIG_IGN)
    sigaddset(set, SIGINT);
  if (keys.calls > 0 && keys.quit.sa_handler != SIG_IGN)
    sigaddset(set, SIGQUIT);
  pthread_mutex_unlock(&once);
}

static void do_nothing(int sig) { (void)sig; }

/* A handler, and not that the signal is ignored: programs inherit that. */
void thr_os_ignoreinterrupt(void) {
  struct sigaction sa;
  sigset_t set;
  memset(&sa, 0, sizeof(sa));
  sa.sa_handler = do_nothing;
  sa.sa_flags = SA_RESTART;
  sigaction(SIGINT, &sa, NULL);
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

bool thr_os_sighandled(int sig) {
  struct sigaction sa;
  return sigaction(sig, NULL, &sa) == 0 && is_function(&sa);
}

/* --- what our threads block --- */

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

bool thr_os_letpreempt(bool in) {
  sigset_t set, before;
  sigemptyset(&set);
  sigaddset(&set, THREADING_SIGNAL);
  pthread_sigmask(in ? SIG_UNBLOCK : SIG_BLOCK, &set, &before);
  return !sigismember(&before, THREADING_SIGNAL);
}

/* --- signals that the user names --- */

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

static const char *const signames[] = {"QUIT", "USR1", "USR2", "HUP",
                                       "INT", "TERM", "ALRM", "WINCH", NULL};
static const int signumbers[] = {SIGQUIT, SIGUSR1, SIGUSR2, SIGHUP,
                                 SIGINT, SIGTERM, SIGALRM, SIGWINCH};

int thr_os_signumber(const char *name) {
  if (strncmp(name, "SIG", 3) == 0) name += 3;
  for (int i = 0; signames[i]; i++)
    if (strcmp(name, signames[i]) == 0) return signumbers[i];
  return 0;
}

const char *const *thr_os_signames(void) { return signames; }

int thr_os_raise(int sig) { return kill(getpid(), sig) == 0 ? 0 : errno; }
int thr_os_sigint(void) { return SIGINT; }
bool thr_os_sigvalid(int sig) { return sig > 0 && sig < NSIG; }
