/* rwlock: see rwlock.h. */
#include "sync/rwlock.h"

#include <stddef.h>
#include <string.h>

#include "gil/vclock.h"
#include "os/tuning.h"

static thr_mutex all_m = THR_MUTEX_INIT; /* taken before a lock's own */
static thr_rwlock *all; /* all_m */

thr_rwlock *thr_rwlock_new(thr_label *label) {
  thr_rwlock *l = thr_os_alloc(sizeof(*l));
  if (!l) {
    thr_label_free(label);
    return NULL;
  }
  atomic_init(&l->refs, 1);
  l->label = label;
  thr_mutex_init(&l->m);
  thr_mutex_lock(&all_m);
  l->next_of_all = all;
  if (all) all->prev_of_all = l;
  all = l;
  thr_mutex_unlock(&all_m);
  return l;
}

void *thr_rwlock_ref(void *object) {
  thr_rwlock *l = object;
  atomic_fetch_add_explicit(&l->refs, 1, memory_order_relaxed);
  return l;
}

static void delist(thr_rwlock *l) {
  thr_mutex_lock(&all_m);
  if (l->prev_of_all) l->prev_of_all->next_of_all = l->next_of_all;
  else all = l->next_of_all;
  if (l->next_of_all) l->next_of_all->prev_of_all = l->prev_of_all;
  thr_mutex_unlock(&all_m);
}

void thr_rwlock_unref(void *object) {
  thr_rwlock *l = object;
  if (atomic_fetch_sub(&l->refs, 1) != 1) return;
  delist(l);
  thr_mutex_destroy(&l->m);
  thr_label_free(l->label);
  thr_os_free(l->readers);
  thr_os_free(l);
}

void thr_rwlock_beforefork(void) {
  thr_mutex_lock(&all_m);
  for (thr_rwlock *l = all; l; l = l->next_of_all) thr_mutex_lock(&l->m);
}

/* Those that waited are not in the child; those that hold it hold it there for
** ever, as with other locks. */
static void forget_waiters(thr_rwlock *l) {
  l->writers = l->reserved = 0;
  l->readers_wait = false;
  l->next = 0;
}

void thr_rwlock_afterfork(bool in_child) {
  for (thr_rwlock *l = all; l; l = l->next_of_all) {
    if (in_child) forget_waiters(l);
    thr_mutex_unlock(&l->m);
  }
  thr_mutex_unlock(&all_m);
}

/* --- who reads; all under the mutex --- */

static thr_rwreader *find(thr_rwlock *l, uint64_t ident) {
  for (int i = 0; i < l->n; i++)
    if (l->readers[i].ident == ident) return &l->readers[i];
  return NULL;
}

static void note_sole(thr_rwlock *l) {
  l->sole = l->n == 1 ? l->readers[0].ident : 0;
}

/* Room for one more than those that read, or will be let in. */
static bool reserve(thr_rwlock *l) {
  int needed = l->n + l->reserved + 1;
  if (needed > l->room) {
    int room = 2 * needed + 2;
    size_t size = (size_t)room * sizeof(*l->readers);
    thr_rwreader *list = thr_os_alloc(size);
    if (!list) return false;
    if (l->n) memcpy(list, l->readers, (size_t)l->n * sizeof(*list));
    thr_os_free(l->readers);
    l->readers = list;
    l->room = room;
  }
  l->reserved++;
  return true;
}

/* Uses up what was reserved. */
static void let_in(thr_rwlock *l, uint64_t ident) {
  l->reserved--;
  l->readers[l->n++] = (thr_rwreader){ident, 1};
  note_sole(l);
}

static void let_out(thr_rwlock *l, thr_rwreader *r) {
  *r = l->readers[--l->n];
  note_sole(l);
}

/* --- acquiring; under the mutex --- */

static bool is_barred(const thr_rwlock *l, bool writes) {
  return l->writer != 0 || (writes ? l->n > 0 : l->writers > 0);
}

static thr_rwoutcome try_read(thr_rwlock *l, uint64_t ident) {
  thr_rwreader *r = find(l, ident);
  if (l->writer == ident) return THR_RW_WRITES;
  if (r) {
    r->depth++;
    return THR_RW_ACQUIRED;
  }
  if (is_barred(l, false)) return THR_RW_NOT;
  if (!reserve(l)) return THR_RW_NOMEMORY;
  let_in(l, ident);
  return THR_RW_ACQUIRED;
}

