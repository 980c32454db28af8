/*
** group: Lua states that were made from one another.
**
** A Lua state that a host has opened is in a group of its own, with the
** interpreters that were made from it, or from these.  They share objects, so
** that a thread of one may wait for a thread of another: what tells deadlocks
** (deadlock.h) counts and numbers the waits of the whole group.  Unrelated
** states have nothing in common.
**
** Laws
** - A group's mutex is taken before those of its runtimes, and of these one at
**   a time; whoever follows the list holds the group's.
** - A runtime is in the list from when its Lua state is opened until that is
**   closed.  It has a reference to the group for as long as it lives.
**
** Knows no runtime: record links them, by the thr_member that each has.
*/
#ifndef THR_GROUP_H
#define THR_GROUP_H

#include "gil/parts.h"

THR_PRIVATE_BEGIN

thr_group *thr_group_new(void); /* NULL: no memory */
void thr_group_ref(thr_group *g);
void thr_group_unref(thr_group *g);

/* Into the list, behind the others; and out. */
void thr_group_join(thr_member *m);
void thr_group_leave(thr_member *m);

THR_PRIVATE_END

#endif
