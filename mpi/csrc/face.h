/*
** face: the Lua face of ranks and of what they send each other.  What it gets
** as arguments lua/threading/mpi has checked.
*/
#ifndef THM_FACE_H
#define THM_FACE_H

#include <lua.h>

#include "comm.h"

THM_PRIVATE_BEGIN

void thm_face_open(lua_State *L); /* its classes */

/* Pushes the comm as a value of Lua; and that of the one at arg; raises. */
void thm_face_pushcomm(lua_State *L, thm_comm *c);
thm_comm *thm_face_checkcomm(lua_State *L, int arg);

/* Functions of threading._mpi; c is a comm.  Where an error is MPI's, or
** another rank's, they return nil and its text. */

int thm_face_rank(lua_State *L); /* rank(c) -> rank, size */
/* send(c, to, tag, bytes); waits where it is a long one */
int thm_face_send(lua_State *L);
int thm_face_array(lua_State *L); /* array(value) -> its type, length; or nil */
int thm_face_sendarray(lua_State *L); /* send_array(c, to, tag, array) */
/* receive(c, source, tag, seconds): source -1: any; tag nil: any of 0 or more;
** seconds nil: for ever.  Returns the bytes, or a parcel, and source and tag;
** or nil, "timeout" or "stopped" */
int thm_face_receive(lua_State *L);
/* call(c, to, tag, bytes, answer): sends, and receives what comes back with the
** tag `answer` */
int thm_face_call(lua_State *L);

/* A parcel, whose body is still with its sender: */
int thm_face_describe(lua_State *L); /* describe(p) -> bytes [, type, length] */
/* fetch(p) -> bytes; fetch(p, array): into it. fetch(bytes) -> the same */
int thm_face_fetch(lua_State *L);
int thm_face_refuse(lua_State *L); /* refuse(p, why) */

THM_PRIVATE_END

#endif
