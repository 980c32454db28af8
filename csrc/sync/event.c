/* event: see event.h. */
#include "sync/event.h"

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/box.h"
#include "bind/describe.h"
#include "bind/pending.h"
#include "bind/self.h"

thr_event *thr_event_new(void) {
  thr_event *e = thr_os_alloc(sizeof(*e));
  if (e) atomic_init(&e->refs, 1);
  return e;
}

void thr_event_unref(thr_event *e) {
  if (atomic_fetch_sub(&e->refs, 1) != 1) return;
  thr_label_free(e->label);
  thr_os_free(e);
}

void thr_event_set(thr_event *e) {
  if (!atomic_exchange(&e->set, true)) thr_unpark_all(e);
}

void thr_event_clear(thr_event *e) { atomic_store(&e->set, false); }

/* Under the bucket's mutex, which thr_unpark_all takes after the flag is set:
** either that finds the waiter, or the waiter sees the flag. */
static bool still_unset(thr_waiter *w) {
  return !atomic_load(&((thr_event *)w->addr)->set);
}

thr_parkresult thr_event_wait(thr_event *e, thr_tstate *ts, int64_t deadline) {
  thr_waiter w = thr_waiter_on(ts, e, "Event");
  w.label = e->label;
  w.validate = still_unset;
  w.retained = &e->retained;
  if (atomic_load(&e->set)) return THR_PARK_WOKEN;
  thr_parkresult r = thr_park(&w, deadline);
  return r == THR_PARK_CHANGED ? THR_PARK_WOKEN : r;
}

/* --- the Lua face --- */

/***
A flag that threads can wait for.
@classmod threading.Event
@usage
local threading = require "threading"
local stop, turns = threading.Event(), 0

local ticker = threading.Thread {
  target = function()
    while not stop:wait(0.01) do
      turns = turns + 1 -- every ten milliseconds
    end
    print "stopped" --> stopped
  end,
}
ticker:start()
stop:set()
ticker:join()
*/
static void unref(void *e) { thr_event_unref(e); }

static void *ref(void *e) {
  atomic_fetch_add_explicit(&((thr_event *)e)->refs, 1, memory_order_relaxed);
  return e;
}

static const thr_kind kind = {
    .name = "threading.Event", .unref = unref, .ref = ref,
    .open = thr_event_open};

thr_event *thr_event_test(lua_State *L, int arg) {
  return thr_box_test(L, arg, &kind);
}

int thr_event_create(lua_State *L) {
  const char *name = thr_args_onlyname(L);
  thr_box *box = thr_box_new(L, &kind);
  thr_event *e = thr_event_new();
  if (!e) return thr_blame_error(L, "not enough memory");
  thr_box_fill(box, &kind, e);
  e->label = thr_describe_label(L, name);
  return 1;
}

/***
Is the flag set?
@function is_set
@treturn boolean
*/
static int event_isset(lua_State *L) {
  thr_event *e = thr_box_check(L, 1, &kind);
  lua_pushboolean(L, atomic_load(&e->set));
  return 1;
}

/***
Sets the flag; all that wait for it go on.
@function set
*/
static int event_set(lua_State *L) {
  thr_event_set(thr_box_check(L, 1, &kind));
  return 0;
}

/***
Takes the flag back.
@function clear
*/
static int event_clear(lua_State *L) {
  thr_event_clear(thr_box_check(L, 1, &kind));
  return 0;
}

/***
Waits until the flag is set.
@function wait
@tparam[opt] number timeout seconds (below 0 is 0); without it for ever.  Also
as a table: `{timeout = ...}`
@treturn boolean set; false at the timeout
@raise if the timeout is not valid; a deadlock, a cancellation
*/
static int event_wait(lua_State *L) {
  thr_event *e = thr_box_use(L, 1, &kind);
  thr_tstate *ts = thr_self(L);
  int64_t deadline = thr_args_fromnow(thr_args_lasttimeout(L, 2));
  thr_parkresult r;
  do r = thr_event_wait(e, ts, deadline);
  while (thr_pending_disturbed(L, ts, r));
  lua_pushboolean(L, r == THR_PARK_WOKEN);
  return 1;
}

/***
The name that it was given when it was made.
@function get_name
@treturn string or nil, where it has none
*/
static int event_getname(lua_State *L) {
  thr_event *e = thr_box_check(L, 1, &kind);
  return thr_describe_getname(L, e->label);
}

static int event_tostring(lua_State *L) {
  thr_event *e = thr_box_use(L, 1, &kind);
  const char *label = thr_describe_pushlabel(L, e->label);
  lua_pushfstring(L, "<threading.Event%s at %p: %s>", label, e,
                  atomic_load(&e->set) ? "set" : "unset");
  return 1;
}

void thr_event_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"is_set", event_isset}, {"set", event_set},
      {"clear", event_clear},  {"wait", event_wait},
      {"get_name", event_getname}, {"__tostring", event_tostring},
      {NULL, NULL}};
  thr_box_newtype(L, &kind, methods);
  lua_pop(L, 1);
}
