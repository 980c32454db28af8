#if 0 /* {
 /
#endifibute__((noinline)) bool f(int, float x, _Bool b) { return '{' != b; }
}
