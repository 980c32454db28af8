/*
** guards: what a version of a compiled function takes for granted of upvalues
** and globals: what type a value is of, or which function or table it is.
**
** They are looked at under the global lock, at each call.
*/
#ifndef THR_GUARDS_H
#define THR_GUARDS_H

#include "kernel/operands.h"

THR_PRIVATE_BEGIN

typedef struct {
  int from;             /* in the list of anchors: the function or table */
  int upvalue;          /* of that function; 0: a field of the table, */
  int name;             /* in the list of anchors: of this name */
  const void *identity; /* which function or table is expected; or NULL: */
  char kind;            /* a value of this kind, which is passed */
} thr_guard;

/* Reads list[at], a table {from =, upvalue = | name =, identity = index in the
** list of anchors | kind =}; the list of anchors is at `anchors`. */
void thr_guards_read(lua_State *L, int list, int anchors, int at,
                     thr_guard *to);

/* How many of n pass a value. */
int thr_guards_values(const thr_guard *guards, int n);

/* Looks at n of them; values are added to `to`, and their objects stay on the
** Lua stack.  False: one is not as expected. */
bool thr_guards_hold(lua_State *L, int anchors, const thr_guard *guards, int n,
                     thr_operands *to);

THR_PRIVATE_END

#endif
