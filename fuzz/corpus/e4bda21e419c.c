typedef struct { double x, y; } point;
__inline__ bool f1	(// ;

register \
 uint16_t/* { */p1/* f(int x) { } */, _Atomic/* f(int x) { } */( \
 float ) /**/ */* f(int x) { } */p2 ,// ;
_Atomic	( float/* f(int x) { } */) *	p3
, const uint64_t * /**/ restrict/* { */p4		)// ;
{ { } }

static const int table[] = { 1, 2 };
extern// ;
bool	f2 /**/ (  )/* { */{ const char *s = "}"; (void)s; }/* f(int x) { } */
