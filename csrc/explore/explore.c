/* explore: see explore.h. */
#include "explore/explore.h"

#include <lauxlib.h>
#include <string.h>

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/pending.h"
#include "bind/self.h"
#include "explore/baton.h"
#include "sync/lock.h"

static const char key_options = 0; /* registry: the table, while exploring */
static const char key_asks = 0;    /* registry: a thread, to call functions */
static const char key_owner = 0;   /* registry: frees the explorer */

/* The stack of who explores. */
enum { OPTIONS = 1, FN, ON_ERROR, VALUE, OWNER, RESULT };

/* --- what is asked of Lua --- */

/* Calls fn(arg), a C function, on the state that is there for that: it may
** raise, and run what is in the options. */
static int call(lua_State *asks, lua_CFunction fn, void *arg) {
  lua_settop(asks, 0);
  lua_pushcfunction(asks, fn);
  lua_pushlightuserdata(asks, arg);
  return lua_pcall(asks, 1, 0, 0);
}

/* The same for what runs the program's own functions: they must not wait. */
static int call_program(lua_State *asks, lua_CFunction fn, void *arg) {
  thr_tstate *self = thr_tstate_here(thr_self_runtime(asks));
  uint64_t host = self->lua.host;
  self->lua.host = THR_WHOSE_ASKED;
  int status = call(asks, fn, arg);
  self->lua.host = host;
  return status;
}

/* Pushes a field of the options. */
static int push_option(lua_State *L, const char *name) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &key_options);
  int type = lua_getfield(L, -1, name);
  lua_remove(L, -2);
  return type;
}

typedef struct {
  const char *source;
  bool split;
} split_question;

static int ask_split(lua_State *L) {
  split_question *q = lua_touserdata(L, 1);
  push_option(L, "is_split");
  lua_pushstring(L, q->source);
  lua_call(L, 1, 1);
  q->split = lua_toboolean(L, -1);
  return 0;
}

static bool is_split(void *asks, const char *source) {
  split_question q = {source, true};
  call(asks, ask_split, &q);
  return q.split;
}

static int ask_holds(lua_State *L) {
  push_option(L, "holds");
  lua_call(L, 0, 1);
  *(bool *)lua_touserdata(L, 1) = lua_toboolean(L, -1);
  return 0;
}

/* One that raises does not hold. */
static thr_stop holds(void *asks, char *why, size_t n) {
  bool does = false;
  int status = call_program(asks, ask_holds, &does);
  if (status == LUA_ERRMEM) return THR_STOP_MEMORY;
  if (status != LUA_OK && lua_type(asks, -1) == LUA_TSTRING)
    strncpy(why, lua_tostring(asks, -1), n - 1);
  return does ? THR_STOP_NONE : THR_STOP_INVARIANT;
}

typedef struct {
  const thr_point *point;
  int thread;
} next_question;

static int ask_next(lua_State *L) {
  next_question *q = lua_touserdata(L, 1);
  push_option(L, "ask");
  lua_createtable(L, q->point->n, 0);
  for (int i = 0; i < q->point->n; i++) {
    lua_pushinteger(L, q->point->ready[i]);
    lua_rawseti(L, -2, i + 1);
  }
  lua_pushinteger(L, q->point->current);
  lua_call(L, 2, 1);
  q->thread = (int)lua_tointeger(L, -1);
  return 0;
}

static int ask(void *asks, const thr_point *p) {
  next_question q = {p, 0};
  call_program(asks, ask_next, &q);
  return q.thread;
}

typedef struct {
  const thr_explored *thread;
  thr_place place;
  bool preempted;
} sight;

static bool is_last(lua_State *L, lua_Integer n, const sight *s) {
  lua_rawgeti(L, -1, n - 3);
  lua_rawgeti(L, -2, n - 1);
  bool is = lua_tointeger(L, -2) == s->thread->number &&
            lua_tointeger(L, -1) == s->place.line;
  lua_pop(L, 2);
  lua_rawgeti(L, -1, n);
  is = is && !lua_toboolean(L, -1);
  lua_pop(L, 1);
  return is;
}

/* A line that a thread is at again is there once, until it is preempted. */
static int note_point(lua_State *L) {
  const sight *s = lua_touserdata(L, 1);
  if (s->place.line == 0) return 0;
  push_option(L, "trace");
  lua_Integer n = (lua_Integer)lua_rawlen(L, -1);
  if (n > 0 && is_last(L, n, s)) n -= 4;
  lua_pushinteger(L, s->thread->number);
  lua_rawseti(L, -2, n + 1);
  lua_pushstring(L, s->place.source->source);
  lua_rawseti(L, -2, n + 2);
  lua_pushinteger(L, s->place.line);
  lua_rawseti(L, -2, n + 3);
  if (s->preempted) thr_place_pushvalues(L, s->thread->ts->lua.at);
  else lua_pushboolean(L, 0);
  lua_rawseti(L, -2, n + 4);
  return 0;
}

