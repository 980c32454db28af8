/* 100 MB from one process into memory of another, over a socket pair. */
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../measure.h"

#define SIZE ((size_t)100000000)
#define TIMES 5

static void receive_all(int fd, int times) {
  for (int i = 0; i <= times; i++) {
    char *to = malloc(SIZE);
    for (size_t got = 0; got < SIZE;) {
      ssize_t n = recv(fd, to + got, SIZE - got, 0);
      if (n <= 0) _exit(1);
      got += (size_t)n;
    }
    if (send(fd, to, 1, 0) != 1) _exit(1);
    free(to);
  }
}

static void send_one(int fd, const char *from) {
  char answer;
  for (size_t sent = 0; sent < SIZE;) {
    ssize_t n = send(fd, from + sent, SIZE - sent, 0);
    if (n <= 0) exit(1);
    sent += (size_t)n;
  }
  if (recv(fd, &answer, 1, 0) != 1) exit(1);
}

int main(void) {
  int fd[2];
  char *from = malloc(SIZE);
  memset(from, 1, SIZE);
  must(socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
  pid_t child = fork();
  if (child == 0) {
    receive_all(fd[1], TIMES);
    _exit(0);
  }
  send_one(fd[0], from);
  double begin = now();
  for (int i = 0; i < TIMES; i++) send_one(fd[0], from);
  printf("%.9g\n", (double)SIZE * TIMES / (now() - begin));
  waitpid(child, NULL, 0);
  return 0;
}
