/* child, on POSIX: see child.h. */
#define _GNU_SOURCE 1

#include "os/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

#include "os/fault.h"

/* --- those that nobody waits for --- */

typedef struct thr_disowned {
  pid_t pid;
  struct thr_disowned *next;
} disowned;

static thr_mutex m = THR_MUTEX_INIT;
static disowned *list; /* m */

static bool has_ended(pid_t pid) {
  pid_t r = waitpid(pid, NULL, WNOHANG);
  return r == pid || (r < 0 && errno == ECHILD);
}

static void reap_disowned(void) {
  thr_mutex_lock(&m);
  for (disowned **link = &list; *link;) {
    disowned *d = *link;
    if (has_ended(d->pid)) {
      *link = d->next;
      thr_os_free(d);
    } else {
      link = &d->next;
    }
  }
  thr_mutex_unlock(&m);
}

static void forget(thr_child *c) {
  if (c->end >= 0) close(c->end);
  thr_os_free(c->disowned);
  *c = THR_NO_CHILD;
}

void thr_child_disown(thr_child *c) {
  disowned *d = c->disowned;
  if (d) {
    thr_mutex_lock(&m);
    d->next = list;
    list = d;
    thr_mutex_unlock(&m);
  }
  c->disowned = NULL;
  forget(c);
  reap_disowned();
}

/* --- how it is started --- */

typedef struct {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attr;
} setup;

/* Our threads block signals, which a program would inherit. */
static int begin_setup(setup *s) {
  sigset_t none, keys;
  sigemptyset(&none);
  sigemptyset(&keys);
  thr_os_addkeys(&keys);
  if (thr_fault_fails(THR_CHANCE_CALL)) return EAGAIN;
  int err = posix_spawn_file_actions_init(&s->files);
  if (err != 0) return err;
  err = posix_spawnattr_init(&s->attr);
  if (err != 0) posix_spawn_file_actions_destroy(&s->files);
  if (err != 0) return err;
  posix_spawnattr_setsigmask(&s->attr, &none);
  posix_spawnattr_setsigdefault(&s->attr, &keys);
  posix_spawnattr_setflags(&s->attr,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  return 0;
}

static void end_setup(setup *s) {
  posix_spawnattr_destroy(&s->attr);
  posix_spawn_file_actions_destroy(&s->files);
}

/* Ready to be disowned, which must not fail. */
static bool prepare(thr_child *c) {
  reap_disowned();
  *c = THR_NO_CHILD;
  c->disowned = thr_os_alloc(sizeof(*c->disowned));
  return c->disowned != NULL;
}

static int note_started(thr_child *c, int err, pid_t pid) {
  if (err != 0) {
    forget(c);
    return err;
  }
  c->pid = c->disowned->pid = pid;
#if defined(__linux__) && defined(SYS_pidfd_open)
  if (!thr_fault_fails(THR_CHANCE_CALL))
    c->end = thr_os_abovestandard((int)syscall(SYS_pidfd_open, pid, 0));
#endif
  return 0;
}

/* --- commands --- */

bool thr_child_hasshell(void) { return access("/bin/sh", X_OK) == 0; }

/* The shell's descriptor `to` is our `from`, unless that is -1. */
static int spawn_shell(pid_t *pid, const char *command, int from, int to) {
  char *const argv[] = {"sh", "-c", (char *)command, NULL};
  setup s;
  int err = begin_setup(&s);
  if (err != 0) return err;
  if (from >= 0) posix_spawn_file_actions_adddup2(&s.files, from, to);
  err = posix_spawn(pid, "/bin/sh", &s.files, &s.attr, argv,
                    thr_os_environ());
  end_setup(&s);
  return err;
}

int thr_child_shell(thr_child *c, const char *command) {
  pid_t pid = 0;
  if (!prepare(c)) return ENOMEM;
  int err = spawn_shell(&pid, command, -1, -1);
  return note_started(c, err, pid);
}

/* `ours` is the end of a pipe that becomes *f, `theirs` the other one. */
static int spawn_with_file(pid_t *pid, const char *command, const char *mode,
                           int ours, int theirs, FILE **f) {
  *f = thr_fault_fails(THR_CHANCE_MEMORY) ? NULL : fdopen(ours, mode);
  if (!*f) {
    close(ours);
    return ENOMEM;
  }
  int err = spawn_shell(pid, command, theirs, *mode == 'r' ? 1 : 0);
  if (err != 0) fclose(*f);
  return err;
}

int thr_child_shellfile(thr_child *c, const char *command, const char *mode,
                        FILE **f) {
  int fd[2], ours = *mode == 'r' ? 0 : 1;
  pid_t pid = 0;
  if (!prepare(c)) return ENOMEM;
  int err = thr_os_privatepipe(fd);
  if (err == 0) {
    err = spawn_with_file(&pid, command, mode, fd[ours], fd[!ours], f);
    close(fd[!ours]);
  }
  return note_started(c, err, pid);
}

/* --- programs --- */

/* Lua may ignore some signals: the program starts as from a shell. */
static void set_apart(setup *s, int output) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGPIPE);
  sigaddset(&set, SIGCHLD);
  thr_os_addkeys(&set);
  posix_spawnattr_setsigdefault(&s->attr, &set);
  posix_spawnattr_setpgroup(&s->attr, 0);
  posix_spawnattr_setflags(&s->attr, POSIX_SPAWN_SETSIGMASK |
                                         POSIX_SPAWN_SETSIGDEF |
                                         POSIX_SPAWN_SETPGROUP);
  posix_spawn_file_actions_addopen(&s->files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&s->files, output, 1);
  posix_spawn_file_actions_adddup2(&s->files, output, 2);
}

