/* os: see os.h. */
#define _GNU_SOURCE 1

#include "os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif
#if defined(__APPLE__)
#include <crt_externs.h>
#include <mach-o/dyld.h>
#endif

#include "os/fault.h"

void *thr_os_alloc(size_t size) {
  void *p = thr_fault_fails(THR_CHANCE_MEMORY) ? NULL : calloc(1, size);
  if (p) thr_fault_hold(1);
  return p;
}

void *thr_os_realloc(void *p, size_t size) {
  if (thr_fault_fails(THR_CHANCE_MEMORY)) return NULL;
  void *moved = realloc(p, size);
  if (moved && !p) thr_fault_hold(1);
  return moved;
}

void thr_os_free(void *p) {
  if (p) thr_fault_hold(-1);
  free(p);
}

static int64_t clock_ns(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (int64_t)t.tv_sec * THR_SECOND + t.tv_nsec;
}

int64_t thr_os_monotonic(void) { return clock_ns(CLOCK_MONOTONIC); }
int64_t thr_os_realtime(void) { return clock_ns(CLOCK_REALTIME); }
int64_t thr_os_threadtime(void) { return clock_ns(CLOCK_THREAD_CPUTIME_ID); }
int64_t thr_os_processtime(void) { return clock_ns(CLOCK_PROCESS_CPUTIME_ID); }

/* Where time_t has 32 bits, what is too late for it comes after 68 years. */
struct timespec thr_os_timespec(int64_t ns) {
  struct timespec t;
  int64_t seconds = ns / THR_SECOND;
  if (sizeof(time_t) < 8 && seconds > INT32_MAX) seconds = INT32_MAX;
  t.tv_sec = (time_t)seconds;
  t.tv_nsec = (long)(ns % THR_SECOND);
  return t;
}

void thr_mutex_init(thr_mutex *m) { pthread_mutex_init(m, NULL); }
void thr_mutex_lock(thr_mutex *m) { pthread_mutex_lock(m); }
void thr_mutex_unlock(thr_mutex *m) { pthread_mutex_unlock(m); }
void thr_mutex_destroy(thr_mutex *m) { pthread_mutex_destroy(m); }

int thr_os_atfork(bool *done, void (*before)(void), void (*parent)(void),
                  void (*child)(void)) {
  static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
  int err = 0;
  pthread_mutex_lock(&once);
  if (!*done)
    err = thr_fault_fails(THR_CHANCE_CALL)
              ? ENOMEM
              : pthread_atfork(before, parent, child);
  *done = err == 0;
  pthread_mutex_unlock(&once);
  return err;
}

bool thr_os_isterminal(void) { return isatty(STDERR_FILENO) != 0; }

/* --- memory that is shared --- */

#if defined(__linux__)

/* Nobody can make it shorter, which would end who touches it by SIGBUS. */
static int open_shared(size_t n) {
  int fd = memfd_create("threading.Array", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) return -1;
  if (ftruncate(fd, (off_t)n) == 0 &&
      fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
    return fd;
  int err = errno;
  close(fd);
  errno = err;
  return -1;
}

#else

/* It has a name for a moment. */
static int open_shared(size_t n) {
  static atomic_uint numbers;
  char name[64];
  snprintf(name, sizeof(name), "/threading%d.%u", (int)getpid(),
           atomic_fetch_add(&numbers, 1));
  int fd = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
  if (fd < 0) return -1;
  shm_unlink(name);
  thr_os_noinherit(fd);
  if (ftruncate(fd, (off_t)n) == 0) return fd;
  int err = errno;
  close(fd);
  errno = err;
  return -1;
}

#endif

static void *map_shared(int fd, size_t n) {
  void *p = thr_fault_fails(THR_CHANCE_MEMORY)
                ? MAP_FAILED
                : mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (p == MAP_FAILED) return NULL;
  thr_fault_hold(1);
  return p;
}

void *thr_os_sharedmemory(size_t n, int *fd) {
  *fd = thr_fault_fails(THR_CHANCE_CALL)
            ? (errno = EMFILE, -1)
            : thr_os_abovestandard(open_shared(n));
  if (*fd < 0) return NULL;
  void *p = map_shared(*fd, n);
  if (p) return p;
  close(*fd);
  errno = ENOMEM;
  return NULL;
}

void *thr_os_mapshared(int fd, size_t n) {
  struct stat s;
  if (fstat(fd, &s) != 0 || s.st_size < 0 || (uint64_t)s.st_size < n)
    return NULL;
  return map_shared(fd, n);
}

void thr_os_unmapshared(void *p, size_t n) {
  munmap(p, n);
  thr_fault_hold(-1);
}

bool thr_os_issameshared(int a, int b) {
  struct stat s, t;
  return fstat(a, &s) == 0 && fstat(b, &t) == 0 && s.st_dev == t.st_dev &&
         s.st_ino == t.st_ino;
}

/* --- descriptors --- */

int thr_os_abovestandard(int fd) {
  if (fd < 0 || fd > STDERR_FILENO) return fd;
  int high = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  int err = errno;
  close(fd);
  errno = err;
  return high;
}

void thr_os_noinherit(int fd) {
  int flags = fcntl(fd, F_GETFD);
  if (flags >= 0 && !(flags & FD_CLOEXEC))
    fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
}

int thr_os_duplicate(int fd) {
  if (thr_fault_fails(THR_CHANCE_CALL)) {
    errno = EMFILE;
    return -1;
  }
  return fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

void thr_os_close(int fd) { close(fd); }

void thr_os_hangup(int fd) { shutdown(fd, SHUT_RDWR); }
void thr_os_endsending(int fd) { shutdown(fd, SHUT_WR); }

/* A program that another thread starts at this moment must not inherit it:
** the pipe would not end with our program. */
static int private_pipe(int fd[2]) {
#if defined(__linux__)
  return pipe2(fd, O_CLOEXEC);
#else
  if (pipe(fd) != 0) return -1;
  thr_os_noinherit(fd[0]);
  thr_os_noinherit(fd[1]);
  return 0;
#endif
}

/* Likewise. */
static int private_sockets(int fd[2]) {
#if defined(__linux__)
  return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd);
#else
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0) return -1;
  thr_os_noinherit(fd[0]);
  thr_os_noinherit(fd[1]);
  return 0;
#endif
}

