/*
** bsd_stdio.h: in front of os_stdio.c, the fields that streams have on macOS
** and FreeBSD, so that what is for these can be compiled; it cannot run.
*/
#ifndef STANDINS_BSD_STDIO_H
#define STANDINS_BSD_STDIO_H

#define _GNU_SOURCE 1
#include <stdio.h>
#undef __GLIBC__

typedef struct {
  unsigned char *_p;
  int _r;
  short _flags;
  struct {
    unsigned char *_base;
    int _size;
  } _bf, _ub;
  int _ur;
} standin_file;

#define __SLBF 0x0001
#define __SWR 0x0008

#define FILE standin_file
#undef stdout
#define stdout ((FILE *)0)
int standin_fileno(FILE *f);
#define fileno standin_fileno
int standin_fflush(FILE *f);
#define fflush standin_fflush
int standin_ungetc(int c, FILE *f);
#define ungetc standin_ungetc

#endif
