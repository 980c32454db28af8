/*
** parcel: what ranks send each other: a head, and, where it is short, its body
** behind it.  The body of a long one, and the elements of an Array, come in
** messages of their own, when the receiver has asked for them: from the memory
** of one to that of the other, without a copy in between.
*/
#ifndef THM_PARCEL_H
#define THM_PARCEL_H

#include "port.h"

typedef enum {
  THM_VALUE,  /* bytes, of which Lua makes values */
  THM_ARRAY,  /* the elements of an Array */
  THM_ASK,    /* to the sender of the parcel with this number: its body */
  THM_REFUSE, /* to the same: it is not wanted; the body says why */
  THM_STOP,   /* serve no more, but finish what you do */
  THM_STOPNOW /* the same, and what you do is not wanted any more */
} thm_parcelkind;

/* Ranks are of one kind of machine (ranks.lua sees to that), so it goes as it
** is. */
typedef struct {
  int32_t kind;
  int32_t tag;     /* the user's, not MPI's */
  int32_t type;    /* of an Array's elements */
  uint32_t number; /* of the parcels of this sender */
  uint64_t size;   /* bytes of the body */
  uint64_t length; /* of an Array: elements */
} thm_head;

typedef struct thm_parcel thm_parcel;
struct thm_parcel {
  thm_parcel *next;
  int source;
  thm_head head;
  unsigned char body[]; /* if it came along */
};

/* MPI's tags: heads have one, so that they do not overtake each other; each
** body has another. */
#define THM_HEADS 0
#define THM_BODY(number) (1 + (int)((number) % 32000))

#endif
