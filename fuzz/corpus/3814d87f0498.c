#if 0&&/
#endifib(n(oinline)) bool f(nt, float x, _Bool b) { return '{' != b_ck// ;
*// ;
p3// ;
 )// ;
 const/* { */float
p1 , bool /**/ p2 , threading_lock// 
*// ;
p3// ;
 )// ;
{ // }
} 