static int spawn_apart(pid_t *pid, char *const argv[], int output) {
  char path[4096];
  setup s;
  int err = begin_setup(&s);
  if (err != 0) return err;
  set_apart(&s, output);
  err = thr_os_findprogram(argv[0], path, sizeof(path));
  err = posix_spawnp(pid, err == 0 ? path : argv[0], &s.files, &s.attr, argv,
                     thr_os_trustedenviron());
  end_setup(&s);
  return err;
}

int thr_child_run(thr_child *c, char *const argv[], int *output) {
  int fd[2];
  pid_t pid = 0;
  if (!prepare(c)) return ENOMEM;
  int err = thr_os_privatepipe(fd);
  if (err == 0) {
    err = spawn_apart(&pid, argv, fd[1]);
    close(fd[1]);
    if (err == 0) *output = fd[0];
    else close(fd[0]);
  }
  return note_started(c, err, pid);
}

/* --- workers --- */

#if !THR_GLIBC(2, 34)
#define USUAL_FDS 1024
#endif

/* The program gets none of our descriptors but these.  Where the system cannot
** close the others, they are looked for among the numbers that are usual: those
** that somebody has left open for programs. */
static int keep_few(setup *s) {
#if THR_GLIBC(2, 34)
  return posix_spawn_file_actions_addclosefrom_np(&s->files, THR_CHILD_FD + 1);
#elif defined(POSIX_SPAWN_CLOEXEC_DEFAULT)
  short flags;
  int err = posix_spawnattr_getflags(&s->attr, &flags);
  if (err == 0)
    err = posix_spawnattr_setflags(
        &s->attr, (short)(flags | POSIX_SPAWN_CLOEXEC_DEFAULT));
  if (err == 0)
    err = posix_spawn_file_actions_addinherit_np(&s->files, STDOUT_FILENO);
  if (err == 0)
    err = posix_spawn_file_actions_addinherit_np(&s->files, STDERR_FILENO);
  return err;
#else
  int err = 0;
  for (int fd = THR_CHILD_FD + 1; fd < USUAL_FDS && err == 0; fd++) {
    int flags = fcntl(fd, F_GETFD);
    if (flags >= 0 && !(flags & FD_CLOEXEC))
      err = posix_spawn_file_actions_addclose(&s->files, fd);
  }
  return err;
#endif
}

