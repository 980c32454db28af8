/*
** report: what the threads of a group do, copied, for texts about them.
**
** Of the own Lua state, whose lock the caller holds, all is there.  Those of
** other Lua states go on while the reports are read: where they run in Lua is
** looked at under the global lock of theirs, for which the caller lets go of
** its own; if it does not come in time, that is left out.
*/
#ifndef THR_REPORT_H
#define THR_REPORT_H

#include <lua.h>

#include "gil/record.h"
#include "park/label.h"

THR_PRIVATE_BEGIN

typedef struct {
  uint64_t ident;
  int64_t native_id;   /* 0: it is being started */
  int64_t interpreter; /* the number of its Lua state's */
  char name[THR_NAMESIZE];
  bool daemon; /* of one that has entered, the outer record says so */
  bool own;    /* it is the calling thread */
  bool inside; /* it has entered another Lua state from this one: */
  int64_t entered; /* the number of that one's interpreter */
  bool nogil;  /* in C code that has let go of the lock */
  bool waits;  /* then the next two are about its wait */
  thr_wait wait;  /* without its label, which may be freed by now: */
  char object[THR_LABEL_ROOM]; /* what it waits for, as it is told */
  uint64_t owner; /* of what it waits for; 0: nobody */
  char module[THR_NAMESIZE];     /* it waits for this one, or "" */
  char place[LUA_IDSIZE + 16];   /* "file:line" of its Lua function, or "" */
  lua_State *L;      /* of a thread of the own Lua state: what it runs */
  const char *stack; /* of one of another: its traceback, or NULL */
} thr_report;

/* Pushes a block of reports, state by state, in the order of birth.  `waits`:
** the wait of the calling thread has just ended, and is to be told as if it
** went on.  With `stacks`, also a block of the tracebacks of other Lua states'
** threads. */
thr_report *thr_report_push(lua_State *L, bool waits, bool stacks, int *n);

/* The report of the thread, where it is or waits; NULL: it has ended. */
const thr_report *thr_report_of(const thr_report *list, int n, uint64_t ident);

THR_PRIVATE_END

#endif
