/*
** face: what the Lua faces of all queues have in common: arguments, results,
** text.
*/
#ifndef THR_FACE_H
#define THR_FACE_H

#include <lua.h>

#include "bind/args.h"
#include "bind/describe.h"

THR_PRIVATE_BEGIN

/* The arguments of a constructor: how many items at most, 0 or less: no bound;
** and the queue's name, or NULL. */
lua_Integer thr_face_checkmaxsize(lua_State *L, const char **name);
/* Those of put and get (block, timeout), from `first` on, or as one table: a
** deadline, 0 for a mere try. */
int64_t thr_face_checkwait(lua_State *L, int first);
/* Those of shutdown: are the items thrown away? */
bool thr_face_checkimmediate(lua_State *L);
/* The item of put, at stack index 2; returns its type. */
static inline int thr_face_checkitem(lua_State *L) {
  int type = lua_type(L, 2);
  if (type <= LUA_TNIL)
    thr_args_error(L, 2, "item",
                   "must not be nil, which get returns where there is none");
  return type;
}

/* Returns nil and why. */
int thr_face_refuse(lua_State *L, const char *why);
/* Returns what a generic `for` over the queue, which is at index 1, needs. */
int thr_face_items(lua_State *L, lua_CFunction next);
/* Returns "<type at q: size items>", with the label behind the type; `most`, if
** there is a bound, follows the size. */
int thr_face_tostring(lua_State *L, const char *type, const thr_label *label,
                      const void *q, lua_Integer size, lua_Integer most,
                      bool closed);

THR_PRIVATE_END

#endif
