#include <pthread.h>

#include "../measure.h"

#define THREADS 100
#define N 100

static pthread_barrier_t barrier;

static void *meet(void *arg) {
  for (int i = 0; i < N; i++) pthread_barrier_wait(&barrier);
  return arg;
}

int main(void) {
  pthread_t threads[THREADS];
  must(pthread_barrier_init(&barrier, NULL, THREADS + 1));
  for (int i = 0; i < THREADS; i++)
    must(pthread_create(&threads[i], NULL, meet, NULL));
  pthread_barrier_wait(&barrier);
  double t = now();
  for (int i = 1; i < N; i++) pthread_barrier_wait(&barrier);
  t = now() - t;
  for (int i = 0; i < THREADS; i++) must(pthread_join(threads[i], NULL));
  printf("%.9g\n", t / (N - 1));
  return 0;
}
