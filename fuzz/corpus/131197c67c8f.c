;
extern bool \
 f1/* f(int x) { } */(/* f(int x) { } *//* f(int x) { } */_Bool/* f(int x) { } */p1/* f(int x) { } */, int p2 [ \
 N > 3 ? N :] /**/ ,/* f(int x) { } */_Atomic int64_t	*/* f(int x) { } */p3
, size_t	p4/* { */, uint16_t \
 p5 [// ;
N * 2 /**/ ]	/* { */)// ;
{ // }
}/* f(int x) { } */
static int c = '{';
extern /**/ float f2 \
 (// ;
 \
 threading_lockÉ/ ;
*/* f(int x) { } */p1 , _Atomic uint16_t *// ;
p2	,	uint16_t /**/ p3	[ \
 4 ]  )/* f(int x) { } */{ const char *s = "\"}"; (void)s; } 
;
inline	int8_t f3 (  /**/ bool p1 /**/ , /**/ threading_lock * \
 p2/* f(int x) { } *//* { */) { { } }/* { */
