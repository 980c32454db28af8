/* os: handlers over other handlers, on POSIX.  See overlay.h. */
#define _GNU_SOURCE 1

#include "os/overlay.h"

#include <errno.h>
#include <string.h>

bool thr_overlay_isfunction(const struct sigaction *sa) {
  return sa->sa_flags & SA_SIGINFO ||
         (sa->sa_handler != SIG_DFL && sa->sa_handler != SIG_IGN);
}

bool thr_overlay_lies(const thr_overlay *o, const struct sigaction *sa) {
  return sa->sa_flags & SA_SIGINFO && sa->sa_sigaction == o->fn;
}

static bool is_same(const struct sigaction *a, const struct sigaction *b) {
  if ((a->sa_flags ^ b->sa_flags) & SA_SIGINFO) return false;
  return a->sa_flags & SA_SIGINFO ? a->sa_sigaction == b->sa_sigaction
                                  : a->sa_handler == b->sa_handler;
}

/* A handler may run on another thread and look at a former one: none is ever
** overwritten.  Who comes when there is no room is not called. */
static const struct sigaction *keep(thr_overlay *o,
                                    const struct sigaction *sa) {
  for (int i = 0; i < o->formers; i++)
    if (is_same(&o->former[i], sa)) return &o->former[i];
  if (o->formers == THR_OVERLAYS_MOST) return NULL;
  o->former[o->formers] = *sa;
  return &o->former[o->formers++];
}

/* All signals are held back: another handler that set a hook in the middle of
** ours would be lost.  Its stack, and whether it lets system calls go on, is as
** the handler below wants it. */
int thr_overlay_lay(thr_overlay *o) {
  struct sigaction sa, now;
  if (sigaction(o->sig, NULL, &now) != 0) return errno;
  if (thr_overlay_lies(o, &now)) return 0;
  o->before = keep(o, &now);
  memset(&sa, 0, sizeof(sa));
  sa.sa_sigaction = o->fn;
  sigfillset(&sa.sa_mask);
  sa.sa_flags = o->flags | SA_SIGINFO |
                (now.sa_flags & (SA_ONSTACK | SA_RESTART));
  return sigaction(o->sig, &sa, NULL) == 0 ? 0 : errno;
}

static THR_TLS volatile sig_atomic_t passing; /* bits of overlays */

void thr_overlay_passon(const thr_overlay *o, siginfo_t *info, void *context) {
  const struct sigaction *before = o->before;
  if (!before || !thr_overlay_isfunction(before) || passing & o->bit) return;
  passing |= o->bit;
  if (before->sa_flags & SA_SIGINFO)
    before->sa_sigaction(o->sig, info, context);
  else
    before->sa_handler(o->sig);
  passing &= ~o->bit;
}
