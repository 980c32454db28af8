static const char *text = "double f(int x) { }";
inline int16_t/* f(int x) { } */f1 ( /**/ void )/* { */{ { } } /**/ 
static inline double h(double (*fn)(double)) { return fn(1); }
extern double f2
(/* { */	float p1/* f(int x) { } */[  \
 ]/* { */, \
 const/* f(int x) { } */int8_t/* { */*// ;
restrict /**/ p2 , _Atomic/* { */(/* f(int x) { } */float ) *	p3	,/* f(int x) { } */const
int32_t/* f(int x) { } */* restrict/* f(int x) { } */p4 \
 /* { */)	{ const char *s = "\"}"; (void)s; }/* f(int x) { } */
