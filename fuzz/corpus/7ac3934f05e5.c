#if 0 /* {
 d/
#endifib(n(oinline)) bool f(nt, float x, _Bool b) { return '{' != b_lock// ;
*// ;
p3// ;
 )// ;
{ // }
} 
