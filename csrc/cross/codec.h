/*
** codec: the Lua face of encode and decode.
*/
#ifndef THR_CODEC_H
#define THR_CODEC_H

#include <lua.h>

#include "cross/encode.h"

THR_PRIVATE_BEGIN

void thr_codec_open(lua_State *L);

/* Pushes a message as a value of Lua, made by `encode`; and the message of the
** value at arg, in use; raises. */
void thr_codec_push(lua_State *L, thr_encoding *encode, int first, int n,
                    const char *what);
const thr_message *thr_codec_check(lua_State *L, int arg);

/* Functions of threading._thread. */

/* _encode(...) -> a message */
int thr_codec_encode(lua_State *L);
/* _encode_as(names, ...): the same, with names for errors, see encode.h */
int thr_codec_encodeas(lua_State *L);
/* _decode(message) -> the values */
int thr_codec_decode(lua_State *L);
/* _made_by(metatable, maker): values with this metatable, which may be given by
** its name, are made anew there: maker(value) returns the name of a module, the
** key of a function in it, or "" for the module itself, and its arguments; or
** nil, what cannot cross, and what to do instead */
int thr_codec_madeby(lua_State *L);

THR_PRIVATE_END

#endif
