/*
** codec: the Lua face of encode and decode, for specs.
*/
#ifndef THR_CODEC_H
#define THR_CODEC_H

#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

void thr_codec_open(lua_State *L);

/* Functions of threading._thread. */

/* _encode(...) -> a message */
int thr_codec_encode(lua_State *L);
/* _decode(message) -> the values */
int thr_codec_decode(lua_State *L);

THR_PRIVATE_END

#endif
