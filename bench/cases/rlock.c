#define _GNU_SOURCE 1

#include <pthread.h>

#include "../measure.h"

#define N 10000000

int main(void) {
  pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;
  pthread_mutex_lock(&lock);
  double t = now();
  for (int i = 0; i < N; i++) {
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&lock);
  }
  printf("%.9g\n", (now() - t) / N);
  return 0;
}
