/* os_cpu: see os_cpu.h. */
#define _GNU_SOURCE 1

#include "os/cpu.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "os/privatefd.h"

#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
#include <cpuid.h>

/* What the processor itself says: its maker, its model, its instructions, and
** those of them that the system has turned on (the size of their state).  Left
** out is what differs from core to core. */
size_t thr_os_describecpu(char *to, size_t size) {
  static const struct {
    unsigned leaf, sub, mask[4]; /* of eax, ebx, ecx, edx */
  } asked[] = {{0, 0, {~0u, ~0u, ~0u, ~0u}},
               {1, 0, {~0u, 0, ~0u, ~0u}},
               {7, 0, {~0u, ~0u, ~0u, ~0u}},
               {7, 1, {~0u, ~0u, ~0u, ~0u}},
               {0xd, 0, {~0u, ~0u, 0, 0}},
               {0xd, 1, {~0u, 0, 0, 0}},
               {0x14, 0, {0, ~0u, 0, 0}},
               {0x19, 0, {0, ~0u, 0, 0}},
               {0x24, 0, {0, ~0u, 0, 0}},
               {0x80000001, 0, {0, 0, ~0u, ~0u}},
               {0x80000008, 0, {0, ~0u, 0, 0}}};
  size_t n = 0;
  for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
    unsigned r[4] = {0, 0, 0, 0};
    if (n + sizeof(r) > size) return 0;
    (void)__get_cpuid_count(asked[i].leaf, asked[i].sub, &r[0], &r[1], &r[2],
                            &r[3]);
    for (int j = 0; j < 4; j++) r[j] &= asked[i].mask[j];
    memcpy(to + n, r, sizeof(r));
    n += sizeof(r);
  }
  return n;
}

#else

/* Linux describes one processor after the other; those that fit are enough,
** without what changes from one moment to the next. */
size_t thr_os_describecpu(char *to, size_t size) {
#if defined(__linux__)
  int file = open("/proc/cpuinfo", O_RDONLY | O_CLOEXEC);
  if (file >= 0) file = thr_os_abovestandard(file);
  if (file < 0) return 0;
  ssize_t n = read(file, to, size - 1);
  close(file);
  if (n <= 0) return 0;
  to[n] = '\0';
  for (char *line = to; *line; line += strcspn(line, "\n") + 1) {
    bool varies = strncmp(line, "cpu MHz", 7) == 0 ||
                  strncmp(line, "clock", 5) == 0;
    if (varies) memset(line, ' ', strcspn(line, "\n"));
    if (!line[strcspn(line, "\n")]) break;
  }
  return (size_t)n;
#else
  (void)to;
  (void)size;
  return 0;
#endif
}

#endif
