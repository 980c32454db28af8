/*
** bell: what the engine of a rank sleeps on.
**
** A named semaphore, which the engines of other ranks open if they are on the
** same host: who has sent something rings, and the one that it is for need not
** look again and again whether something has come.  A rank on another host has
** no bell, nor has any where named semaphores are not to be had.
**
** A ring is never lost: what was rung while nobody slept ends the next sleep.
** Whoever looks for what has come empties its bell first, and looks then.
**
** Knows neither MPI nor Lua.
*/
#ifndef THM_BELL_H
#define THM_BELL_H

#include "port.h"

THM_PRIVATE_BEGIN

#define THM_BELLNAME 48

typedef struct thm_bell thm_bell;

/* Makes this process's own, if there is none yet; its name for others, "" if
** they cannot find it, is in `name`.  False: there is none to be had. */
bool thm_bell_open(char name[THM_BELLNAME]);
/* Those who have found it keep it; nobody else will find it. */
void thm_bell_hide(void);
/* That of another process on this host; NULL: it is on another one. */
thm_bell *thm_bell_find(const char *name);

void thm_bell_ring(thm_bell *bell); /* NULL: nothing */

/* This process's own: any thread may ring it. */
thm_bell *thm_bell_own(void);
bool thm_bell_empty(void); /* had it been rung? */
/* Sleeps until it is rung, or so many seconds: less than two. */
void thm_bell_sleep(double seconds);

THM_PRIVATE_END

#endif
