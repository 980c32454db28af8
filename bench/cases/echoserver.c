/*
** An echo server, a thread for each connection, beside N threads that compute:
** echoserver N.
*/
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../measure.h"

static void *compute(void *arg) {
  for (volatile unsigned x = 0;;) x = x ^ 1;
  return arg;
}

static void *serve(void *arg) {
  char data[8192];
  int fd = (int)(intptr_t)arg, one = 1;
  ssize_t n;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  while ((n = recv(fd, data, sizeof(data), 0)) > 0)
    if (send(fd, data, (size_t)n, MSG_NOSIGNAL) != n) break;
  close(fd);
  return NULL;
}

static void start(void *(*fn)(void *), void *arg) {
  pthread_t t;
  pthread_attr_t attr;
  pthread_attr_init(&attr);
  pthread_attr_setstacksize(&attr, 512 * 1024);
  must(pthread_create(&t, &attr, fn, arg));
  must(pthread_detach(t));
}

int main(int argc, char *argv[]) {
  struct sockaddr_in at = {.sin_family = AF_INET};
  socklen_t size = sizeof(at);
  int server = socket(AF_INET, SOCK_STREAM, 0);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  must(bind(server, (struct sockaddr *)&at, size));
  must(listen(server, 4096));
  must(getsockname(server, (struct sockaddr *)&at, &size));
  for (int n = argc > 1 ? atoi(argv[1]) : 0; n > 0; n--) start(compute, NULL);
  printf("%d\n", ntohs(at.sin_port));
  fflush(stdout);
  for (;;) {
    int fd = accept(server, NULL, NULL);
    if (fd < 0) return 1;
    start(serve, (void *)(intptr_t)fd);
  }
}
