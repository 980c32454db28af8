/* belt: see belt.h for the laws. */
#include "cross/belt.h"

void thr_item_drop(thr_item item) {
  if (item.kind == THR_ITEM_MESSAGE) thr_message_free(item.u.message);
}

bool thr_belt_init(thr_belt *b, uint64_t most) {
  b->most = most;
  b->first = b->last = thr_os_alloc(sizeof(*b->last));
  if (!b->last) return false;
  thr_mutex_init(&b->put_m);
  thr_mutex_init(&b->take_m);
  return true;
}

static thr_item *place(thr_beltblock *block, uint64_t number) {
  return &block->items[number % THR_BELT_BLOCK];
}

static bool is_lastplace(uint64_t number) {
  return (number + 1) % THR_BELT_BLOCK == 0;
}

/* Items that are on no belt any more, and their blocks. */
static void drop_items(thr_beltblock *block, uint64_t from, uint64_t to) {
  for (; from < to; from++) {
    thr_item_drop(*place(block, from));
    if (is_lastplace(from)) {
      thr_beltblock *next = block->next;
      thr_os_free(block);
      block = next;
    }
  }
  thr_os_free(block);
}

void thr_belt_destroy(thr_belt *b) {
  drop_items(b->first, b->taken, b->put);
  thr_os_free(b->spare);
  thr_mutex_destroy(&b->put_m);
  thr_mutex_destroy(&b->take_m);
}

/* --- the end where things are put; under put_m --- */

static bool has_place(thr_belt *b, uint64_t number) {
  if (b->most == 0 || number - b->seen_taken < b->most) return true;
  b->seen_taken = atomic_load(&b->taken);
  return number - b->seen_taken < b->most;
}

/* Appends the block in which the next item will be.  False: no memory. */
static bool add_block(thr_belt *b) {
  thr_beltblock *block = atomic_exchange(&b->spare, NULL);
  if (!block) block = thr_os_alloc(sizeof(*block));
  if (!block) return false;
  block->next = NULL;
  b->last->next = block;
  b->last = block;
  return true;
}

static thr_beltresult put(thr_belt *b, thr_item item) {
  uint64_t number = atomic_load_explicit(&b->put, memory_order_relaxed);
  thr_beltblock *block = b->last;
  if (b->closed) return THR_BELT_CLOSED;
  if (!has_place(b, number)) return THR_BELT_FULL;
  if (is_lastplace(number) && !add_block(b)) return THR_BELT_NOMEMORY;
  *place(block, number) = item;
  atomic_store(&b->put, number + 1);
  return THR_BELT_DONE;
}

thr_beltresult thr_belt_put(thr_belt *b, thr_item item) {
  thr_mutex_lock(&b->put_m);
  thr_beltresult r = put(b, item);
  thr_mutex_unlock(&b->put_m);
  return r;
}

/* --- the end where things are taken; under take_m --- */

/* All of the first block is taken.  It is kept for the next one. */
static void drop_block(thr_belt *b) {
  thr_beltblock *block = b->first;
  b->first = block->next;
  thr_os_free(atomic_exchange(&b->spare, block));
}

static bool take(thr_belt *b, thr_item *item) {
  uint64_t number = atomic_load_explicit(&b->taken, memory_order_relaxed);
  if (number == b->seen_put) b->seen_put = atomic_load(&b->put);
  if (number == b->seen_put) return false;
  *item = *place(b->first, number);
  if (is_lastplace(number)) drop_block(b);
  atomic_store(&b->taken, number + 1);
  return true;
}

bool thr_belt_take(thr_belt *b, thr_item *item) {
  thr_mutex_lock(&b->take_m);
  bool found = take(b, item);
  thr_mutex_unlock(&b->take_m);
  return found;
}

/* --- both ends --- */

static void lock(thr_belt *b) {
  thr_mutex_lock(&b->put_m);
  thr_mutex_lock(&b->take_m);
}

static void unlock(thr_belt *b) {
  thr_mutex_unlock(&b->take_m);
  thr_mutex_unlock(&b->put_m);
}

void thr_belt_beforefork(thr_belt *b) { lock(b); }
void thr_belt_afterfork(thr_belt *b) { unlock(b); }

void thr_belt_close(thr_belt *b) {
  thr_mutex_lock(&b->put_m);
  b->closed = true;
  thr_mutex_unlock(&b->put_m);
}

/* What the items own is freed when nobody has to wait for that. */
uint64_t thr_belt_clear(thr_belt *b) {
  lock(b);
  b->closed = true;
  thr_beltblock *block = b->first;
  uint64_t from = b->taken, to = b->put;
  b->first = b->last = NULL;
  b->taken = b->seen_put = to;
  unlock(b);
  drop_items(block, from, to);
  return to - from;
}
