/*
** refusal: the errors that say what cannot cross, where it is, and what to do
** instead.
*/
#ifndef THR_REFUSAL_H
#define THR_REFUSAL_H

#include "cross/encoder.h"

THR_PRIVATE_BEGIN

/* The value at idx cannot cross.  Raises. */
int thr_refusal(thr_encoder *e, int idx);
/* The same for another reason, which is a format with no more than a `%s`:
** "what cannot cross: reason". */
int thr_refusal_because(thr_encoder *e, const char *what, const char *reason);

THR_PRIVATE_END

#endif
