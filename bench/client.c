/*
** client: loads an echo server, on raw sockets of 127.0.0.1, and measures it.
**
**   client requests SECONDS CONNECTIONS COMMAND ...
**     on each connection a request, its answer, the next: prints how many a
**     second, the median and the 99th percentile of how long one took
**   client connections N COMMAND ...
**     N connections, all open at the same time as far as the limit of open
**     files goes, each served twice: prints the seconds from the first connect
**
** The command is the server; it prints its port, and is killed in the end.
*/
#define _GNU_SOURCE 1
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

#define SECONDS_MOST 100 /* of the whole program */
#define SAMPLES (1 << 22)
#define WINDOW 128 /* connections that wait for their first answer */

static const char request[] = "what is this? an echo, I suppose\n";
enum { SIZE = sizeof(request) - 1 };

static pid_t server;

static void fail(const char *what) {
  fprintf(stderr, "client: %s: %s\n", what, strerror(errno));
  if (server > 0) kill(server, SIGKILL);
  exit(1);
}

static void on_alarm(int sig) {
  (void)sig;
  if (server > 0) kill(server, SIGKILL);
  _exit(1);
}

/* --- the server --- */

static int start_server(char *command[]) {
  int ends[2], port = 0;
  if (pipe(ends) != 0) fail("pipe");
  server = fork();
  if (server == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* nothing may be left over */
    dup2(ends[1], 1);
    close(ends[0]);
    close(ends[1]);
    execvp(command[0], command);
    _exit(127);
  }
  close(ends[1]);
  FILE *f = fdopen(ends[0], "r");
  if (server < 0 || !f || fscanf(f, "%d", &port) != 1) fail("no server");
  return port; /* the pipe stays open */
}

static void end_server(void) {
  kill(server, SIGKILL);
  waitpid(server, NULL, 0);
}

/* As many open files as can be had, here and in the server; how many. */
static long raise_limit(long wanted) {
  struct rlimit r;
  getrlimit(RLIMIT_NOFILE, &r);
  struct rlimit more = {(rlim_t)wanted, (rlim_t)wanted};
  if (r.rlim_max >= more.rlim_max) more.rlim_max = r.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &more) == 0) return wanted;
  r.rlim_cur = r.rlim_max;
  setrlimit(RLIMIT_NOFILE, &r);
  return (long)r.rlim_cur;
}

/* --- a connection --- */

static int connect_to(int port) {
  int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in to = {.sin_family = AF_INET,
                           .sin_port = htons((uint16_t)port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
    fail("connect");
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  return fd;
}

static void ask(int fd) {
  if (send(fd, request, SIZE, MSG_NOSIGNAL) != SIZE) fail("send");
}

/* A part of an answer; true when it is whole. */
static int answered(int fd, size_t *got) {
  char answer[SIZE];
  ssize_t n = recv(fd, answer, SIZE - *got, 0);
  if (n <= 0 || memcmp(answer, request + *got, (size_t)n) != 0) fail("recv");
  *got += (size_t)n;
  return *got == SIZE;
}

/* --- requests --- */

typedef struct {
  int fd;
  size_t got;
  double since;
} connection;

static void watch(int set, int fd, void *with) {
  struct epoll_event e = {.events = EPOLLIN, .data.ptr = with};
  if (epoll_ctl(set, EPOLL_CTL_ADD, fd, &e) != 0) fail("epoll");
}

static void ask_timed(connection *c) {
  c->got = 0;
  c->since = now();
  ask(c->fd);
}

static void requests(int port, double seconds, int n) {
  static double took[SAMPLES];
  static connection list[1024];
  struct epoll_event ready[64];
  int set = epoll_create1(0);
  size_t count = 0;
  for (int i = 0; i < n; i++) {
    list[i].fd = connect_to(port);
    watch(set, list[i].fd, &list[i]);
    ask_timed(&list[i]);
  }
  double start = now();
  while (now() - start < seconds && count < SAMPLES) {
    int k = epoll_wait(set, ready, 64, 1000);
    for (int i = 0; i < k && count < SAMPLES; i++) {
      connection *c = ready[i].data.ptr;
      if (!answered(c->fd, &c->got)) continue;
      took[count++] = now() - c->since;
      ask_timed(c);
    }
  }
  double all = now() - start;
  if (count == 0) fail("no answer");
  qsort(took, count, sizeof(*took), by_size);
  printf("%.9g %.9g %.9g\n", (double)count / all, took[count / 2],
         took[count * 99 / 100]);
}

/* --- many connections --- */

static void wait_answer(int fd) {
  size_t got = 0;
  while (!answered(fd, &got)) continue;
}

/* Opens them, not too many ahead of the answers: what the server's queue does
** not take is tried again by the system after a second. */
static void serve_open(int port, int *fds, int n) {
  for (int i = 0; i < n + WINDOW; i++) {
    if (i < n) ask(fds[i] = connect_to(port));
    if (i >= WINDOW) wait_answer(fds[i - WINDOW]);
  }
  for (int i = 0; i < n; i++) ask(fds[i]);
  for (int i = 0; i < n; i++) wait_answer(fds[i]);
  for (int i = 0; i < n; i++) close(fds[i]);
}

static void connections(int port, int n, long limit) {
  int most = (int)(limit - 1000);
  int *fds = calloc((size_t)n, sizeof(*fds));
  double start = now();
  for (int done = 0; done < n;) {
    int some = n - done < most ? n - done : most;
    serve_open(port, fds, some);
    done += some;
  }
  printf("%.9g %d\n", now() - start, n < most ? n : most);
  free(fds);
}

int main(int argc, char *argv[]) {
  if (argc < 4) return 2;
  signal(SIGALRM, on_alarm);
  alarm(SECONDS_MOST);
  int many = strcmp(argv[1], "connections") == 0, n = atoi(argv[2]);
  long limit = raise_limit(many ? 2L * n + 1000 : 1024);
  int port = start_server(argv + (many ? 3 : 4));
  if (many) connections(port, n, limit);
  else requests(port, atof(argv[2]), atoi(argv[3]));
  end_server();
  return 0;
}
