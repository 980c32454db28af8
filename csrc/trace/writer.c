/* writer: see writer.h. */
#include "trace/writer.h"

#include <errno.h>
#include <string.h>

#include "os/sem.h"
#include "trace/tape.h"

#define MAX_PROCESSES 64 /* whose names have been written; others again */

atomic_bool thr_writer_on = false;

static thr_sem sem;
static thr_osthread thread;
static atomic_bool finishing;
static _Atomic(thr_ring *) newcomers; /* linked by next */

/* All that follows is the writer's own, while it lives. */
static thr_tape tape;
static thr_ring *rings;
static int64_t dropped;
static int64_t processes[MAX_PROCESSES];
static int known_processes;

/* --- names --- */

static void name_process(int64_t pid) {
  for (int i = 0; i < known_processes; i++)
    if (processes[i] == pid) return;
  if (known_processes < MAX_PROCESSES) processes[known_processes++] = pid;
  thr_tape_process(&tape, pid);
}

static void name_thread(thr_ring *r) {
  char name[THR_NAMESIZE];
  thr_mutex_lock(&r->ts->rt->m);
  strcpy(name, thr_tstate_shownname(r->ts));
  thr_mutex_unlock(&r->ts->rt->m);
  if (strcmp(name, r->track.name) == 0) return;
  strcpy(r->track.name, name);
  thr_tape_thread(&tape, r);
}

/* --- what a thread does --- */

static bool is_state(const thr_event *e) {
  return e->kind >= THR_EVENT_LUA && e->kind <= THR_EVENT_KERNEL;
}

/* A wait ends when another thread has ended it: that may be before its thread
** has said that it waits. */
static void end_state(thr_ring *r, thr_event *e) {
  thr_track *t = &r->track;
  if (e->at < t->now.at) e->at = t->now.at;
  if (t->begun) thr_tape_end(&tape, r, e->at);
  else if (is_state(&t->now) && !e->lost)
    thr_tape_span(&tape, r, &t->now, e->at, e->place);
  t->begun = false;
}

static void arrow(thr_ring *r, const thr_event *e) {
  if (!e->other || e->other == r->ts->ident) return;
  thr_tape_flow(&tape, r, e, e->kind == THR_EVENT_LUA ? "lock" : "wake");
}

static void change_state(thr_ring *r, thr_event *e) {
  end_state(r, e);
  if (e->kind == THR_EVENT_STARTED)
    thr_tape_instant(&tape, r, e, "start");
  else if (e->kind == THR_EVENT_ENDED)
    thr_tape_instant(&tape, r, e, "end");
  else
    arrow(r, e);
  r->track.now = *e;
}

static void write_event(thr_ring *r, thr_event *e) {
  switch (e->kind) {
    case THR_EVENT_SPAN: thr_tape_lasted(&tape, r, e, "user"); break;
    case THR_EVENT_KEPT: thr_tape_lasted(&tape, r, e, "kept"); break;
    case THR_EVENT_MARK:
      thr_tape_instant(&tape, r, e, thr_texts_string(e->name));
      break;
    case THR_EVENT_COUNTS: thr_tape_counts(&tape, r, e); break;
    default: change_state(r, e);
  }
}

/* What lasts is written as begun: so it is there if the program is killed. */
static void tell_long(thr_ring *r, int64_t now) {
  thr_track *t = &r->track;
  if (t->begun || !is_state(&t->now) || now - t->now.at < THR_TRACE_LONG)
    return;
  t->begun = true;
  thr_tape_begin(&tape, r, &t->now);
}

/* What is left in a ring is of before. */
static void drain(thr_ring *r, int64_t now) {
  thr_event e;
  bool first = true;
  while (thr_ring_take(r, &e)) {
    if (e.at < tape.begun) continue;
    if (first) name_thread(r);
    first = false;
    write_event(r, &e);
  }
  tell_long(r, now);
}

/* --- the rings --- */

static void begin_ring(thr_ring *r) {
  memset(&r->track, 0, sizeof(r->track));
  r->track.now = r->initial;
  name_process(r->ts->rt->number);
  name_thread(r);
  if (r->initial.kind == THR_EVENT_STARTED)
    thr_tape_instant(&tape, r, &r->initial, "start");
}

/* In the order in which they came. */
static void take_newcomers(void) {
  thr_ring *r = atomic_exchange(&newcomers, NULL), *oldest = NULL;
  while (r) {
    thr_ring *next = r->next;
    r->next = oldest;
    oldest = r;
    r = next;
  }
  thr_ring **link = &rings;
  while (*link) link = &(*link)->next;
  *link = oldest;
  for (r = oldest; r; r = r->next) begin_ring(r);
}

static void drop(thr_ring **link) {
  thr_ring *r = *link;
  *link = r->next;
  dropped += r->dropped - r->before;
  thr_ring_unref(r);
}

/* Those that were taken since the last time. */
static void write_locks(void) {
  for (thr_meter *m = thr_meter_all(); m; m = m->next) {
    long long taken = m->taken;
    if (taken == m->written) continue;
    for (int i = 0; i < m->n; i++) thr_tape_lock(&tape, m, &m->holders[i]);
    m->written = taken;
  }
}

static void flush(void) {
  int64_t now = thr_os_monotonic();
  take_newcomers();
  thr_ring **link = &rings;
  while (*link) {
    bool ended = (*link)->ended; /* before what it has put last is taken */
    drain(*link, now);
    if (ended) drop(link);
    else link = &(*link)->next;
  }
  write_locks();
  thr_tape_until(&tape, now);
  thr_tape_flush(&tape);
}

static void end_all(void) {
  thr_event e = {.at = thr_os_monotonic()};
  while (rings) {
    end_state(rings, &e);
    drop(&rings);
  }
}

static void *write_all(void *arg) {
  (void)arg;
  thr_os_setname("trace");
  while (!finishing) {
    thr_sem_wait(&sem, thr_os_monotonic() + THR_TRACE_FLUSH);
    flush();
  }
  flush();
  end_all();
  if (dropped > 0) thr_tape_dropped(&tape, dropped);
  return NULL;
}

/* --- its life --- */

void thr_writer_add(thr_ring *r) {
  r->next = atomic_load(&newcomers);
  while (!atomic_compare_exchange_weak(&newcomers, &r->next, r)) {}
}

void thr_writer_hurry(void) {
  if (thr_writer_on) thr_sem_post(&sem);
}

static bool make_sem(void) {
  static bool made; /* for good: a thread may still post it */
  if (!made) made = thr_sem_init(&sem, THR_SEM_PLAIN);
  return made;
}

int thr_writer_begin(const char *name) {
  int err = thr_tape_open(&tape, name, thr_os_monotonic());
  if (err != 0) return err;
  finishing = false;
  dropped = known_processes = 0;
  err = make_sem() ? thr_os_start(&thread, 0, write_all, NULL) : ENOMEM;
  if (err != 0) thr_tape_close(&tape);
  thr_writer_on = err == 0;
  return err;
}

int thr_writer_finish(int64_t *lost) {
  thr_writer_on = false;
  finishing = true;
  thr_sem_post(&sem);
  thr_os_join(thread);
  *lost = dropped;
  return thr_tape_close(&tape);
}

void thr_writer_afterfork(void) {
  thr_writer_on = false;
  newcomers = rings = NULL; /* what the child has of them is the parent's */
}
