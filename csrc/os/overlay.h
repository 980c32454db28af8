/*
** overlay: handlers of ours that lie over those of others; for the os layer
** alone.
**
** What was there before is called after ours.  Somebody who comes later may lay
** theirs over ours, or take ours away; ours may be laid again, over theirs.  If
** theirs calls ours, as it should, the two of them call each other: then each
** is called once.
*/
#ifndef THR_OVERLAY_H
#define THR_OVERLAY_H

#include <signal.h>

#include "os/os.h"

THR_PRIVATE_BEGIN

#define THR_OVERLAYS_MOST 8 /* former handlers of one signal that are kept */

typedef struct {
  void (*fn)(int sig, siginfo_t *info, void *context); /* const */
  int sig;   /* const */
  int bit;   /* const: its own */
  int flags; /* const: of sigaction, beside SA_SIGINFO */
  struct sigaction former[THR_OVERLAYS_MOST]; /* never changed once `before` has
                                                 pointed there */
  int formers;
  _Atomic(const struct sigaction *) before; /* the handler below ours */
} thr_overlay;

/* Does a handler of somebody's stand there, or ours? */
bool thr_overlay_isfunction(const struct sigaction *sa);
bool thr_overlay_lies(const thr_overlay *o, const struct sigaction *sa);

/* Lays ours over what is there, if it does not lie there.  One thread at a
** time.  0 or errno. */
int thr_overlay_lay(thr_overlay *o);

/* Ours does this when its work is done. */
void thr_overlay_passon(const thr_overlay *o, siginfo_t *info, void *context);

THR_PRIVATE_END

#endif
