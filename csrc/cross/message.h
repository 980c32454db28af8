/*
** message: Lua values on their way from one Lua state to another: bytes (see
** layout.h), and the shares of the objects that they refer to.
**
** Knows no Lua.  A message has one owner at a time, and does not change.  Any
** thread may free it, with or without a global lock.
*/
#ifndef THR_MESSAGE_H
#define THR_MESSAGE_H

#include "bind/box.h"
#include "os/os.h"

THR_PRIVATE_BEGIN

/* A share of an object: the message's own. */
typedef struct {
  const thr_kind *kind;
  void *obj;
} thr_share;

/* All is const. */
typedef struct {
  const unsigned char *bytes;
  size_t size;
  thr_share *shares;
  uint32_t nshares;
  uint32_t nvalues;
  bool refers;   /* some values occur more than once */
  bool separate; /* the bytes are a block of their own */
  bool plain;    /* a few values that need no memory of Lua's */
} thr_message;

/* Makes a message, whose shares are the caller's until then.  The bytes are
** copied; where there are many, the message takes the block that they are in,
** and *bytes becomes NULL.  NULL: no memory, and nothing is taken. */
thr_message *thr_message_new(unsigned char **bytes, size_t size,
                             const thr_share *shares, uint32_t nshares);
void thr_message_free(thr_message *m); /* drops its shares; NULL: none */

THR_PRIVATE_END

#endif
