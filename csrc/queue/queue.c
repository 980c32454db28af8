/* queue: see queue.h for the laws. */
#include "queue/queue.h"

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/box.h"
#include "bind/pending.h"
#include "bind/self.h"
#include "os/tuning.h"
#include "queue/face.h"

static thr_queue *new_queue(thr_order order, int64_t maxsize) {
  thr_queue *q = thr_os_alloc(sizeof(*q));
  if (!q) return NULL;
  q->items.order = order;
  q->maxsize = maxsize;
  return q;
}

void thr_queue_drop(void *arg) {
  thr_queue *q = arg;
  thr_slots_drop(&q->items);
  thr_label_free(q->label);
  thr_os_free(q);
}

static bool is_full(const thr_queue *q) {
  return q->maxsize > 0 && thr_queue_size(q) >= q->maxsize;
}

/* How many may pass the gate. */
static int64_t passing(const thr_queue *q, const thr_gate *gate) {
  if (gate == &q->getters) return thr_queue_size(q);
  return gate == &q->putters ? q->maxsize - thr_queue_size(q) : 0;
}

/* Waits at one of the queue's gates. */
static thr_parkresult wait_at(thr_queue *q, thr_gate *gate, thr_tstate *ts,
                              int64_t deadline) {
  thr_parkresult r = thr_gate_wait(gate, ts, q, "Queue", q->label, deadline);
  int64_t n = passing(q, gate);
  if (n > 0) gate->streams = n >= THR_MIN_STREAM; /* else it came too late */
  return r;
}

/* An item has been put. */
static void added(thr_queue *q) {
  q->unfinished++;
  thr_gate_wakenext(&q->getters);
}

/* False: more are done than were put. */
static bool item_done(thr_queue *q) {
  if (q->unfinished <= 0) return false;
  if (--q->unfinished == 0) thr_gate_wakeall(&q->joiners);
  return true;
}

/* The threads that wait find it closed; `immediate`: the items are gone. */
static void shut_down(thr_queue *q, bool immediate) {
  q->closed = true;
  q->items.changes++;
  if (immediate) {
    int64_t n = thr_queue_size(q);
    q->unfinished = q->unfinished > n ? q->unfinished - n : 0;
    thr_slots_drop(&q->items);
    if (q->unfinished == 0) thr_gate_wakeall(&q->joiners);
  }
  thr_gate_wakeall(&q->getters);
  thr_gate_wakeall(&q->putters);
}

/* --- the Lua face --- */

/***
Items that threads hand to each other: first in, first out; last in, first out
(LifoQueue); or the least one first, by `<` (PriorityQueue).
@classmod threading.Queue
@usage
local threading = require "threading"
local queue = require "threading.queue"

local jobs = queue.Queue(2) -- put waits while there are two in it

local worker = threading.Thread {
  target = function()
    for job in jobs:items() do
      print(job)
    end
  end,
}
worker:start()
jobs:put "first" --> first
jobs:put "second" --> second
jobs:put "third" --> third
jobs:shutdown() -- the worker's loop ends
worker:join()
*/
static const thr_kind kind = {
    .name = "threading.Queue", .unref = thr_queue_drop,
    .stays = "use a queue of threading.interpreters.create_queue()"};

thr_queue *thr_queue_check(lua_State *L, int arg) {
  return thr_box_check(L, arg, &kind);
}

static thr_queue *use(lua_State *L) { return thr_box_use(L, 1, &kind); }

static thr_queue *check(lua_State *L) { return thr_queue_check(L, 1); }

int thr_queue_box(lua_State *L, const thr_kind *type, thr_order order,
                  int64_t maxsize, const char *name) {
  thr_box *box = thr_box_newuv(L, type, 1);
  thr_queue *q = new_queue(order, maxsize);
  if (!q) return thr_blame_error(L, "not enough memory");
  thr_box_fill(box, type, q);
  q->label = thr_describe_label(L, name);
  return 1;
}

static int create_bounded(lua_State *L, thr_order order) {
  const char *name;
  lua_Integer maxsize = thr_face_checkmaxsize(L, &name);
  return thr_queue_box(L, &kind, order, maxsize, name);
}

int thr_queue_create(lua_State *L) { return create_bounded(L, THR_FIFO); }
int thr_queue_createlifo(lua_State *L) { return create_bounded(L, THR_LIFO); }
int thr_queue_createpriority(lua_State *L) {
  return create_bounded(L, THR_PRIORITY);
}