static thr_rwoutcome try_write(thr_rwlock *l, uint64_t ident) {
  if (l->writer == ident) return THR_RW_WRITES;
  if (find(l, ident)) return THR_RW_READS;
  if (is_barred(l, true)) return THR_RW_NOT;
  l->writer = ident;
  return THR_RW_ACQUIRED;
}

thr_rwoutcome thr_rwlock_try(thr_rwlock *l, const thr_tstate *ts,
                             bool writes) {
  thr_mutex_lock(&l->m);
  thr_rwoutcome o = writes ? try_write(l, ts->ident) : try_read(l, ts->ident);
  thr_mutex_unlock(&l->m);
  return o;
}

/* --- waking --- */

static thr_rwlock *at_readers(const void *addr) {
  return (thr_rwlock *)((char *)addr - offsetof(thr_rwlock, at_readers));
}

static thr_rwlock *at_writers(const void *addr) {
  return (thr_rwlock *)((char *)addr - offsetof(thr_rwlock, at_writers));
}

/* Lets a reader in that waits, unless another writes by now. */
static void admit_reader(thr_rwlock *l, thr_waiter *w, bool more) {
  if (!more) l->readers_wait = false;
  if (!w || l->writer != 0) return;
  let_in(l, w->ts->ident);
  w->handed = true;
  w->patience = THR_SOON;
}

static void admit_next(const void *addr, thr_waiter *w, bool more) {
  thr_rwlock *l = at_readers(addr);
  thr_mutex_lock(&l->m);
  admit_reader(l, w, more);
  thr_mutex_unlock(&l->m);
}

/* By the one that writes, which is done: no other can come in between. */
static void admit_first(const void *addr, thr_waiter *w, bool more) {
  thr_rwlock *l = at_readers(addr);
  thr_mutex_lock(&l->m);
  l->writer = 0;
  admit_reader(l, w, more);
  thr_mutex_unlock(&l->m);
}

static bool has_waiting_readers(thr_rwlock *l) {
  thr_mutex_lock(&l->m);
  bool has = l->readers_wait && l->writer == 0;
  thr_mutex_unlock(&l->m);
  return has;
}

static void admit_readers(thr_rwlock *l) {
  while (has_waiting_readers(l)) thr_unpark_one(&l->at_readers, admit_next);
}

/* Under the mutex: the thread does not wait to write any more. */
static void unlist_writer(thr_rwlock *l, uint64_t ident) {
  l->writers--;
  if (l->next == ident) l->next = 0;
}

/* Hands the lock to a writer that has waited long. */
static void offer(const void *addr, thr_waiter *w, bool more) {
  thr_rwlock *l = at_writers(addr);
  (void)more;
  if (!w || thr_vclock_now() - w->since <= THR_FAIR_AFTER) return;
  thr_mutex_lock(&l->m);
  w->handed = !is_barred(l, true);
  if (w->handed) {
    unlist_writer(l, w->ts->ident);
    l->writer = w->ts->ident;
    w->patience = THR_SOON;
  }
  thr_mutex_unlock(&l->m);
}

static void wake_writer(thr_rwlock *l) {
  thr_mutex_lock(&l->m);
  bool wake = l->writers > 0 && !is_barred(l, true);
  thr_mutex_unlock(&l->m);
  if (wake) thr_unpark_one(&l->at_writers, offer);
}

/* --- waiting --- */

/* Under the bucket's mutex, which who lets go of the lock takes after it has:
** either that finds the waiter, or the waiter sees that it is free. */
static bool still_barred(thr_rwlock *l, bool writes) {
  thr_mutex_lock(&l->m);
  bool barred = is_barred(l, writes);
  if (barred && !writes) l->readers_wait = true;
  thr_mutex_unlock(&l->m);
  return barred;
}

static bool cannot_read(thr_waiter *w) {
  return still_barred(at_readers(w->addr), false);
}

static bool cannot_write(thr_waiter *w) {
  return still_barred(at_writers(w->addr), true);
}

/* Who alone can end the wait: the one that writes; else one of those that wait
** to write, which are before all readers. */
static uint64_t before_reader(const void *addr) {
  thr_rwlock *l = at_readers(addr);
  uint64_t writer = l->writer;
  return writer ? writer : l->next;
}

/* The one that writes; or the one that reads, if there is only one. */
static uint64_t before_writer(const void *addr) {
  thr_rwlock *l = at_writers(addr);
  uint64_t writer = l->writer;
  return writer ? writer : l->sole;
}

