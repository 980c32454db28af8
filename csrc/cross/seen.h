/*
** seen: what a message has already, by its address: objects, upvalues, shares.
**
** A hash with open addressing.  One alone, as in most messages, is not in it.
*/
#ifndef THR_SEEN_H
#define THR_SEEN_H

#include "os/os.h"

THR_PRIVATE_BEGIN

typedef struct {
  const void *address;
  size_t at;       /* where its tag is */
  uint32_t number; /* of the object, or of the function, or of the share */
  uint32_t upvalue; /* which upvalue of the function; 0: an object, a share */
} thr_sighting;

typedef struct {
  thr_sighting only;
  thr_sighting *slots;
  size_t room, count; /* a power of 2, or 0 */
} thr_seen;

thr_sighting *thr_seen_search(thr_seen *s, const void *address);

/* What was added for the address, or NULL. */
static inline thr_sighting *thr_seen_find(thr_seen *s, const void *address) {
  if (s->count > 1) return thr_seen_search(s, address);
  return s->count == 1 && s->only.address == address ? &s->only : NULL;
}

bool thr_seen_spill(thr_seen *s, thr_sighting new);

/* False: no memory. */
static inline bool thr_seen_add(thr_seen *s, thr_sighting new) {
  if (s->count > 0) return thr_seen_spill(s, new);
  s->only = new;
  s->count = 1;
  return true;
}

void thr_seen_clear(thr_seen *s); /* may keep memory */
void thr_seen_free(thr_seen *s);

THR_PRIVATE_END

#endif