typedef struct {
  lua_State *L; /* the queue's box is at 1 */
  thr_gate *gate;
} gate_alarm;

/* What comes next may raise an error, and lets others run: if the thread was
** woken, the next one shall look too. */
static void wake_next(void *arg) {
  const gate_alarm *p = arg;
  thr_box_keep(p->L, 1);
  thr_gate_wakenext(p->gate);
}

static int accept(lua_State *L, thr_queue *q) {
  added(q);
  lua_pushboolean(L, 1);
  return 1;
}

/* The quick way, for an integer that need not wait. */
static bool put_at_once(lua_State *L, thr_queue *q) {
  return !q->closed && !is_full(q) &&
         thr_slots_putinteger(L, &q->items);
}

static int deliver(thr_queue *q) {
  thr_gate_wakenext(&q->putters);
  return 1;
}

/* deadline 0: do not wait. */
static int put(lua_State *L, thr_queue *q, int type, int64_t deadline) {
  gate_alarm next = {L, &q->putters};
  thr_alarm alarm = {wake_next, &next};
  for (;;) {
    if (q->closed) return thr_face_refuse(L, "shutdown");
    if (!is_full(q)) {
      if (thr_slots_put(L, &q->items, type, alarm)) return accept(L, q);
      continue;
    }
    if (deadline == 0) return thr_face_refuse(L, "full");
    thr_tstate *ts = thr_self(L);
    thr_box_keep(L, 1);
    thr_parkresult r = wait_at(q, &q->putters, ts, deadline);
    if (r == THR_PARK_TIMEOUT) deadline = 0; /* a last look */
    thr_pending_disturbed(L, ts, r);
  }
}

int thr_queue_take(lua_State *L, thr_queue *q, int64_t deadline) {
  gate_alarm next = {L, &q->getters};
  thr_alarm alarm = {wake_next, &next};
  for (;;) {
    if (thr_queue_size(q) > 0) {
      if (thr_slots_take(L, &q->items, alarm)) return deliver(q);
      continue;
    }
    if (q->closed) return thr_face_refuse(L, "shutdown");
    if (deadline == 0) return thr_face_refuse(L, "empty");
    thr_tstate *ts = thr_self(L);
    thr_box_keep(L, 1);
    thr_parkresult r = wait_at(q, &q->getters, ts, deadline);
    if (r == THR_PARK_TIMEOUT) deadline = 0;
    thr_pending_disturbed(L, ts, r);
  }
}

int thr_queue_put(lua_State *L, thr_queue *q) {
  bool more = lua_gettop(L) > 2;
  if (!more && put_at_once(L, q)) return accept(L, q);
  int type = thr_face_checkitem(L);
  return put(L, q, type, more ? thr_face_checkwait(L, 3) : THR_FOREVER);
}

int thr_queue_putnowait(lua_State *L, thr_queue *q) {
  return put(L, q, thr_face_checkitem(L), 0);
}

int thr_queue_get(lua_State *L, thr_queue *q) {
  bool more = lua_gettop(L) > 1;
  if (!more && thr_slots_takeinteger(L, &q->items)) return deliver(q);
  return thr_queue_take(L, q, more ? thr_face_checkwait(L, 2) : THR_FOREVER);
}

int thr_queue_getnowait(lua_State *L, thr_queue *q) {
  return thr_queue_take(L, q, 0);
}

/***
Puts an item, after waiting for a free place.
@function put
@param item anything but nil
@tparam[opt=true] boolean block false for a mere try
@tparam[opt] number timeout seconds, not negative; without it for ever.  Both
may be given as a table: `{block = ..., timeout = ...}`
@treturn boolean true; or nil and "full" (not at once, or not in time), or nil
and "shutdown"
@raise if the item is nil, or an argument is of the wrong type; in a
PriorityQueue what a comparison raises (the item is then not put); a deadlock,
a cancellation
*/
static int queue_put(lua_State *L) { return thr_queue_put(L, check(L)); }

/***
Takes an item out, after waiting until there is one.
@function get
@tparam[opt=true] boolean block false for a mere try
@tparam[opt] number timeout seconds, not negative; without it for ever.  Both
may be given as a table: `{block = ..., timeout = ...}`
@return the item; or nil and "empty" (not at once, or not in time), or nil
and "shutdown"
@raise if an argument is of the wrong type; in a PriorityQueue what a
comparison raises (no item is then taken); a deadlock, a cancellation
*/
static int queue_get(lua_State *L) { return thr_queue_get(L, check(L)); }