static int set_alike(setup *s, int theirs) {
  sigset_t keys;
  sigemptyset(&keys);
  sigaddset(&keys, SIGINT);
  posix_spawnattr_setsigmask(&s->attr, &keys);
  int err = posix_spawn_file_actions_addopen(&s->files, STDIN_FILENO,
                                             "/dev/null", O_RDONLY, 0);
  if (err == 0)
    err = posix_spawn_file_actions_adddup2(&s->files, theirs, THR_CHILD_FD);
  return err == 0 ? keep_few(s) : err;
}

static int spawn_alike(pid_t *pid, char *const argv[], int theirs) {
  setup s;
  int err = begin_setup(&s);
  if (err != 0) return err;
  err = set_alike(&s, theirs);
  if (err == 0)
    err = posix_spawn(pid, argv[0], &s.files, &s.attr, argv,
                      thr_os_trustedenviron());
  end_setup(&s);
  return err;
}

/* A descriptor that has the number already would not be copied to it, and so
** be closed. */
int thr_child_work(thr_child *c, char *const argv[], int theirs) {
  pid_t pid = 0;
  if (!prepare(c)) return ENOMEM;
  int copy = theirs == THR_CHILD_FD ? thr_os_duplicate(theirs) : theirs;
  int err = copy < 0 ? errno : spawn_alike(&pid, argv, copy);
  if (copy >= 0 && copy != theirs) close(copy);
  return note_started(c, err, pid);
}

/* --- copies of this process --- */

int thr_child_fork(thr_child *c, int *pipe) {
  int fd[2];
  if (!prepare(c)) return ENOMEM;
  int err = thr_os_privatepipe(fd);
  if (err != 0) return note_started(c, err, 0);
  fflush(NULL); /* once, not twice */
  pid_t pid = thr_fault_fails(THR_CHANCE_CALL) ? -1 : fork();
  err = pid < 0 ? EAGAIN : 0;
  close(fd[pid != 0]);
  if (pid < 0) close(fd[0]);
  else *pipe = fd[pid == 0];
  if (pid == 0) forget(c);
  return pid == 0 ? 0 : note_started(c, err, pid);
}

void thr_child_leave(int pipe, const char *text, size_t n, int code) {
  while (n > 0) {
    ssize_t written = write(pipe, text, n);
    if (written < 0 && errno != EINTR) break;
    if (written > 0) text += written;
    if (written > 0) n -= (size_t)written;
  }
  fflush(NULL);
  _exit(code);
}

ptrdiff_t thr_child_read(int output, char *to, size_t size) {
  ptrdiff_t n = read(output, to, size);
  return n < 0 && errno != EINTR && errno != EAGAIN ? 0 : n;
}

/* --- its end --- */

bool thr_child_reap(thr_child *c, int *status) {
  pid_t r = waitpid((pid_t)c->pid, status, WNOHANG);
  if (r == 0 || (r < 0 && errno == EINTR)) return false;
  int err = errno;
  if (r < 0) *status = -1;
  forget(c);
  errno = err;
  return true;
}

void thr_child_waitlast(thr_child *c, int *status) {
  pid_t r;
  do r = waitpid((pid_t)c->pid, status, 0);
  while (r < 0 && errno == EINTR);
  int err = errno;
  if (r < 0) *status = -1;
  forget(c);
  errno = err;
}

int thr_child_exitcode(int status) {
  if (status == -1) return -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int thr_child_signal(int status, const char **name) {
  if (status == -1 || !WIFSIGNALED(status)) return 0;
  *name = strsignal(WTERMSIG(status));
  return WTERMSIG(status);
}

void thr_child_end(const thr_child *c) {
  if (c->pid != 0) kill((pid_t)c->pid, SIGKILL);
}

void thr_child_terminate(const thr_child *c) {
  if (c->pid != 0) kill((pid_t)c->pid, SIGTERM);
}

void thr_child_kill(thr_child *c) {
  if (c->pid == 0) return;
  kill(-(pid_t)c->pid, SIGKILL);
  thr_child_disown(c);
}
