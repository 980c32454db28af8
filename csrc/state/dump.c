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
#include "state/report.h"
#include "sync/lock.h"
#include "sync/rwlock.h"

/* " at file:line", where that is known; pushes it. */
static void push_place(lua_State *L, const thr_report *r) {
  if (r->place[0]) lua_pushfstring(L, " at %s", r->place);
  else lua_pushliteral(L, "");
}

typedef struct {
  const void *addr;
  thr_where acquired;
} acquisition;

static void find_lock(void *arg, thr_lock *l) {
  acquisition *a = arg;
  if (l == a->addr && l->acquired) a->acquired = *l->acquired;
}

/* " (acquired at file:line)", where THREADING_DEBUG has noted it; pushes. */
static void push_acquired(lua_State *L, const thr_report *r) {
  acquisition a = {r->wait.addr, {.line = 0}};
  thr_lock_each(r->owner, find_lock, &a);
  if (a.acquired.line > 0)
    lua_pushfstring(L, " (acquired at %s:%d)", a.acquired.file,
                    a.acquired.line);
  else
    lua_pushliteral(L, "");
}

static bool is_thread(const thr_wait *wait) {
  return strcmp(wait->what, "thread") == 0;
}

static bool is_module(const thr_wait *wait) {
  return strcmp(wait->what, "module") == 0;
}

/* How its owner stands to what r waits for.  The owner of an RWLock may be a
** writer that waits for it, too, and comes before r. */
static const char *relation(const thr_report *r, const thr_report *owner) {
  if (is_module(&r->wait)) return "loaded";
  if (owner->waits && owner->wait.object == r->wait.object &&
      strcmp(r->wait.what, "RWLock") == 0)
    return "wanted";
  return "held";
}

/* ", held by NAME (acquired at ...)"; or " NAME to end"; pushes.  A thread
** that is joined may have ended, and the joining one not have run since. */
static void push_holder(lua_State *L, const thr_report *r,
                        const thr_report *list, int n) {
  const thr_report *owner = thr_report_of(list, n, r->owner);
  if (is_thread(&r->wait)) {
    if (owner) lua_pushfstring(L, " %s to end", owner->name);
    else lua_pushliteral(L, " a thread that has ended");
  } else if (r->owner == 0) {
    lua_pushliteral(L, "");
  } else {
    push_acquired(L, r);
    if (owner)
      lua_pushfstring(L, ", %s by %s%s", relation(r, owner), owner->name,
                      lua_tostring(L, -1));
    else
      lua_pushfstring(L, ", held by a thread that has ended%s",
                      lua_tostring(L, -1));
    lua_remove(L, -2);
  }
}

/* 'waits for Lock "accounts" at file:line, held by ...'; pushes. */
static void push_wait(lua_State *L, const thr_report *r,
                      const thr_report *list, int n) {
  push_place(L, r);
  push_holder(L, r, list, n);
  const char *place = lua_tostring(L, -2), *holder = lua_tostring(L, -1);
  if (strcmp(r->wait.what, "descriptor") == 0)
    lua_pushfstring(L, "waits for %s %d%s", r->wait.what,
                    thr_lot_fdat(r->wait.addr), place);
  else if (is_thread(&r->wait))
    lua_pushfstring(L, "waits for%s%s", holder, place);
  else if (is_module(&r->wait))
    lua_pushfstring(L, "waits for module '%s'%s%s",
                    r->module, place, holder);
  else if (isupper((unsigned char)r->wait.what[0])) /* an object's type */
    lua_pushfstring(L, "waits for %s%s%s", r->object, place, holder);
  else
    lua_pushfstring(L, "waits for %s%s", r->wait.what, place);
  lua_replace(L, -3);
  lua_pop(L, 1);
}

/* "interpreter 2", or the main one; pushes. */
static const char *push_interpreter(lua_State *L, int64_t number) {
  if (number == 0) return lua_pushliteral(L, "the main interpreter");
  return lua_pushfstring(L, "interpreter %I", (LUAI_UACINT)number);
}

/* --- the deadlock --- */

/* Where the circle does not lead back to where it began, all wait. */
static bool is_circle(const thr_report *list, int n, const thr_report *own) {
  const thr_report *r = own;
  for (int steps = 0; r && steps <= n; steps++) {
    if (!r->waits || !r->wait.unbounded) return false;
    r = r->owner != 0 ? thr_report_of(list, n, r->owner) : NULL;
    if (r == own) return true;
  }
  return false;
}

static void add_line(lua_State *L, luaL_Buffer *b, const thr_report *r,
                     const thr_report *list, int n) {
  if (!r->waits) return;
  luaL_addstring(b, "\n    ");
  luaL_addstring(b, r->name);
  if (r->interpreter != 0) {
    luaL_addstring(b, " in ");
    push_interpreter(L, r->interpreter);
    luaL_addvalue(b);
  }
  luaL_addchar(b, ' ');
  push_wait(L, r, list, n);
  luaL_addvalue(b);
  if (r->owner == r->ident && strcmp(r->wait.what, "Lock") == 0)
    luaL_addstring(b, "\n    its holder cannot acquire a Lock again: use an "
                      "RLock");
}

static void add_circle(lua_State *L, luaL_Buffer *b, const thr_report *list,
                       int n, const thr_report *own) {
  const thr_report *r = own;
  luaL_addstring(b, own->owner == own->ident
                        ? "deadlock: a thread waits for itself"
                        : "deadlock: threads wait for each other in a circle");
  do {
    add_line(L, b, r, list, n);
    r = thr_report_of(list, n, r->owner);
  } while (r != own);
}

