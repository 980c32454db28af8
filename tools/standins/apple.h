/*
** apple.h: the names that macOS alone has, by those of Linux. With -U__linux__
** -D__APPLE__ and this in front, the part of the library that is for macOS is
** compiled and runs on Linux (tools/portability). That proves its syntax, its
** types, as far as they are written here as Apple's headers have them, and
** what it makes of the calls; of macOS itself it proves nothing.
*/
#ifndef STANDINS_APPLE_H
#define STANDINS_APPLE_H

#define _GNU_SOURCE 1

#include <pthread.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The mutex is held by the caller; the time is how long, at most. */
static inline int pthread_cond_timedwait_relative_np(
    pthread_cond_t *c, pthread_mutex_t *m, const struct timespec *left) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += left->tv_sec;
  until.tv_nsec += left->tv_nsec;
  if (until.tv_nsec >= 1000000000) {
    until.tv_sec++;
    until.tv_nsec -= 1000000000;
  }
  return pthread_cond_timedwait(c, m, &until);
}

static inline void *pthread_get_stackaddr_np(pthread_t thread) {
  (void)thread;
  return NULL;
}
static inline size_t pthread_get_stacksize_np(pthread_t thread) {
  (void)thread;
  return 0;
}
static inline int pthread_threadid_np(pthread_t thread, uint64_t *id) {
  (void)thread; /* the calling one, for us */
  *id = (uint64_t)syscall(SYS_gettid);
  return 0;
}

static inline int standin_setname(const char *name) {
  return pthread_setname_np(pthread_self(), name);
}
#define pthread_setname_np(name) standin_setname(name)

static inline int issetugid(void) { return getauxval(AT_SECURE) != 0; }

#define st_mtimespec st_mtim
#define st_ctimespec st_ctim

#endif
