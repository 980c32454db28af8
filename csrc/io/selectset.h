/*
** selectset: a set of descriptors for Lua, which is waited for as one of them.
** threading.socket's select is built on it.
*/
#ifndef THR_SELECTSET_H
#define THR_SELECTSET_H

#include <lua.h>

#include "os/os.h"

THR_PRIVATE_BEGIN

/* _pollset(): an object with the methods add{[fd] = "r" | "w" | "rw"}, fd() and
** ready(), which is to be closed. */
int thr_selectset_create(lua_State *L);
void thr_selectset_open(lua_State *L); /* its type */

THR_PRIVATE_END

#endif
