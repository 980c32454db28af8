/* dump: see dump.h. */
#include "state/dump.h"

#include <ctype.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/describe.h"
#include "bind/self.h"
#include "gil/preempt.h"
#include "park/nest.h"
#include "state/loading.h"
#include "sync/lock.h"

/* What the dump says of a thread, copied under the runtime's mutex. */
typedef struct {
  thr_tstate *ts;
  bool waits;
  thr_wait wait;
  uint64_t owner; /* of what it waits for; 0: nobody */
} report;

static report read_thread(thr_tstate *ts, bool waits) {
  report r = {ts, waits, ts->wait.on, 0};
  if (waits && ts->wait.on.owner) r.owner = ts->wait.on.owner(ts->wait.on.addr);
  return r;
}

/* False: there are more threads than room. */
static bool read_all(thr_runtime *rt, report *list, int room, int *n) {
  *n = 0;
  thr_mutex_lock(&rt->m);
  thr_tstate *ts = rt->threads;
  for (; ts && *n < room; ts = ts->next)
    list[(*n)++] = read_thread(ts, ts->wait.active);
  thr_mutex_unlock(&rt->m);
  return !ts;
}

/* Pushes a block of reports, in the order of birth.  While we hold the global
** lock no thread ends, and none begins but those that attach. */
static report *push_reports(lua_State *L, thr_tstate *self, int *n) {
  thr_runtime *rt = self->rt;
  int room, top = lua_gettop(L);
  report *list;
  do {
    lua_settop(L, top);
    room = rt->alive + 1;
    list = lua_newuserdatauv(L, (size_t)room * sizeof(*list), 0);
  } while (!read_all(rt, list, room, n));
  for (int i = 0; i < *n / 2; i++) { /* the list is youngest first */
    report r = list[i];
    list[i] = list[*n - 1 - i];
    list[*n - 1 - i] = r;
  }
  return list;
}

static const char *name_of(const thr_tstate *ts) {
  if (ts->life.name[0]) return ts->life.name;
  return ts->is_main ? "MainThread" : "thread";
}

static thr_tstate *by_ident(const report *list, int n, uint64_t ident) {
  for (int i = 0; i < n; i++)
    if (list[i].ts->ident == ident) return list[i].ts;
  return NULL;
}

/* " at file:line", where there is a Lua function; pushes it. */
static void push_place(lua_State *L, lua_State *of) {
  thr_describe_pushplace(L, of);
  if (lua_rawlen(L, -1) == 0) return;
  lua_pushfstring(L, " at %s", lua_tostring(L, -1));
  lua_remove(L, -2);
}

typedef struct {
  const void *addr;
  char acquired_at[sizeof(((thr_lock *)0)->acquired_at)];
} acquisition;

static void find_lock(void *arg, thr_lock *l) {
  acquisition *a = arg;
  if (l == a->addr)
    memcpy(a->acquired_at, l->acquired_at, sizeof(a->acquired_at));
}

/* " (acquired at file:line)", where THREADING_DEBUG has noted it; pushes. */
static void push_acquired(lua_State *L, const report *r) {
  acquisition a = {r->wait.addr, ""};
  thr_lock_each(r->owner, find_lock, &a);
  if (a.acquired_at[0])
    lua_pushfstring(L, " (acquired at %s)", a.acquired_at);
  else
    lua_pushliteral(L, "");
}

static bool is_thread(const thr_wait *wait) {
  return strcmp(wait->what, "thread") == 0;
}

static bool is_module(const thr_wait *wait) {
  return strcmp(wait->what, "module") == 0;
}

/* ", held by NAME (acquired at ...)"; or " NAME to end"; pushes.  A thread
** that is joined may have ended, and the joining one not have run since. */
static void push_holder(lua_State *L, const report *r, const report *list,
                        int n) {
  const thr_tstate *owner = by_ident(list, n, r->owner);
  if (is_thread(&r->wait)) {
    if (owner) lua_pushfstring(L, " %s to end", name_of(owner));
    else lua_pushliteral(L, " a thread that has ended");
  } else if (r->owner == 0) {
    lua_pushliteral(L, "");
  } else {
    push_acquired(L, r);
    if (owner)
      lua_pushfstring(L, ", %s by %s%s",
                      is_module(&r->wait) ? "loaded" : "held", name_of(owner),
                      lua_tostring(L, -1));
    else
      lua_pushfstring(L, ", held by a thread that has ended%s",
                      lua_tostring(L, -1));
    lua_remove(L, -2);
  }
}

