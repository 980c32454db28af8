/*
** objects: what C code gets of the objects on Lua's stack.
**
** threading.h says what each does.
*/
#ifndef THR_OBJECTS_H
#define THR_OBJECTS_H

#include <lua.h>

#include "os/port.h"
#include "threading.h"

THR_PRIVATE_BEGIN

/* NULL, or 0: the value at arg is no such object. */
threading_lock *thr_objects_tolock(lua_State *L, int arg);
threading_rlock *thr_objects_torlock(lua_State *L, int arg);
threading_semaphore *thr_objects_tosemaphore(lua_State *L, int arg);
threading_event *thr_objects_toevent(lua_State *L, int arg);
int thr_objects_tovalue(lua_State *L, int arg, threading_value *to);
int thr_objects_toarray(lua_State *L, int arg, threading_array *to);
int64_t *thr_objects_toint64(lua_State *L, int arg);
double *thr_objects_tofloat64(lua_State *L, int arg);

/* A reference that C keeps; NULL also where there is no memory. */
threading_object *thr_objects_retain(lua_State *L, int arg);
void thr_objects_drop(threading_object *o);

THR_PRIVATE_END

#endif
