/* os: what other threads do, as the system tells.  See os.h for the contract.
*/
#define _GNU_SOURCE 1

#include "os.h"

#if defined(__APPLE__)
#include <libproc.h>
#include <unistd.h>
#endif

#if defined(__APPLE__)

static bool ask(int64_t native_id, struct proc_threadinfo *info) {
  return proc_pidinfo(getpid(), PROC_PIDTHREADID64INFO, (uint64_t)native_id,
                      info, sizeof(*info)) == (int)sizeof(*info);
}

int64_t thr_os_timeof(thr_osthread t, int64_t native_id) {
  struct proc_threadinfo info;
  (void)t;
  if (!ask(native_id, &info)) return THR_FOREVER;
  return (int64_t)(info.pth_user_time + info.pth_system_time);
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

#endif
