/*
** event: a flag that threads wait for.
**
** A set that is followed at once by a clear still releases every thread that
** was waiting: those have left the parking lot, whatever the flag says when
** they run.  Usable with and without the global lock.
*/
#ifndef THR_EVENT_H
#define THR_EVENT_H

#include "park/label.h"
#include "park/park.h"

THR_PRIVATE_BEGIN

typedef struct {
  atomic_bool set;
  atomic_int refs, retained; /* retained: how often by C */
  thr_label *label; /* const: its own, see label.h */
} thr_event;

thr_event *thr_event_new(void);
void thr_event_unref(thr_event *e);
void thr_event_set(thr_event *e);
void thr_event_clear(thr_event *e);
/* THR_PARK_WOKEN: it is set, or was while we waited. */
thr_parkresult thr_event_wait(thr_event *e, thr_tstate *ts, int64_t deadline);

/* --- the Lua face --- */
struct lua_State;
void thr_event_open(struct lua_State *L);
int thr_event_create(struct lua_State *L);
thr_event *thr_event_test(struct lua_State *L, int arg); /* or NULL */

THR_PRIVATE_END

#endif
