/*
** A resolver that takes its time: to be preloaded.  A name that ends in
** ".slow" is looked up when the file that the environment's RESOLVER names is
** there, and then is this machine's.  The lookup says that it has begun by
** another file, with ".begun" behind its name.
*/
#define _GNU_SOURCE 1

#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *wait_for(const char *name) {
  const char *file = getenv("RESOLVER");
  char begun[4096];
  size_t n = name ? strlen(name) : 0;
  if (n < 5 || strcmp(name + n - 5, ".slow") != 0) return name;
  snprintf(begun, sizeof(begun), "%s.begun", file);
  FILE *f = fopen(begun, "w");
  if (f) fclose(f);
  while (access(file, F_OK) != 0) usleep(1000);
  return "127.0.0.1";
}

int getaddrinfo(const char *node, const char *service,
                const struct addrinfo *hints, struct addrinfo **res) {
  int (*next)(const char *, const char *, const struct addrinfo *,
              struct addrinfo **);
  *(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo");
  if (!hints || !(hints->ai_flags & AI_NUMERICHOST)) node = wait_for(node);
  return next(node, service, hints, res);
}

int gethostbyname_r(const char *name, struct hostent *ret, char *buf,
                    size_t size, struct hostent **result, int *err) {
  int (*next)(const char *, struct hostent *, char *, size_t,
              struct hostent **, int *);
  *(void **)&next = dlsym(RTLD_NEXT, "gethostbyname_r");
  return next(wait_for(name), ret, buf, size, result, err);
}
