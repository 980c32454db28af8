#include <pthread.h>

#include "../measure.h"

#define N 300
#define NAP 0.002

static void *loop(void *arg) {
  for (volatile int x = 0;;) x = x ^ 1;
  return arg;
}

int main(void) {
  struct timespec nap = {0, (long)(NAP * 1e9)};
  double late[N];
  pthread_t t;
  must(pthread_create(&t, NULL, loop, NULL));
  for (int i = 0; i < N; i++) {
    double from = now();
    must(nanosleep(&nap, NULL));
    late[i] = now() - from - NAP;
  }
  qsort(late, N, sizeof(*late), by_size);
  printf("%.9g %.9g\n", late[N / 2 - 1], late[N * 99 / 100 - 1]);
  return 0;
}