static int above_standard(int fd[2]) {
  fd[0] = thr_os_abovestandard(fd[0]);
  fd[1] = thr_os_abovestandard(fd[1]);
  if (fd[0] >= 0 && fd[1] >= 0) return 0;
  if (fd[0] >= 0) close(fd[0]);
  if (fd[1] >= 0) close(fd[1]);
  return EMFILE;
}

int thr_os_privatepipe(int fd[2]) {
  if (thr_fault_fails(THR_CHANCE_CALL)) return EMFILE;
  return private_pipe(fd) != 0 ? errno : above_standard(fd);
}

int thr_os_socketpair(int fd[2]) {
  if (thr_fault_fails(THR_CHANCE_CALL)) return EMFILE;
  return private_sockets(fd) != 0 ? errno : above_standard(fd);
}

#if defined(MSG_NOSIGNAL)
#define QUIET MSG_NOSIGNAL
#else
#define QUIET 0 /* LuaSocket has the signal ignored */
#endif

static ptrdiff_t outcome(ssize_t n) {
  return n >= 0 ? n : errno == EWOULDBLOCK ? -EAGAIN : -errno;
}

ptrdiff_t thr_os_receive(int fd, void *to, size_t n) {
  ptrdiff_t r;
  do r = outcome(recv(fd, to, n, MSG_DONTWAIT));
  while (r == -EINTR);
  return r;
}

ptrdiff_t thr_os_send(int fd, const void *from, size_t n) {
  ptrdiff_t r;
  do r = outcome(send(fd, from, n, MSG_DONTWAIT | QUIET));
  while (r == -EINTR || r == -EPROTOTYPE); /* macOS, while the peer closes */
  return r;
}

bool thr_os_isunread(ptrdiff_t received) {
#if defined(__linux__)
  return received == -ECONNRESET;
#else
  (void)received;
  return false;
#endif
}

/* Room for a descriptor beside the data. */
typedef union {
  struct cmsghdr head; /* for its alignment */
  char room[CMSG_SPACE(sizeof(int))];
} companion;

static struct msghdr message_of(struct iovec *data, companion *c) {
  struct msghdr m;
  memset(&m, 0, sizeof(m));
  m.msg_iov = data;
  m.msg_iovlen = 1;
  m.msg_control = c->room;
  m.msg_controllen = sizeof(c->room);
  return m;
}

#if defined(MSG_CMSG_CLOEXEC)
#define PRIVATELY MSG_CMSG_CLOEXEC
#else
#define PRIVATELY 0
#endif

static int descriptor_along(struct msghdr *m) {
  int fd = -1;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c))
    if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
      memcpy(&fd, CMSG_DATA(c), sizeof(fd));
  fd = thr_os_abovestandard(fd);
  if (fd >= 0) thr_os_noinherit(fd);
  return fd;
}

/* macOS refuses larger ones. */
#define MAX_PIECE ((size_t)1 << 30)

static size_t piece(size_t n) { return n < MAX_PIECE ? n : MAX_PIECE; }

ptrdiff_t thr_os_receivealong(int fd, void *to, size_t n, int *along) {
  ptrdiff_t r;
  companion c;
  struct iovec data = {to, piece(n)};
  struct msghdr m;
  do {
    m = message_of(&data, &c);
    r = outcome(recvmsg(fd, &m, MSG_DONTWAIT | PRIVATELY));
  } while (r == -EINTR);
  *along = r > 0 ? descriptor_along(&m) : -1;
  return r;
}

