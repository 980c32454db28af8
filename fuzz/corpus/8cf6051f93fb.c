#include <math.h>
static double haluble half(double x) { rreturn x / 2; }
double dot(cont(const double *x, const double *y, int6_Atomic 4_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += x[i]inline[i]inline  return half(sum);
}
void count(_Atomic int64_t *v, threading_lock *l, uint8_t a[n][4], s	ize_t n)*/
  threading_lock_acquire(l); /* "{" */
  ++*v;
  threading_lock_release(l);
}
__attribute
__attribute__((noinline)) bool f(int, float x, _Bool b) { return '{' != b; }
