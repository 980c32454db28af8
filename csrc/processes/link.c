/* link: see link.h. */
#include "processes/link.h"

#include <errno.h>
#include <string.h>

#include "bind/pending.h"
#include "bind/self.h"
#include "park/park.h"
#include "processes/flat.h"

/* --- those that are open --- */

static thr_mutex m = THR_MUTEX_INIT;
static thr_link *list; /* m */

static void before_fork(void) { thr_mutex_lock(&m); }
static void in_parent(void) { thr_mutex_unlock(&m); }

static void in_child(void) {
  for (thr_link *l = list; l; l = l->next) {
    thr_os_close(l->fd);
    l->fd = -1;
  }
  list = NULL;
  thr_mutex_unlock(&m);
}

void thr_link_init(thr_link *l) { l->fd = l->along = -1; }

int thr_link_open(thr_link *l, int fd) {
  static bool forks; /* thr_os_atfork's */
  int err = thr_os_atfork(&forks, before_fork, in_parent, in_child);
  if (err != 0) return err;
  l->from = l->to = 0;
  l->along = -1;
  thr_mutex_lock(&m);
  l->fd = fd;
  l->next = list;
  list = l;
  thr_mutex_unlock(&m);
  return 0;
}

void thr_link_close(thr_link *l) {
  thr_mutex_lock(&m);
  thr_link **at = &list;
  while (*at && *at != l) at = &(*at)->next;
  if (*at) *at = l->next;
  if (l->fd >= 0) thr_os_close(l->fd);
  l->fd = -1;
  thr_mutex_unlock(&m);
  if (l->along >= 0) thr_os_close(l->along);
  l->along = -1;
}

/* --- an exchange --- */

typedef enum { SENDING, HEAD, ENTRIES, BYTES, ELEMENTS, OVER } phase;

/* On the stack of its thread, which alone looks at it. */
typedef struct {
  thr_waiter waiter; /* first: park hands it back */
  thr_link *link;
  thr_watch watch;
  phase phase;
  size_t done;    /* bytes of the piece */
  uint32_t piece; /* of what is sent, or of the elements */
  thr_linkresult result; /* once it is OVER */

  const thr_message *out;
  unsigned char *front; /* its head, entries and, if they are few, bytes */
  size_t nfront;
  unsigned char small[THR_LINK_SMALL];

  bool wants_in;
  thr_flathead head;
  thr_flatentry *entries;
  unsigned char *bytes;
  thr_share *shares;
  uint32_t nshares; /* that are there */
  thr_message *in;
} exchange;

static void end(exchange *x, thr_linkresult result) {
  x->phase = OVER;
  x->result = result;
}

static void enter(exchange *x, phase phase) {
  x->phase = phase;
  x->done = x->piece = 0;
}

/* --- sending --- */

/* The entries, in front of the bytes, and these, too, where they are few. */
static bool prepare(exchange *x) {
  const thr_message *out = x->out;
  thr_flathead head = thr_flat_head(out);
  size_t n = sizeof(head) + out->nshares * sizeof(thr_flatentry);
  bool all = n + out->size <= sizeof(x->small);
  x->front = n <= sizeof(x->small) ? x->small : thr_os_realloc(NULL, n);
  if (!x->front) return false;
  memcpy(x->front, &head, sizeof(head));
  for (uint32_t i = 0; i < out->nshares; i++) {
    thr_flatentry entry = thr_flat_entry(out, i);
    memcpy(x->front + sizeof(head) + i * sizeof(entry), &entry, sizeof(entry));
  }
  if (all) memcpy(x->front + n, out->bytes, out->size);
  x->nfront = all ? n + out->size : n;
  return true;
}

typedef struct {
  const unsigned char *p;
  size_t n;
  int along; /* a descriptor that goes with it, or -1 */
} piece;

static piece piece_of(const exchange *x) {
  const thr_message *out = x->out;
  size_t front = sizeof(thr_flathead) + out->nshares * sizeof(thr_flatentry);
  if (x->piece == 0) return (piece){x->front, x->nfront, -1};
  if (x->piece == 1)
    return (piece){out->bytes, x->nfront > front ? 0 : out->size, -1};
  const thr_array *a = out->shares[x->piece - 2].obj;
  if (a->block) return (piece){x->front, 1, a->block->fd};
  return (piece){a->data, thr_flat_elements(a), -1};
}

