/* pthread: threads, on POSIX; see os.h. */
#define _GNU_SOURCE 1

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

#include "os/fault.h"
#include "os/signal.h"
#include "os/tuning.h"

#if !defined(PTHREAD_STACK_MIN)
#define PTHREAD_STACK_MIN 16384
#endif

static void set_stack(pthread_attr_t *attr, size_t size) {
  if (size == 0) pthread_attr_getstacksize(attr, &size);
  pthread_attr_setstacksize(attr, size < THR_MIN_STACK ? THR_MIN_STACK : size);
}

/* It must never run with signals let in that it shall block. */
static int create(thr_osthread *t, pthread_attr_t *attr, void *(*fn)(void *),
                  void *arg) {
  sigset_t blocked;
  thr_os_asynchronous(&blocked);
#if THR_GLIBC(2, 32)
  pthread_attr_setsigmask_np(attr, &blocked); /* saves two system calls */
  return pthread_create(t, attr, fn, arg);
#else
  sigset_t old; /* the new thread inherits what is blocked now */
  pthread_sigmask(SIG_BLOCK, &blocked, &old);
  int err = pthread_create(t, attr, fn, arg);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return err;
#endif
}

int thr_os_start(thr_osthread *t, size_t stack, void *(*fn)(void *),
                 void *arg) {
  pthread_attr_t attr;
  if (thr_fault_fails(THR_CHANCE_CALL)) return EAGAIN;
  int err = pthread_attr_init(&attr);
  if (err != 0) return err;
  set_stack(&attr, stack);
  err = create(t, &attr, fn, arg);
  pthread_attr_destroy(&attr);
  if (err == 0) thr_fault_hold(1);
  return err;
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
  thr_fault_hold(-1);
}

void thr_os_detach(thr_osthread t) {
  pthread_detach(t);
  thr_fault_hold(-1);
}

#if defined(__BIONIC__)

void thr_os_runstoppable(void (*fn)(void *), void (*stopped)(void *),
                         void *arg) {
  (void)stopped;
  fn(arg);
}

void thr_os_letstop(bool let) { (void)let; }
void thr_os_stop(thr_osthread t) { thr_os_detach(t); }

#else

void thr_os_letstop(bool let) {
  int before;
  pthread_setcancelstate(
      let ? PTHREAD_CANCEL_ENABLE : PTHREAD_CANCEL_DISABLE, &before);
}

void thr_os_runstoppable(void (*fn)(void *), void (*stopped)(void *),
                         void *arg) {
  thr_os_letstop(false);
  pthread_cleanup_push(stopped, arg);
  fn(arg);
  pthread_cleanup_pop(0);
}

void thr_os_stop(thr_osthread t) {
  pthread_cancel(t);
  thr_os_join(t);
}

#endif

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
  pthread_threadid_np(pthread_self(), &id);
  return (int64_t)id;
#else
  return (int64_t)(intptr_t)pthread_self();
#endif
}

bool thr_os_stackok(size_t size) {
  return size >= THR_MIN_STACK && size >= (size_t)PTHREAD_STACK_MIN &&
         size % (size_t)sysconf(_SC_PAGESIZE) == 0;
}

/* The lowest address of the calling thread's stack; NULL: not known. */
static char *end_of_stack(void) {
#if defined(__linux__)
  pthread_attr_t attr;
  void *end = NULL;
  size_t size;
  if (pthread_getattr_np(pthread_self(), &attr) != 0) return NULL;
  if (pthread_attr_getstack(&attr, &end, &size) != 0) end = NULL;
  pthread_attr_destroy(&attr);
  return end;
#elif defined(__APPLE__)
  pthread_t self = pthread_self();
  return (char *)pthread_get_stackaddr_np(self) -
         pthread_get_stacksize_np(self);
#else
  return NULL;
#endif
}

/* The system is asked once for each thread.  On another stack than the
** thread's own, as that of a library's fibre, a small part of it is let be
** used. */
char *thr_os_stacklimit(void) {
  static THR_TLS char *end;
  char here;
  uintptr_t now = (uintptr_t)&here, own = (uintptr_t)end;
  if (!end) own = (uintptr_t)(end = end_of_stack());
  if (end && now - own < THR_MAX_STACK) return end + THR_STACK_MARGIN;
  return (char *)(now - THR_STACK_MARGIN);
}

void thr_os_yield(void) { sched_yield(); }
