/* os, on POSIX threads.  See os.h for the contract. */
#define _GNU_SOURCE 1

#include "os.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

#include "testing.h"

#if !defined(PTHREAD_STACK_MIN)
#define PTHREAD_STACK_MIN 16384
#endif

/* Go's choice too: ignored by default, and debuggers do not use it. */
#if !defined(THREADING_SIGNAL)
#define THREADING_SIGNAL SIGURG
#endif

/* A thread of Lua needs this much to reach the limit of nested C calls that
** Lua sets itself; with less, that error would be a crash. */
#define STACK_LEAST ((size_t)512 * 1024)

void *thr_os_alloc(size_t size) {
  void *p = thr_testing_fails(THR_CHANCE_MEMORY) ? NULL : calloc(1, size);
  if (p) thr_testing_hold(1);
  return p;
}

void *thr_os_realloc(void *p, size_t size) {
  if (thr_testing_fails(THR_CHANCE_MEMORY)) return NULL;
  void *moved = realloc(p, size);
  if (moved && !p) thr_testing_hold(1);
  return moved;
}

void thr_os_free(void *p) {
  if (p) thr_testing_hold(-1);
  free(p);
}

static int64_t clock_ns(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (int64_t)t.tv_sec * THR_SECOND + t.tv_nsec;
}

int64_t thr_os_monotonic(void) { return clock_ns(CLOCK_MONOTONIC); }
int64_t thr_os_realtime(void) { return clock_ns(CLOCK_REALTIME); }
int64_t thr_os_threadtime(void) { return clock_ns(CLOCK_THREAD_CPUTIME_ID); }
int64_t thr_os_processtime(void) { return clock_ns(CLOCK_PROCESS_CPUTIME_ID); }

void thr_mutex_init(thr_mutex *m) { pthread_mutex_init(m, NULL); }
void thr_mutex_lock(thr_mutex *m) { pthread_mutex_lock(m); }
void thr_mutex_unlock(thr_mutex *m) { pthread_mutex_unlock(m); }
void thr_mutex_destroy(thr_mutex *m) { pthread_mutex_destroy(m); }

/* Every signal that may come from outside.  The synchronous ones must stay
** deliverable: blocked, they kill the process without their handler. */
static void asynchronous_signals(sigset_t *set) {
  static const int keep[] = {SIGSEGV, SIGBUS,  SIGFPE,          SIGILL,
                             SIGABRT, SIGTRAP, SIGSYS, THREADING_SIGNAL};
  sigfillset(set);
  for (size_t i = 0; i < sizeof(keep) / sizeof(keep[0]); i++)
    sigdelset(set, keep[i]);
}

int thr_os_start(thr_osthread *t, size_t stack, void *(*fn)(void *),
                 void *arg) {
  pthread_attr_t attr;
  sigset_t blocked;
  asynchronous_signals(&blocked);
  if (thr_testing_fails(THR_CHANCE_CALL)) return EAGAIN;
  int err = pthread_attr_init(&attr);
  if (err != 0) return err;
  if (stack == 0) pthread_attr_getstacksize(&attr, &stack);
  if (stack < STACK_LEAST) stack = STACK_LEAST; /* the system's default is */
  pthread_attr_setstacksize(&attr, stack);
#if THR_GLIBC(2, 32)
  pthread_attr_setsigmask_np(&attr, &blocked); /* saves two system calls */
  err = pthread_create(t, &attr, fn, arg);
#else
  sigset_t old; /* inherited by the new thread: it must never run unmasked */
  pthread_sigmask(SIG_BLOCK, &blocked, &old);
  err = pthread_create(t, &attr, fn, arg);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
#endif
  pthread_attr_destroy(&attr);
  if (err == 0) thr_testing_hold(1);
  return err;
}

