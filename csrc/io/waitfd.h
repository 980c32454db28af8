/*
** io: threading.io's functions: waiting for descriptors.
*/
#ifndef THR_WAITFD_H
#define THR_WAITFD_H

#include <lua.h>

#include "os/os.h"

THR_PRIVATE_BEGIN

int thr_waitfd_waitfd(lua_State *L);  /* _wait_fd(fd, mode [, timeout]) */
/* _await_fd, likewise, for who has just been told to wait: saves a look. */
int thr_waitfd_awaitfd(lua_State *L);

THR_PRIVATE_END

#endif
