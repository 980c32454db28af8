/*
** doors: how OS threads that Lua did not start come into a Lua state.
**
** threading.h says what each does.  While C has the state open, a thread may
** come from there: no deadlock is certain.
*/
#ifndef THR_DOORS_H
#define THR_DOORS_H

#include <lua.h>

#include "os/port.h"
#include "threading.h"

THR_PRIVATE_BEGIN

/* The caller sets the field `api`. */
threading_state *thr_doors_open(lua_State *L);
void thr_doors_close(threading_state *s);

threading_thread *thr_doors_attach(threading_state *s, const char *name);
int thr_doors_detach(threading_thread *t);
lua_State *thr_doors_lua(threading_thread *t);

THR_PRIVATE_END

#endif
