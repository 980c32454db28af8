/* stdio, on POSIX: see stdio.h. */
#define _GNU_SOURCE 1

#include "os/stdio.h"

#include <fcntl.h>
#include <string.h>
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

#define THR_MUSL 1

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

static size_t push_back(FILE *f, const char *s, size_t n) {
  size_t left = n;
  while (left > 0 && ungetc((unsigned char)s[left - 1], f) != EOF) left--;
  return n - left;
}

#if defined(THR_MUSL)

#define UNGET 8 /* for so much there is always room */

size_t thr_os_roomtounread(FILE *f, size_t n) {
  if (n <= UNGET) return 0;
  n += __freadahead(f);
  return UNGET + (n > BUFSIZ ? n : BUFSIZ);
}

/* musl's streams take back what there is room for in front of what they have
** read.  An empty one can be given another buffer, and begins at the end of
** that; C leaves open what comes of it. */
static void change_buffer(FILE *f, char *room, size_t size) {
  fflush(f);
  setvbuf(f, room, __flbf(f) ? _IOLBF : _IOFBF, size);
}

size_t thr_os_unread(FILE *f, const char *s, size_t n, void *room,
                     size_t size) {
  size_t there = __freadahead(f);
  bool unbuffered = __fbufsize(f) == 0;
  char *all = room;
  if (!room || n + there + UNGET > size) return push_back(f, s, n);
  memcpy(all, s, n);
  there = fread(all + n, 1, there, f);
  change_buffer(f, all, size);
  push_back(f, all, n + there); /* from the last on, over what it has read */
  if (unbuffered) setvbuf(f, NULL, _IONBF, 0);
  return n;
}

#else

size_t thr_os_roomtounread(FILE *f, size_t n) {
  (void)f;
  (void)n;
  return 0;
}

size_t thr_os_unread(FILE *f, const char *s, size_t n, void *room,
                     size_t size) {
  (void)room;
  (void)size;
  return push_back(f, s, n);
}

#endif

int thr_os_fileno(FILE *f) { return fileno(f); }

bool thr_os_unwritten(FILE *f) {
#if defined(__linux__)
  return __fpending(f) > 0;
#else
  return (fcntl(fileno(f), F_GETFL) & O_ACCMODE) != O_RDONLY;
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
