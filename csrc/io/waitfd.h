/*
** waitfd: threading.io's functions: waiting for descriptors.
*/
#ifndef THR_WAITFD_H
#define THR_WAITFD_H

#include <lua.h>

#include "os/os.h"

THR_PRIVATE_BEGIN

int thr_waitfd_waitfd(lua_State *L); /* _wait_fd(fd, mode [, timeout]) */

THR_PRIVATE_END

#endif
