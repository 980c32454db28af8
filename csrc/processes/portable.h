/*
** portable: Lua values as a message that means the same in another process,
** which runs the same Lua on the same kind of machine.
**
** Such a message is what thr_encode makes (docs/interpreters.md), but for what
** only has a meaning in this process: that is refused.  The only objects that
** it has shares of are Arrays; what is in them is not in its bytes, so that it
** need not be copied to be sent, see flat.h.  Memory that processes share can
** go to another one on this machine alone.
*/
#ifndef THR_PORTABLE_H
#define THR_PORTABLE_H

#include <lua.h>

#include "cross/message.h"

THR_PRIVATE_BEGIN

/* As thr_encode. */
thr_message *thr_portable_encode(lua_State *L, int first, int n,
                                 const char *what);
/* The same for a message that may go anywhere: refuses what is shared, too. */
thr_message *thr_portable_encodefar(lua_State *L, int first, int n,
                                    const char *what);

THR_PRIVATE_END

#endif
