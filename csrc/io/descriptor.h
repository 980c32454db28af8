/*
** descriptor: the values of Lua that have a descriptor: an integer, a
** file, an object with a method that returns it.  And how the descriptors of
** other libraries' objects are made, and closed, as if they were ours.
*/
#ifndef THR_DESCRIPTOR_H
#define THR_DESCRIPTOR_H

#include <lua.h>

#include "os/os.h"

THR_PRIVATE_BEGIN

typedef struct {
  int fd;        /* -1: closed */
  bool buffered; /* there is input that the descriptor does not know of */
  bool is_file;  /* of Lua's */
} thr_source;

/* Of the value at 1; raises if that is none.  `again`: it was one before, and
** may be closed by now.  Where no Lua function is called for it, no other
** thread runs before this returns. */
thr_source thr_descriptor_check(lua_State *L, bool again);

int thr_descriptor_closing(lua_State *L); /* _closing(fd) */
int thr_descriptor_retire(lua_State *L);  /* _retire(object, f, ...) */
int thr_descriptor_own(lua_State *L);     /* _own(f, ...) */
int thr_descriptor_noinherit(lua_State *L); /* _no_inherit(fd) */
int thr_descriptor_hangup(lua_State *L);    /* _hang_up(fd) */

THR_PRIVATE_END

#endif
