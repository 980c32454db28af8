/*
** texts: the texts of events, each kept once: places, names, objects.
**
** They are kept until the process ends, and there are no more than
** THR_TRACE_TEXTS: for one that comes later there is the text "...".
**
** Any thread may call these; a mutex guards them.
*/
#ifndef THR_TEXTS_H
#define THR_TEXTS_H

#include "os/os.h"

THR_PRIVATE_BEGIN

typedef uint32_t thr_text; /* 0: none */

bool thr_texts_open(void); /* false: no memory */

thr_text thr_texts_of(const char *s);

/* Of the number of a text; "" of 0. */
const char *thr_texts_string(thr_text text);

/* fork, in the child: another thread may have been adding one. */
void thr_texts_afterfork(void);

THR_PRIVATE_END

#endif
