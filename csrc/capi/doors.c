/* doors: see doors.h. */
#include "capi/doors.h"

#include <errno.h>

#include "capi/nogil.h"
#include "os/dl.h"
#include "park/deadlock.h"
#include "state/attach.h"

typedef struct {
  threading_state shown; /* first: what threading.h shows of it */
  thr_runtime *rt;
} state;

threading_state *thr_doors_open(lua_State *L) {
  threading_thread *t = thr_nogil_self(L);
  state *s = t ? thr_os_alloc(sizeof(*s)) : NULL;
  if (!s) return NULL;
  s->rt = thr_nogil_record(t)->rt;
  atomic_fetch_add(&s->rt->refs, 1);
  /* from where a thread may come */
  atomic_fetch_add(&s->rt->doors, 1);
  atomic_fetch_add(&s->rt->member.group->awake, 1);
  return &s->shown;
}

void thr_doors_close(threading_state *s) {
  thr_runtime *rt = ((state *)s)->rt;
  atomic_fetch_sub(&rt->doors, 1);
  thr_deadlock_lower(rt);
  thr_runtime_unref(rt);
  thr_os_free(s);
}

/* A thread that has detached goes on in its module's code, which the state may
** unload when it is closed. */
static void keep_loaded(const void *code) {
  static _Atomic(const void *) kept;
  if (atomic_exchange(&kept, code) != code) thr_os_keeploaded(code);
}

threading_thread *thr_doors_attach(threading_state *s, const char *name) {
  int saved = errno;
  keep_loaded(thr_os_caller());
  thr_tstate *ts = thr_attach(((state *)s)->rt, name);
  errno = saved;
  return (threading_thread *)ts;
}

int thr_doors_detach(threading_thread *t) {
  int saved = errno;
  bool done = thr_detach(thr_nogil_record(t));
  errno = saved;
  return done;
}

lua_State *thr_doors_lua(threading_thread *t) {
  return thr_nogil_record(t)->lua.running;
}
