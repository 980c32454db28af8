/* os_pollset, by epoll or kqueue.  See os_pollset.h for the contract. */
#define _GNU_SOURCE 1

#include "os/pollset.h"

#include <errno.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/epoll.h>
#else
#include <sys/types.h>
#include <sys/event.h>
#include <sys/time.h>
#endif

#include "os/fault.h"
#include "os/privatefd.h"

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
static thr_pollable told(const struct epoll_event *e) {
  uint32_t both = EPOLLERR | EPOLLHUP;
  return (thr_pollable){.fd = e->data.fd,
                        .in = (e->events & (EPOLLIN | both)) != 0,
                        .out = (e->events & (EPOLLOUT | both)) != 0};
}

int thr_os_pollready(int set, thr_pollable *list, int n) {
  struct epoll_event *events = thr_os_alloc((size_t)n * sizeof(*events));
  int ready = events ? epoll_wait(set, events, n, 0) : -1;
  if (!events) errno = ENOMEM;
  for (int i = 0; i < ready; i++) list[i] = told(&events[i]);
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

void thr_os_pollclose(int set) { close(set); }
