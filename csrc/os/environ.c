/* environ, on POSIX: see environ.h. */
#define _GNU_SOURCE 1

#include "os/environ.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif
#if defined(__APPLE__)
#include <crt_externs.h>
#endif

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

const char *thr_os_getenv(const char *name) {
  return thr_os_elevated() ? NULL : getenv(name);
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
