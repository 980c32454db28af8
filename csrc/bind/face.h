/*
** face: the vocabulary of the Lua faces: check, push, raise.
**
** A native object lives in a box, a userdata of one word that tells what it
** is and a pointer.  The quick check (is it a userdata, of this size, with
** this first word) costs half of luaL_checkudata.  The size need not be asked
** for where the box is known: those that were met last stand in a table, by
** their addresses, until they are finalised.
**
** The value on a thread's stack keeps the box, and with it the object, unless
** the box is a dead one that another finaliser has made reachable again: then
** its own finaliser is due, and runs at the next allocation of any thread.
** Therefore:
**
** Law: a function that has an object's pointer notes the use, with
** thr_face_use or thr_face_keep, before it waits, lets go of the global lock,
** or does what may call Lua code, if it looks at the object afterwards.  (To
** allocate Lua memory may call Lua code: finalisers.)  The object then lives
** until its box was found unreachable once more, since that use.
*/
#ifndef THR_FACE_H
#define THR_FACE_H

#include <lauxlib.h>
#include <lua.h>

#include "gil/record.h"
#include "gil/whose.h"

THR_PRIVATE_BEGIN

typedef struct {
  const void *kind; /* the type's thr_kind; NULL once finalised */
  void *obj;
  bool used; /* gil: in ways that outlast what may run finalisers */
} thr_box;

/* A type of native objects.  Its address is the first word of its boxes. */
typedef struct thr_kind {
  const char *name; /* the metatable's, and what errors say */
  void (*unref)(void *obj);
} thr_kind;

void *thr_face_notself(lua_State *L, int arg, const thr_kind *kind);
void *thr_face_recognise(lua_State *L, int arg, const thr_kind *kind);

/* Of all Lua states, which may run at the same time. */
#define THR_FACE_KNOWN 128
extern _Atomic(const thr_box *) thr_face_known[THR_FACE_KNOWN];

static inline _Atomic(const thr_box *) *thr_face_slot(const thr_box *box) {
  return &thr_face_known[(uintptr_t)box >> 5 & (THR_FACE_KNOWN - 1)];
}

/* The object at arg, or NULL. */
static inline void *thr_face_test(lua_State *L, int arg,
                                  const thr_kind *kind) {
  const thr_box *box = lua_touserdata(L, arg);
  if (!box) return NULL;
  if (atomic_load_explicit(thr_face_slot(box), memory_order_relaxed) == box &&
      box->kind == kind)
    return box->obj;
  return thr_face_recognise(L, arg, kind);
}

static inline void *thr_face_check(lua_State *L, int arg,
                                   const thr_kind *kind) {
  void *obj = thr_face_test(L, arg, kind);
  return obj ? obj : thr_face_notself(L, arg, kind); /* raises */
}

/* The box at arg is one of ours: its use is noted. */
static inline void thr_face_keep(lua_State *L, int arg) {
  ((thr_box *)lua_touserdata(L, arg))->used = true;
}

static inline void *thr_face_use(lua_State *L, int arg,
                                 const thr_kind *kind) {
  void *obj = thr_face_check(L, arg, kind);
  thr_face_keep(L, arg);
  return obj;
}

/* Pushes a box, born closed; fill it with thr_face_fill. */
thr_box *thr_face_newbox(lua_State *L, const thr_kind *kind);
thr_box *thr_face_newboxuv(lua_State *L, const thr_kind *kind, int nuvalues);
void thr_face_fill(thr_box *box, const thr_kind *kind, void *obj);
/* The Lua state is closed, and no thread is left: frees the objects whose
** use was noted. */
void thr_face_finish(lua_State *L);
/* Makes the type's metatable and leaves it on the stack.  Methods stand in a
** table of their own, __index; the list's names that begin with "__" are
** metamethods, which no method call finds. */
void thr_face_newtype(lua_State *L, const thr_kind *kind,
                      const luaL_Reg *methods);
/* Makes `index` the __index of the type on the stack; its upvalue is the
** table of methods, with no metamethod among them. */
void thr_face_indexwith(lua_State *L, lua_CFunction index);

/* The calling thread's record; raises where the OS thread is foreign.  Quick
** where L is what the thread is known to run. */
thr_tstate *thr_face_findself(lua_State *L);

