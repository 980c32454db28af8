/*
** sys/event.h: as much of the kqueue of macOS and the BSDs as os_pollset.c
** asks for, by epoll. For tools/portability, which runs their part of the
** library on Linux.
*/
#ifndef STANDINS_EVENT_H
#define STANDINS_EVENT_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>

#define EVFILT_READ (-1)
#define EVFILT_WRITE (-2)
#define EV_ADD 0x0001

struct kevent {
  uintptr_t ident;
  int16_t filter;
  uint16_t flags;
  uint32_t fflags;
  int64_t data;
  void *udata;
};

#define EV_SET(e, id, filt, fl, ff, d, u)                                      \
  (*(e) = (struct kevent){.ident = (id), .filter = (filt), .flags = (fl),      \
                          .fflags = (ff), .data = (d), .udata = (u)})

static inline int kqueue(void) { return epoll_create1(0); }

/* What is a member already is one for the other filter. */
static inline int standin_add(int kq, const struct kevent *e) {
  int fd = (int)e->ident;
  struct epoll_event both = {.events = EPOLLIN | EPOLLOUT, .data.fd = fd};
  struct epoll_event one = {.data.fd = fd};
  one.events = e->filter == EVFILT_READ ? EPOLLIN : EPOLLOUT;
  if (epoll_ctl(kq, EPOLL_CTL_ADD, fd, &one) == 0) return 0;
  return errno == EEXIST ? epoll_ctl(kq, EPOLL_CTL_MOD, fd, &both) : -1;
}

/* A member that has failed is told of for both filters. The time to wait is
** taken for none. */
static inline int kevent(int kq, const struct kevent *changes, int nchanges,
                         struct kevent *events, int nevents,
                         const struct timespec *timeout) {
  int n = 0, most = (nevents + 1) / 2;
  (void)timeout;
  for (int i = 0; i < nchanges; i++)
    if (standin_add(kq, &changes[i]) != 0) return -1;
  if (nevents == 0) return 0;
  struct epoll_event *ready = calloc((size_t)most, sizeof(*ready));
  int found = ready ? epoll_wait(kq, ready, most, 0) : -1;
  for (int i = 0; i < found; i++) {
    uintptr_t id = (uintptr_t)ready[i].data.fd;
    uint32_t failed = EPOLLERR | EPOLLHUP, what = ready[i].events;
    if (n < nevents && what & (EPOLLIN | failed))
      EV_SET(&events[n++], id, EVFILT_READ, 0, 0, 0, NULL);
    if (n < nevents && what & (EPOLLOUT | failed))
      EV_SET(&events[n++], id, EVFILT_WRITE, 0, 0, 0, NULL);
  }
  free(ready);
  return found < 0 ? -1 : n;
}

#endif
