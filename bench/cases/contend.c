#include <pthread.h>

#include "../measure.h"

#define TURNS 2000000

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static volatile long total; /* lock to write */

static void *contend(void *arg) {
  long *mine = arg;
  while (total < TURNS) {
    pthread_mutex_lock(&lock);
    total = total + 1;
    pthread_mutex_unlock(&lock);
    ++*mine;
  }
  return NULL;
}

int main(void) {
  static long turns[2][64]; /* a cache line of its own for each */
  pthread_t threads[2];
  double t = now();
  for (int i = 0; i < 2; i++)
    must(pthread_create(&threads[i], NULL, contend, turns[i]));
  for (int i = 0; i < 2; i++) must(pthread_join(threads[i], NULL));
  t = now() - t;
  long least = turns[0][0] < turns[1][0] ? turns[0][0] : turns[1][0];
  printf("%.9g %.9g\n", (double)total / t, 100 * (double)least / (double)total);
  return 0;
}
