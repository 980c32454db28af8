/* lasting: see lasting.h. */
#include "state/lasting.h"

#include <stdio.h>
#include <string.h>

#include "os/tuning.h"

typedef struct {
  char names[THR_MAX_LASTING * (THR_NAMESIZE + 2)];
  int n, more; /* in `names`; others */
} list;

static void add(list *l, const char *name) {
  if (l->n == THR_MAX_LASTING) {
    l->more++;
    return;
  }
  size_t used = strlen(l->names);
  snprintf(l->names + used, sizeof(l->names) - used, "%s%s",
           l->n++ > 0 ? ", " : "", name);
}

/* The oldest first: new ones are put in front. */
static void collect(list *l, thr_runtime *of) {
  thr_mutex_lock(&of->m);
  const thr_tstate *ts = of->threads;
  while (ts && ts->next) ts = ts->next;
  for (; ts; ts = ts->prev)
    if (!ts->is_main && !ts->life.daemon) add(l, thr_tstate_shownname(ts));
  thr_mutex_unlock(&of->m);
}

bool thr_lasting_tell(thr_tstate *ts, thr_runtime *of) {
  list l = {.n = 0};
  if (ts->rt->end.told || !ts->is_main || ts->nest.outer) return false;
  collect(&l, of);
  if (l.n == 0) return false;
  fprintf(stderr, "waiting for: %s", l.names);
  if (l.more > 0) fprintf(stderr, " and %d others", l.more);
  fprintf(stderr, " (Ctrl-C again ends it)\n");
  fflush(stderr);
  ts->rt->end.told = true;
  return true;
}