/* "waits for Lock 0x... at file:line, held by ..."; pushes. */
static void push_wait(lua_State *L, lua_State *of, const report *r,
                      const report *list, int n) {
  push_place(L, of);
  push_holder(L, r, list, n);
  const char *place = lua_tostring(L, -2), *holder = lua_tostring(L, -1);
  if (strcmp(r->wait.what, "descriptor") == 0)
    lua_pushfstring(L, "waits for %s %d%s", r->wait.what,
                    thr_lot_fdat(r->wait.addr), place);
  else if (is_thread(&r->wait))
    lua_pushfstring(L, "waits for%s%s", holder, place);
  else if (is_module(&r->wait))
    lua_pushfstring(L, "waits for module '%s'%s%s",
                    thr_loading_name(r->wait.addr), place, holder);
  else if (isupper((unsigned char)r->wait.what[0])) /* an object's type */
    lua_pushfstring(L, "waits for %s %p%s%s", r->wait.what, r->wait.object,
                    place, holder);
  else
    lua_pushfstring(L, "waits for %s%s", r->wait.what, place);
  lua_replace(L, -3);
  lua_pop(L, 1);
}

/* --- the deadlock --- */

static report *report_of(report *list, int n, const thr_tstate *ts) {
  for (int i = 0; i < n; i++)
    if (list[i].ts == ts) return &list[i];
  return NULL;
}

/* Where the circle does not lead back to where it began, all wait. */
static bool is_circle(report *list, int n, thr_tstate *self) {
  report *r = report_of(list, n, self);
  for (int steps = 0; r && steps <= n; steps++) {
    if (!r->waits || !r->wait.unbounded) return false;
    thr_tstate *owner = by_ident(list, n, r->owner);
    if (owner == self) return true;
    r = owner ? report_of(list, n, owner) : NULL;
  }
  return false;
}

static void add_line(lua_State *L, luaL_Buffer *b, report *r, report *list,
                     int n, thr_tstate *self) {
  if (!r->waits) return;
  luaL_addstring(b, "\n    ");
  luaL_addstring(b, name_of(r->ts));
  luaL_addchar(b, ' ');
  push_wait(L, r->ts == self ? L : r->ts->lua.running, r, list, n);
  luaL_addvalue(b);
}

static void add_circle(lua_State *L, luaL_Buffer *b, report *list, int n,
                       thr_tstate *self) {
  thr_tstate *ts = self;
  luaL_addstring(b, "deadlock: threads wait for each other in a circle");
  do {
    report *r = report_of(list, n, ts);
    add_line(L, b, r, list, n, self);
    ts = by_ident(list, n, r->owner);
  } while (ts != self);
}

static void add_all(lua_State *L, luaL_Buffer *b, report *list, int n,
                    thr_tstate *self) {
  luaL_addstring(b, "deadlock: every thread waits for ever");
  for (int i = 0; i < n; i++) add_line(L, b, &list[i], list, n, self);
}

void thr_dump_deadlock(thr_tstate *self, lua_State *L) {
  luaL_Buffer b;
  int n;
  luaL_checkstack(L, 16, NULL);
  report *list = push_reports(L, self, &n);
  report *own = report_of(list, n, self);
  if (own) *own = read_thread(self, true);
  luaL_buffinit(L, &b);
  if (is_circle(list, n, self)) add_circle(L, &b, list, n, self);
  else add_all(L, &b, list, n, self);
  luaL_pushresult(&b);
  thr_describe_pushplace(L, L);
  lua_pushfstring(L, "%s%s%s", lua_tostring(L, -1),
                  lua_rawlen(L, -1) > 0 ? ": " : "", lua_tostring(L, -2));
  lua_error(L);
}

int thr_dump_policy(lua_State *L) {
  static const char *const names[] = {"certain", "cycle", "off", NULL};
  thr_runtime *rt = thr_self(L)->rt;
  int old = rt->member.group->policy;
  if (!lua_isnoneornil(L, 1)) {
    if (lua_type(L, 1) != LUA_TSTRING)
      thr_args_typeerror(L, 1, "policy", "string");
    int policy = 0;
    while (names[policy] && strcmp(names[policy], lua_tostring(L, 1)) != 0)
      policy++;
    if (!names[policy])
      return thr_args_error(L, 1, "policy", "unknown policy '%s'",
                            lua_tostring(L, 1));
    rt->member.group->policy = policy;
  }
  lua_pushstring(L, names[old]);
  return 1;
}

