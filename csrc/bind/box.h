/*
** box: native objects as Lua sees them, and their types.
**
** A native object lives in a box, a userdata of one word that names its type
** and a pointer.  The quick check (is it a userdata, of this size, with this
** first word) costs half of luaL_checkudata.  The size need not be asked for
** where the box is known: those that were met last are in a table of their
** runtime's, by their addresses, until they are finalised.  Each runtime has
** its own, for Lua states may run at the same time.
**
** The value on a thread's stack keeps the box, and with it the object, unless
** the box is a dead one that another finaliser has made reachable again: then
** its own finaliser is due, and runs at the next allocation of any thread.
** Therefore:
**
** Law: a function that has an object's pointer notes the use, with thr_box_use
** or thr_box_keep, before it waits, lets go of the global lock, or does what
** may call Lua code, if it looks at the object afterwards.  (To allocate Lua
** memory may call Lua code: finalisers.)  The object then lives until its box
** was found unreachable once more, since that use.
*/
#ifndef THR_BOX_H
#define THR_BOX_H

#include <lauxlib.h>
#include <lua.h>

#include "gil/record.h"

THR_PRIVATE_BEGIN

/* A type of native objects.  Its address is the first word of its boxes.  All
** is const.  What follows `unref` is for objects that several Lua states share:
** such an object counts its boxes, and guards its fields itself, for no global
** lock does. */
typedef struct thr_kind {
  const char *name;         /* the metatable's, and what errors say */
  void (*unref)(void *obj); /* drops a share */
  /* Adds a share, for a message or a box of another Lua state, and returns the
  ** object; or NULL: this object stays where it is, see `stays`.  NULL in the
  ** place of the function: all of the type do. */
  void *(*ref)(void *obj);
  /* Gives a new box, which is on top of the stack, its `nuvalues` user values;
  ** they are made of the object, which owns what they refer to (a Condition
  ** its lock).  Raises for want of memory.  NULL: it has none. */
  void (*complete)(lua_State *L, void *obj);
  int nuvalues;
  /* Makes the type, in a Lua state that an object of it comes to before that
  ** has loaded threading; NULL: it is loaded then. */
  void (*open)(lua_State *L);
  const char *stays; /* what to do with an object that `ref` has refused, or
                        whose type has none: after "cannot cross: " */
} thr_kind;

typedef struct {
  const void *kind; /* gil: the type's thr_kind; NULL once finalised */
  void *obj;        /* gil */
  bool used;        /* gil: in ways that outlast what may run finalisers */
} thr_box;

/* Raises: the value at arg is no such object, or a finalised one. */
void *thr_box_notself(lua_State *L, int arg, const thr_kind *kind);
/* The object at arg, or NULL; the slow way, which makes the box known. */
void *thr_box_recognise(lua_State *L, int arg, const thr_kind *kind);

/* Where the box may be known: in the table of the thread's runtime.  (Where the
** thread has records of several Lua states, it may be that of another than L's:
** there are no boxes in any but live ones, so that an address that is found is
** the box's, and one that is not is asked for the slow way.) */
static inline _Atomic(const void *) *thr_box_slot(thr_runtime *rt,
                                                  const thr_box *box) {
  return &rt->known_boxes[(uintptr_t)box >> 5 & (THR_KNOWN_BOXES - 1)];
}

/* Not NULL, which is in no slot: one that is empty holds its own address. */
static inline bool thr_box_isknown(const thr_box *box) {
  const thr_tstate *ts = thr_tls;
  return ts && atomic_load_explicit(thr_box_slot(ts->rt, box),
                                    memory_order_relaxed) == box;
}

/* The object at arg, or NULL. */
static inline void *thr_box_test(lua_State *L, int arg, const thr_kind *kind) {
  const thr_box *box = lua_touserdata(L, arg);
  if (thr_box_isknown(box) && box->kind == kind) return box->obj;
  return thr_box_recognise(L, arg, kind);
}

static inline void *thr_box_check(lua_State *L, int arg, const thr_kind *kind) {
  void *obj = thr_box_test(L, arg, kind);
  return obj ? obj : thr_box_notself(L, arg, kind); /* raises */
}

/* No box of the runtime is known: so it begins, and so it ends; for OS threads
** may still have records of it when its boxes are freed. */
void thr_box_forgetall(thr_runtime *rt);

/* Notes the use of the box at arg, which is known to be one. */
static inline void thr_box_keep(lua_State *L, int arg) {
  ((thr_box *)lua_touserdata(L, arg))->used = true;
}

static inline void *thr_box_use(lua_State *L, int arg, const thr_kind *kind) {
  void *obj = thr_box_check(L, arg, kind);
  thr_box_keep(L, arg);
  return obj;
}

/* Pushes a box, closed at first; fill it with thr_box_fill. */
thr_box *thr_box_new(lua_State *L, const thr_kind *kind);
thr_box *thr_box_newuv(lua_State *L, const thr_kind *kind, int nuvalues);
void thr_box_fill(thr_box *box, const thr_kind *kind, void *obj);

/*
** How an object comes from one Lua state to another: thr_box_share takes a
** share of it in the one, which a message holds; thr_box_pushshare makes a box
** of it in the other.  In each state that an object has passed through there is
** one box for it: one that comes back is the same value.
*/

/* The type of the box at idx; NULL: no box is there, or a finalised one. */
const thr_kind *thr_box_kind(lua_State *L, int idx);
/* The object in the box at idx, with one more share, which is the caller's;
** NULL: it stays.  Raises for want of memory, before it takes the share. */
void *thr_box_share(lua_State *L, int idx);
/* Pushes the box of the object; a new one takes a share of its own.  Raises. */
void thr_box_pushshare(lua_State *L, const thr_kind *kind, void *obj);

/* The Lua state is being closed, and no thread is left: frees the objects
** whose use was noted. */
void thr_box_finish(lua_State *L);
/* Makes the type's metatable and leaves it on the stack.  Methods are in a
** table of their own, __index; the list's names that begin with "__" are
** metamethods, which no method call finds. */
void thr_box_newtype(lua_State *L, const thr_kind *kind,
                     const luaL_Reg *methods);
/* Replaces methods and metamethods of the type on the stack, before its __index
** is changed by thr_box_indexwith. */
void thr_box_override(lua_State *L, const luaL_Reg *methods);
/* Makes the type of boxes that no Lua code sees, where it is not there yet: in
** an interpreter types come when they are needed first. */
void thr_box_needtype(lua_State *L, const thr_kind *kind);
/* _missing(): the metatable of all types' tables of methods, which is empty
** until Lua code has told what to do about a method that is missing. */
int thr_box_missing(lua_State *L);
/* Makes `index` the __index of the type on the stack; its upvalue is the
** table of methods, with no metamethod among them. */
void thr_box_indexwith(lua_State *L, lua_CFunction index);

/* In such an `index`: pushes the method that the key at 2 names, or nil, after
** what is known about a name that is missing, which may raise. */
static inline int thr_box_pushmethod(lua_State *L) {
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
  lua_pop(L, 1);
  lua_pushvalue(L, 2);
  lua_gettable(L, lua_upvalueindex(1));
  return 1;
}

/* Pushes the weak table that the registry has for this key, of boxes or other
** values; makes it at first.  The mode is that of its metatable.  Raises for
** want of memory. */
void thr_box_pushweak(lua_State *L, const void *key, const char *mode);

THR_PRIVATE_END

#endif
