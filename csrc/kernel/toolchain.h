/*
** toolchain: what lua/threading/kernel needs to run a compiler: programs that
** run while other threads go on, and what is known of them, of the processor
** and of the environment without running any.
*/
#ifndef THR_TOOLCHAIN_H
#define THR_TOOLCHAIN_H

#include <lua.h>

#include "os/os.h"

THR_PRIVATE_BEGIN

void thr_toolchain_open(lua_State *L);

/* Functions of threading._thread.  What the system refuses is returned as
** nil and a message. */
/* _run(argv, seconds) -> text, status */
int thr_toolchain_run(lua_State *L);
/* _find_binary(name) -> its path, or nil: none, or a script; is there one? */
int thr_toolchain_find(lua_State *L);
int thr_toolchain_processor(lua_State *L); /* _processor() -> string, or nil */
/* _getenv(name) -> as os.getenv; nil where that is not to be trusted */
int thr_toolchain_getenv(lua_State *L);
int thr_toolchain_elevated(lua_State *L); /* _elevated() -> is it not? */

THR_PRIVATE_END

#endif
