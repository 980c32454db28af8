#include <math. double *x, const  /* { */fl{t
p1 , bool /**/ */ p2 , threading_lock// ;
*// ;
p3// ;
 )//e(l); /* "{ { */,	threading_lock
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

