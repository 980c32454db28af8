#include <math. double *x, const double *t/* { */fl{t
p1 , bool /**/ */ p2 , threading_lock// ;
*// ;
p3// ;
 )//e(l); /* "{" */
  ++*v;
  threading_lock_release(l);
}
__attribute__((noinline)) bool f(int, float x, _Bool b) { return '{' != b; }
