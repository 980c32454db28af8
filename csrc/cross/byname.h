/*
** byname: which tables and functions have a name in another Lua state, too: the
** values of modules, and their fields; and which are classes, see classes.h.
**
** An address says quickly that a table is an ordinary one.  What is found may
** be another by now, which has the address of one that is gone: then it is
** asked whether the name leads to it.  Modules are read again when one was
** loaded since; a program that writes into package.loaded itself is noticed by
** the next function, metatable or refusal that was not looked for before: to
** look goes over all of package.loaded.
*/
#ifndef THR_BYNAME_H
#define THR_BYNAME_H

#include <lua.h>

#include "os/os.h"
#include "os/tuning.h"

THR_PRIVATE_BEGIN

typedef enum {
  THR_NAMED_GLOBALS = 1,
  THR_NAMED_MODULE,   /* `module` */
  THR_NAMED_FUNCTION, /* field `key` of the module */
  THR_NAMED_CLASS,    /* likewise: a table that looks like a metatable */
  THR_NAMED_TABLE,    /* likewise: a table that may be one */
  THR_NAMED_COPIED,   /* a class without a name */
  THR_NAMED_MADE      /* the metatable of what is made anew there */
} thr_namedkind;

typedef struct {
  const void *address;
  size_t module, key; /* where they are in the text: a length, the characters */
  thr_namedkind kind;
} thr_named;

typedef struct {
  thr_named *slots;
  size_t room, count; /* a power of 2, or 0 */
  unsigned char *text;
  size_t text_size, text_room;
  unsigned long version; /* of the runtime's names, when they were read */
  size_t added;          /* classes since then */
  size_t loaded, sum;    /* of package.loaded then: how many, of what */
  const void *in_vain[THR_IN_VAIN]; /* looked for since they were read */
  bool is_read;
} thr_byname;

/* Reads the names, unless they are those of this version and, where an address
** is looked for, no module was added but by require.  True: they were read
** anew.  False in *ok: no memory. */
bool thr_byname_refresh(lua_State *L, thr_byname *b, unsigned long version,
                        const void *address, bool *ok);
/* Was what is at this address looked for in vain? */
bool thr_byname_isinvain(const thr_byname *b, const void *address);
/* Adds a class without a name.  False: no memory. */
bool thr_byname_addclass(thr_byname *b, const void *address);
/* What has this address. */
const thr_named *thr_byname_search(const thr_byname *b, const void *address);

static inline const thr_named *thr_byname_find(const thr_byname *b,
                                               const void *address) {
  return b->count ? thr_byname_search(b, address) : NULL;
}

/* Does the name lead to the value at idx? */
bool thr_byname_leads(lua_State *L, const thr_byname *b,
                      const thr_named *named, int idx);

void thr_byname_free(thr_byname *b);

/*
** What is made anew there, out of parts: the function of its metatable says
** how, as module, key, and arguments for that module's function; "" for the key
** is the module itself; or nil, what cannot cross, and what to do instead.
*/

/* Makes the function on top of the stack, and pops it, that of the metatable at
** idx. */
void thr_byname_setmaker(lua_State *L, int idx);
/* Pushes the function of the metatable on top of the stack, or nothing. */
bool thr_byname_pushmaker(lua_State *L);

THR_PRIVATE_END

#endif
