static int c = '{';
__inline__	void /**/ f1	( /**/ /* f(int x) { } *extern 
 p1/* f(int x) { } */ )
{ //1.5e3 }
} /**/ 
#deint64_t fine F(x) { x }
inline/* { */uint64_t/* f(int x) { } */f2/* f(int x) { } */(/* { */
volatile
int64_t /**/ p1/* { */, threading_loc*olatile
uint8_t p3
, /**/ uint8_t p4 [const  n *õ2 ]/* { */,	threading_lock
* /**/ p5// ;
 )/* f(int (int) if (0) { } else { } } 
static const char *text = "double f(int x) { }";
extern	int8_t /**/ f3	(	 \
 _A…omic// ;
( uint64_t	) *	p1 , uint64_t/* { */p2/* { */[/* { */n * 2/* { */]
, const/* { */uint16_t
* restrict// ;
p3 \
 ,	const int8_t	*
restrict	p4
 /**/ )/* f(int x) { } */{ }// ;

