/*
** describe: what messages say of a thread, where its code is and its name; and
** of an object, how it is called or where it was made (label.h).
*/
#ifndef THR_DESCRIBE_H
#define THR_DESCRIBE_H

#include <lua.h>

#include "gil/record.h"
#include "park/label.h"

THR_PRIVATE_BEGIN

/* A place in a program; line 0: none. */
typedef struct {
  char file[LUA_IDSIZE];
  int line;
} thr_where;

/* Finds the innermost Lua function of `of`: short_src and currentline. */
bool thr_describe_place(lua_State *of, lua_Debug *ar);
/* The same for the innermost function of the program: none whose source begins
** with `folder` (thr_blame_folder), where there is another one. */
bool thr_describe_program(lua_State *of, const char *folder, lua_Debug *ar);
/* Where the program has called the running C function. */
void thr_describe_caller(lua_State *L, thr_where *where);
/* Pushes "file:line" of the innermost Lua function of `of`, or "". */
void thr_describe_pushplace(lua_State *L, lua_State *of);

/* Pushes the name of the living thread `ident` of the runtime's group, or the
** number. */
void thr_describe_pushname(lua_State *L, thr_runtime *rt, uint64_t ident);

/* The label of an object that is being made: of this name, or else (NULL) with
** the place where the program makes it.  Raises for want of memory; for a place
** it is done without. */
thr_label *thr_describe_newlabel(lua_State *L, const char *name);

/* The same where that is asked for; else NULL, which is right for an object
** without a name.  The object is in its box by now, for this may raise. */
static inline thr_label *thr_describe_label(lua_State *L, const char *name) {
  return name || thr_label_isasked() ? thr_describe_newlabel(L, name) : NULL;
}

/* Pushes and returns what tostring shows of it, behind the type: ' "name"',
** ' (made at file:line)', or "". */
const char *thr_describe_pushlabel(lua_State *L, const thr_label *label);
/* Pushes and returns what an error about its use says, behind the text:
** ': Lock "accounts"' or ': Lock 0x1234 (made at file:line)'; "" without a
** label. */
const char *thr_describe_pushobject(lua_State *L, const char *what,
                                    const void *object,
                                    const thr_label *label);
/* The method get_name: pushes the name or nil, and returns 1. */
int thr_describe_getname(lua_State *L, const thr_label *label);

THR_PRIVATE_END

#endif
