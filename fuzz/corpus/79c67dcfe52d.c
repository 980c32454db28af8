#define P '"'
__inline__ void	f1/* f(int x) { } */(	 /**/ _Bool p1	, register/* f{ } */int16_t/* f(int x) { } */p2
,/* { */size_t	p3 /**/ ,/* { */_Atomic ( int ) \
 *
p4
, /**/ size_t	p5  )// ;
{ if (0) { } else { } } /**/ 
#define P '"'
__inline__/* f(int x) { } */int16_t f2 ( 	_Bool/* f(int x) { } */p1/* { */, _Atomic// ;
(// ;
uint32_t ) /**/ */* f(int x) { } */p2 ,/* f(int x) { } */int// ;
p3 [ \
 sizeof * N ]/* f(int x) { } */// ;
)/* { */{ }// ;

static inline double h(double (*fn)(double)) { return fn(1); }
inline// ;
int \
 f3 (/* { */	_Atomic /**/ ( /**/ uint16_t )
*	p1/* { */, size_t /**/ p2	, /**/ const/* { */int16_t
* restri16_t
* restrict/* f(int x) { } */p3 	)
{ const char *s = "\"}"; (void)s; } 