static void at_point(void *asks, const thr_explored *c, thr_place place,
                     bool preempted) {
  sight s = {c, place, preempted};
  call(asks, note_point, &s);
}

/* --- the options --- */

static thr_strategy read_strategy(lua_State *L) {
  static const char *const names[] = {"default", "random", "sticky", "pct",
                                      "replay",  "ask",    NULL};
  lua_getfield(L, OPTIONS, "strategy");
  int i = luaL_checkoption(L, -1, "default", names);
  lua_pop(L, 1);
  return (thr_strategy)i;
}

static lua_Integer read_integer(lua_State *L, const char *name) {
  lua_getfield(L, OPTIONS, name);
  lua_Integer n = luaL_optinteger(L, -1, 0);
  lua_pop(L, 1);
  return n;
}

static bool read_boolean(lua_State *L, const char *name) {
  lua_getfield(L, OPTIONS, name);
  bool is = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return is;
}

static void read_choosing(lua_State *L, thr_choosing *how) {
  how->strategy = read_strategy(L);
  how->seed = (uint64_t)read_integer(L, "seed");
  how->depth = (int)read_integer(L, "depth");
  how->length = read_integer(L, "length");
  if (how->strategy == THR_CHOOSE_ASK) how->ask = ask;
}

static int64_t read_item(lua_State *L, int i) {
  lua_rawgeti(L, -1, i);
  int64_t n = lua_tointeger(L, -1);
  lua_pop(L, 1);
  return n;
}

/* Last: nothing raises after it. */
static bool read_plan(lua_State *L, thr_choosing *how) {
  bool is = lua_getfield(L, OPTIONS, "plan") == LUA_TTABLE;
  int n = is ? (int)lua_rawlen(L, -1) / 2 : 0;
  how->pairs = n;
  how->plan = n > 0 ? thr_os_alloc((size_t)n * sizeof(*how->plan)) : NULL;
  for (int i = 0; how->plan && i < n; i++)
    how->plan[i] = (thr_pair){read_item(L, 2 * i + 1), read_item(L, 2 * i + 2)};
  lua_pop(L, 1);
  return n == 0 || how->plan;
}

static thr_exploring read_options(lua_State *L) {
  thr_exploring how = {.max_points = read_integer(L, "max_points"),
                       .early = read_boolean(L, "early"),
                       .lines = read_boolean(L, "lines"),
                       .alternatives = read_boolean(L, "alternatives")};
  if (read_boolean(L, "is_split")) how.is_split = is_split;
  if (read_boolean(L, "holds")) how.holds = holds;
  if (read_boolean(L, "trace")) how.at_point = at_point;
  read_choosing(L, &how.how);
  return how;
}

/* --- begin and end --- */

static int free_explorer(lua_State *L) {
  thr_explorer **owner = lua_touserdata(L, 1);
  if (*owner) thr_baton_free(*owner);
  *owner = NULL;
  return 0;
}

static thr_explorer **push_owner(lua_State *L) {
  thr_explorer **owner = lua_newuserdatauv(L, sizeof(*owner), 0);
  *owner = NULL;
  lua_createtable(L, 0, 1);
  lua_pushcfunction(L, free_explorer);
  lua_setfield(L, -2, "__gc");
  lua_setmetatable(L, -2);
  return owner;
}

/* A state with no hook, and with room for what is called there. */
static lua_State *push_asks(lua_State *L) {
  lua_State *asks = lua_newthread(L);
  lua_sethook(asks, NULL, 0, 0);
  luaL_checkstack(asks, LUA_MINSTACK, NULL);
  return asks;
}

static void refuse(lua_State *L, thr_tstate *ts) {
  if (ts->explored)
    thr_blame_error(L, "this program is explored already: explore() cannot be "
                       "called within itself");
  if (!ts->is_main)
    thr_blame_error(L, "explore() runs in the main thread only");
  if (ts->rt->alive > ts->rt->attach.outside)
    thr_blame_error(L, "explore() needs a program without other threads: join "
                       "them, and shut pools down, before it");
}

static void begin(lua_State *L, thr_tstate *ts) {
  thr_exploring how = read_options(L);
  if (how.at_point) {
    lua_newtable(L);
    lua_setfield(L, OPTIONS, "trace");
  }
  how.arg = how.how.arg = push_asks(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_asks);
  thr_explorer **owner = push_owner(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_owner);
  lua_pushvalue(L, OPTIONS);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_options);
  if (read_plan(L, &how.how)) *owner = thr_baton_begin(ts, &how);
  if (!*owner) thr_blame_error(L, "not enough memory");
}

