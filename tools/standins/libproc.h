/*
** libproc.h: of macOS, see apple.h: what a thread does, and how long it has
** run, by what Linux tells. The times are of the last tick.
*/
#ifndef STANDINS_LIBPROC_H
#define STANDINS_LIBPROC_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define PROC_PIDTHREADID64INFO 15
#define TH_STATE_RUNNING 1
#define TH_STATE_WAITING 3
#define TH_STATE_UNINTERRUPTIBLE 4

struct proc_threadinfo {
  uint64_t pth_user_time, pth_system_time; /* nanoseconds */
  int32_t pth_run_state;
};

static inline int standin_read(uint64_t thread, const char *name, char *text,
                               size_t size) {
  char path[64];
  snprintf(path, sizeof(path), "/proc/self/task/%llu/%s",
           (unsigned long long)thread, name);
  FILE *f = fopen(path, "re");
  size_t n = f ? fread(text, 1, size - 1, f) : 0;
  if (f) fclose(f);
  text[n] = '\0';
  return n > 0;
}

static inline int proc_pidinfo(int pid, int flavor, uint64_t thread, void *to,
                               int size) {
  struct proc_threadinfo *info = (struct proc_threadinfo *)to;
  char text[512];
  unsigned long long ran = 0;
  (void)pid;
  (void)flavor;
  if (!standin_read(thread, "schedstat", text, sizeof(text)) ||
      sscanf(text, "%llu", &ran) != 1 ||
      !standin_read(thread, "stat", text, sizeof(text)))
    return 0;
  const char *state = strrchr(text, ')');
  info->pth_user_time = ran;
  info->pth_system_time = 0;
  info->pth_run_state = !state             ? TH_STATE_RUNNING
                        : state[2] == 'S'  ? TH_STATE_WAITING
                        : state[2] == 'D'  ? TH_STATE_UNINTERRUPTIBLE
                                           : TH_STATE_RUNNING;
  return size;
}

#endif
