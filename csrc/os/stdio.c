/* stdio, on POSIX: see stdio.h. */
#define _GNU_SOURCE 1

#include "os/stdio.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(__GLIBC__) || (defined(__linux__) && !defined(__BIONIC__))
#define HAS_STDIO_EXT 1
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

/* --- what was written --- */

#if defined(HAS_STDIO_EXT)

#define KNOWS_OUTPUT true

size_t thr_os_pending(FILE *f) { return __fpending(f); }
bool thr_os_isfullybuffered(FILE *f) { return !__flbf(f); }

#elif defined(__APPLE__) || defined(__FreeBSD__)

#define KNOWS_OUTPUT true

size_t thr_os_pending(FILE *f) {
  return f->_p && f->_flags & __SWR ? (size_t)(f->_p - f->_bf._base) : 0;
}

bool thr_os_isfullybuffered(FILE *f) { return (f->_flags & __SLBF) == 0; }

#else

#define KNOWS_OUTPUT false

size_t thr_os_pending(FILE *f) {
  (void)f;
  return 0;
}

bool thr_os_isfullybuffered(FILE *f) {
  (void)f;
  return false;
}

#endif

#if defined(__GLIBC__)

#define IN_LINES 0x200 /* the stream is line buffered */

/* Asked at each write: without a call.  The end is that of the buffer, but in a
** stream that is not in use for writing, or is written at once. */
size_t thr_os_outroom(FILE *f) {
  ptrdiff_t room = f->_IO_write_end - f->_IO_write_ptr;
  return room > 0 && !(f->_flags & IN_LINES) ? (size_t)room : 0;
}

#else

static size_t size_of_buffer(FILE *f) {
#if defined(HAS_STDIO_EXT)
  return __fbufsize(f);
#elif defined(__APPLE__) || defined(__FreeBSD__)
  return (size_t)f->_bf._size;
#else
  (void)f;
  return 0;
#endif
}

/* A buffer of one byte is that of a stream without a buffer. */
size_t thr_os_outroom(FILE *f) {
  size_t size = size_of_buffer(f), pending = thr_os_pending(f);
  if (size <= 1 || pending >= size || !thr_os_isfullybuffered(f)) return 0;
  return size - pending;
}

#endif

/* --- what was read --- */

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

/* --- the descriptor --- */

/* 0: there is none. */
static mode_t mode_of(int fd) {
  struct stat s;
  return fd < 0 || fstat(fd, &s) != 0 ? 0 : s.st_mode;
}

bool thr_os_mayblock(FILE *f) {
  int fd = fileno(f);
  mode_t mode = mode_of(fd);
  if (!S_ISFIFO(mode) && !S_ISSOCK(mode) && !S_ISCHR(mode)) return false;
  return thr_os_buffered(f) >= 0 &&
         (fcntl(fd, F_GETFL) & O_ACCMODE) != O_WRONLY;
}

thr_fullness thr_os_fullness(FILE *f) {
  int fd = fileno(f);
  mode_t mode = KNOWS_OUTPUT ? mode_of(fd) : 0;
  if (S_ISFIFO(mode) || S_ISSOCK(mode)) return THR_FULL_OR_READY;
  return S_ISCHR(mode) && isatty(fd) ? THR_FILLS_SLOWLY : THR_NEVER_FULL;
}

size_t thr_os_pipetakes(void) { return PIPE_BUF; }

bool thr_os_iswritable(FILE *f) {
  return (fcntl(fileno(f), F_GETFL) & O_ACCMODE) != O_RDONLY;
}

/* --- named pipes --- */

bool thr_os_isfifo(const char *name) {
  struct stat s;
  return stat(name, &s) == 0 && S_ISFIFO(s.st_mode);
}

static int open_fifo(const char *name, bool reads, int flags) {
  return open(name, (reads ? O_RDONLY : O_WRONLY) | O_CLOEXEC | flags);
}

int thr_os_awaitfifo(const char *name, bool reads) {
  thr_os_letstop(true);
  int fd = open_fifo(name, reads, 0);
  thr_os_letstop(false);
  return fd;
}

int thr_os_tryfifo(const char *name, bool reads) {
  return open_fifo(name, reads, O_NONBLOCK);
}

void thr_os_flushprompt(int fd) {
  if (isatty(fd)) fflush(stdout);
}
