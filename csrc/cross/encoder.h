/*
** encoder: what is there while values become a message: bytes, shares, what has
** been seen, how it came to where it is.
**
** A Lua state keeps one, in a box, which owns all of that: so an error, also
** Lua's own for want of memory, leaves nothing behind.  While it is in use (a
** finaliser encodes something, in the middle of this), and where an error has
** left it, another takes its place.
**
** All is guarded by the global lock.  Other threads may run in between, and
** change the tables that are read.
*/
#ifndef THR_ENCODER_H
#define THR_ENCODER_H

#include <lua.h>
#include <string.h>

#include "cross/byname.h"
#include "cross/layout.h"
#include "cross/message.h"
#include "cross/seen.h"

THR_PRIVATE_BEGIN

/* A step of the way to a value, on the C stack of who takes it.  `at` is where
** the key is on the Lua stack, or the function. */
typedef enum {
  THR_STEP_VALUE,   /* `number` of the values */
  THR_STEP_BELOW,   /* somewhere below what comes before */
  THR_STEP_FIELD,   /* of the key */
  THR_STEP_KEY,     /* the key itself */
  THR_STEP_UPVALUE, /* `number` of the function */
  THR_STEP_METATABLE
} thr_waykind;

typedef struct thr_way {
  const struct thr_way *before;
  thr_waykind kind;
  int at, number;
} thr_way;

/* An object whose contents come later. */
typedef struct {
  uint32_t number;
  int value; /* in which of the values it is */
} thr_later;

/* A class of the message: the numbers of the objects in it, and where its bytes
** say whether they are referred to from outside. */
typedef struct {
  uint32_t first, end;
  size_t at;
} thr_classpart;

typedef struct thr_encoder thr_encoder;

struct thr_encoder {
  lua_State *L;
  /* Puts the value at an index, which is not negative, and so deep. */
  void (*put)(thr_encoder *e, int idx, int depth);
  bool busy;
  unsigned char *bytes;
  size_t n, room;
  uint32_t objects; /* how many there are */
  bool refers;      /* some are referred to */
  thr_seen seen;
  thr_byname names;
  thr_share *shares;
  uint32_t nshares, shares_room;
  thr_later *later; /* the objects are in a table, at `base` + 2 */
  uint32_t nlater, later_room;
  thr_classpart *parts; /* of classes that are complete */
  uint32_t nparts, parts_room;
  int base; /* the box is above this index of the Lua stack */
  const thr_way *step;
  int first, nvalues; /* where they are on the Lua stack */
  const char *what;   /* their names */
  jmp_buf again; /* begins the message anew */
};

/* Pushes a box with an encoder, which is busy from now on, and nil. */
thr_encoder *thr_encoder_begin(lua_State *L);
void thr_encoder_clear(thr_encoder *e); /* drops what it has got so far */
void thr_encoder_end(thr_encoder *e);
int thr_encoder_nomemory(const thr_encoder *e); /* raises */

/* Room for n bytes; raises. */
unsigned char *thr_encoder_grow(thr_encoder *e, size_t n);
static inline unsigned char *thr_encoder_room(thr_encoder *e, size_t n) {
  return e->room - e->n >= n ? e->bytes + e->n : thr_encoder_grow(e, n);
}

static inline void thr_put_byte(thr_encoder *e, unsigned byte) {
  *thr_encoder_room(e, 1) = (unsigned char)byte;
  e->n++;
}

static inline void thr_put_bytes(thr_encoder *e, const void *p, size_t n) {
  unsigned char *to = thr_encoder_room(e, n);
  if (n > 0) memcpy(to, p, n);
  e->n += n;
}

static inline void thr_put_32(thr_encoder *e, uint32_t x) {
  thr_put_bytes(e, &x, sizeof(x));
}

/* A tag and n bytes. */
static inline void thr_put_tagged(thr_encoder *e, thr_tag tag, const void *p,
                                  size_t n) {
  unsigned char *to = thr_encoder_room(e, n + 1);
  *to = (unsigned char)tag;
  memcpy(to + 1, p, n);
  e->n += n + 1;
}

/* What was put as 0 at first. */
static inline void thr_put_32at(thr_encoder *e, size_t at, uint32_t x) {
  memcpy(e->bytes + at, &x, sizeof(x));
}

/* A block of an array that grows: for one element more.  Raises. */
void *thr_encoder_more(const thr_encoder *e, void *block, uint32_t n,
                       uint32_t *room, size_t size);

/* Notes that the object whose tag comes next has this address, and gives it a
** number.  Raises. */
uint32_t thr_encoder_newobject(thr_encoder *e, const void *address);
/* Says in its bytes that an object is referred to. */
void thr_encoder_refer(thr_encoder *e, const thr_sighting *to);
/* Puts a reference to the object with this address; false: it is a new one. */
bool thr_encoder_again(thr_encoder *e, const void *address);

/* The names are those of now, but for what only a look at package.loaded
** shows. */
void thr_encoder_names(thr_encoder *e);
/* And that, too, for what is at this address: where something has changed, the
** message begins anew.  True: it was looked for before, not long ago. */
bool thr_encoder_look(thr_encoder *e, const void *address);
/* Puts the value at idx, which was not there before, by its name; false: it has
** none of such a kind. */
bool thr_encoder_byname(thr_encoder *e, int idx, const void *address,
                        thr_namedkind most);
/* The same after all names were read anew, before a value is refused: it may
** have been put into a module since. */
bool thr_encoder_reread(thr_encoder *e, int idx, const void *address,
                        thr_namedkind most);

/* The table with this address has become a class. */
void thr_encoder_newclass(thr_encoder *e, const void *address);

/* Room for one more share. */
void thr_encoder_reserveshare(thr_encoder *e);

/* The object on top of the stack gets its contents later. */
void thr_encoder_defer(thr_encoder *e, uint32_t number);

THR_PRIVATE_END

#endif
