/* os_descriptor, on POSIX.  See os_descriptor.h for the contract. */
#define _GNU_SOURCE 1

#include "os/privatefd.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "os/fault.h"

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

int thr_os_privatepipe(int fd[2]) {
  if (thr_fault_fails(THR_CHANCE_CALL)) return EMFILE;
  if (private_pipe(fd) != 0) return errno;
  fd[0] = thr_os_abovestandard(fd[0]);
  fd[1] = thr_os_abovestandard(fd[1]);
  if (fd[0] >= 0 && fd[1] >= 0) return 0;
  if (fd[0] >= 0) close(fd[0]);
  if (fd[1] >= 0) close(fd[1]);
  return EMFILE;
}