/* False: it would have to wait. */
static bool send_some(exchange *x) {
  piece p = piece_of(x);
  if (x->done == p.n) {
    x->done = 0;
    if (++x->piece < x->out->nshares + 2) return true;
    if (x->wants_in) enter(x, HEAD);
    else end(x, THR_LINK_DONE);
    return true;
  }
  ptrdiff_t n = thr_os_sendalong(x->link->fd, p.p + x->done, p.n - x->done,
                                 p.along);
  if (n == -EAGAIN) return false;
  if (n < 0) {
    end(x, THR_LINK_UNSENT);
    return true;
  }
  x->done += (size_t)n;
  return true;
}

/* --- receiving --- */

typedef enum { FULL, WAITS, FAILED } filling;

static filling receive(exchange *x, void *to, size_t room, size_t *got) {
  int along;
  ptrdiff_t n = thr_os_receivealong(x->link->fd, to, room, &along);
  if (n == -EAGAIN) return WAITS;
  if (n <= 0) {
    end(x, thr_os_isunread(n) ? THR_LINK_UNSENT : THR_LINK_ENDED);
    return FAILED;
  }
  if (along >= 0) {
    if (x->link->along >= 0) thr_os_close(x->link->along);
    x->link->along = along;
  }
  *got = (size_t)n;
  return FULL;
}

/* Gets the piece's n bytes: out of the inbox, where what follows comes along;
** large ones go to their place at once. */
static filling fill(exchange *x, void *to, size_t n) {
  thr_link *l = x->link;
  size_t got = 0;
  while (x->done < n) {
    size_t left = n - x->done, has = l->to - l->from;
    unsigned char *at = (unsigned char *)to + x->done;
    if (has == 0 && left >= sizeof(l->inbox)) {
      filling f = receive(x, at, left, &got);
      if (f != FULL) return f;
    } else if (has == 0) {
      filling f = receive(x, l->inbox, sizeof(l->inbox), &got);
      if (f != FULL) return f;
      l->from = 0;
      l->to = got;
      continue;
    } else {
      got = has < left ? has : left;
      memcpy(at, l->inbox + l->from, got);
      l->from += got;
    }
    x->done += got;
  }
  return FULL;
}

/* What is to come is damaged where it is more than there can be. */
static bool take_head(exchange *x) {
  if (!thr_flat_isgood(&x->head) || x->head.nshares > THR_LINK_MAXSHARES) {
    end(x, THR_LINK_DAMAGED);
    return false;
  }
  size_t n = x->head.nshares;
  x->bytes = thr_os_realloc(NULL, (size_t)x->head.size + 1);
  if (n > 0) x->entries = thr_os_alloc(n * sizeof(*x->entries));
  if (n > 0) x->shares = thr_os_alloc(n * sizeof(*x->shares));
  if (x->bytes && (n == 0 || (x->entries && x->shares))) return true;
  end(x, THR_LINK_NOMEMORY);
  return false;
}

static void finish(exchange *x) {
  x->in = thr_flat_message(&x->head, &x->bytes, x->shares);
  if (x->in) x->nshares = 0;
  end(x, x->in ? THR_LINK_DONE : THR_LINK_NOMEMORY);
}

/* One byte, and the descriptor with it: the system ends what it gives at once
** behind one, so that there is one at a time. */
static bool receive_shared(exchange *x, const thr_flatentry *entry) {
  unsigned char byte;
  filling f = fill(x, &byte, 1);
  if (f != FULL) return f != WAITS;
  int fd = x->link->along;
  x->link->along = -1;
  bool good = fd >= 0 && entry->type < THR_NELEM && entry->n <= SIZE_MAX;
  thr_array *a = good ? thr_array_adopt(fd, (thr_elem)entry->type,
                                        (size_t)entry->n) : NULL;
  if (fd >= 0 && !good) thr_os_close(fd);
  if (a) x->shares[x->nshares++] = (thr_share){&thr_array_kind, a};
  else end(x, good ? THR_LINK_NOMEMORY : THR_LINK_DAMAGED);
  x->done = 0;
  x->piece++;
  return true;
}

