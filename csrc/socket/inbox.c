/* inbox: see inbox.h. */
#include "socket/inbox.h"

#include <string.h>

#include "os/tuning.h"

static void move_to_front(thr_inbox *in) {
  size_t n = thr_inbox_size(in);
  if (in->first > 0 && n > 0) memmove(in->bytes, in->bytes + in->first, n);
  in->first = 0;
  in->last = n;
}

bool thr_inbox_reserve(thr_inbox *in, size_t more) {
  if (in->room - in->last >= more) return true;
  move_to_front(in);
  if (in->room - in->last >= more) return true;
  if (more > SIZE_MAX / 2 - in->last) return false;
  size_t room = in->room < THR_FIRST_INBOX ? THR_FIRST_INBOX : 2 * in->room;
  if (room < in->last + more) room = in->last + more;
  char *bytes = thr_os_realloc(in->bytes, room);
  if (!bytes) return false;
  in->bytes = bytes;
  in->room = room;
  return true;
}

char *thr_inbox_space(const thr_inbox *in, size_t *n) {
  size_t used = in->last + in->fresh;
  *n = in->room - used;
  return in->bytes + used;
}

size_t thr_inbox_settle(thr_inbox *in) {
  size_t n = atomic_exchange(&in->fresh, 0);
  in->last += n;
  return n;
}

bool thr_inbox_add(thr_inbox *in, const char *text, size_t n) {
  if (!thr_inbox_reserve(in, n)) return false;
  if (n > 0) memcpy(in->bytes + in->last, text, n);
  in->last += n;
  return true;
}

size_t thr_inbox_line(thr_inbox *in) {
  size_t n = thr_inbox_size(in) - in->searched;
  const char *from = thr_inbox_text(in) + in->searched;
  const char *end = n > 0 ? memchr(from, '\n', n) : NULL;
  if (end) return (size_t)(end - thr_inbox_text(in)) + 1;
  in->searched += n;
  return 0;
}

void thr_inbox_drop(thr_inbox *in, size_t n) {
  in->first += n;
  in->searched = 0;
  in->ahead = thr_inbox_size(in);
  if (in->ahead > 0) return;
  in->first = in->last = 0;
  if (in->room <= THR_KEPT_INBOX) return;
  thr_os_free(in->bytes);
  in->bytes = NULL;
  in->room = 0;
}
