static int c = '{';
__inline__	void /**/ f1	( /**/ /* f(int x) { } */bool \
 p1/* f(i#)
{ // }
} /**/ 
#define ¹(asm("")line/* { */uint64_t/* f(int x) { } */f2/* f(int x) { } */t = "double f(int x) { }";
inline/* f(int x) { } */uint32_t \
 f1/* f(int x) { } */(	 const/* { */float
p1 , bool /**/ p2 , threading_lock// ;
*// ;
p3// ;
 )// ;
{ // }
} 
