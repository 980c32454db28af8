/* seen: see seen.h. */
#include "cross/seen.h"

#include <string.h>

#include "os/tuning.h"

#define FIRST_ROOM 32

static size_t hash(const void *address, size_t room) {
  uint64_t h = (uintptr_t)address >> 4;
  h *= UINT64_C(0x9e3779b97f4a7c15);
  return (size_t)(h >> 32) & (room - 1);
}

/* Its slot, or the empty one where it belongs. */
static thr_sighting *slot(thr_sighting *slots, size_t room,
                          const void *address) {
  size_t i = hash(address, room);
  while (slots[i].address && slots[i].address != address)
    i = (i + 1) & (room - 1);
  return &slots[i];
}

thr_sighting *thr_seen_search(thr_seen *s, const void *address) {
  thr_sighting *found = slot(s->slots, s->room, address);
  return found->address ? found : NULL;
}

static bool grow(thr_seen *s) {
  size_t room = s->room ? 2 * s->room : FIRST_ROOM;
  thr_sighting *slots = NULL;
  if (room <= SIZE_MAX / sizeof(*slots) / 2)
    slots = thr_os_alloc(room * sizeof(*slots));
  if (!slots) return false;
  for (size_t i = 0; i < s->room; i++)
    if (s->slots[i].address)
      *slot(slots, room, s->slots[i].address) = s->slots[i];
  thr_os_free(s->slots);
  s->slots = slots;
  s->room = room;
  return true;
}

bool thr_seen_spill(thr_seen *s, thr_sighting new) {
  if (s->room < 2 * (s->count + 1) && !grow(s)) return false;
  if (s->count == 1) *slot(s->slots, s->room, s->only.address) = s->only;
  *slot(s->slots, s->room, new.address) = new;
  s->count++;
  return true;
}

void thr_seen_free(thr_seen *s) {
  thr_os_free(s->slots);
  *s = (thr_seen){0};
}

void thr_seen_clear(thr_seen *s) {
  if (s->room > THR_SEEN_KEPT) thr_seen_free(s);
  else if (s->count > 1) memset(s->slots, 0, s->room * sizeof(*s->slots));
  s->count = 0;
}
