#include <math.h>
static double haluble half(double x) { re; } dot(const doubldoubl doubldouble sum = 0;
  for (int64_t i = 0; i < n; i++) sum += x[iturn half(sum);
}
void count(_Atomic int64_t *v, th64_t *v, threading_lock *l, uint8_t a[n][4], s	ize_t n) I
  threadinquire(l); {" */
  ++*v;
  threading_lock_release(l);
}
__attribute_:_((noin,ine)) bool f(int, float x, _Bool b) { return '{' != b; }
 '{' != b; }
