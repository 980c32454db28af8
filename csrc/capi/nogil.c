/* nogil: see nogil.h. */
#include "capi/nogil.h"

#include <errno.h>
#include <stdio.h>

#include "bind/describe.h"
#include "bind/pending.h"
#include "gil/ctrlc.h"
#include "gil/whose.h"
#include "state/attach.h"
#include "sync/lock.h"

/* Reads nothing of L's that ever changes. */
threading_thread *thr_nogil_self(lua_State *L) {
  thr_tstate *ts = thr_tls;
  if (!ts || ts->lua.running != L)
    ts = thr_tstate_current(lua_topointer(L, LUA_REGISTRYINDEX));
  if (ts) thr_whose_at(ts, L);
  return (threading_thread *)ts;
}

bool thr_nogil_iskept(thr_tstate *ts) {
  return ts->gil.held && !thr_whose_isown(ts);
}

/* Under THREADING_DEBUG: where the lock was let go of.  Had C returned since,
** what Lua calls next would find out, for it must look. */
static void note_place(thr_tstate *ts) {
  static THR_TLS char place[80];
  lua_Debug ar;
  place[0] = '\0';
  if (thr_describe_place(ts->lua.at, &ar))
    snprintf(place, sizeof(place), "%s:%d", ar.short_src, ar.currentline);
  ts->lua.left_at = place;
  ts->lua.quick = NULL;
}

int thr_nogil_release(threading_thread *t) {
  int saved = errno;
  thr_tstate *ts = thr_nogil_record(t);
  if (thr_nogil_iskept(ts)) return 0;
  if (thr_lock_iswatched() && thr_os_debugs() && ts->gil.held) note_place(ts);
  bool had = thr_attach_goout(ts);
  errno = saved;
  return had;
}

int thr_nogil_take(threading_thread *t) {
  int saved = errno;
  thr_tstate *ts = thr_nogil_record(t);
  bool has = thr_attach_comein(ts);
  if (has && ts->lua.left_at) {
    ts->lua.left_at = NULL;
    ts->lua.quick = ts->lua.running;
  }
  errno = saved;
  return has;
}

/* A handler of Ctrl-C sets a hook on the main state, from the main thread:
** reading it there is safe. */
int thr_nogil_stopping(threading_thread *t) {
  thr_tstate *ts = thr_nogil_record(t);
  unsigned masked = ts->asked.masked | THR_PENDING_DUMP; /* that can wait */
  if (atomic_load_explicit(&ts->asked.pending, memory_order_relaxed) & ~masked)
    return 1;
  return thr_nogil_iskept(ts) || thr_ctrlc_signalled(ts);
}

void thr_nogil_check(lua_State *L) {
  threading_thread *t = thr_nogil_self(L);
  if (t && thr_nogil_stopping(t))
    thr_pending_disturbed(L, thr_nogil_record(t), THR_PARK_INTERRUPTED);
}
