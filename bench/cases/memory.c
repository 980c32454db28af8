#include <pthread.h>
#include <stdatomic.h>

#include "../measure.h"

#define N 500

static atomic_int asleep;

static void nap(long ns) {
  struct timespec t = {60 * (ns == 0), ns};
  must(nanosleep(&t, NULL));
}

static void *idle(void *arg) {
  asleep++;
  nap(0);
  return arg;
}

static void start(void) {
  pthread_t t;
  must(pthread_create(&t, NULL, idle, NULL));
}

int main(void) {
  start();
  double before = memory();
  for (int i = 0; i < N; i++) start();
  while (asleep <= N) nap(10000000);
  nap(50000000);
  printf("%.9g\n", (memory() - before) / N);
  return 0;
}
