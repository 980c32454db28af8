/* os_process, on POSIX.  See os_process.h for the contract. */
#define _GNU_SOURCE 1

#include "os/process.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/environ.h"
#include "os/fault.h"
#include "os/privatefd.h"

/* Our threads block signals and Lua may ignore some: the program starts as
** from a shell. */
static void fresh_signals(posix_spawnattr_t *attr) {
  sigset_t set;
  sigemptyset(&set);
  posix_spawnattr_setsigmask(attr, &set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGPIPE);
  sigaddset(&set, SIGCHLD);
  posix_spawnattr_setsigdefault(attr, &set);
  posix_spawnattr_setpgroup(attr, 0);
  posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK |
                                     POSIX_SPAWN_SETSIGDEF |
                                     POSIX_SPAWN_SETPGROUP);
}

static int spawn(pid_t *pid, int output, char *const argv[]) {
  char path[4096];
  const char *program =
      thr_os_findprogram(argv[0], path, sizeof(path)) == 0 ? path : argv[0];
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attr;
  int err = posix_spawn_file_actions_init(&files);
  if (err != 0) return err;
  err = posix_spawnattr_init(&attr);
  if (err == 0) {
    fresh_signals(&attr);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, 1);
    posix_spawn_file_actions_adddup2(&files, output, 2);
    err = posix_spawnp(pid, program, &files, &attr, argv,
                       thr_os_trustedenviron());
    posix_spawnattr_destroy(&attr);
  }
  posix_spawn_file_actions_destroy(&files);
  return err;
}

int thr_os_spawn(thr_osprocess *p, char *const argv[]) {
  int fd[2];
  pid_t pid;
  int err = thr_os_privatepipe(fd);
  if (err != 0) return err;
  err = thr_fault_fails(THR_CHANCE_CALL) ? EAGAIN : spawn(&pid, fd[1], argv);
  close(fd[1]);
  if (err == 0) {
    p->pid = pid;
    p->output = fd[0];
  } else {
    close(fd[0]);
  }
  return err;
}

ptrdiff_t thr_os_output(thr_osprocess *p, char *to, size_t size,
                        int64_t deadline) {
  struct pollfd fd = {.fd = p->output, .events = POLLIN};
  int64_t left = deadline - thr_os_monotonic();
  int ms = left <= 0 ? 0 : left > THR_SECOND ? 1000 : (int)(left / 1000000 + 1);
  if (poll(&fd, 1, ms) <= 0) return -1;
  ptrdiff_t n = read(p->output, to, size);
  return n < 0 && errno != EINTR && errno != EAGAIN ? 0 : n;
}

static void forget(thr_osprocess *p) {
  if (p->output >= 0) close(p->output);
  p->output = -1;
  p->pid = 0;
}

bool thr_os_ended(thr_osprocess *p, int *status) {
  int s;
  pid_t r = waitpid((pid_t)p->pid, &s, WNOHANG);
  if (r == 0 || (r < 0 && errno == EINTR)) return false;
  *status = r < 0 ? -1 : WIFEXITED(s) ? WEXITSTATUS(s) : 128 + WTERMSIG(s);
  forget(p);
  return true;
}

void thr_os_kill(thr_osprocess *p) {
  if (p->pid == 0) return;
  kill(-(pid_t)p->pid, SIGKILL);
  while (waitpid((pid_t)p->pid, NULL, 0) < 0 && errno == EINTR) continue;
  forget(p);
}

#if defined(__FreeBSD__)
void *thr_os_load(int file, const char *path, const char **why) {
  void *object = fdlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (!object) *why = dlerror();
  (void)path;
  return object;
}
#else
/* A name of the descriptor, in a buffer of this size, that no load before has
** had: what is loaded already is known to dlopen by its name, and the number of
** a descriptor comes again.  Slashes and dots, which mean nothing, count. */
#define FD_NAME 256
static bool name_descriptor(int file, char *name) {
  static atomic_ullong loads;
  unsigned long long n = atomic_fetch_add(&loads, 1);
  struct stat of_file, of_name;
  strcpy(name, "/proc/self/fd/");
  for (; n > 0; n /= 2) strcat(name, n % 2 ? "./" : "/");
  sprintf(name + strlen(name), "%d", file);
  return fstat(file, &of_file) == 0 && stat(name, &of_name) == 0 &&
         of_file.st_dev == of_name.st_dev && of_file.st_ino == of_name.st_ino;
}

void *thr_os_load(int file, const char *path, const char **why) {
  char name[FD_NAME];
  void *object = dlopen(name_descriptor(file, name) ? name : path,
                        RTLD_NOW | RTLD_LOCAL);
  if (!object) *why = dlerror();
  return object;
}
#endif

thr_os_fn thr_os_symbol(void *object, const char *name) {
  void *p = dlsym(object, name);
  thr_os_fn fn = NULL;
  memcpy(&fn, &p, sizeof(p)); /* C has no cast between the two */
  return fn;
}

void *thr_os_datum(void *object, const char *name) {
  return dlsym(object, name);
}

bool thr_os_holder(const char *symbol, const char *const files[],
                   void **object) {
  *object = RTLD_DEFAULT;
  if (dlsym(RTLD_DEFAULT, symbol)) return true;
#if defined(RTLD_NOLOAD)
  for (; *files; files++) {
    *object = dlopen(*files, RTLD_LAZY | RTLD_NOLOAD);
    if (*object && dlsym(*object, symbol)) return true;
  }
#else
  (void)files;
#endif
  return false;
}
