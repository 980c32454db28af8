/* unstarted: see unstarted.h. */
#include "warn/unstarted.h"

#include "warn/told.h"

struct thr_made {
  thr_where where;
};

void thr_unstarted_made(lua_State *L, thr_tstate *ts) {
  if (!thr_os_debugs()) return;
  ts->made = thr_os_alloc(sizeof(*ts->made));
  if (ts->made) thr_told_place(L, &ts->made->where); /* else it is not told */
}

void thr_unstarted_tried(thr_tstate *ts) {
  thr_os_free(ts->made);
  ts->made = NULL;
}

/* One that was cancelled before its start would have done nothing. */
void thr_unstarted_dropped(thr_tstate *ts) {
  if (!ts->made || ts->asked.pending & THR_PENDING_CANCEL) return;
  const thr_where *where = &ts->made->where;
  thr_told("unstarted", where,
           "the thread '%s' that was made at %s:%d was never started: call its "
           "start()",
           ts->life.name, where->file, where->line);
}
