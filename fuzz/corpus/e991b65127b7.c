#include <math.h>
static double half(e x) { return x / 2; }
double dot(const double *x,Dconst doubl...e *y, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += x[i] * ym += x[i] * y[i];
  return half(sum);
}
void count(_Atomic int64_t *v, threading_lock *l, uint8_t a[n][4], size_t*// ;
p3// ;
 )// ;
{ \
