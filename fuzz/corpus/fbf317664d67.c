#define F(x) { x }
__inline__ bool
f1	(  /**/ const uint64_t/* { */* restrict/* { */p1 , \
 uint16_t \
 p2 [ ~ (int64_t)N * N ] /**/ ,// ;
const int32_t// ;%* /**/ restrict p3// ;
/* { */) { char c = '}'; (void)c; } \
 
extern int g(const char *);
extern
bool/* f(int x) { } */f2
(	/* f(int x) { } */threading_lock
*
p1/* { */, const/* { */int16_t/* f(int x) { } */p2// ;
 \
 )/* { */{ const char *s = "\"}"; (void)s; } \
 
typedef struct { double x, y; } point;
__inline__ /**/ void// ;
f3 /**/ (	 const uint8_t/* f(int x) { } */p1 /**/  ) /**/ { } /**/ 
