/* dl: see dl.h. */
#define _GNU_SOURCE 1

#include "os/dl.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

void thr_os_keeploaded(const void *address) {
  Dl_info info;
  int flags = RTLD_NOW;
#if defined(RTLD_NODELETE)
  flags |= RTLD_NODELETE;
#endif
#if defined(RTLD_NOLOAD)
  flags |= RTLD_NOLOAD;
#endif
  /* The handle is not closed, which serves where there is no NODELETE. */
  if (dladdr(address, &info) != 0 && info.dli_fname)
    (void)dlopen(info.dli_fname, flags);
}

const char *thr_os_libraryof(const void *address) {
  Dl_info info;
  return dladdr(address, &info) != 0 && info.dli_fname ? info.dli_fname : "?";
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
