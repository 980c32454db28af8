#define _GNU_SOURCE 1

#include <pthread.h>
#include <sched.h>

#include "../measure.h"

#define SECONDS 0.5

static void *loop(void *arg) {
  for (volatile int x = 0;;) x = x ^ 1;
  return arg;
}

static void nap(double seconds) {
  struct timespec t = {0, (long)(seconds * 1e9)};
  must(nanosleep(&t, NULL));
}

int main(void) {
  cpu_set_t set;
  must(sched_getaffinity(0, sizeof(set), &set));
  for (int i = 0; i < CPU_COUNT(&set); i++) {
    pthread_t t;
    must(pthread_create(&t, NULL, loop, NULL));
  }
  nap(0.05);
  double wall = now(), used = cpu();
  nap(SECONDS);
  used = cpu() - used;
  wall = now() - wall;
  printf("%.9g\n", 100 * used / wall);
  return 0;
}
