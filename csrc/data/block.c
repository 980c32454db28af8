/* block: see block.h. */
#include "data/block.h"

#include <errno.h>

static thr_mutex m = THR_MUTEX_INIT;
static thr_block *list; /* m: those that have a user */

static thr_block *allocate(size_t size) {
  thr_block *b = thr_os_alloc(sizeof(*b));
  if (!b) {
    errno = ENOMEM;
    return NULL;
  }
  b->size = size > 0 ? size : 1;
  return b;
}

thr_block *thr_block_new(size_t size) {
  thr_block *b = allocate(size);
  if (!b) return NULL;
  b->data = thr_os_sharedmemory(b->size, &b->fd);
  if (b->data) return b;
  int err = errno;
  thr_os_free(b);
  errno = err;
  return NULL;
}

thr_block *thr_block_adopt(int fd, size_t size) {
  thr_block *b = allocate(size);
  if (b) b->data = thr_os_mapshared(fd, b->size);
  if (b && b->data) {
    b->fd = fd;
    return b;
  }
  thr_os_close(fd);
  thr_os_free(b);
  return NULL;
}

/* Under the mutex: a user that is found is not freed meanwhile. */
static void *find(const thr_block *b, bool (*take)(void *user, void *arg),
                  void *arg) {
  for (thr_block *o = list; o; o = o->next)
    if (thr_os_issameshared(o->fd, b->fd) && take(o->user, arg))
      return o->user;
  return NULL;
}

void *thr_block_enter(thr_block *b, void *user,
                      bool (*take)(void *user, void *arg), void *arg) {
  thr_mutex_lock(&m);
  void *found = find(b, take, arg);
  if (!found) {
    b->user = user;
    b->next = list;
    list = b;
  }
  thr_mutex_unlock(&m);
  return found ? found : user;
}

void thr_block_free(thr_block *b) {
  thr_mutex_lock(&m);
  thr_block **at = &list;
  while (*at && *at != b) at = &(*at)->next;
  if (*at) *at = b->next;
  thr_mutex_unlock(&m);
  thr_os_unmapshared(b->data, b->size);
  thr_os_close(b->fd);
  thr_os_free(b);
}
