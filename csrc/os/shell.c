/* os_shell, on POSIX.  See os_shell.h for the contract. */
#define _GNU_SOURCE 1

#include "os/shell.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

#include "os/environ.h"
#include "os/fault.h"
#include "os/privatefd.h"
#include "os/process.h"

/* --- those that nobody waits for --- */

typedef struct thr_orphan {
  pid_t pid;
  struct thr_orphan *next;
} orphan;

static thr_mutex m = THR_MUTEX_INIT;
static orphan *orphans; /* m */

static bool has_ended(pid_t pid) {
  pid_t r = waitpid(pid, NULL, WNOHANG);
  return r == pid || (r < 0 && errno == ECHILD);
}

static void reap_orphans(void) {
  thr_mutex_lock(&m);
  for (orphan **link = &orphans; *link;) {
    orphan *o = *link;
    if (has_ended(o->pid)) {
      *link = o->next;
      thr_os_free(o);
    } else {
      link = &o->next;
    }
  }
  thr_mutex_unlock(&m);
}

static void forget(thr_oschild *c) {
  if (c->end >= 0) close(c->end);
  thr_os_free(c->orphan);
  c->end = -1;
  c->pid = 0;
  c->orphan = NULL;
}

void thr_os_disown(thr_oschild *c) {
  orphan *o = c->orphan;
  if (o) {
    thr_mutex_lock(&m);
    o->next = orphans;
    orphans = o;
    thr_mutex_unlock(&m);
  }
  c->orphan = NULL;
  forget(c);
  reap_orphans();
}

/* --- a command --- */

bool thr_os_hasshell(void) { return access("/bin/sh", X_OK) == 0; }

/* Our threads block signals, which a program would inherit. */
static int spawn(pid_t *pid, const char *command, int from, int to) {
  char *const argv[] = {"sh", "-c", (char *)command, NULL};
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attr;
  sigset_t none;
  if (thr_fault_fails(THR_CHANCE_CALL)) return EAGAIN;
  int err = posix_spawn_file_actions_init(&files);
  if (err != 0) return err;
  err = posix_spawnattr_init(&attr);
  if (err == 0) {
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
    if (from >= 0) posix_spawn_file_actions_adddup2(&files, from, to);
    err = posix_spawn(pid, "/bin/sh", &files, &attr, argv,
                      thr_os_environ());
    posix_spawnattr_destroy(&attr);
  }
  posix_spawn_file_actions_destroy(&files);
  return err;
}

/* Before it is started: to be disowned must not fail. */
static bool prepare(thr_oschild *c) {
  c->pid = 0;
  c->end = -1;
  c->orphan = thr_os_alloc(sizeof(*c->orphan));
  return c->orphan != NULL;
}

static void note_child(thr_oschild *c, pid_t pid) {
  c->pid = c->orphan->pid = pid;
#if defined(__linux__) && defined(SYS_pidfd_open)
  if (!thr_fault_fails(THR_CHANCE_CALL))
    c->end = thr_os_abovestandard((int)syscall(SYS_pidfd_open, pid, 0));
#endif
}

/* `ours` is the end of a pipe that becomes *f, `theirs` the other one. */
static int spawn_with_file(pid_t *pid, const char *command, const char *mode,
                           int ours, int theirs, FILE **f) {
  *f = thr_fault_fails(THR_CHANCE_MEMORY) ? NULL : fdopen(ours, mode);
  if (!*f) {
    close(ours);
    return ENOMEM;
  }
  int err = spawn(pid, command, theirs, *mode == 'r' ? 1 : 0);
  if (err != 0) fclose(*f);
  return err;
}

int thr_os_shell(thr_oschild *c, const char *command) {
  pid_t pid = 0;
  reap_orphans();
  if (!prepare(c)) return ENOMEM;
  int err = spawn(&pid, command, -1, -1);
  if (err == 0) note_child(c, pid);
  else forget(c);
  return err;
}

int thr_os_shellfile(thr_oschild *c, const char *command, const char *mode,
                     FILE **f) {
  int fd[2], ours = *mode == 'r' ? 0 : 1;
  pid_t pid = 0;
  reap_orphans();
  if (!prepare(c)) return ENOMEM;
  int err = thr_os_privatepipe(fd);
  if (err == 0) {
    err = spawn_with_file(&pid, command, mode, fd[ours], fd[!ours], f);
    close(fd[!ours]);
  }
  if (err == 0) note_child(c, pid);
  else forget(c);
  return err;
}

bool thr_os_reap(thr_oschild *c, int *status) {
  pid_t r = waitpid((pid_t)c->pid, status, WNOHANG);
  if (r == 0 || (r < 0 && errno == EINTR)) return false;
  if (r < 0) *status = -1;
  int err = errno;
  forget(c);
  errno = err;
  return true;
}

void thr_os_reaplast(thr_oschild *c, int *status) {
  pid_t r;
  do r = waitpid((pid_t)c->pid, status, 0);
  while (r < 0 && errno == EINTR);
  int err = errno;
  if (r < 0) *status = -1;
  forget(c);
  errno = err;
}

void thr_os_terminate(const thr_oschild *c) {
  if (c->pid != 0) kill((pid_t)c->pid, SIGTERM);
}
