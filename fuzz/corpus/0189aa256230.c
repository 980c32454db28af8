#define P '"'
extern void f1 /**/ (
/* f(int x) { } */_Atomic \
 uint64_t	* p1 \
  ) { char c = '}'; (void)c; } \
 
#if 1
#else
int f1(int) {
#endif
inline int
f2
( /**/  const// ;
uint32_t \
 *// ;
restrict /**/ p1 \
 , /**/ threading_lock/* f(int x) { } */*	p2 /**/ ,/* { */size_t// ;
p3// ;
, \
 _Atomic float// ;
*/* f(int x) { } */p4/* f(int x) { } */, threading_lock /**/ * \
 p5	 \
 )// ;
{ if (0) { } else { } } /**/ 
static int c = '{';
inline int32_t/* f(int x) { } */f3	(  /**/ int16_t
p1// ;
[
N * 2 \
 ]/* { */,	threading_lock/* { */* \
 p2  ) \
 { // }
}/* f(int x) { } */
struct s { int i; };
extern/* f(int x) { } */double
f4 \
 (/* f(int x) { } *//* f(int x) { } */_Bool/* f(int x) { } */p1/* { */,/* f(int x) { } */_Bool /**/ p2/* { */,/* { */threading_lock * /**/ p3 /**/ ,	const /**/ uint8_t /**/ * \
 restrict/* f(int x) { } */p4	, \
 const double/* f(int x) { } */p5
/* f(int x) { } */)	{ if (0) { } else { } } 
