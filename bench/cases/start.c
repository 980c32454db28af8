#include <pthread.h>

#include "../measure.h"

#define N 2000

static void *nothing(void *arg) { return arg; }

static void run(int n) {
  for (int i = 0; i < n; i++) {
    pthread_t t;
    must(pthread_create(&t, NULL, nothing, NULL));
    must(pthread_join(t, NULL));
  }
}

int main(void) {
  run(100);
  double t = now();
  run(N);
  printf("%.9g\n", (now() - t) / N);
  return 0;
}
