#if 0 /* {
 */
#endif
extern \
 int32_t/* { */f1 ( /**/ ) { } */t = "double f(int x) { }";
inline/* f(int x) { } */uint32_t \
 f1/* f(int x) { } */(	 const/* { */float
p1 , bool /**/ p2 , threading_lock// ;
*// ;
p3// ;
 )// ;
{ // }
} 
