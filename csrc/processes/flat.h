/*
** flat: a portable message (portable.h) as bytes, and back.
**
** flat   = head, entry ..., bytes, elements ...
** head   = thr_flathead: how much of the rest there is
** entry  = thr_flatentry: of each Array which the message has a share of
** bytes  = those of the message, see cross/layout.h
** elements of these Arrays, in their order, as they are in memory; of one that
**          is shared one byte, with which its descriptor comes
**
** So a link between processes sends and receives the elements where they are,
** without a copy; and `_pack` makes one string of all of it.
**
** Bytes that are damaged are an error.  But they may be code (docs/security.md
** says whom one trusts).  The other end is asked first whether it is of the
** same kind: lua/threading/private/portable.lua.
*/
#ifndef THR_FLAT_H
#define THR_FLAT_H

#include <lua.h>

#include "cross/message.h"
#include "data/array.h"

THR_PRIVATE_BEGIN

#define THR_FLAT_MAGIC UINT32_C(0x7c0de901)

typedef struct {
  uint32_t magic, nvalues, nshares, refers; /* as in thr_message */
  uint64_t size; /* of the bytes */
} thr_flathead;

typedef struct {
  uint64_t n;
  uint32_t type;
  uint32_t shared; /* 1: it is */
} thr_flatentry;

/* The head of a message; and what it says of share i. */
thr_flathead thr_flat_head(const thr_message *m);
thr_flatentry thr_flat_entry(const thr_message *m, uint32_t i);
/* Is it the head of a message? */
bool thr_flat_isgood(const thr_flathead *head);
/* An Array of this entry; NULL: no memory, or it is damaged. */
thr_array *thr_flat_array(const thr_flatentry *entry);
/* As thr_message_new, with what the head says. */
thr_message *thr_flat_message(const thr_flathead *head, unsigned char **bytes,
                              const thr_share *shares);
/* How many bytes the elements take. */
static inline size_t thr_flat_elements(const thr_array *a) {
  return a->block ? 1 : a->n * thr_elem_size(a->type);
}

/* A message has come, and is about to be decoded: the collector learns of what
** its Arrays take. */
void thr_flat_account(lua_State *L, const thr_message *m);
/* That, and thr_decode_last. */
int thr_flat_decode(lua_State *L, thr_message *m);

/* --- the Lua face: functions of threading._thread --- */

/* _pack(names, ...) -> a string: the values, with names for errors as for
** _encode_as */
int thr_flat_pack(lua_State *L);
/* _unpack(string) -> the values; raises where it is none that _pack has made */
int thr_flat_unpack(lua_State *L);

THR_PRIVATE_END

#endif
