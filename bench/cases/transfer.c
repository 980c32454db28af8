#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../measure.h"

#define ALL ((size_t)1 << 30)
#define BLOCK ((size_t)1 << 16)

static int a, b;

static void *send_all(void *arg) {
  static char block[BLOCK];
  for (size_t sent = 0; sent < ALL; sent += BLOCK)
    if (send(a, block, BLOCK, MSG_NOSIGNAL) != (ssize_t)BLOCK) exit(1);
  close(a);
  return arg;
}

static void make_pair(void) {
  struct sockaddr_in at = {.sin_family = AF_INET};
  socklen_t size = sizeof(at);
  int server = socket(AF_INET, SOCK_STREAM, 0);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  must(bind(server, (struct sockaddr *)&at, size));
  must(listen(server, 1));
  must(getsockname(server, (struct sockaddr *)&at, &size));
  a = socket(AF_INET, SOCK_STREAM, 0);
  must(connect(a, (struct sockaddr *)&at, size));
  b = accept(server, NULL, NULL);
}

int main(void) {
  static char block[BLOCK];
  pthread_t t;
  ssize_t n;
  size_t got = 0;
  make_pair();
  double from = now();
  must(pthread_create(&t, NULL, send_all, NULL));
  while ((n = recv(b, block, BLOCK, MSG_WAITALL)) > 0) got += (size_t)n;
  must(pthread_join(t, NULL));
  if (got != ALL) return 1;
  printf("%.9g\n", (double)ALL / (now() - from));
  return 0;
}
