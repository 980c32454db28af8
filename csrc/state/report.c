/* report: see report.h. */
#include "state/report.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "bind/blame.h"
#include "bind/describe.h"
#include "bind/self.h"
#include "gil/gil.h"
#include "os/tuning.h"
#include "state/loading.h"

#define STACK 8192 /* bytes of a traceback that are kept */

/* What is being read. */
typedef struct {
  thr_tstate *self;
  lua_State *L;   /* the caller's */
  const char *ours; /* the folder of the library's files, or NULL */
  bool waits;     /* its wait has just ended, and counts */
  thr_report *list;
  char *stacks;   /* NULL, or room for as many tracebacks */
  int n, room;    /* n may be more: then there was not enough */
  int first;      /* of the reports of the state that is read, */
  bool still;     /* whose lock is held: its threads stand still */
} reading;

/* --- a Lua state's threads; under the runtime's mutex --- */

/* A record that stands for no thread: an interpreter's main one, or that of a
** thread that has been there, and may come again. */
static bool is_idle(const thr_tstate *ts) {
  return ts->nest.uncounted && !ts->nest.outer;
}

/* Under its mutex: else the thread might leave, and that record be gone. */
static void read_inner(thr_report *r, thr_tstate *ts) {
  thr_mutex_lock(&ts->nest.m);
  const thr_tstate *inner = ts->nest.inner;
  r->inside = inner != NULL;
  r->entered = inner ? inner->rt->number : 0;
  thr_mutex_unlock(&ts->nest.m);
}

/* The object lives: its thread waits, and cannot end that before the mutex is
** free; or it is the calling thread's. */
static void read_object(thr_report *r) {
  thr_wait *w = &r->wait;
  if (r->waits) thr_label_tell(r->object, w->what, w->object, w->label);
  w->label = NULL;
}

static thr_report report_of(const reading *g, thr_tstate *ts) {
  thr_report r = {.ident = ts->ident,
                  .native_id = ts->life.native_id,
                  .interpreter = ts->rt->number,
                  .daemon = ts->life.daemon && !ts->nest.uncounted,
                  .own = ts == g->self,
                  .nogil = ts->gil.nogil,
                  .waits = ts->wait.active || (g->waits && ts == g->self),
                  .wait = ts->wait.on};
  if (g->still) r.L = r.own ? g->L : ts->lua.running;
  strcpy(r.name, thr_tstate_shownname(ts));
  read_object(&r);
  read_inner(&r, ts);
  if (r.waits && r.wait.owner) r.owner = r.wait.owner(r.wait.addr);
  return r;
}

static int in_list(const reading *g) { return g->n < g->room ? g->n : g->room; }

/* The reports from i to, not including, j. */
static void reverse(thr_report *list, int i, int j) {
  for (j--; i < j; i++, j--) {
    thr_report r = list[i];
    list[i] = list[j];
    list[j] = r;
  }
}

static void read_threads(reading *g, thr_runtime *rt) {
  g->first = g->n;
  thr_mutex_lock(&rt->m);
  for (thr_tstate *ts = rt->threads; ts; ts = ts->next) {
    if (is_idle(ts)) continue;
    if (g->n < g->room) g->list[g->n] = report_of(g, ts);
    g->n++;
  }
  thr_mutex_unlock(&rt->m);
  reverse(g->list, g->first, in_list(g)); /* they are youngest first */
}

/* --- where they are; under the global lock of their Lua state --- */

/* A place in the program, not in the library's own files. */
static void read_place(thr_report *r, const char *ours) {
  lua_Debug ar;
  if (r->waits && strcmp(r->wait.what, "module") == 0)
    strncpy(r->module, thr_loading_name(r->wait.addr), sizeof(r->module) - 1);
  if (r->L && thr_describe_program(r->L, ours, &ar))
    snprintf(r->place, sizeof(r->place), "%s:%d", ar.short_src,
             ar.currentline);
}

static void read_places(reading *g) {
  for (int i = g->first; i < in_list(g); i++)
    read_place(&g->list[i], g->ours);
}

/* --- another Lua state --- */

/* On a state there that runs nothing: what is allocated for the text is its
** own. */
static int read_stacks(lua_State *L) {
  reading *g = lua_touserdata(L, 1);
  for (int i = g->first; i < in_list(g); i++) {
    thr_report *r = &g->list[i];
    if (!r->L) continue;
    luaL_traceback(L, r->L, NULL, 0);
    char *to = g->stacks + (size_t)i * STACK;
    strncpy(to, lua_tostring(L, -1), STACK - 1);
    to[STACK - 1] = '\0';
    r->stack = to;
    lua_pop(L, 1);
  }
  return 0;
}