/* --- the dump --- */

#define SOME 16

/* Some of the locks that a thread holds: those after the first `skip`. */
typedef struct {
  int skip, n;
  const void *addr[SOME];
  bool owner_only[SOME];
} holdings;

static void hold(void *arg, thr_lock *l) {
  holdings *h = arg;
  if (h->skip > 0) {
    h->skip--;
  } else if (h->n < SOME) {
    h->addr[h->n] = l;
    h->owner_only[h->n++] = l->owner_only;
  }
}

static void add_holdings(lua_State *L, luaL_Buffer *b, thr_tstate *ts) {
  holdings h = {.n = SOME};
  for (int skip = 0; h.n == SOME; skip += SOME) {
    h.skip = skip;
    h.n = 0;
    thr_lock_each(ts->ident, hold, &h);
    for (int i = 0; i < h.n; i++) {
      lua_pushfstring(L, "\n  holds %s %p", h.owner_only[i] ? "RLock" : "Lock",
                      h.addr[i]);
      luaL_addvalue(b);
    }
  }
}

static const char *state_of(const thr_tstate *ts, const thr_tstate *self) {
  if (ts == self) return "running";
  if (ts->gil.nogil) return "in C code without the lock";
  if (ts->life.native_id == 0) return "being started";
  return "ready to run";
}

static void add_thread(lua_State *L, luaL_Buffer *b, report *r, report *list,
                       int n, thr_tstate *self) {
  thr_tstate *ts = r->ts;
  lua_pushfstring(L, "%s (ident %I, native id %I%s) ", name_of(ts),
                  (LUAI_UACINT)ts->ident, (LUAI_UACINT)ts->life.native_id,
                  ts->life.daemon ? ", daemon" : "");
  luaL_addvalue(b);
  if (r->waits)
    push_wait(L, ts == self ? L : ts->lua.running, r, list, n);
  else lua_pushstring(L, state_of(ts, self));
  luaL_addvalue(b);
  add_holdings(L, b, ts);
  luaL_addchar(b, '\n');
  if (!ts->lua.running) return;
  luaL_traceback(L, ts == self ? L : ts->lua.running, NULL, 0);
  luaL_addvalue(b);
  luaL_addchar(b, '\n');
}

int thr_dump_text(lua_State *L) {
  luaL_Buffer b;
  int n;
  thr_tstate *self = thr_self(L);
  luaL_checkstack(L, 16, NULL);
  report *list = push_reports(L, self, &n);
  report *own = report_of(list, n, self);
  if (own && self->asked.in_wait) *own = read_thread(self, true);
  self->asked.in_wait = false;
  luaL_buffinit(L, &b);
  for (int i = 0; i < n; i++) {
    if (i > 0) luaL_addchar(&b, '\n');
    add_thread(L, &b, &list[i], list, n, self);
  }
  luaL_pushresult(&b);
  return 1;
}

void thr_dump_stderr(lua_State *L) {
  thr_dump_text(L);
  fputs(lua_tostring(L, -1), stderr);
  fflush(stderr);
  lua_pop(L, 2);
}

/* On the main thread: it dumps when it next holds the global lock. */
static void on_signal(void) {
  for (thr_tstate *ts = thr_tls; ts; ts = ts->tls_next)
    if (ts->is_main)
      atomic_fetch_or(&thr_nest_innermost(ts)->asked.pending, THR_PENDING_DUMP);
  thr_preempt_poke();
}

int thr_dump_onsignal(lua_State *L) {
  if (lua_type(L, 1) != LUA_TSTRING) thr_args_typeerror(L, 1, "name", "string");
  int sig = thr_os_signumber(lua_tostring(L, 1));
  if (sig == 0)
    return thr_args_error(L, 1, "name", "unknown signal '%s'",
                          lua_tostring(L, 1));
  if (!thr_self(L)->signals)
    return thr_blame_error(L, "dump_on_signal works in the main thread only");
  int err = thr_os_onsignal(sig, on_signal);
  if (err != 0) return thr_blame_error(L, "dump_on_signal: %s", strerror(err));
  return 0;
}
