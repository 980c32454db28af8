/*
** args: checks the arguments of a function that Lua has called.
**
** An error names the argument, says what is expected, and what was given.
*/
#ifndef THR_ARGS_H
#define THR_ARGS_H

#include <lauxlib.h>
#include <lua.h>

#include "os/port.h"

THR_PRIVATE_BEGIN

/* Raises "bad argument #arg to 'f' (name: message)". */
int thr_args_error(lua_State *L, int arg, const char *name, const char *fmt,
                   ...);
int thr_args_typeerror(lua_State *L, int arg, const char *name,
                       const char *expected);
/* Pushes the type's name, or that which objects of it give it; returns it. */
const char *thr_args_typename(lua_State *L, int arg);
/* The same for an argument without a name; the first one is a method's self,
** and `expected` its class. */
int thr_args_unexpected(lua_State *L, int arg, const char *expected);
/* _bad_self(value, class): the same for a method that is written in Lua. */
int thr_args_badself(lua_State *L);
/* Raises "name: unknown WHAT 'x'; known are a, b", where x is the argument, a
** string, and NULL ends those that are known. */
int thr_args_unknown(lua_State *L, int arg, const char *name, const char *what,
                     const char *const known[]);

#define THR_TIMEOUT_MAX 9223372036.0 /* seconds that fit in nanoseconds */

/* Seconds at arg, as nanoseconds.  nil and math.huge: THR_FOREVER.  Raises for
** anything but a number up to TIMEOUT_MAX, and for a negative one. */
int64_t thr_args_seconds(lua_State *L, int arg, const char *name);
/* The same where, as in Python, what is negative is 0. */
int64_t thr_args_timeout(lua_State *L, int arg, const char *name);
/* That of the last argument, which may be {timeout = seconds}, too. */
int64_t thr_args_lasttimeout(lua_State *L, int arg);
/* Seconds as a deadline. */
int64_t thr_args_deadline(lua_State *L, int arg, const char *name);
int64_t thr_args_fromnow(int64_t ns);
/* The arguments (blocking, timeout) of an acquire, at 2 and 3 or as one table:
** a deadline, 0 for a mere try.  With `minus1`, -1 means for ever, and what
** else is negative is an error; without, it is 0. */
int64_t thr_args_acquire(lua_State *L, bool minus1, const char *clash);

/* Spreads a table of named arguments at `first` over positions; the names end
** with NULL.  Does nothing where no table is there. */
void thr_args_keywords(lua_State *L, int first, const char *const names[]);

/* The arguments of a constructor: so many by position, and then a table of
** options, which may also have those by their names.  The names end with NULL,
** and the first that is no position's is "name".  From position `first` on the
** last argument is taken for the options if it is a table, and in the place of
** another argument one without a metatable.  Then the arguments are at the
** positions of their names, and so are the options, if there are any.  Raises
** for a name that is not known, and tells those that are.
**
** Returns the name, which stays on the stack, or NULL.  It is not empty and has
** no control characters, for it is shown in lines of text. */
const char *thr_args_readoptions(lua_State *L, int first, int by_position,
                                 const char *const names[]);

static inline const char *thr_args_options(lua_State *L, int first,
                                           int by_position,
                                           const char *const names[]) {
  int top = lua_gettop(L);
  if (top == 0 || (top <= by_position && !lua_istable(L, top))) return NULL;
  return thr_args_readoptions(L, first, by_position, names);
}

/* The same for a constructor that takes nothing but {name = ...}. */
static inline const char *thr_args_onlyname(lua_State *L) {
  static const char *const names[] = {"name", NULL};
  return thr_args_options(L, 1, 0, names);
}

lua_Integer thr_args_integer(lua_State *L, int arg, const char *name,
                             lua_Integer least, lua_Integer most);
lua_Integer thr_args_optinteger(lua_State *L, int arg, const char *name,
                                lua_Integer least, lua_Integer most,
                                lua_Integer def);
bool thr_args_optboolean(lua_State *L, int arg, const char *name, bool def);
void thr_args_callable(lua_State *L, int arg, const char *name);

THR_PRIVATE_END

#endif
