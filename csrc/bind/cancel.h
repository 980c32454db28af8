/*
** cancel: the error object of a cancellation, and its message.
*/
#ifndef THR_CANCEL_H
#define THR_CANCEL_H

#include <lua.h>

#include "gil/record.h"

THR_PRIVATE_BEGIN

/* Registry key, by address: table: ident -> the message of a cancellation;
** once that is raised, the error object. */
extern const char thr_key_messages;

void thr_cancel_open(lua_State *L);

/* Keeps the value at idx as the message of a cancellation of ts. */
void thr_cancel_setmessage(lua_State *L, thr_tstate *ts, int idx);

/* Pushes the error object of the cancellation of ts; the same one until another
** message is kept. */
void thr_cancel_push(lua_State *L, thr_tstate *ts);

/* Is the value at idx the error object of a cancellation? */
bool thr_cancel_is(lua_State *L, int idx);
int thr_cancel_iscancelled(lua_State *L); /* is_cancelled(err) */

THR_PRIVATE_END

#endif