ptrdiff_t thr_os_sendalong(int fd, const void *from, size_t n, int along) {
  ptrdiff_t r;
  companion c;
  struct iovec data = {(void *)from, piece(n)};
  if (along < 0) return thr_os_send(fd, from, piece(n));
  memset(&c, 0, sizeof(c));
  struct msghdr m = message_of(&data, &c);
  struct cmsghdr *head = CMSG_FIRSTHDR(&m);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(sizeof(along));
  memcpy(CMSG_DATA(head), &along, sizeof(along));
  do r = outcome(sendmsg(fd, &m, MSG_DONTWAIT | QUIET));
  while (r == -EINTR || r == -EPROTOTYPE);
  return r;
}

static void name_sender(thr_sender *s, const struct sockaddr *a, socklen_t n) {
  char port[8];
  int err = getnameinfo(a, n, s->host, sizeof(s->host), port, sizeof(port),
                        NI_NUMERICHOST | NI_NUMERICSERV);
  s->error = err != 0 ? gai_strerror(err) : NULL;
  s->port = err != 0 ? 0 : (int)strtol(port, NULL, 10);
}

ptrdiff_t thr_os_receivefrom(int fd, void *to, size_t n, thr_sender *sender) {
  struct sockaddr_storage a;
  struct sockaddr *at = (struct sockaddr *)&a;
  socklen_t size;
  ptrdiff_t r;
  do {
    size = sizeof(a);
    r = outcome(recvfrom(fd, to, n, MSG_DONTWAIT, at, &size));
  } while (r == -EINTR);
  if (r >= 0) name_sender(sender, at, size);
  return r;
}

/* --- the environment --- */

bool thr_os_elevated(void) {
#if defined(__linux__)
  return getauxval(AT_SECURE) != 0;
#elif defined(__APPLE__) || defined(__FreeBSD__) || defined(__NetBSD__) || \
    defined(__OpenBSD__) || defined(__DragonFly__)
  return issetugid() != 0;
#else
  return getuid() != geteuid() || getgid() != getegid();
#endif
}

void thr_os_unsetenv(const char *name) { unsetenv(name); }

const char *thr_os_getenv(const char *name) {
  return thr_os_elevated() ? NULL : getenv(name);
}

static bool debugs;
static thr_once debugs_once = THR_ONCE_INIT;

static void read_debugs(void) {
  const char *value = thr_os_getenv("THREADING_DEBUG");
  debugs = value && *value && strcmp(value, "0") != 0;
}

bool thr_os_debugs(void) {
  thr_os_once(&debugs_once, read_debugs);
  return debugs;
}

char **thr_os_environ(void) {
#if defined(__APPLE__) /* where shared objects do not see the variable */
  return *_NSGetEnviron();
#else
  extern char **environ;
  return environ;
#endif
}

#define SYSTEM_PATH "/usr/bin:/bin"

char **thr_os_trustedenviron(void) {
  static char path[] = "PATH=" SYSTEM_PATH;
  static char *plain[] = {path, NULL};
  return thr_os_elevated() ? plain : thr_os_environ();
}

static bool is_program(const char *path) {
  struct stat s;
  return stat(path, &s) == 0 && S_ISREG(s.st_mode) && access(path, X_OK) == 0;
}

/* An empty part of PATH is the current folder. */
int thr_os_findprogram(const char *name, char *path, size_t size) {
  const char *rest = thr_os_getenv("PATH");
  if (strchr(name, '/')) rest = "";
  else if (!rest) rest = SYSTEM_PATH;
  for (;;) {
    int n = (int)strcspn(rest, ":");
    int length = snprintf(path, size, "%.*s%s%s", n, rest, n > 0 ? "/" : "",
                          name);
    if ((size_t)length < size && is_program(path)) return 0;
    if (!rest[n]) return ENOENT;
    rest += n + 1;
  }
}

int64_t thr_os_processid(void) { return getpid(); }

bool thr_os_executable(char *path, size_t size) {
#if defined(__APPLE__)
  uint32_t room = (uint32_t)size;
  return _NSGetExecutablePath(path, &room) == 0 && is_program(path);
#else
  static const char *const links[] = {"/proc/self/exe", "/proc/curproc/file",
                                      "/proc/curproc/exe"};
  for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++) {
    ssize_t n = readlink(links[i], path, size);
    if (n <= 0 || (size_t)n >= size) continue;
    path[n] = '\0';
    if (is_program(path)) return true;
  }
  return false;
#endif
}

static bool is_script(const char *path) {
  char begin[2];
  FILE *f = fopen(path, "rbe");
  bool is = !f || fread(begin, 1, 2, f) != 2 || memcmp(begin, "#!", 2) == 0;
  if (f) fclose(f);
  return is;
}

bool thr_os_findbinary(const char *name, char *path, size_t size) {
  if (thr_os_findprogram(name, path, size) != 0) return false;
  char *real = realpath(path, NULL);
  bool fits = real && strlen(real) < size;
  if (fits) strcpy(path, real);
  free(real);
  return fits && !is_script(path);
}