void thr_os_blocksignals(bool block) {
  sigset_t set;
  asynchronous_signals(&set);
  pthread_sigmask(block ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

/* The destructors of a thread's values are called in rounds, as long as there
** are values, but not more often than this. */
#if !defined(PTHREAD_DESTRUCTOR_ITERATIONS)
#define PTHREAD_DESTRUCTOR_ITERATIONS 4
#endif

static pthread_key_t end_key; /* its value: in which round fn is called */
static void (*end_fn)(void);

static void at_thread_end(void *value) {
  intptr_t rounds = (intptr_t)value - 1;
  if (rounds == 0 || pthread_setspecific(end_key, (void *)rounds) != 0)
    end_fn();
}

void thr_os_atthreadend(void (*fn)(void)) {
  static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
  intptr_t rounds = PTHREAD_DESTRUCTOR_ITERATIONS - 1;
  pthread_mutex_lock(&once);
  if (!end_fn && pthread_key_create(&end_key, at_thread_end) == 0) end_fn = fn;
  pthread_mutex_unlock(&once);
  if (end_fn) pthread_setspecific(end_key, (void *)rounds);
}

void thr_os_join(thr_osthread t) {
  pthread_join(t, NULL);
  thr_testing_hold(-1);
}

thr_osthread thr_os_self(void) { return pthread_self(); }

/* The longest prefix of at most `most` bytes that splits no UTF-8 sequence. */
static size_t utf8_prefix(const char *s, size_t most) {
  size_t n = strlen(s);
  if (n <= most) return n;
  for (n = most; n > 0 && ((unsigned char)s[n] & 0xC0) == 0x80;) n--;
  return n;
}

/* POSIX has neither names nor numbers of threads. */
void thr_os_setname(const char *name) {
  char cut[16];
  size_t n = utf8_prefix(name, sizeof(cut) - 1);
  memcpy(cut, name, n);
  cut[n] = '\0';
#if defined(__APPLE__)
  pthread_setname_np(cut);
#elif defined(__linux__)
  pthread_setname_np(pthread_self(), cut);
#else
  (void)cut;
#endif
}

int64_t thr_os_nativeid(void) {
#if defined(__linux__)
  return (int64_t)syscall(SYS_gettid);
#elif defined(__APPLE__)
  uint64_t id = 0;
  pthread_threadid_np(NULL, &id);
  return (int64_t)id;
#else
  return (int64_t)(intptr_t)pthread_self();
#endif
}

bool thr_os_stackok(size_t size) {
  return size >= STACK_LEAST && size >= (size_t)PTHREAD_STACK_MIN &&
         size % (size_t)sysconf(_SC_PAGESIZE) == 0;
}

int thr_os_cpu(void) {
#if defined(__linux__)
  int cpu = sched_getcpu();
  return cpu >= 0 ? cpu : 0;
#else
  return 0;
#endif
}

int thr_os_cpucount(void) {
#if defined(THR_LINUX)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return CPU_COUNT(&set);
#endif
  long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n > 0 ? (int)n : 1;
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

int thr_os_atfork(void (*before)(void), void (*parent)(void),
                  void (*child)(void)) {
  static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
  static bool done = false;
  int err = 0;
  pthread_mutex_lock(&once);
  if (!done)
    err = thr_testing_fails(THR_CHANCE_CALL)
              ? ENOMEM
              : pthread_atfork(before, parent, child);
  done = err == 0;
  pthread_mutex_unlock(&once);
  return err;
}

void thr_os_keeploaded(const void *address) {
  Dl_info info;
  int flags = RTLD_NOW;
#if defined(RTLD_NODELETE)
  flags |= RTLD_NODELETE;
#endif
#if defined(RTLD_NOLOAD)
  flags |= RTLD_NOLOAD;
#endif
  /* The handle is not closed, which serves where there is no NODELETE. */
  if (dladdr(address, &info) != 0 && info.dli_fname)
    (void)dlopen(info.dli_fname, flags);
}

int thr_os_raise(int sig) { return kill(getpid(), sig) == 0 ? 0 : errno; }
int thr_os_sigint(void) { return SIGINT; }
bool thr_os_sigvalid(int sig) { return sig > 0 && sig < NSIG; }

bool thr_os_isterminal(void) { return isatty(STDERR_FILENO) != 0; }
