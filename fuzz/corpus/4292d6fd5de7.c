static int c = '{';
__inline__	void /**/ f1	( /**/ /* f(int x) { } */bool \
 p1/* f(i#)
{ // }
} /**/ 
#define F(asm("")line/* { */uint64_t/* f(int x) { } */f2/* f(int x) { } */(/* { */
volatile
int64_t /**/ p1/* { */, threading_lock * p2	,	volatile
uint8_t p3
, /**/ uint8_t p4 [ n * 2 ]/* { */,	threading_lock
* /**/  )/* f(int x) { } */{ if (0) { } else { } }ã
static const char *text = "double f(int x) { }";
extern	int8_t /**/ f3	(	 \
 _Atomic// ;
( uint64_t	) *	p1 , uint64_t/* { */p2/* { */[/* { */nÆ* 2/* { */]
, const/* { */uint16_t
* restrict// ;
p3 \
 ,	const int8_t	*
restrict	p4
 /**/ )/* f(int x) { } */{ }// ;