static thr_waiter waiter_on(thr_rwlock *l, thr_tstate *ts, bool writes) {
  const void *at = writes ? &l->at_writers : &l->at_readers;
  thr_waiter w = thr_waiter_on(ts, at, "RWLock");
  w.object = l;
  w.label = l->label;
  w.validate = writes ? cannot_write : cannot_read;
  w.owner = writes ? before_writer : before_reader;
  w.owner_only = true;
  w.patience = THR_CONTEND;
  return w;
}

/* Enters the number of those that wait; false: no memory. */
static bool list(thr_rwlock *l, uint64_t ident, bool writes) {
  thr_mutex_lock(&l->m);
  bool done = writes || reserve(l);
  if (writes) {
    l->writers++;
    l->next = ident;
  }
  thr_mutex_unlock(&l->m);
  return done;
}

/* It is free for this thread, which takes what it was listed for. */
static bool take(thr_rwlock *l, uint64_t ident, bool writes) {
  thr_mutex_lock(&l->m);
  bool got = !is_barred(l, writes);
  if (got && writes) {
    unlist_writer(l, ident);
    l->writer = ident;
  } else if (got) {
    let_in(l, ident);
  }
  thr_mutex_unlock(&l->m);
  return got;
}

/* Where no writer waits any more, the readers need not. */
static void give_up(thr_rwlock *l, uint64_t ident, bool writes) {
  thr_mutex_lock(&l->m);
  if (writes) unlist_writer(l, ident);
  else l->reserved--;
  bool open = writes && l->writers == 0;
  thr_mutex_unlock(&l->m);
  if (open) admit_readers(l);
}

thr_rwoutcome thr_rwlock_wait(thr_rwlock *l, thr_tstate *ts, bool writes,
                              int64_t deadline, thr_parkresult *r) {
  thr_waiter w = waiter_on(l, ts, writes);
  *r = THR_PARK_WOKEN;
  if (!list(l, ts->ident, writes)) return THR_RW_NOMEMORY;
  while (!take(l, ts->ident, writes)) {
    *r = thr_park(&w, deadline);
    if (w.handed) break;
    if (*r == THR_PARK_WOKEN || *r == THR_PARK_CHANGED) continue;
    give_up(l, ts->ident, writes);
    return THR_RW_NOT;
  }
  *r = THR_PARK_WOKEN;
  return THR_RW_ACQUIRED;
}

/* --- releasing --- */

static bool release_read(thr_rwlock *l, uint64_t ident) {
  thr_mutex_lock(&l->m);
  thr_rwreader *r = find(l, ident);
  if (r && --r->depth == 0) let_out(l, r);
  bool wake = r && l->n == 0 && l->writers > 0;
  thr_mutex_unlock(&l->m);
  if (wake) wake_writer(l);
  return r != NULL;
}

static bool release_write(thr_rwlock *l, uint64_t ident) {
  if (l->writer != ident) return false;
  thr_mutex_lock(&l->m);
  bool readers = l->readers_wait, writers = l->writers > 0;
  if (!readers) l->writer = 0;
  thr_mutex_unlock(&l->m);
  if (readers) {
    thr_unpark_one(&l->at_readers, admit_first);
    admit_readers(l);
  }
  /* there may have been no reader, and a writer may have come since */
  if (readers || writers) wake_writer(l);
  return true;
}

bool thr_rwlock_release(thr_rwlock *l, const thr_tstate *ts, bool writes) {
  return writes ? release_write(l, ts->ident) : release_read(l, ts->ident);
}

/* --- looking --- */

int thr_rwlock_look(thr_rwlock *l, uint64_t *writer) {
  thr_mutex_lock(&l->m);
  int n = l->n;
  *writer = l->writer;
  thr_mutex_unlock(&l->m);
  return n;
}

void thr_rwlock_each(uint64_t ident,
                     void (*see)(void *arg, const thr_rwlock *l, bool writes),
                     void *arg) {
  thr_mutex_lock(&all_m);
  for (thr_rwlock *l = all; l; l = l->next_of_all) {
    thr_mutex_lock(&l->m);
    bool writes = l->writer == ident;
    if (writes || find(l, ident)) see(arg, l, writes);
    thr_mutex_unlock(&l->m);
  }
  thr_mutex_unlock(&all_m);
}
