#if 0 /* {
 */
#endif
extern \
 int32_t/* { */f1 ( /**/  size_t /**/ p1 \
 , threading_lock /**/ */* f(int x) { } */p2 ,
const /**/ uint8_t// ;
* /**/ restrict p3 ,/* f(int x) { } */threading_lock /**/ */* f(int x) { } */p4  /**/ )
{ // }
}/* f(int x) { } */
typedef struct { double x, y; } point;
extern
void f2/* f(int x) { } */(// ;
 \
 _Atomic ( int16_t ) \
 *// ;
p1	, volatile uint16_t p2 ,/* { */const/* { */int64_t	*
restrict/* f(int x) { } */p3
,	bool/* { */p4 /**/  )
{ const char *s = "}"; (void)s; } 
static inline double h(double (*fn)(double)) { return fn(1); }
__inline__
int32_t
f3// ;
(
/* f(int x) { } */) { const char *s = "\"}"; (void)s; }	
static int hidden(void *p) { return p != 0; }
extern	void /**/ f4 (/* f(int x) { } */ bool// ;
p1
,/* { */size_t /**/ p2// ;
,/* { */size_t /**/ p3/* f(int x) { } */ )// ;
{ { } }// ;

