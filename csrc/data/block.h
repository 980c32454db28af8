/*
** block: memory that several processes have, behind a descriptor by which it
** comes to another one, see processes/link.h.
**
** In a process there is one user of a block, an Array: memory that comes back
** to a process is given to the one that it has.
**
** Knows no Lua.  Any thread may call what is here.
*/
#ifndef THR_BLOCK_H
#define THR_BLOCK_H

#include "os/os.h"

THR_PRIVATE_BEGIN

typedef struct thr_block {
  void *data;  /* const */
  size_t size; /* const: bytes, at least 1 */
  int fd;      /* const */
  void *user;  /* const once it is entered */
  struct thr_block *next; /* the list's mutex */
} thr_block;

/* All 0; NULL with errno. */
thr_block *thr_block_new(size_t size);
/* The memory behind a descriptor, which is taken, or closed; NULL: no memory,
** or it is not so large. */
thr_block *thr_block_adopt(int fd, size_t size);

/* Gives it a user, and returns that; or the user of a block of the same memory,
** if `take`, called with that and `arg`, takes a reference to it: then this
** block is still the caller's. */
void *thr_block_enter(thr_block *b, void *user,
                      bool (*take)(void *user, void *arg), void *arg);

/* Its user is about to be freed: nobody finds it any more. */
void thr_block_free(thr_block *b);

THR_PRIVATE_END

#endif
