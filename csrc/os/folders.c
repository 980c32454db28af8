/* folders, on POSIX: see folders.h. */
#define _GNU_SOURCE 1
#define _DARWIN_C_SOURCE 1 /* st_mtimespec */

#include "os/folders.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/fault.h"

#define MAX_LINKS 40

/* A folder above ours may be one that this user can pass through, not list. */
#if defined(O_SEARCH)
#define PASS O_SEARCH
#elif defined(O_PATH)
#define PASS O_PATH
#else
#define PASS O_RDONLY
#endif
#define FOLDER (PASS | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* Where standard streams are closed, their numbers are not for us. */
static int open_at(int folder, const char *name, int flags, mode_t mode) {
  int fd = openat(folder, name, flags, mode);
  return fd < 0 ? fd : thr_os_abovestandard(fd);
}

static bool is_trusted(uid_t owner) { return owner == 0 || owner == geteuid(); }

/* Can other users write it?  An access list is seen as the group's. */
static bool is_open_to_others(const struct stat *s) {
  return (s->st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

/* --- the way --- */

typedef struct {
  thr_osway *way;
  int folder;
  int links;
  bool make;
  char rest[THR_MAX_PATH]; /* of the path */
} walk;

/* A sticky folder's entries are safe that belong to this user or to root: as
** it is asked of each what it is, and not of its folder alone. */
static int check(walk *w) {
  struct stat s;
  if (fstat(w->folder, &s) != 0) return errno;
  w->way->shared = !is_trusted(s.st_uid) ||
                   (is_open_to_others(&s) && !(s.st_mode & S_ISVTX));
  return w->way->shared ? EPERM : 0;
}

static int enter(walk *w, int folder) {
  if (w->folder >= 0) close(w->folder);
  w->folder = folder;
  return check(w);
}

static int enter_root(walk *w) {
  int root = open_at(AT_FDCWD, "/", FOLDER, 0);
  if (root < 0) return errno;
  strcpy(w->way->path, "/");
  return enter(w, root);
}

/* The next part of the path becomes a part of the way's. */
static int note(walk *w, const char *name) {
  char *path = w->way->path;
  size_t n = strlen(path);
  if (strcmp(name, "..") == 0) {
    char *last = strrchr(path, '/');
    last[last == path] = '\0';
    return 0;
  }
  if (n + 1 + strlen(name) >= THR_MAX_PATH) return ENAMETOOLONG;
  sprintf(path + n, "%s%s", n > 1 ? "/" : "", name);
  return 0;
}

/* What a link says goes before the rest. */
static int follow(walk *w, const char *name) {
  char target[2 * THR_MAX_PATH];
  struct stat s; /* first: then nobody else can exchange it */
  if (fstatat(w->folder, name, &s, AT_SYMLINK_NOFOLLOW) != 0) return errno;
  if (!S_ISLNK(s.st_mode)) return ENOTDIR;
  w->way->shared = !is_trusted(s.st_uid);
  if (w->way->shared) {
    int err = note(w, name);
    return err ? err : EPERM;
  }
  ssize_t n = readlinkat(w->folder, name, target, THR_MAX_PATH);
  if (n < 0) return errno;
  if (++w->links > MAX_LINKS) return ELOOP;
  if ((size_t)n + 1 + strlen(w->rest) >= THR_MAX_PATH) return ENAMETOOLONG;
  sprintf(target + n, "/%s", w->rest);
  strcpy(w->rest, target);
  return target[0] == '/' ? enter_root(w) : 0;
}

static int step(walk *w, const char *name) {
  int next = open_at(w->folder, name, FOLDER, 0);
  if (next < 0 && errno == ENOENT && w->make) {
    if (mkdirat(w->folder, name, S_IRWXU) != 0 && errno != EEXIST) return errno;
    next = open_at(w->folder, name, FOLDER, 0);
  }
  if (next < 0 && errno != ENOTDIR && errno != ELOOP && errno != EMLINK)
    return errno;
  if (next < 0) return follow(w, name);
  int err = note(w, name);
  int wrong = enter(w, next);
  return err ? err : wrong;
}

/* Cuts off the next part of the rest; false: there is none. */
static bool next_part(walk *w, char *name) {
  const char *rest = w->rest + strspn(w->rest, "/");
  size_t n = strcspn(rest, "/");
  memcpy(name, rest, n);
  name[n] = '\0';
  memmove(w->rest, rest + n, strlen(rest + n) + 1);
  return n > 0;
}

static int go(walk *w) {
  char name[THR_MAX_PATH];
  int err = enter_root(w);
  while (err == 0 && next_part(w, name))
    if (strcmp(name, ".") != 0) err = step(w, name);
  return err;
}

int thr_os_openfolder(const char *path, bool make, int *folder,
                      thr_osway *way) {
  walk w = {.way = way, .folder = -1, .make = make};
  way->shared = false;
  way->path[0] = '\0';
  if (strlen(path) >= THR_MAX_PATH) return ENAMETOOLONG;
  strcpy(w.rest, path);
  int err = thr_fault_fails(THR_CHANCE_CALL) ? EMFILE : go(&w);
  if (err != 0 && w.folder >= 0) close(w.folder);
  *folder = err != 0 ? -1 : w.folder;
  return err;
}

/* --- what is in it --- */

bool thr_os_isprivate(int folder) {
  struct stat s;
  return fstat(folder, &s) == 0 && s.st_uid == geteuid() &&
         !is_open_to_others(&s);
}

/* A number that others cannot foresee. */
static unsigned long long draw(void) {
  unsigned long long n = (unsigned long long)thr_os_realtime();
  int source = open_at(AT_FDCWD, "/dev/urandom", O_RDONLY | O_CLOEXEC, 0);
  if (source >= 0) {
    unsigned long long more = 0;
    if (read(source, &more, sizeof(more)) > 0) n ^= more;
    close(source);
  }
  return n;
}

int thr_os_makeunique(int folder, char name[THR_MAX_UNIQUE], int *made) {
  if (thr_fault_fails(THR_CHANCE_CALL)) return ENOSPC;
  do snprintf(name, THR_MAX_UNIQUE, "making-%016llx", draw());
  while (mkdirat(folder, name, S_IRWXU) != 0 && errno == EEXIST);
  *made = open_at(folder, name, FOLDER, 0);
  int err = *made < 0 ? errno : 0;
  if (*made >= 0 && !thr_os_isprivate(*made)) { /* another one took its place */
    close(*made);
    return EPERM;
  }
  if (err != 0) unlinkat(folder, name, AT_REMOVEDIR);
  return err;
}

/* Nobody else has written it, if nobody else can reach it. */
static bool is_own(int folder, const struct stat *s) {
  struct stat around;
  return S_ISREG(s->st_mode) && s->st_uid == geteuid() &&
         (!is_open_to_others(s) || (fstat(folder, &around) == 0 &&
                                    (around.st_mode & 077) == 0));
}

int thr_os_openfile(int folder, const char *name, int *file, size_t *size) {
  struct stat s;
  *file = open_at(folder, name,
                  O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);
  if (*file < 0) return errno;
  int err = fstat(*file, &s) != 0 ? errno : is_own(folder, &s) ? 0 : EPERM;
  if (err != 0) {
    close(*file);
    *file = -1;
  }
  *size = err == 0 ? (size_t)s.st_size : 0;
  return err;
}

int thr_os_makefile(int folder, const char *name, int *file) {
  if (thr_fault_fails(THR_CHANCE_CALL)) return ENOSPC;
  *file = open_at(folder, name,
                  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                  S_IRUSR | S_IWUSR);
  return *file < 0 ? errno : 0;
}

int thr_os_readfile(int file, char *to, size_t size) {
  while (size > 0) {
    ssize_t n = read(file, to, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 ? errno : EIO;
    to += n;
    size -= (size_t)n;
  }
  return 0;
}

int thr_os_writefile(int file, const char *from, size_t size) {
  if (thr_fault_fails(THR_CHANCE_CALL)) return ENOSPC;
  while (size > 0) {
    ssize_t n = write(file, from, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno;
    from += n;
    size -= (size_t)n;
  }
  return 0;
}

int thr_os_movefile(int from, const char *name, int to, const char *new_name) {
  if (thr_fault_fails(THR_CHANCE_CALL)) return ENOSPC;
  return renameat(from, name, to, new_name) == 0 ? 0 : errno;
}

void thr_os_removefile(int folder, const char *name) {
  unlinkat(folder, name, 0);
}

void thr_os_removefolder(int folder, const char *name) {
  unlinkat(folder, name, AT_REMOVEDIR);
}

/* --- states --- */

#if defined(__APPLE__)
#define STAT_MODIFIED st_mtimespec
#define STAT_CHANGED st_ctimespec
#else
#define STAT_MODIFIED st_mtim
#define STAT_CHANGED st_ctim
#endif

static int64_t nanoseconds(struct timespec t) {
  return (int64_t)((uint64_t)t.tv_sec * (uint64_t)THR_SECOND +
                   (uint64_t)t.tv_nsec);
}

thr_osstate thr_os_filestate(const char *path) {
  struct stat s;
  if (stat(path, &s) != 0) return (thr_osstate){0, 0, 0, 0};
  return (thr_osstate){.inode = (int64_t)s.st_ino,
                       .size = (int64_t)s.st_size,
                       .modified = nanoseconds(s.STAT_MODIFIED),
                       .changed = nanoseconds(s.STAT_CHANGED)};
}
