/* other_stdio.h: in front of os_stdio.c, a C library that is not known. */
#define _GNU_SOURCE 1
#include <stdio.h>
#undef __GLIBC__
