/*
** operands: Lua values as a compiled function takes and gives them.
**
** Objects stay on the Lua stack where they were found, for one may be a result,
** and are held by a reference while the function runs: at the end of the
** program a thread that does not stop is given up, and its Lua state closed.
*/
#ifndef THR_OPERANDS_H
#define THR_OPERANDS_H

#include <lua.h>

#include "kernel/abi.h"

THR_PRIVATE_BEGIN

#define THR_MAX_IN 64 /* arguments, and values of upvalues and globals */

typedef struct {
  threading_val in[THR_MAX_IN];
  int n;       /* of them */
  int objects; /* how many of them refer to one */
  int at[THR_MAX_IN];            /* of objects: index on the Lua stack, */
  void *of[THR_MAX_IN];          /* the object, */
  threading_arr data[THR_MAX_IN]; /* and of an Array its elements */
} thr_operands;

/* Adds an object, nil or a boolean, or what is none of a compiled function's
** values; returns its kind: 0 for the last. */
char thr_operands_addother(lua_State *L, int idx, thr_operands *to);

/* Adds the value at idx, which may be none: nil. */
static inline char thr_operands_add(lua_State *L, int idx, thr_operands *to) {
  threading_val *v = &to->in[to->n];
  if (lua_isinteger(L, idx)) {
    to->n++;
    v->u.i = lua_tointeger(L, idx);
    return v->kind = 'i';
  }
  if (lua_type(L, idx) != LUA_TNUMBER)
    return thr_operands_addother(L, idx, to);
  to->n++;
  v->u.d = lua_tonumber(L, idx);
  return v->kind = 'f';
}

void thr_operands_hold(const thr_operands *ops);
void thr_operands_drop(const thr_operands *ops);

void thr_operands_pushother(lua_State *L, const thr_operands *ops,
                            const threading_val *v);

/* Pushes a value that the function has made, or has been given. */
static inline void thr_operands_push(lua_State *L, const thr_operands *ops,
                                     const threading_val *v) {
  if (v->kind == 'i') lua_pushinteger(L, (lua_Integer)v->u.i);
  else if (v->kind == 'f') lua_pushnumber(L, (lua_Number)v->u.d);
  else thr_operands_pushother(L, ops, v);
}

THR_PRIVATE_END

#endif
