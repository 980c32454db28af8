/* poll, by ppoll and epoll, or pselect and kqueue: see poll.h. */
#define _GNU_SOURCE 1

#include "os/poll.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/epoll.h>
#else
#include <sys/types.h>
#include <sys/event.h>
#include <sys/select.h>
#include <sys/time.h>
#endif

#include "os/fault.h"
#include "os/tuning.h"

/* --- one descriptor --- */

#if defined(__linux__)

static int poll_with(struct pollfd *p, nfds_t n, const struct timespec *t,
                     const sigset_t *mask) {
  return ppoll(p, n, t, mask);
}

#else

#define MAX_SECONDS 100000000 /* three years; macOS's pselect takes no more */

static int milliseconds(const struct timespec *t, int most) {
  int64_t ns = t ? (int64_t)t->tv_sec * THR_SECOND + t->tv_nsec : THR_FOREVER;
  return ns / 1000000 >= most ? most : (int)((ns + 999999) / 1000000);
}

/* pselect has no room for the descriptor: signals are let in around sleeps
** so short that one which comes just before does no harm. */
static int poll_in_slices(struct pollfd *p, nfds_t n, const struct timespec *t,
                          const sigset_t *mask) {
  sigset_t before;
  if (!mask) return poll(p, n, t ? milliseconds(t, INT_MAX) : -1);
  pthread_sigmask(SIG_SETMASK, mask, &before);
  int r = poll(p, n, milliseconds(t, THR_POLL_SLICE));
  int err = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  errno = err;
  return r;
}

static int to_sets(const struct pollfd *p, nfds_t n, fd_set *in, fd_set *out) {
  int last = -1;
  FD_ZERO(in);
  FD_ZERO(out);
  for (nfds_t i = 0; i < n; i++) {
    if (p[i].fd >= FD_SETSIZE) return INT_MAX;
    if (p[i].fd > last) last = p[i].fd;
    if (p[i].fd >= 0 && p[i].events & POLLIN) FD_SET(p[i].fd, in);
    if (p[i].fd >= 0 && p[i].events & POLLOUT) FD_SET(p[i].fd, out);
  }
  return last;
}

static void from_sets(struct pollfd *p, nfds_t n, fd_set *in, fd_set *out) {
  for (nfds_t i = 0; i < n; i++)
    if (p[i].fd >= 0)
      p[i].revents = (short)((FD_ISSET(p[i].fd, in) ? POLLIN : 0) |
                             (FD_ISSET(p[i].fd, out) ? POLLOUT : 0));
}

/* By pselect without a mask, too: macOS's poll does not know all devices. */
static int poll_with(struct pollfd *p, nfds_t n, const struct timespec *t,
                     const sigset_t *mask) {
  static const struct timespec most = {.tv_sec = MAX_SECONDS};
  fd_set in, out;
  int last = to_sets(p, n, &in, &out);
  if (t && t->tv_sec > MAX_SECONDS) t = &most;
  if (last == INT_MAX) return poll_in_slices(p, n, t, mask);
  int r = pselect(last + 1, &in, &out, NULL, t, mask);
  if (r < 0 && errno == EBADF) return poll(p, n, 0); /* finds which */
  if (r > 0) from_sets(p, n, &in, &out);
  return r;
}

#endif

static struct pollfd watched(const thr_watch *watch) {
  struct pollfd p = {.fd = watch->fd};
  if (watch->wanted & THR_IN) p.events |= POLLIN;
  if (watch->wanted & THR_OUT) p.events |= POLLOUT;
  return p;
}

/* Where there is an error, or nobody at the other end, both to read and to
** write report that at once. */
static void note(thr_watch *watch, int revents) {
  watch->ready = 0;
  if (revents & (POLLIN | POLLHUP | POLLERR)) watch->ready |= THR_IN;
  if (revents & (POLLOUT | POLLHUP | POLLERR)) watch->ready |= THR_OUT;
  watch->ready &= watch->wanted;
  if (revents & POLLNVAL) watch->ready = THR_NOFD;
}

bool thr_os_look(thr_watch *watch) {
  static const struct timespec now = {0, 0};
  struct pollfd p = watched(watch);
  int r;
  do r = poll_with(&p, 1, &now, NULL);
  while (r < 0 && errno == EINTR);
  note(watch, r > 0 ? p.revents : 0);
  return watch->ready != 0;
}

