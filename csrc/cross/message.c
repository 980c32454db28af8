/* message: see message.h. */
#include "cross/message.h"

#include <string.h>

#include "os/tuning.h"

thr_message *thr_message_new(unsigned char **bytes, size_t size,
                             const thr_share *shares, uint32_t nshares) {
  bool separate = size > THR_MESSAGE_COPIED;
  size_t room = nshares * sizeof(*shares);
  /* Memory that is not cleared comes quicker. */
  thr_message *m =
      thr_os_realloc(NULL, sizeof(*m) + room + (separate ? 0 : size));
  if (!m) return NULL;
  m->nvalues = 0;
  m->refers = m->plain = false;
  m->shares = (thr_share *)(m + 1);
  if (nshares > 0) memcpy(m->shares, shares, room);
  m->nshares = nshares;
  m->size = size;
  m->separate = separate;
  if (separate) {
    m->bytes = *bytes;
    *bytes = NULL;
  } else {
    m->bytes = memcpy((unsigned char *)(m + 1) + room, *bytes, size);
  }
  return m;
}

void thr_message_free(thr_message *m) {
  if (!m) return;
  for (uint32_t i = 0; i < m->nshares; i++)
    m->shares[i].kind->unref(m->shares[i].obj);
  if (m->separate) thr_os_free((void *)m->bytes);
  thr_os_free(m);
}
