/*
** listeners: what is notified when a future is done: functions, which are
** called with it, and SimpleQueues, into which it is put.
**
** The future is at stack index 1.  Its listeners are in one of its user
** values: nil, or a list with false for each that was removed.
*/
#ifndef THR_LISTENERS_H
#define THR_LISTENERS_H

#include <lua.h>

#include "future/call.h"

THR_PRIVATE_BEGIN

enum { THR_LISTENERS = THR_CALL_USERVALUES + 1 };

/* The value at stack index 2. */
void thr_listeners_add(lua_State *L);
void thr_listeners_remove(lua_State *L);

/* Notifies the one on top of the stack, which is popped; or all, in the order
** of their adding, and forgets them.  An error of a listener is reported on
** stderr, and ends only that.  Raises, once all are notified, what is asked of
** this thread meanwhile (see unwind.h); else nothing but for want of
** memory. */
void thr_listeners_notifyone(lua_State *L);
void thr_listeners_notify(lua_State *L);

THR_PRIVATE_END

#endif
