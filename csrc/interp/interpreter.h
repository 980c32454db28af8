/* interpreter: the Lua face of interpreters. */
#ifndef THR_INTERPRETER_H
#define THR_INTERPRETER_H

#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

void thr_interpreter_open(lua_State *L);

/* Functions of threading._thread. */
int thr_interpreter_create(lua_State *L);    /* _interpreter() */
int thr_interpreter_current(lua_State *L);   /* _current_interpreter() */
int thr_interpreter_main(lua_State *L);      /* _main_interpreter() */
int thr_interpreter_all(lua_State *L);       /* _interpreters() -> a list */
/* _visit(interpreter, message): makes the call that the message is. */
int thr_interpreter_visit(lua_State *L);
int thr_interpreter_isfailed(lua_State *L);  /* _is_execution_failed(err) */

THR_PRIVATE_END

#endif
