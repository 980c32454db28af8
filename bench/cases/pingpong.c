/* With a mutex and a condition variable, whatever the others use. */
#include <pthread.h>

#include "../measure.h"

#define N 5000

static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static int turn = 1; /* m */

static void play(int me) {
  for (int i = 0; i < N; i++) {
    pthread_mutex_lock(&m);
    while (turn != me) pthread_cond_wait(&c, &m);
    turn = 3 - me;
    pthread_cond_signal(&c);
    pthread_mutex_unlock(&m);
  }
}

static void *second(void *arg) {
  play(2);
  return arg;
}

int main(void) {
  pthread_t t;
  double from = now();
  must(pthread_create(&t, NULL, second, NULL));
  play(1);
  must(pthread_join(t, NULL));
  printf("%.9g\n", (now() - from) / N);
  return 0;
}