static void push_names(lua_State *L, const thr_explorer *e, bool left) {
  lua_newtable(L);
  lua_Integer n = 0;
  for (const thr_explored *c = e->first; c; c = c->next) {
    if (left && !c->left) continue;
    lua_pushstring(L, c->ts->life.name);
    lua_rawseti(L, -2, ++n);
  }
}

static void set_pairs(lua_State *L, const char *name, const thr_pairs *pairs) {
  lua_createtable(L, 2 * pairs->n, 0);
  for (int i = 0; i < pairs->n; i++) {
    lua_pushinteger(L, pairs->of[i].first);
    lua_rawseti(L, -2, 2 * i + 1);
    lua_pushinteger(L, pairs->of[i].second);
    lua_rawseti(L, -2, 2 * i + 2);
  }
  lua_setfield(L, RESULT, name);
}

static void set_integer(lua_State *L, const char *name, int64_t n) {
  lua_pushinteger(L, n);
  lua_setfield(L, RESULT, name);
}

static void set_trail(lua_State *L, const thr_explorer *e) {
  static const char *const stops[] = {
      NULL, "asked", "error", "points", "deadlock", "invariant", "memory"};
  set_pairs(L, "segments", &e->trail.segments);
  set_pairs(L, "alternatives", &e->trail.alternatives);
  set_integer(L, "hash", (int64_t)e->trail.hash);
  set_integer(L, "points", e->trail.points);
  set_integer(L, "switches", e->trail.switches);
  set_integer(L, "preemptions", e->trail.preemptions);
  lua_pushstring(L, stops[e->stop]);
  lua_setfield(L, RESULT, "stop");
  if (e->failed > 0) set_integer(L, "failed", e->failed);
  lua_pushstring(L, e->failure[0] ? e->failure : NULL);
  lua_setfield(L, RESULT, "error");
  int64_t strayed = thr_chooser_isbehind(&e->chooser) ? e->trail.points
                                                       : e->chooser.strayed;
  if (strayed > 0) set_integer(L, "strayed", strayed);
}

static void forget(lua_State *L) {
  static const void *const keys[] = {&key_options, &key_asks, &key_owner};
  for (int i = 0; i < 3; i++) {
    lua_pushnil(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, keys[i]);
  }
}

/* The owner keeps the explorer alive. */
static void push_result(lua_State *L, const thr_explorer *e) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &key_owner);
  lua_newtable(L);
  if (e->how.at_point) {
    push_option(L, "trace");
    lua_setfield(L, RESULT, "trace");
  }
  forget(L);
  push_names(L, e, false);
  lua_setfield(L, RESULT, "names");
  push_names(L, e, true);
  lua_setfield(L, RESULT, "left");
  set_trail(L, e);
}

/* Nothing raises between begin and finish: what is asked of the thread, to stop
** above all, is raised in the function, or forgotten. */
int thr_explore_run(lua_State *L) {
  thr_tstate *ts = thr_self(L);
  luaL_checktype(L, OPTIONS, LUA_TTABLE);
  thr_args_callable(L, FN, "fn");
  lua_settop(L, ON_ERROR);
  refuse(L, ts);
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  int watchers = read_boolean(L, "quiet") ? 0 : 1;
  begin(L, ts);
  lua_pushvalue(L, FN);
  thr_lock_watch(watchers, true);
  atomic_fetch_add(&thr_label_askers, 1);
  bool ok = lua_pcall(L, 0, 1, lua_isnil(L, ON_ERROR) ? 0 : ON_ERROR) == LUA_OK;
  thr_lock_watch(-watchers, true);
  atomic_fetch_sub(&thr_label_askers, 1);
  if (!ts->explored)
    return thr_blame_error(L, "the program was forked while it was explored");
  thr_explorer *e = ts->explored->explorer;
  thr_baton_finish(e);
  push_result(L, e);
  lua_pushboolean(L, ok);
  lua_setfield(L, RESULT, "ok");
  lua_pushvalue(L, VALUE);
  lua_setfield(L, RESULT, "value");
  return 1;
}

int thr_explore_stop(lua_State *L) {
  thr_tstate *ts = thr_self(L);
  if (ts->explored) thr_baton_stop(ts->explored->explorer, THR_STOP_ASKED);
  thr_pending_check(L, ts);
  return 0;
}

int thr_explore_isexplored(lua_State *L) {
  lua_pushboolean(L, thr_self(L)->explored != NULL);
  return 1;
}
