/*
** describe: what messages say of a thread: where its code is, and its name.
*/
#ifndef THR_DESCRIBE_H
#define THR_DESCRIBE_H

#include <lua.h>

#include "gil/record.h"

THR_PRIVATE_BEGIN

/* A place in a program; line 0: none. */
typedef struct {
  char file[LUA_IDSIZE];
  int line;
} thr_where;

/* Finds the innermost Lua function of `of`: short_src and currentline. */
bool thr_describe_place(lua_State *of, lua_Debug *ar);
/* Where the running C function has been called in Lua. */
void thr_describe_caller(lua_State *L, thr_where *where);
/* Pushes "file:line" of the innermost Lua function of `of`, or "". */
void thr_describe_pushplace(lua_State *L, lua_State *of);

/* Pushes the name of the living thread `ident` of the runtime's group, or the
** number. */
void thr_describe_pushname(lua_State *L, thr_runtime *rt, uint64_t ident);

THR_PRIVATE_END

#endif
