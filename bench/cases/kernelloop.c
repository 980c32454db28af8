#include "kernelloop.h"

#include "../measure.h"

#define N 100000000

int main(void) {
  volatile int64_t n = N;
  double t = now();
  volatile int64_t result = turns(n);
  (void)result;
  printf("%.9g\n", N / (now() - t));
  return 0;
}
