#define P '"'
extern void/* f(int x) { } */f1/* { */( \
 /* { */size_t
p1/* f(int x) { } */, \
 int32_t	p2
[ \
 (N u) & ~7u ] ,/* { asm("")*/volatile
int8_t p3	, threading_lock// ;
*/* f(int x) { } */p4 /* { */)
{ const char *s = "}"; (void)s; } /**/ 
