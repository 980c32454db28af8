/*
** io: threading.io's functions: waiting for descriptors.
*/
#ifndef THR_IO_H
#define THR_IO_H

#include <lua.h>

#include "os.h"

THR_PRIVATE_BEGIN

int thr_io_waitfd(lua_State *L);  /* _wait_fd(fd, mode [, timeout]) */
/* _await_fd, likewise, for who has just been told to wait: saves a look. */
int thr_io_awaitfd(lua_State *L);

THR_PRIVATE_END

#endif