/* The Array whose elements come next; NULL: it cannot be made. */
static thr_array *next_array(exchange *x) {
  if (x->piece < x->nshares) return x->shares[x->piece].obj;
  thr_array *a = thr_flat_array(&x->entries[x->piece]);
  if (a) x->shares[x->nshares++] = (thr_share){&thr_array_kind, a};
  else end(x, THR_LINK_NOMEMORY);
  return a;
}

static bool receive_elements(exchange *x) {
  if (x->piece == x->head.nshares) {
    finish(x);
    return true;
  }
  const thr_flatentry *entry = &x->entries[x->piece];
  if (entry->shared) return receive_shared(x, entry);
  thr_array *a = next_array(x);
  if (!a) return true;
  filling f = fill(x, a->data, thr_flat_elements(a));
  if (f == FULL) {
    x->done = 0;
    x->piece++;
  }
  return f != WAITS;
}

/* False: it would have to wait. */
static bool receive_some(exchange *x) {
  filling f = FULL;
  switch (x->phase) {
    case HEAD:
      f = fill(x, &x->head, sizeof(x->head));
      if (f == FULL && take_head(x)) enter(x, ENTRIES);
      break;
    case ENTRIES:
      f = fill(x, x->entries, x->head.nshares * sizeof(*x->entries));
      if (f == FULL) enter(x, BYTES);
      break;
    case BYTES:
      f = fill(x, x->bytes, (size_t)x->head.size);
      if (f == FULL) enter(x, ELEMENTS);
      break;
    default: return receive_elements(x);
  }
  return f != WAITS;
}

/* --- waiting --- */

/* An attempt of the waiter's: does what can be done without a wait; true: all
** is done. */
static bool go_on(thr_waiter *w) {
  exchange *x = (exchange *)w;
  bool moves = true;
  while (x->phase != OVER && moves)
    moves = x->phase == SENDING ? send_some(x) : receive_some(x);
  x->watch.wanted = x->phase == SENDING ? THR_OUT : THR_IN;
  return x->phase == OVER;
}

/* An exchange goes on over several waits, where a signal has ended one. */
static void wait(lua_State *L, exchange *x, const char *what) {
  thr_tstate *ts = x->waiter.ts;
  do {
    x->waiter = thr_waiter_onfd(ts, &x->watch, what);
    x->waiter.attempt = go_on;
    thr_tstate_makebell(ts);
    thr_parkresult r = thr_park(&x->waiter, THR_FOREVER);
    if (x->phase != OVER && thr_pending_trydisturbed(L, r) < 0)
      end(x, THR_LINK_RAISED);
  } while (x->phase != OVER);
}

static void tidy(exchange *x) {
  for (uint32_t i = 0; i < x->nshares; i++)
    x->shares[i].kind->unref(x->shares[i].obj);
  if (x->front != x->small) thr_os_free(x->front);
  thr_os_free(x->entries);
  thr_os_free(x->bytes);
  thr_os_free(x->shares);
}

thr_linkresult thr_link_exchange(lua_State *L, thr_link *l,
                                 const thr_message *out, thr_message **in,
                                 const char *what) {
  exchange x;
  memset(&x, 0, offsetof(exchange, small));
  memset(&x.wants_in, 0, sizeof(x) - offsetof(exchange, wants_in));
  x.waiter.ts = thr_self(L);
  x.link = l;
  x.watch = (thr_watch){.fd = l->fd, .wanted = out ? THR_OUT : THR_IN};
  x.out = out;
  x.wants_in = in != NULL;
  if (l->fd < 0) return THR_LINK_UNSENT;
  if (out && !prepare(&x)) return THR_LINK_NOMEMORY;
  enter(&x, out ? SENDING : HEAD);
  wait(L, &x, what);
  if (in) *in = x.in;
  tidy(&x);
  return x.result;
}
