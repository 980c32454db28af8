/*
** datagram: the methods of LuaSocket's UDP sockets that take a datagram, or
** send one to the peer, without the global lock.
*/
#ifndef THR_DATAGRAM_H
#define THR_DATAGRAM_H

#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

int thr_datagram_receive(lua_State *L);     /* receive([size]) */
int thr_datagram_receivefrom(lua_State *L); /* receivefrom([size]) */
int thr_datagram_send(lua_State *L);        /* send(datagram) */

THR_PRIVATE_END

#endif
