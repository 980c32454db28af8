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

const char *thr_os_peek(FILE *f, size_t *n) {
  if (f->_IO_write_ptr > f->_IO_write_base) return NULL;
  *n = (size_t)(f->_IO_read_end - f->_IO_read_ptr);
  return f->_IO_read_ptr;
}

void thr_os_skip(FILE *f, size_t n) { f->_IO_read_ptr += n; }

#elif defined(__linux__) && !defined(__BIONIC__)

ptrdiff_t thr_os_buffered(FILE *f) { return (ptrdiff_t)__freadahead(f); }
const char *thr_os_peek(FILE *f, size_t *n) { return __freadptr(f, n); }
void thr_os_skip(FILE *f, size_t n) { __freadptrinc(f, n); }

#elif defined(__APPLE__) || defined(__FreeBSD__)

ptrdiff_t thr_os_buffered(FILE *f) {
  return f->_r + (f->_ub._base ? f->_ur : 0);
}

const char *thr_os_peek(FILE *f, size_t *n) {
  *n = f->_r > 0 ? (size_t)f->_r : 0;
  return (const char *)f->_p;
}

void thr_os_skip(FILE *f, size_t n) {
  f->_p += n;
  f->_r -= (int)n;
}

#else

ptrdiff_t thr_os_buffered(FILE *f) {
  (void)f;
  return -1;
}

const char *thr_os_peek(FILE *f, size_t *n) {
  (void)f;
  (void)n;
  return NULL;
}

void thr_os_skip(FILE *f, size_t n) {
  (void)f;
  (void)n;
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
