/*
** describe: what messages say of a thread, where its code is and its name; and
** of an object, how it is called or where it was made (label.h).
*/
#ifndef THR_DESCRIBE_H
#define THR_DESCRIBE_H

#include <lua.h>
#include <string.h>

#include "gil/record.h"
#include "park/label.h"

THR_PRIVATE_BEGIN

/* Pushes the text of an error object: of a table its fields, once Lua code has
** said how they are shown.  As luaL_tolstring it may raise. */
const char *thr_describe_pusherror(lua_State *L, int idx);
int thr_describe_showby(lua_State *L); /* _thread._show_by(fn) */

/* Pushes the text and a traceback of L, without the library's own functions at
** its two ends: luaL_traceback for message handlers. */
void thr_describe_pushtraceback(lua_State *L, const char *text);
/* Raises the error object below the top, which a call in another thread has
** raised; its traceback, or nil, is on top.  Where nobody catches it (it goes
** from the main chunk to the host) a text has the traceback with it. */
int thr_describe_raise(lua_State *L);

/* Functions of threading._thread. */
int thr_describe_luatraceback(lua_State *L); /* _traceback(text) */
int thr_describe_luaraise(lua_State *L);     /* _raise(value, traceback) */
/* _origin(value, text): the text; with the traceback of that error, where it
** was the last one that was raised so. */
int thr_describe_luaorigin(lua_State *L);

/* A place in a program; line 0: none. */
typedef struct {
  char file[LUA_IDSIZE];
  int line;
} thr_where;

static inline bool thr_describe_issame(const thr_where *a, const thr_where *b) {
  return a->line == b->line && strcmp(a->file, b->file) == 0;
}

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
** without a name.  The label belongs to nobody yet, and this may raise: it is
** called for an object that is in its box, or just before one is made. */
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
