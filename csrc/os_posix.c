/* os, on POSIX threads.  See os.h for the contract. */
#define _GNU_SOURCE 1

#include "os.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#if defined(THR_LINUX)
#include <poll.h>
#include <sys/eventfd.h>
#else
#include <fcntl.h>
#include <sys/select.h>
#define SECONDS_MOST 100000000 /* three years; macOS's pselect takes no more */
#endif
#if defined(__linux__)
#include <sys/syscall.h>
#endif

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

/* Where time_t has 32 bits, what is too late for it comes after 68 years. */
static struct timespec to_timespec(int64_t ns) {
  struct timespec t;
  int64_t s = ns / THR_SECOND;
  t.tv_sec = (time_t)(sizeof(time_t) < 8 && s > INT32_MAX ? INT32_MAX : s);
  t.tv_nsec = (long)(ns % THR_SECOND);
  return t;
}

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
  struct timespec t = to_timespec(left);
  return pthread_cond_timedwait_relative_np(&s->c, &s->m, &t);
#else
  struct timespec t = to_timespec(deadline > 0 ? deadline : 0);
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
    struct timespec t = to_timespec(deadline > 0 ? deadline : 0);
    r = sem_clockwait(&s->sem, CLOCK_MONOTONIC, &t);
  }
  if (r == 0) return THR_SEM_TAKEN;
  return errno == EINTR ? THR_SEM_EINTR : THR_SEM_TIMEOUT;
}

#endif

/* The kind with a pipe; on Linux an eventfd, which is both ends.  The pipe
** only ends the sleep: store token, then load asleep; store asleep, then load
** token: one of both sees the other. */

static bool pipe_init(thr_sem *s) {
#if defined(THR_LINUX)
  s->in = s->out = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  return s->in >= 0;
#else
  int fd[2];
  if (pipe(fd) != 0) return false;
  if (fd[0] >= FD_SETSIZE) { /* pselect knows no such number */
    close(fd[0]);
    close(fd[1]);
    return false;
  }
  for (int i = 0; i < 2; i++) {
    fcntl(fd[i], F_SETFL, O_NONBLOCK);
    fcntl(fd[i], F_SETFD, FD_CLOEXEC);
  }
  s->out = fd[0];
  s->in = fd[1];
  return true;
#endif
}

static void pipe_post(thr_sem *s) {
  uint64_t one = 1;
  s->token = true;
  if (!atomic_exchange(&s->asleep, false)) return;
  while (write(s->in, &one, sizeof(one)) < 0 && errno == EINTR) continue;
}

static bool pipe_take(thr_sem *s) {
  return s->token && atomic_exchange(&s->token, false);
}

static void pipe_drain(thr_sem *s) {
  uint64_t bytes[8];
  while (read(s->out, bytes, sizeof(bytes)) > 0) continue;
}

/* Sleeps with the signals of `mask` blocked, NULL: as they are. */
static int pipe_sleep(thr_sem *s, int64_t deadline, const sigset_t *mask) {
  int64_t left = deadline - thr_os_monotonic();
  struct timespec t = to_timespec(left > 0 ? left : 0);
#if defined(THR_LINUX)
  struct pollfd p = {.fd = s->out, .events = POLLIN};
  return ppoll(&p, 1, deadline == THR_FOREVER ? NULL : &t, mask);
#else
  fd_set set;
  FD_ZERO(&set);
  FD_SET(s->out, &set);
  if (t.tv_sec > SECONDS_MOST) t.tv_sec = SECONDS_MOST;
  return pselect(s->out + 1, &set, NULL, NULL,
                 deadline == THR_FOREVER ? NULL : &t, mask);
#endif
}

/* A write may come late, when its token is taken already: it is drained by the
** wait that it disturbs, which then looks again, as after a signal. */
static thr_semwait pipe_wait(thr_sem *s, int64_t deadline,
                             const sigset_t *mask) {
  int r = 0;
  s->asleep = true;
  if (!s->token) r = pipe_sleep(s, deadline, mask);
  s->asleep = false;
  if (r > 0) pipe_drain(s);
  if (pipe_take(s)) return THR_SEM_TAKEN;
  return r == 0 ? THR_SEM_TIMEOUT : THR_SEM_EINTR;
}

bool thr_sem_init(thr_sem *s, bool pipe) {
  s->in = s->out = -1;
  s->token = s->asleep = false;
  return pipe ? pipe_init(s) : plain_init(s);
}

void thr_sem_post(thr_sem *s) {
  if (s->in >= 0) pipe_post(s);
  else plain_post(s);
}

bool thr_sem_try(thr_sem *s) {
  return s->out >= 0 ? pipe_take(s) : plain_take(s);
}

thr_semwait thr_sem_wait(thr_sem *s, int64_t deadline) {
  return s->out >= 0 ? pipe_wait(s, deadline, NULL) : plain_wait(s, deadline);
}

thr_semwait thr_sem_waitafter(thr_sem *s, int64_t deadline,
                              bool (*look)(void *), void *arg) {
  sigset_t all, before;
  thr_semwait r = THR_SEM_EINTR;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  if (!look(arg)) r = pipe_wait(s, deadline, &before);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return r;
}

void thr_sem_destroy(thr_sem *s) {
  if (s->in < 0) {
    plain_destroy(s);
    return;
  }
  close(s->in);
  if (s->out != s->in) close(s->out);
}

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
  int err = pthread_attr_init(&attr);
  if (err != 0) return err;
  if (stack != 0) pthread_attr_setstacksize(&attr, stack);
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
  return err;
}

void thr_os_blocksignals(bool block) {
  sigset_t set;
  asynchronous_signals(&set);
  pthread_sigmask(block ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

void thr_os_join(thr_osthread t) { pthread_join(t, NULL); }
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

static void on_preempt(int sig, siginfo_t *info, void *context) {
  int saved = errno;
  preempt_fn();
  if (before_preempt.sa_flags & SA_SIGINFO)
    before_preempt.sa_sigaction(sig, info, context);
  else if (before_preempt.sa_handler != SIG_DFL &&
           before_preempt.sa_handler != SIG_IGN)
    before_preempt.sa_handler(sig);
  errno = saved;
}

static int install_preempt(void) {
  struct sigaction sa;
  memset(&sa, 0, sizeof(sa));
  sa.sa_sigaction = on_preempt;
  /* Another handler that set a hook in the middle of ours would be lost. */
  sigfillset(&sa.sa_mask);
  sa.sa_flags = SA_RESTART | SA_SIGINFO;
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

void thr_os_atfork(void (*before)(void), void (*parent)(void),
                   void (*child)(void)) {
  static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
  static bool done = false;
  pthread_mutex_lock(&once);
  if (!done) done = pthread_atfork(before, parent, child) == 0;
  pthread_mutex_unlock(&once);
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
