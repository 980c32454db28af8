/* os_stdio, on POSIX.  See os_stdio.h for the contract. */
#define _GNU_SOURCE 1

#include "os_stdio.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__linux__)
#include <stdio_ext.h>
#endif

#if defined(__GLIBC__)

#define IN_BACKUP 0x100 /* what was pushed back is read, and then the rest */

ptrdiff_t thr_os_buffered(FILE *f) {
  if (f->_IO_write_ptr > f->_IO_write_base) return 0;
  ptrdiff_t n = f->_IO_read_end - f->_IO_read_ptr;
  if (f->_flags & IN_BACKUP) n += f->_IO_save_end - f->_IO_save_base;
  return n;
}

#elif defined(__linux__) && !defined(__BIONIC__)

ptrdiff_t thr_os_buffered(FILE *f) { return (ptrdiff_t)__freadahead(f); }

#elif defined(__APPLE__) || defined(__FreeBSD__)

ptrdiff_t thr_os_buffered(FILE *f) {
  return f->_r + (f->_ub._base ? f->_ur : 0);
}

#else

ptrdiff_t thr_os_buffered(FILE *f) {
  (void)f;
  return -1;
}

#endif

int thr_os_fileno(FILE *f) { return fileno(f); }

bool thr_os_unwritten(FILE *f) {
#if defined(__linux__)
  return __fpending(f) > 0;
#else
  (void)f;
  return true;
#endif
}

bool thr_os_mayblock(FILE *f) {
  struct stat s;
  int fd = fileno(f);
  if (thr_os_buffered(f) < 0 || fd < 0 || fstat(fd, &s) != 0) return false;
  if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY) return false;
  return S_ISFIFO(s.st_mode) || S_ISSOCK(s.st_mode) || S_ISCHR(s.st_mode);
}

void thr_os_flushprompt(int fd) {
  if (isatty(fd)) fflush(stdout);
}
