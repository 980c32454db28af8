/*
** compiled: Lua functions that were translated to C, called like Lua functions.
**
** A compiled function is a callable object.  Of a call it looks at the kinds of
** the arguments, and runs the version that was made for them, outside the
** global lock.  Where there is none it calls back to lua/threading/compile,
** which adds one.
**
** A call is a cancellation point.  All here is guarded by the global lock.
*/
#ifndef THR_COMPILED_H
#define THR_COMPILED_H

#include <lua.h>

#include "os/os.h"

THR_PRIVATE_BEGIN

void thr_compiled_open(lua_State *L);

/* Functions of threading._thread. */

/* _compiled(parameters, anchors, miss, raise): `miss(kinds)` adds a version,
** or raises; `raise(version, site, a, b, c)` raises the error of a site.
** `anchors` is a list of what guards refer to; it only grows. */
int thr_compiled_create(lua_State *L);
/* _add_version(compiled, handle, kinds, guards, leaps, versions, version): both
** here and in the list, or in neither */
int thr_compiled_add(lua_State *L);
/* _retarget_version(compiled, number, guards, objects, base): other guards, of
** the same form, whose anchors are `objects`, and stand behind `base` others */
int thr_compiled_retarget(lua_State *L);
/* _has_version(compiled, kinds) -> is there one for such a call? */
int thr_compiled_has(lua_State *L);
/* _compiled_methods(table): those of compiled functions */
int thr_compiled_methods(lua_State *L);
/* _kind_of(value) -> its kind, or nil */
int thr_compiled_kindof(lua_State *L);
/* _compiled_contract() -> the text, most parameters */
int thr_compiled_contract(lua_State *L);

THR_PRIVATE_END

#endif
