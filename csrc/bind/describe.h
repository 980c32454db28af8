/*
** describe: what messages say of a thread: where its code is, and its name.
*/
#ifndef THR_DESCRIBE_H
#define THR_DESCRIBE_H

#include <lua.h>

#include "gil/record.h"

THR_PRIVATE_BEGIN

/* Finds the innermost Lua function of `of`: short_src and currentline. */
bool thr_describe_place(lua_State *of, lua_Debug *ar);
/* Pushes "file:line" of the innermost Lua function of `of`, or "". */
void thr_describe_pushplace(lua_State *L, lua_State *of);

/* Pushes the name of the living thread `ident` of the runtime's group, or the
** number. */
void thr_describe_pushname(lua_State *L, thr_runtime *rt, uint64_t ident);

THR_PRIVATE_END

#endif