static void add_all(lua_State *L, luaL_Buffer *b, const thr_report *list,
                    int n) {
  luaL_addstring(b, "deadlock: every thread waits for ever");
  for (int i = 0; i < n; i++) add_line(L, b, &list[i], list, n);
}

void thr_dump_deadlock(thr_tstate *self, lua_State *L) {
  luaL_Buffer b;
  int n;
  luaL_checkstack(L, 16, NULL);
  thr_report *list = thr_report_push(L, true, false, &n);
  const thr_report *own = thr_report_of(list, n, self->ident);
  luaL_buffinit(L, &b);
  if (is_circle(list, n, own)) add_circle(L, &b, list, n, own);
  else add_all(L, &b, list, n);
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
      return thr_args_unknown(L, 1, "policy", "policy", names);
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
  char lock[SOME][THR_LABEL_ROOM];
  const char *how[SOME];
} holdings;

/* The place for what is told of the next one; NULL: it is left out. */
static char *hold(holdings *h, const char *how) {
  if (h->skip > 0) h->skip--;
  else if (h->n < SOME) {
    h->how[h->n] = how;
    return h->lock[h->n++];
  }
  return NULL;
}

static void hold_lock(void *arg, thr_lock *l) {
  char *to = hold(arg, "");
  if (to) thr_lock_tell(l, to);
}

static void hold_rwlock(void *arg, const thr_rwlock *l, bool writes) {
  char *to = hold(arg, writes ? " to write" : " to read");
  if (to) thr_label_tell(to, "RWLock", l, l->label);
}

static void add_holdings(lua_State *L, luaL_Buffer *b, uint64_t ident) {
  holdings h = {.n = SOME};
  for (int skip = 0; h.n == SOME; skip += SOME) {
    h.skip = skip;
    h.n = 0;
    thr_lock_each(ident, hold_lock, &h);
    thr_rwlock_each(ident, hold_rwlock, &h);
    for (int i = 0; i < h.n; i++) {
      lua_pushfstring(L, "\n  holds %s%s", h.lock[i], h.how[i]);
      luaL_addvalue(b);
    }
  }
}

static const char *state_of(const thr_report *r) {
  if (r->own) return "running";
  if (r->nogil) return "in C code without the lock";
  if (r->native_id == 0) return "being started";
  return "ready to run";
}

/* "MainThread (ident 1, native id 77) waits for ..."; pushes. */
static void push_headline(lua_State *L, const thr_report *r,
                          const thr_report *list, int n) {
  int top = lua_gettop(L);
  const char *in = r->interpreter == 0 ? ""
                                       : push_interpreter(L, r->interpreter);
  lua_pushfstring(L, "%s (ident %I, native id %I%s%s%s) ", r->name,
                  (LUAI_UACINT)r->ident, (LUAI_UACINT)r->native_id,
                  r->daemon ? ", daemon" : "", *in ? ", in " : "", in);
  const char *head = lua_tostring(L, -1);
  if (r->inside) {
    push_place(L, r);
    const char *place = lua_tostring(L, -1);
    lua_pushfstring(L, "has entered %s%s", push_interpreter(L, r->entered),
                    place);
  } else if (r->waits) {
    push_wait(L, r, list, n);
  } else {
    lua_pushstring(L, state_of(r));
  }
  lua_pushfstring(L, "%s%s", head, lua_tostring(L, -1));
  lua_replace(L, top + 1);
  lua_settop(L, top + 1);
}

static void add_thread(lua_State *L, luaL_Buffer *b, const thr_report *r,
                       const thr_report *list, int n) {
  push_headline(L, r, list, n);
  luaL_addvalue(b);
  if (!r->inside) add_holdings(L, b, r->ident);
  luaL_addchar(b, '\n');
  if (!r->L && !r->stack) return;
  if (r->L) luaL_traceback(L, r->L, NULL, 0);
  else lua_pushstring(L, r->stack);
  luaL_addvalue(b);
  luaL_addchar(b, '\n');
}

int thr_dump_text(lua_State *L) {
  luaL_Buffer b;
  int n;
  thr_tstate *self = thr_self(L);
  luaL_checkstack(L, 16, NULL);
  thr_report *list = thr_report_push(L, self->asked.in_wait, true, &n);
  self->asked.in_wait = false;
  luaL_buffinit(L, &b);
  for (int i = 0; i < n; i++) {
    if (i > 0) luaL_addchar(&b, '\n');
    add_thread(L, &b, &list[i], list, n);
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
  for (thr_tstate *ts = thr_tls; ts; ts = ts->tls_next) {
    if (!ts->is_main) continue;
    thr_tstate *inner = thr_tstate_innermost(ts);
    atomic_store(&inner->asked.dumps, true);
    atomic_fetch_or(&inner->asked.pending, THR_PENDING_DUMP);
  }
  thr_preempt_poke();
}

int thr_dump_onsignal(lua_State *L) {
  if (lua_type(L, 1) != LUA_TSTRING) thr_args_typeerror(L, 1, "name", "string");
  int sig = thr_os_signumber(lua_tostring(L, 1));
  if (sig == 0)
    return thr_args_unknown(L, 1, "name", "signal", thr_os_signames());
  if (!thr_self(L)->signals)
    return thr_blame_error(L, "dump_on_signal works in the main thread only");
  int err = thr_os_onsignal(sig, on_signal);
  if (err != 0) return thr_blame_error(L, "dump_on_signal: %s", strerror(err));
  return 0;
}
