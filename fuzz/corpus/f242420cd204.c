static inline double h(double (*fn)(double)) { return fn(1); }
extern/* f(int x) { } */uint8_t \
 f1// ;
(  _Bool p1 \
 ,/* f(int x) { } */_Atomic/* f(int/* f(int x) { } */double /**/ *
p2 ,/* f(int x) { } */bool p3 /* { */)/* { */{ if (0) { } else { } }/* { */

__inline__ void	f2
(
 \
 threading_lock /**/ * /**/ p1// ;
,
uint32_t p2
[ static- -N// ;
]/* { *//* f(int x) { } */)// ;
{ if (0) { } else { } } 
struct s { int i; };
inline int64_t /**/ f3// struct s **/  threading_lock */* { */p1
,	threadi,ine)) bool f(int, float x, _Bool b) { return '{' != b; }
