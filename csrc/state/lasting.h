/*
** lasting: the threads for which the end of the program still waits, as they
** are told when Ctrl-C asks for them.
**
** The first Ctrl-C in the final wait tells them, and the wait goes on; the next
** one ends it.  Where the first has ended the script, they are told when the
** wait begins.
*/
#ifndef THR_LASTING_H
#define THR_LASTING_H

#include "gil/record.h"

THR_PRIVATE_BEGIN

/* Tells on stderr which threads of the runtime the main thread waits for.
** False, and nothing is told: it was before; there are none; or the main thread
** waits in an interpreter, for the end of that alone. */
bool thr_lasting_tell(thr_tstate *ts, thr_runtime *of);

THR_PRIVATE_END

#endif