/***
Puts an item if there is a free place.
@function put_nowait
@param item anything but nil
@treturn boolean true; or nil and "full", or nil and "shutdown"
@raise if the item is nil; what a comparison raises
*/
static int queue_putnowait(lua_State *L) {
  return thr_queue_putnowait(L, check(L));
}

/***
Takes an item out if there is one.
@function get_nowait
@return the item; or nil and "empty", or nil and "shutdown"
@raise what a comparison raises
*/
static int queue_getnowait(lua_State *L) {
  return thr_queue_getnowait(L, check(L));
}

static int next_item(lua_State *L) {
  thr_queue *q = check(L);
  lua_settop(L, 1); /* not the item before */
  return thr_queue_take(L, q, THR_FOREVER);
}

/***
Takes items out until the queue is shut down:
`for item in q:items() do ... end`.
@function items
@treturn function for a generic `for`
@treturn Queue
*/
static int queue_items(lua_State *L) {
  check(L);
  return thr_face_items(L, next_item);
}

/***
Tells that the work on an item that was taken out is done.
@function task_done
@raise "task_done() called too many times"
*/
static int queue_taskdone(lua_State *L) {
  thr_queue *q = check(L);
  if (!item_done(q))
    return thr_blame_error(L, "task_done() called too many times%s",
                           thr_describe_pushobject(L, "Queue", q, q->label));
  return 0;
}

/***
Waits until `task_done` was called for each item that was put.
@function join
@tparam[opt] number timeout seconds (below 0 is 0); without it for ever.  Also
as a table: `{timeout = ...}`
@treturn boolean true; false at the timeout
@raise if the timeout is not valid; a deadlock, a cancellation
*/
static int queue_join(lua_State *L) {
  thr_queue *q = use(L);
  thr_tstate *ts = thr_self(L);
  int64_t deadline = thr_args_fromnow(thr_args_lasttimeout(L, 2));
  thr_parkresult r = THR_PARK_WOKEN;
  while (q->unfinished > 0 && r != THR_PARK_TIMEOUT) {
    r = wait_at(q, &q->joiners, ts, deadline);
    thr_pending_disturbed(L, ts, r);
  }
  lua_pushboolean(L, q->unfinished == 0);
  return 1;
}

/***
How many items there are, just now.
@function qsize
@treturn integer
*/
static int queue_qsize(lua_State *L) {
  lua_pushinteger(L, thr_queue_size(check(L)));
  return 1;
}

/***
Is there no item, just now?
@function empty
@treturn boolean
*/
static int queue_empty(lua_State *L) {
  lua_pushboolean(L, thr_queue_size(check(L)) == 0);
  return 1;
}

/***
Is there no free place, just now?
@function full
@treturn boolean
*/
static int queue_full(lua_State *L) {
  lua_pushboolean(L, is_full(check(L)));
  return 1;
}

/***
Ends the use of the queue: nothing can be put any more, and when all items are
taken out, `get` returns nil and "shutdown".  Who waits is told.
@function shutdown
@tparam[opt=false] boolean immediate throw the items away
@raise if immediate is not a boolean
*/
static int queue_shutdown(lua_State *L) {
  thr_queue *q = check(L);
  bool immediate = thr_face_checkimmediate(L);
  shut_down(q, immediate);
  if (immediate) thr_slots_droptable(L);
  return 0;
}

/***
The name that it was given when it was made.
@function get_name
@treturn string or nil, where it has none
*/
static int queue_getname(lua_State *L) {
  return thr_describe_getname(L, check(L)->label);
}

static int queue_tostring(lua_State *L) {
  static const char *const names[] = {
      "threading.Queue", "threading.LifoQueue", "threading.PriorityQueue"};
  thr_queue *q = use(L);
  return thr_face_tostring(L, names[q->items.order], q->label, q,
                           thr_queue_size(q), q->maxsize, q->closed);
}

void thr_queue_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"put", queue_put}, {"put_nowait", queue_putnowait},
      {"get", queue_get}, {"get_nowait", queue_getnowait},
      {"items", queue_items}, {"task_done", queue_taskdone},
      {"join", queue_join}, {"qsize", queue_qsize}, {"empty", queue_empty},
      {"full", queue_full}, {"shutdown", queue_shutdown},
      {"get_name", queue_getname}, {"__tostring", queue_tostring},
      {NULL, NULL}};
  thr_box_newtype(L, &kind, methods);
  lua_pop(L, 1);
}
