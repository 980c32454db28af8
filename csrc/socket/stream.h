/*
** stream: the methods of sockets that are streams: receive, send.
*/
#ifndef THR_STREAM_H
#define THR_STREAM_H

#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

int thr_stream_receive(lua_State *L); /* receive([pattern [, prefix]]) */
int thr_stream_send(lua_State *L);    /* send(data [, i [, j]]) */

THR_PRIVATE_END

#endif
