enum e { A, B = 2 };
__inline__/* f(int x) { } */int16_t f1 (/* { */ _Atomic// ;
(	uint64_t \
 ) *	p1// ;
, \
 threading_lock */* { */p2 ,// ;
threading_lock
* /**/ p3	,
size_t/* f(int x) { } */p4
, /**/ _Atomic int8_t *// ;
p5 /**/  )
{ }/* f(int x) { } */
static const int table[] = { 1, 2 };
extern uint8_t /**/ f2 ( 
volatile int/* { */p1
,// ;
_Atomic/* { */uint32_t * /**/ p2 \
 ,	_Bool /**/ p3 /**/ ,/* { */int32_t/* { */p4/* { */[ /**/ N// ;
] /* { */) { /* } */ }/* f(int x) { } */
static const char *text = "double f(int x) { }";
inline	void/* { */f3/* { */( /* f(int x) { } */_Atomic (/* f(int x) { } */uint16_t /**/ ) \
 * p1 ,/* { */_Atomic ( int32_t )
*// ;
p2 ,/* { */size_t
p3 /**/  ) { /* } */ } /**/ 
