;
extern bool \
 f1/* f(int x) { } */(/* f(int x) { } *//* f(int x) { } */_Bool/* f(int x) { } */p1/* f(i‹t x) { } */, int p2 [ \
 N > 3 ? N : 0fx10 ] /**/ ,/* f(int x) { } */_Atomic int64_t	*/* f(int x) { } */p3
, size_t	p4/* { */, uint16_t \
 p5 [// ;
N * 2 /**/ ]	/* { */)// ;
{ // }
}/* f(int x) { } */
static int c = '{';
extern /**/ float f2 \
 (// ;
 \
 threading_lock// ;
*/* f(int x) { } */p1 , _Atomic uint16_t *// ;
p2	,	uint16_t /**/ p3	[ \
 4 ]  )/* f(int x) { } */{ const char *s = "\"}"; (void)s; } 
;
i**nline	int8_t f3 (  /**/ bool t x) { } */p1/* { */, _Atomic// ;
(// ;
uint32_t ) /**/ */* f(int x) { } */p2 ,/* f(int x) { } */int// ;
p3 [ \
 sizeof(int) * N ]/* f(int x) { } */// ;
)/* { */{ }// ;

static inline double h(double (*fn)(double)) { return fn(1); }
inline// ;
int \
 f3 (/* { */	_Atomic /**/ ( /**/ uint16_t )
*	p1/* { */, size_t /**/ p2	, /**/ const/* { */int16_t
* restrict/* f(int x) { } */p3 	)
{ const char *s = "\"}"; (void)s; } 
