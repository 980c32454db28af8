/*
** arrivals: the engine looks for what other ranks have sent.
*/
#ifndef THM_ARRIVALS_H
#define THM_ARRIVALS_H

#include "port.h"

THM_PRIVATE_BEGIN

/* Takes all that has come; false: nothing had. */
bool thm_arrivals_look(void);
/* Some of those that may send cannot ring. */
bool thm_arrivals_far(void);

THM_PRIVATE_END

#endif
