/* Integers through a ring with a mutex and two condition variables. */
#include <pthread.h>

#include "../measure.h"

#define N 2000000
#define ROOM 1000

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER; /* a little */
static pthread_cond_t emptied = PTHREAD_COND_INITIALIZER;
static long ring[ROOM], put, taken; /* m */

static void *produce(void *arg) {
  for (long i = 0; i < N; i++) {
    pthread_mutex_lock(&m);
    while (put - taken == ROOM) pthread_cond_wait(&emptied, &m);
    ring[put++ % ROOM] = i;
    pthread_cond_signal(&filled);
    pthread_mutex_unlock(&m);
  }
  return arg;
}

int main(void) {
  pthread_t t;
  long sum = 0;
  double from = now();
  must(pthread_create(&t, NULL, produce, NULL));
  for (long i = 0; i < N; i++) {
    pthread_mutex_lock(&m);
    while (put == taken) pthread_cond_wait(&filled, &m);
    sum += ring[taken++ % ROOM];
    pthread_cond_signal(&emptied);
    pthread_mutex_unlock(&m);
  }
  printf("%.9g\n", N / (now() - from));
  must(pthread_join(t, NULL));
  return sum == 0;
}
