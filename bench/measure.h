/* measure: the clock, the memory and the checks of the measured programs. */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* Seconds on the monotonic clock. */
static inline double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* CPU seconds of the process, all threads together. */
static inline double cpu(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The process's proportional share of memory, in bytes. */
static inline double memory(void) {
  char line[256];
  double kib = -1;
  FILE *f = fopen("/proc/self/smaps_rollup", "r");
  while (f && fgets(line, sizeof(line), f))
    if (sscanf(line, "Pss: %lf kB", &kib) == 1) break;
  if (f) fclose(f);
  return kib * 1024;
}

/* Ends the program if the call that returned err has failed. */
static inline void must(int err) {
  if (err == 0) return;
  fprintf(stderr, "error %d\n", err);
  exit(1);
}

static inline int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

#endif
