/* The loop that kernels and a plain program both run. */
#include <stdint.h>

int64_t turns(int64_t n) {
  uint64_t x = 88172645463325252u;
  for (int64_t i = 0; i < n; i++) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
  }
  return (int64_t)x;
}
