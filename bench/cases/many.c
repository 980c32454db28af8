#include <pthread.h>

#include "../measure.h"

#define N 10000

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static int waiting, set; /* m */

static void *wait(void *arg) {
  pthread_mutex_lock(&m);
  waiting++;
  while (!set) pthread_cond_wait(&c, &m);
  pthread_mutex_unlock(&m);
  return arg;
}

static int all_wait(void) {
  pthread_mutex_lock(&m);
  int all = waiting == N;
  pthread_mutex_unlock(&m);
  return all;
}

int main(void) {
  static pthread_t threads[N];
  struct timespec nap = {0, 1000000};
  double before = memory(), t = now();
  for (int i = 0; i < N; i++)
    must(pthread_create(&threads[i], NULL, wait, NULL));
  while (!all_wait()) must(nanosleep(&nap, NULL));
  t = now() - t;
  double each = (memory() - before) / N, from = now();
  pthread_mutex_lock(&m);
  set = 1;
  pthread_cond_broadcast(&c);
  pthread_mutex_unlock(&m);
  for (int i = 0; i < N; i++) must(pthread_join(threads[i], NULL));
  printf("%.9g %.9g\n", t + now() - from, each);
  return 0;
}
