/* os, on POSIX threads.  See os.h for the contract. */
#define _GNU_SOURCE 1

#include "os/os.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "os/fault.h"

void *thr_os_alloc(size_t size) {
  void *p = thr_fault_fails(THR_CHANCE_MEMORY) ? NULL : calloc(1, size);
  if (p) thr_fault_hold(1);
  return p;
}

void *thr_os_realloc(void *p, size_t size) {
  if (thr_fault_fails(THR_CHANCE_MEMORY)) return NULL;
  void *moved = realloc(p, size);
  if (moved && !p) thr_fault_hold(1);
  return moved;
}

void thr_os_free(void *p) {
  if (p) thr_fault_hold(-1);
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

/* Where time_t has 32 bits, what is too late for it comes after 68 years. */
struct timespec thr_os_timespec(int64_t ns) {
  struct timespec t;
  int64_t seconds = ns / THR_SECOND;
  if (sizeof(time_t) < 8 && seconds > INT32_MAX) seconds = INT32_MAX;
  t.tv_sec = (time_t)seconds;
  t.tv_nsec = (long)(ns % THR_SECOND);
  return t;
}

void thr_mutex_init(thr_mutex *m) { pthread_mutex_init(m, NULL); }
void thr_mutex_lock(thr_mutex *m) { pthread_mutex_lock(m); }
void thr_mutex_unlock(thr_mutex *m) { pthread_mutex_unlock(m); }
void thr_mutex_destroy(thr_mutex *m) { pthread_mutex_destroy(m); }

int thr_os_atfork(void (*before)(void), void (*parent)(void),
                  void (*child)(void)) {
  static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
  static bool done = false;
  int err = 0;
  pthread_mutex_lock(&once);
  if (!done)
    err = thr_fault_fails(THR_CHANCE_CALL)
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

const char *thr_os_libraryof(const void *address) {
  Dl_info info;
  return dladdr(address, &info) != 0 && info.dli_fname ? info.dli_fname : "?";
}

bool thr_os_isterminal(void) { return isatty(STDERR_FILENO) != 0; }
