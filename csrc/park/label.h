/*
** label: by what reports call an object: the name that the program has given
** it or, while somebody asks for that, where it was made.
**
** A label belongs to its object, which has it before any other thread knows the
** object (a lock, before it is in the list of all), and frees it with itself;
** nothing changes it.  So whoever has a share in the object may read it.
** Others copy what it says (thr_label_tell) while the object lives for certain:
** - of one that a thread waits for, under the mutex of that thread's runtime,
**   while the wait is published (deadlock.h): the thread has a share in it;
** - of a lock, under the mutex of the list of all locks.
**
** An object without a label has NULL, and costs nothing else.
*/
#ifndef THR_LABEL_H
#define THR_LABEL_H

#include "os/os.h"

THR_PRIVATE_BEGIN

typedef struct thr_label {
  bool is_name; /* const; else it is a place, "file:line" */
  char text[];  /* const */
} thr_label;

/* NULL: no memory. */
thr_label *thr_label_new(const char *text, bool is_name);
static inline void thr_label_free(thr_label *label) {
  if (label) thr_os_free(label);
}

/* How many ask that objects without a name know where they were made:
** THREADING_DEBUG in the environment, each trace, each who explores.  Relaxed:
** one that comes late misses what is made first. */
extern atomic_int thr_label_askers;

static inline bool thr_label_isasked(void) {
  return atomic_load_explicit(&thr_label_askers, memory_order_relaxed) > 0;
}

#define THR_LABEL_ROOM 128 /* bytes of what is told of an object */

/* Writes 'Lock "accounts"', of a long name the beginning; 'Lock 0x1234 (made at
** bank.lua:3)'; or 'Lock 0x1234'. */
void thr_label_tell(char to[THR_LABEL_ROOM], const char *what,
                    const void *object, const thr_label *label);
/* The same for what objects of one place have in common: 'Lock made at
** bank.lua:3'. */
void thr_label_tellplace(char to[THR_LABEL_ROOM], const char *what,
                         const void *object, const thr_label *label);

THR_PRIVATE_END

#endif
