/*
** belt: items on their way from many threads to many, in the order in which
** they were put.
**
** It has two ends with a mutex each, so that one thread that puts and one that
** takes are not in each other's way.  `put` and `taken` count what has come and
** gone: each is written at its own end, and read at the other one.  There, it
** is remembered, and read again only when the belt looks empty, or full: what
** one processor writes all the time is dear to read for another.
**
** Laws
** - The items from number `taken` to before number `put` are on the belt, in
**   blocks from `first` to `last`: number `taken` is, or will be, in `first`,
**   and number `put` will be in `last`.
** - An item is in its place before `put` says so, and out of it before `taken`
**   does.
** - Where both mutexes are taken, put_m is the first.
**
** The global lock guards nothing here: belts have threads of several Lua states
** at their ends.  Knows no Lua, and waits for nothing.
*/
#ifndef THR_BELT_H
#define THR_BELT_H

#include <stdatomic.h>

#include "cross/message.h"
#include "os/os.h"
#include "os/tuning.h"

THR_PRIVATE_BEGIN

/* What is a number or a boolean needs no message. */
typedef struct {
  enum { THR_ITEM_MESSAGE, THR_ITEM_INTEGER, THR_ITEM_FLOAT,
         THR_ITEM_BOOLEAN } kind;
  union {
    thr_message *message; /* owned */
    int64_t integer;
    double number;
    bool boolean;
  } u;
} thr_item;

/* Frees what the item owns. */
void thr_item_drop(thr_item item);

typedef struct thr_beltblock {
  thr_item items[THR_BELT_BLOCK]; /* number n is at n % THR_BELT_BLOCK */
  struct thr_beltblock *next;     /* there is one once this one is full */
} thr_beltblock;

typedef struct {
  uint64_t most; /* const: how many it holds, 0: no bound */
  _Atomic(thr_beltblock *) spare; /* atomic: an emptied block, or NULL */

  thr_mutex put_m;         /* the end where things are put */
  thr_beltblock *last;     /* put_m; NULL once it is cleared */
  uint64_t seen_taken;     /* put_m: `taken`, as it was */
  atomic_bool closed;      /* put_m to write */
  _Atomic uint64_t put;    /* put_m to write */
  char apart[THR_CACHE_LINE]; /* the ends share no line of a cache */

  thr_mutex take_m;        /* the end where things are taken */
  thr_beltblock *first;    /* take_m; NULL once it is cleared */
  uint64_t seen_put;       /* take_m: `put`, as it was */
  _Atomic uint64_t taken;  /* take_m to write */
} thr_belt;

typedef enum {
  THR_BELT_DONE,
  THR_BELT_FULL,
  THR_BELT_CLOSED,
  THR_BELT_NOMEMORY
} thr_beltresult;

/* False: no memory. */
bool thr_belt_init(thr_belt *b, uint64_t most);
/* Frees what is on it; no thread is at its ends. */
void thr_belt_destroy(thr_belt *b);

/* Owns what the item owns if it is done. */
thr_beltresult thr_belt_put(thr_belt *b, thr_item item);
/* False: there is none. */
bool thr_belt_take(thr_belt *b, thr_item *item);
/* Nothing can be put any more. */
void thr_belt_close(thr_belt *b);
/* The same, and throws away what is on it; returns how many those were. */
uint64_t thr_belt_clear(thr_belt *b);

static inline uint64_t thr_belt_size(thr_belt *b) {
  uint64_t taken = atomic_load(&b->taken); /* first: put is never less */
  return atomic_load(&b->put) - taken;
}

static inline bool thr_belt_isfull(thr_belt *b) {
  return b->most > 0 && thr_belt_size(b) >= b->most;
}

/* fork: between the two nobody is at the ends. */
void thr_belt_beforefork(thr_belt *b);
void thr_belt_afterfork(thr_belt *b);

THR_PRIVATE_END

#endif
