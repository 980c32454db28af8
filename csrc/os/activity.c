/* os: what other threads do, as the system tells.  See os.h for the contract.
*/
#define _GNU_SOURCE 1

#include "os/os.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#if defined(__APPLE__)
#include <libproc.h>
#endif

#if defined(__APPLE__)

static bool look(int64_t native_id, struct proc_threadinfo *info) {
  return proc_pidinfo(getpid(), PROC_PIDTHREADID64INFO, (uint64_t)native_id,
                      info, sizeof(*info)) == (int)sizeof(*info);
}

int64_t thr_os_timeof(thr_osthread t, int64_t native_id) {
  struct proc_threadinfo info;
  (void)t;
  if (!look(native_id, &info)) return THR_FOREVER;
  return (int64_t)(info.pth_user_time + info.pth_system_time);
}

thr_activity thr_os_activity(thr_osthread t, int64_t native_id) {
  struct proc_threadinfo info;
  (void)t;
  if (!look(native_id, &info)) return THR_RUNS;
  return info.pth_run_state == TH_STATE_WAITING ||
                 info.pth_run_state == TH_STATE_UNINTERRUPTIBLE
             ? THR_SLEEPS
             : THR_RUNS;
}

#else

int64_t thr_os_timeof(thr_osthread t, int64_t native_id) {
  clockid_t clock;
  struct timespec used = {0};
  (void)native_id;
  if (pthread_getcpuclockid(t, &clock) != 0 ||
      clock_gettime(clock, &used) != 0)
    return THR_FOREVER;
  return (int64_t)used.tv_sec * THR_SECOND + used.tv_nsec;
}

/* The clock of a thread goes on while it runs: if it does just now, or if it
** has a chance to. */
static bool stands_still(thr_osthread t, int64_t native_id, bool chance) {
  int64_t before = thr_os_timeof(t, native_id);
  if (chance) thr_os_yield();
  return before != THR_FOREVER && thr_os_timeof(t, native_id) == before;
}

static thr_activity guess(thr_osthread t, int64_t native_id) {
  return stands_still(t, native_id, true) ? THR_SLEEPS : THR_RUNS;
}

#if defined(__linux__)

/* One letter, behind the name in brackets; 0: not to be had. */
static char letter_of(int64_t native_id) {
  char path[64], text[64];
  snprintf(path, sizeof(path), "/proc/self/task/%lld/stat",
           (long long)native_id);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  ssize_t n = read(fd, text, sizeof(text) - 1);
  close(fd);
  text[n > 0 ? n : 0] = '\0';
  const char *name_end = strrchr(text, ')');
  return name_end && name_end[1] == ' ' ? name_end[2] : 0;
}

/* The clock first: a thread that runs on another processor is soon seen to. */
thr_activity thr_os_activity(thr_osthread t, int64_t native_id) {
  if (!stands_still(t, native_id, false)) return THR_RUNS;
  switch (letter_of(native_id)) {
    case 'S':
    case 'D': return THR_SLEEPS;
    case 0: return guess(t, native_id);
    default: return THR_WAITS;
  }
}

#else

thr_activity thr_os_activity(thr_osthread t, int64_t native_id) {
  return guess(t, native_id);
}

#endif

#endif