int thr_os_watch(int fd, thr_watch *watch, int64_t deadline, const void *mask) {
  bool ends = deadline != THR_FOREVER;
  int64_t left = ends ? deadline - thr_os_monotonic() : 0;
  struct timespec t = thr_os_timespec(left > 0 ? left : 0);
  struct pollfd p[2] = {{.fd = fd, .events = POLLIN}};
  if (watch) p[1] = watched(watch);
  int r = poll_with(p, watch ? 2 : 1, ends ? &t : NULL, mask);
  if (watch) note(watch, r > 0 ? p[1].revents : 0);
  return r > 0 ? 2 - (p[0].revents != 0) : r;
}

static void *exit_athangup(void *arg) {
  struct pollfd p = {.fd = (int)(intptr_t)arg};
  while (!(p.revents & POLLNVAL)) {
    if (poll(&p, 1, -1) == 1 && p.revents & POLLHUP) _exit(1);
  }
  return NULL; /* somebody has closed what is not theirs */
}

/* With a descriptor of its own: the other one is closed at the orderly end of
** the process, which must not be cut short. */
int thr_os_exitathangup(int fd) {
  thr_osthread t;
  int own = thr_os_duplicate(fd);
  if (own < 0) return errno;
  int err = thr_os_start(&t, 0, exit_athangup, (void *)(intptr_t)own);
  if (err == 0) thr_os_detach(t);
  else close(own);
  return err;
}

/* --- sets --- */

static bool is_refused(int err) {
  if (!thr_fault_fails(THR_CHANCE_CALL)) return false;
  errno = err;
  return true;
}

#if defined(__linux__)

int thr_os_pollopen(void) {
  if (is_refused(EMFILE)) return -1;
  return thr_os_abovestandard(epoll_create1(EPOLL_CLOEXEC));
}

bool thr_os_polladd(int set, const thr_pollable *p) {
  if (is_refused(ENOSPC)) return false;
  struct epoll_event e = {.data.fd = p->fd};
  if (p->in) e.events |= EPOLLIN;
  if (p->out) e.events |= EPOLLOUT;
  return epoll_ctl(set, EPOLL_CTL_ADD, p->fd, &e) == 0;
}

/* What has failed or was hung up is ready for both. */
static thr_pollable ready_member(const struct epoll_event *e) {
  uint32_t both = EPOLLERR | EPOLLHUP;
  return (thr_pollable){.fd = e->data.fd,
                        .in = (e->events & (EPOLLIN | both)) != 0,
                        .out = (e->events & (EPOLLOUT | both)) != 0};
}

int thr_os_pollready(int set, thr_pollable *list, int n) {
  struct epoll_event *events = thr_os_alloc((size_t)n * sizeof(*events));
  int ready = events ? epoll_wait(set, events, n, 0) : -1;
  if (!events) errno = ENOMEM;
  for (int i = 0; i < ready; i++) list[i] = ready_member(&events[i]);
  thr_os_free(events);
  return ready;
}

#else

int thr_os_pollopen(void) {
  int set = is_refused(EMFILE) ? -1 : thr_os_abovestandard(kqueue());
  if (set >= 0) thr_os_noinherit(set);
  return set;
}

static bool add(int set, int fd, short filter) {
  struct kevent e;
  EV_SET(&e, (uintptr_t)fd, filter, EV_ADD, 0, 0, NULL);
  return kevent(set, &e, 1, NULL, 0, NULL) == 0;
}

bool thr_os_polladd(int set, const thr_pollable *p) {
  if (is_refused(ENOSPC)) return false;
  return (!p->in || add(set, p->fd, EVFILT_READ)) &&
         (!p->out || add(set, p->fd, EVFILT_WRITE));
}

int thr_os_pollready(int set, thr_pollable *list, int n) {
  struct timespec none = {0, 0};
  struct kevent *events = thr_os_alloc((size_t)n * sizeof(*events));
  int ready = events ? kevent(set, NULL, 0, events, n, &none) : -1;
  if (!events) errno = ENOMEM;
  for (int i = 0; i < ready; i++)
    list[i] = (thr_pollable){.fd = (int)events[i].ident,
                             .in = events[i].filter == EVFILT_READ,
                             .out = events[i].filter == EVFILT_WRITE};
  thr_os_free(events);
  return ready;
}

#endif
