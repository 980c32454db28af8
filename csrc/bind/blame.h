/*
** blame: where an error says that it is, and in which function.
**
** An error about a call blames the code that has called the library: between
** it and the function that raises the error there may be Lua functions of
** ours, and C functions that those have called.  The function bears the name
** that the program knows it by, also where Lua does not know how it was
** called.
*/
#ifndef THR_BLAME_H
#define THR_BLAME_H

#include <lauxlib.h>
#include <lua.h>
#include <stdarg.h>
#include <stdbool.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

/* Pushes "file:line: " of the code that has called the library; "" where that
** is not known, as luaL_where does. */
void thr_blame_where(lua_State *L);
/* What the sources of our Lua files begin with, or NULL. */
const char *thr_blame_folder(lua_State *L);
/* Is that function, of which "S" was asked, in a source that begins so?  No
** source does with "" or NULL. */
bool thr_blame_isours(const lua_Debug *ar, const char *folder);
/* luaL_error, which says so where there is no memory for its text. */
int thr_blame_error(lua_State *L, const char *fmt, ...);
/* luaL_argerror: "bad argument #arg to 'f' (text)". */
int thr_blame_argerror(lua_State *L, int arg, const char *text);
/* The same for a method that was called without its object, or with another
** value; where the cause may be a dot, it says what to write: "use `lock:f()`".
** `level`: of the method; `bare`: it was given nothing. */
int thr_blame_selferror(lua_State *L, int level, const char *class,
                        const char *text, bool bare);
/* The level of the function of ours that the program has called. */
int thr_blame_level(lua_State *L);
/* Pushes the name of the running function, and returns it. */
const char *thr_blame_pushname(lua_State *L);
/* lua_pushvfstring, which raises where there is no memory for the text. */
void thr_blame_pushtext(lua_State *L, const char *fmt, va_list ap);

/* Keeps the functions' names, without the "_" in front of some.  The list is
** there for good. */
void thr_blame_names(lua_State *L, const luaL_Reg *list);

/* Functions of threading._thread. */
/* _ours(): all files below the folder above the caller's are ours. */
int thr_blame_ours(lua_State *L);
/* _public(table): its keys are the names of the functions in it. */
int thr_blame_public(lua_State *L);
/* _class_of(methods): the name of the type with this table of methods, and what
** a program may call an object of it. */
int thr_blame_classof(lua_State *L);
/* _complain(text): raises it. */
int thr_blame_complain(lua_State *L);

THR_PRIVATE_END

#endif