/* No finaliser runs meanwhile: the calling thread is none of that state's. */
static void call_there(lua_State *L, reading *g) {
  bool collects = lua_gc(L, LUA_GCISRUNNING);
  lua_gc(L, LUA_GCSTOP);
  lua_pushcfunction(L, read_stacks);
  lua_pushlightuserdata(L, g);
  lua_pcall(L, 1, 0, 0); /* for want of memory some stacks are left out */
  lua_settop(L, 0);
  if (collects) lua_gc(L, LUA_GCRESTART);
}

/* A record for the lock of that state, in no list. */
static thr_tstate *new_visitor(thr_runtime *rt) {
  thr_tstate *ts = thr_tstate_new(rt, false);
  if (!ts) return NULL;
  ts->life.os = thr_os_self();
  ts->life.native_id = thr_os_nativeid();
  return ts;
}

static void visit(reading *g, thr_runtime *rt, thr_tstate *visitor) {
  thr_gil_release(g->self);
  g->still = thr_gil_takeby(visitor, thr_os_monotonic() + THR_REPORT_WAIT);
  read_threads(g, rt);
  if (g->still) {
    read_places(g);
    if (g->stacks && rt->attach.origin) call_there(rt->attach.origin, g);
    thr_gil_release(visitor);
  }
  thr_gil_take(g->self, THR_AT_ONCE);
}

static void read_other(reading *g, thr_runtime *rt) {
  bool may = thr_whose_isown(g->self);
  thr_tstate *visitor = may ? new_visitor(rt) : NULL;
  g->still = false;
  if (visitor) visit(g, rt, visitor);
  else read_threads(g, rt);
  if (visitor) thr_tstate_unref(visitor);
  for (int i = g->first; i < in_list(g); i++)
    g->list[i].L = NULL; /* they go on */
}

/* --- the group --- */

static bool count(void *arg, thr_runtime *rt) {
  *(int *)arg += rt->alive + 1;
  return false;
}

/* With a reference; NULL: there are not so many. */
static thr_runtime *runtime_at(thr_group *group, int i) {
  thr_mutex_lock(&group->m);
  thr_member *m = group->members;
  while (m && i-- > 0) m = m->next;
  thr_runtime *rt = m ? m->rt : NULL;
  if (rt) atomic_fetch_add(&rt->refs, 1);
  thr_mutex_unlock(&group->m);
  return rt;
}

/* The own state's threads stand still only while its lock is held: they are
** read when all others were visited, and then put where they belong. */
static void read_own(reading *g, int at) {
  int last = in_list(g);
  g->still = true;
  read_threads(g, g->self->rt);
  read_places(g);
  if (at > last) return;
  reverse(g->list, at, last);
  reverse(g->list, last, in_list(g));
  reverse(g->list, at, in_list(g));
}

static void read_group(reading *g) {
  thr_runtime *own = g->self->rt, *rt;
  int own_at = 0;
  g->n = 0;
  for (int i = 0; (rt = runtime_at(own->member.group, i)); i++) {
    if (rt == own) own_at = g->n;
    else read_other(g, rt);
    thr_runtime_unref(rt);
  }
  read_own(g, own_at);
}

thr_report *thr_report_push(lua_State *L, bool waits, bool stacks, int *n) {
  reading g = {.self = thr_self(L), .L = L, .waits = waits,
               .ours = thr_blame_folder(L)};
  int top = lua_gettop(L);
  luaL_checkstack(L, 8, NULL);
  do { /* threads attach, and begin elsewhere, at any moment */
    lua_settop(L, top);
    g.room = 0;
    thr_runtime_any(g.self->rt->member.group, count, &g.room);
    g.list = lua_newuserdatauv(L, (size_t)g.room * sizeof(*g.list), 0);
    bool others = g.room > g.self->rt->alive + 1;
    g.stacks = NULL;
    if (stacks && others)
      g.stacks = lua_newuserdatauv(L, (size_t)g.room * STACK, 0);
    read_group(&g);
  } while (g.n > g.room);
  *n = g.n;
  return g.list;
}

const thr_report *thr_report_of(const thr_report *list, int n,
                                uint64_t ident) {
  const thr_report *found = NULL;
  for (int i = 0; i < n; i++)
    if (list[i].ident == ident && (!found || !list[i].inside))
      found = &list[i];
  return found;
}
