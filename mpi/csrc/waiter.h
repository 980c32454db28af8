/*
** waiter: the Event on which a Lua thread waits for the engine.
**
** The engine sets it, without the global lock.  The Event is retained until the
** waiter is dropped, whatever becomes of its Lua state.
*/
#ifndef THM_WAITER_H
#define THM_WAITER_H

#include "port.h"
#include "threading.h"

typedef struct {
  const threading_api *api;
  threading_event *event; /* NULL: nobody waits */
  threading_object *held;
} thm_waiter;

static inline void thm_waiter_wake(const thm_waiter *w) {
  if (w->event) w->api->event_set(w->event);
}

static inline void thm_waiter_drop(thm_waiter *w) {
  if (w->held) w->api->drop(w->held);
  w->held = NULL;
  w->event = NULL;
}

#endif
