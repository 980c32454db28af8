/* cpu: see cpu.h and os.h. */
#define _GNU_SOURCE 1

#include "os/cpu.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#if defined(__APPLE__)
#include <libproc.h>
#endif

#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
#include <cpuid.h>

/* What the processor itself says: its maker, its model, its instructions, and
** those of them that the system has turned on (the size of their state).  Left
** out is what differs from core to core. */
size_t thr_os_describecpu(char *to, size_t size) {
  static const struct {
    unsigned leaf, sub, mask[4]; /* of eax, ebx, ecx, edx */
  } asked[] = {{0, 0, {~0u, ~0u, ~0u, ~0u}},
               {1, 0, {~0u, 0, ~0u, ~0u}},
               {7, 0, {~0u, ~0u, ~0u, ~0u}},
               {7, 1, {~0u, ~0u, ~0u, ~0u}},
               {0xd, 0, {~0u, ~0u, 0, 0}},
               {0xd, 1, {~0u, 0, 0, 0}},
               {0x14, 0, {0, ~0u, 0, 0}},
               {0x19, 0, {0, ~0u, 0, 0}},
               {0x24, 0, {0, ~0u, 0, 0}},
               {0x80000001, 0, {0, 0, ~0u, ~0u}},
               {0x80000008, 0, {0, ~0u, 0, 0}}};
  size_t n = 0;
  for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
    unsigned r[4] = {0, 0, 0, 0};
    if (n + sizeof(r) > size) return 0;
    (void)__get_cpuid_count(asked[i].leaf, asked[i].sub, &r[0], &r[1], &r[2],
                            &r[3]);
    for (int j = 0; j < 4; j++) r[j] &= asked[i].mask[j];
    memcpy(to + n, r, sizeof(r));
    n += sizeof(r);
  }
  return n;
}

#else

/* Linux describes one processor after the other; those that fit are enough,
** without what changes from one moment to the next. */
size_t thr_os_describecpu(char *to, size_t size) {
#if defined(__linux__)
  int file = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC);
  if (file >= 0) file = thr_os_abovestandard(file);
  if (file < 0) return 0;
  ssize_t n = read(file, to, size - 1);
  close(file);
  if (n <= 0) return 0;
  to[n] = '\0';
  for (char *line = to; *line; line += strcspn(line, "\n") + 1) {
    bool varies = strncmp(line, "cpu MHz", 7) == 0 ||
                  strncmp(line, "clock", 5) == 0;
    if (varies) memset(line, ' ', strcspn(line, "\n"));
    if (!line[strcspn(line, "\n")]) break;
  }
  return (size_t)n;
#else
  (void)to;
  (void)size;
  return 0;
#endif
}

#endif

/* --- the processors that this process may use --- */

int thr_os_cpu(void) {
#if defined(__linux__)
  int cpu = sched_getcpu();
  return cpu >= 0 ? cpu : 0;
#else
  return 0;
#endif
}

int thr_os_cpucount(void) {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return CPU_COUNT(&set);
#endif
  long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n > 0 ? (int)n : 1;
}

/* --- threads and processors --- */

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
  if (!name_end || name_end[1] != ' ') return 0;
  return name_end[2];
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
