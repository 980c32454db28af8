/*
** interp: the interpreters, as several Lua states know them.
**
** An interpreter is a Lua state with a runtime of its own.  Number 0 is the
** main one, which the program began with; the others were made by `create`, by
** it or by one another, and are closed before it.  They form a family, which
** other Lua states of the process have no part in.
**
** Laws
** - `use` says how many threads are inside, and whether it closes: a thread
**   comes in only while it does not close, and the one that has set CLOSING is
**   the one that closes it.
** - An interpreter is in the list from its birth until it is closed, and the
**   list has a reference to it.
** - `boxes` counts the values of Lua, and the messages, that refer to it.  When
**   there is none it is dropped: nobody can come in any more, and it is closed
**   by a thread that may wait (see finish.h).
**
** Knows no Lua: a lua_State is carried, never looked into.
*/
#ifndef THR_INTERP_H
#define THR_INTERP_H

#include "gil/record.h"

THR_PRIVATE_BEGIN

typedef struct thr_interp thr_interp;

/* What a box of Lua's has.  One in the interpreter itself does not keep that
** open: nobody else might ever drop it. */
typedef struct {
  thr_interp *of; /* const */
  bool counts;    /* const: among `boxes` */
} thr_hold;

struct thr_interp {
  atomic_int refs;    /* atomic */
  atomic_int boxes;   /* atomic */
  int64_t id;         /* const: 0 is the main one */
  char name[32];      /* const: "interpreter 1" */
  thr_interp *main;   /* const: that of its family, with a reference; or
                         itself */
  thr_runtime *rt;    /* const, with a reference */
  atomic_uint use;    /* atomic: threads that are inside, and CLOSING */
  thr_hold outer, inner; /* const: of boxes elsewhere, and there */
  atomic_bool closed; /* atomic: its Lua state is gone */
  thr_interp *next;   /* the list's mutex: in the order of creation */
};

/* NULL: no memory.  It has one reference, and one box, the caller's; `main` is
** NULL for a main one. */
thr_interp *thr_interp_new(thr_runtime *rt, thr_interp *main);
void thr_interp_ref(thr_interp *i);
void thr_interp_unref(thr_interp *i);

/* One box more, which has a reference; and one less. */
void thr_interp_box(thr_interp *i);
void thr_interp_unbox(thr_interp *i);

/* Has one been dropped, in any family, since it was last asked whether one is
** to be closed? */
bool thr_interp_anydropped(void);

/* Into the list, which false refuses: the family is at its end; and out of
** it. */
bool thr_interp_enlist(thr_interp *i);
void thr_interp_delist(thr_interp *i);

/* The main interpreter of this runtime, with a reference; NULL: it has none. */
thr_interp *thr_interp_mainof(const thr_runtime *rt);
/* The first of its family behind number `id` that does not close, with a box
** that is the caller's; NULL: there is none. */
thr_interp *thr_interp_after(const thr_runtime *main, int64_t id);
/* It comes to its end: no other is made any more. */
void thr_interp_end(thr_interp *main);

/* Fills `list` with the interpreters of a family that are not dropped, each
** with a box that is the caller's; returns how many there are, which may be
** more than there is room for. */
int thr_interp_all(const thr_interp *main, thr_interp **list, int room);

/* The first of the list that the caller is to close, with a reference; NULL:
** there is none.  One that was dropped, and in which no thread is; or, with
** `all`, any but the main one. */
thr_interp *thr_interp_toclose(const thr_interp *main, bool all);

/* The calling thread comes in.  False: it closes. */
bool thr_interp_comein(thr_interp *i);
void thr_interp_goout(thr_interp *i);
int thr_interp_inside(const thr_interp *i); /* how many threads are */
/* Is the calling thread there: inside, or one of its own? */
bool thr_interp_ishere(const thr_interp *i);

/* True: the caller is to close it.  False: a thread is inside, or it closes
** already. */
bool thr_interp_startclosing(thr_interp *i);
bool thr_interp_isclosing(const thr_interp *i);

/* From now on a fork's child has those alone in which its thread is; the others
** are closed to it.  Returns 0 or errno. */
int thr_interp_openfork(void);

THR_PRIVATE_END

#endif
