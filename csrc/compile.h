/*
** compile: what kernel.lua needs to make a shared object: a program that runs
** while other threads go on, folders of one's own, loading.
*/
#ifndef THR_COMPILE_H
#define THR_COMPILE_H

#include <lua.h>

#include "os.h"

THR_PRIVATE_BEGIN

void thr_compile_open(lua_State *L);

/* Functions of threading._thread.  What the system refuses is returned as
** nil and a message. */
int thr_compile_run(lua_State *L);     /* _run(argv, seconds) -> text, status */
int thr_compile_folder(lua_State *L);  /* _folder(path): makes it -> true */
int thr_compile_private(lua_State *L); /* _private(path) -> boolean */
int thr_compile_unique(lua_State *L);  /* _unique(prefix) -> a new folder */
int thr_compile_install(lua_State *L); /* _install(from, to) -> true */
int thr_compile_load(lua_State *L);    /* _load(path) -> handle */

THR_PRIVATE_END

#endif