static inline thr_tstate *thr_face_self(lua_State *L) {
  thr_tstate *ts = thr_tls;
  if (!ts || ts->quick != L) return thr_face_findself(L);
  thr_whose_at(ts, L);
  return ts;
}

/* The same for the functions that replace Lua's own, which work as those do
** once the library is gone: NULL then.  Finalisers may run after ours. */
thr_tstate *thr_face_findhere(lua_State *L);

static inline thr_tstate *thr_face_here(lua_State *L) {
  thr_tstate *ts = thr_tls;
  if (!ts || ts->quick != L) return thr_face_findhere(L);
  thr_whose_at(ts, L);
  return ts;
}

/* Called when it is gone; asked. */
void thr_face_setgone(lua_State *L);
bool thr_face_isgone(lua_State *L);
int thr_face_refusegone(lua_State *L); /* raises */
void thr_face_open(lua_State *L);

/* "bad argument #arg to 'f' (name: message)" */
int thr_face_argerror(lua_State *L, int arg, const char *name,
                      const char *fmt, ...);
/* luaL_error, which blames the code that has called the library, see blame.h,
** and says so where there is no memory for its text. */
int thr_face_error(lua_State *L, const char *fmt, ...);
int thr_face_typeerror(lua_State *L, int arg, const char *name,
                       const char *expected);
/* The same for an argument without a name: self. */
int thr_face_unexpected(lua_State *L, int arg, const char *expected);

/* Seconds at arg, as nanoseconds.  nil and math.huge: THR_FOREVER.  Raises for
** anything but a number up to TIMEOUT_MAX, and for a negative one. */
int64_t thr_face_seconds(lua_State *L, int arg, const char *name);
/* The same where, as in Python, what is negative is 0. */
int64_t thr_face_timeout(lua_State *L, int arg, const char *name);
/* That of the last argument, which may be {timeout = seconds}, too. */
int64_t thr_face_lasttimeout(lua_State *L, int arg);
/* Seconds as a deadline. */
int64_t thr_face_deadline(lua_State *L, int arg, const char *name);
int64_t thr_face_fromnow(int64_t ns);
/* The arguments (blocking, timeout) of an acquire, at 2 and 3 or as one table:
** a deadline, 0 for a mere try.  With `minus1`, -1 means for ever, and what
** else is negative is an error; without, it is 0. */
int64_t thr_face_acquireargs(lua_State *L, bool minus1, const char *clash);

/* Spreads a table of named arguments at `first` over positions; the names end
** with NULL.  Does nothing where no table stands there. */
void thr_face_keywords(lua_State *L, int first, const char *const names[]);

lua_Integer thr_face_integer(lua_State *L, int arg, const char *name,
                             lua_Integer least, lua_Integer most);
lua_Integer thr_face_optinteger(lua_State *L, int arg, const char *name,
                                lua_Integer least, lua_Integer most,
                                lua_Integer def);
bool thr_face_optboolean(lua_State *L, int arg, const char *name, bool def);
void thr_face_callable(lua_State *L, int arg, const char *name);

/* guard(): returns the value at 1, already acquired, its own guard: __close
** releases it.  What must be met at once waits until the to-be-closed variable
** is one. */
int thr_face_guard(lua_State *L);

/* with(fn, ...): calls it with the value at 1, already acquired, as a
** to-be-closed variable; returns what fn returns. */
int thr_face_with(lua_State *L);

/* Replaces functions of a loaded standard library, if they are there.  A
** replacement calls what it replaced with thr_face_original, on its own
** arguments and, where possible, in its own frame. */
void thr_face_replace(lua_State *L, const char *lib, const luaL_Reg *list);
/* The same in the table on top of the stack. */
void thr_face_replacein(lua_State *L, const luaL_Reg *list);
int thr_face_original(lua_State *L);

/* Finds the innermost Lua function of `of`: short_src and currentline. */
bool thr_face_place(lua_State *of, lua_Debug *ar);
/* Pushes "file:line" of the innermost Lua function of `of`, or "". */
void thr_face_pushplace(lua_State *L, lua_State *of);

/* Pushes the name of the living thread `ident`, or the number. */
void thr_face_pushname(lua_State *L, thr_runtime *rt, uint64_t ident);

#define THR_TIMEOUT_MAX 9223372036.0 /* seconds that fit in nanoseconds */

THR_PRIVATE_END

#endif
