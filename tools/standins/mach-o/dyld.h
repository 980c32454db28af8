/* mach-o/dyld.h: of macOS, see ../apple.h. */
#ifndef STANDINS_MACH_O_DYLD_H
#define STANDINS_MACH_O_DYLD_H

#include <stdint.h>
#include <unistd.h>

static inline int _NSGetExecutablePath(char *path, uint32_t *size) {
  ssize_t n = readlink("/proc/self/exe", path, *size);
  if (n < 0 || n >= (ssize_t)*size) return -1;
  path[n] = '\0';
  return 0;
}

#endif
