/* crossqueue: see crossqueue.h for the laws. */
#include "cross/crossqueue.h"

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/box.h"
#include "bind/pending.h"
#include "bind/self.h"
#include "cross/decode.h"
#include "cross/encode.h"
#include "os/tuning.h"
#include "park/park.h"
#include "queue/face.h"

/* --- its life --- */

static thr_mutex all_m = THR_MUTEX_INIT;
static thr_crossqueue *all; /* all_m */

static void enlist(thr_crossqueue *q) {
  thr_mutex_lock(&all_m);
  q->next = all;
  if (all) all->prev = q;
  all = q;
  thr_mutex_unlock(&all_m);
}

static void delist(thr_crossqueue *q) {
  thr_mutex_lock(&all_m);
  if (q->prev) q->prev->next = q->next;
  else all = q->next;
  if (q->next) q->next->prev = q->prev;
  thr_mutex_unlock(&all_m);
}

/* fork: the child has no thread that could let go of a mutex, or spins. */
static void before_fork(void) {
  thr_mutex_lock(&all_m);
  for (thr_crossqueue *q = all; q; q = q->next) thr_belt_beforefork(&q->belt);
}

static void after_fork(void) {
  for (thr_crossqueue *q = all; q; q = q->next) thr_belt_afterfork(&q->belt);
  thr_mutex_unlock(&all_m);
}

static void in_child(void) {
  for (thr_crossqueue *q = all; q; q = q->next)
    q->getters.spinning = q->putters.spinning = false;
  after_fork();
}

thr_crossqueue *thr_crossqueue_new(uint64_t most) {
  thr_crossqueue *q = thr_os_alloc(sizeof(*q));
  if (!q) return NULL;
  if (!thr_belt_init(&q->belt, most)) {
    thr_os_free(q);
    return NULL;
  }
  atomic_init(&q->refs, 1);
  q->getters.spins = q->putters.spins = THR_MAX_SPINS;
  enlist(q);
  return q;
}

static void destroy(thr_crossqueue *q) {
  delist(q);
  thr_belt_destroy(&q->belt);
  thr_label_free(q->label);
  thr_os_free(q);
}

/* The last reference to a queue may be on the belt of another, and so on: they
** are freed one after the other, not one within the other. */
void thr_crossqueue_unref(thr_crossqueue *q) {
  static THR_TLS thr_crossqueue *dead;
  static THR_TLS bool destroys;
  if (atomic_fetch_sub(&q->refs, 1) != 1) return;
  q->dead = dead;
  dead = q;
  if (destroys) return;
  destroys = true;
  while ((q = dead)) {
    dead = q->dead;
    destroy(q);
  }
  destroys = false;
}

/* --- waiting --- */

static uint64_t unfinished(thr_crossqueue *q) {
  uint64_t done = atomic_load(&q->done); /* first: put is never less */
  return atomic_load(&q->belt.put) - done;
}

/* How many threads may pass the gate. */
static uint64_t passing(thr_crossqueue *q, const thr_crossgate *gate) {
  if (gate == &q->joiners) return unfinished(q) == 0;
  if (q->belt.closed) return UINT64_MAX; /* to be told so */
  uint64_t n = thr_belt_size(&q->belt);
  if (gate == &q->getters) return n;
  return n < q->belt.most ? q->belt.most - n : 0;
}

static void note_left(const void *addr, thr_waiter *w, bool more) {
  (void)w;
  ((thr_crossgate *)addr)->parked = more;
}

/* There is something for one thread more. */
static void wake_next(thr_crossgate *gate) {
  if (gate->parked && !gate->spinning) thr_unpark_one(gate, note_left);
}

static void wake_all(thr_crossgate *gate) {
  if (!gate->parked) return;
  gate->parked = false; /* those that come now see the change */
  thr_unpark_all(gate);
}

/* One thread at a gate at a time, and as long as it is worth it: after looks in
** vain it rests, and then tries again. */
static bool begin_spinning(const thr_tstate *ts, thr_crossgate *gate) {
  bool rests = gate->spins < 0 && ++gate->spins < 0;
  return !ts->rt->spin.one_cpu && !rests &&
         !atomic_exchange(&gate->spinning, true);
}

/* What the others would have been woken for meanwhile. */
static void end_spinning(thr_crossqueue *q, thr_crossgate *gate, bool found) {
  gate->spinning = false;
  if (passing(q, gate) > (uint64_t)found) wake_next(gate);
}

/* Looks for some microseconds whether the caller may pass.  It keeps the global
** lock, as long as nobody asks for it. */
static bool spin(thr_crossqueue *q, thr_crossgate *gate, const thr_tstate *ts) {
  if (!begin_spinning(ts, gate)) return false;
  int most = gate->spins > 0 ? gate->spins : THR_MAX_SPINS;
  bool found = false;
  for (int i = most; i > 0 && !found && !ts->rt->gil.drop; i--) {
    thr_os_relax();
    found = passing(q, gate) > 0;
  }
  gate->spins = found                  ? THR_MAX_SPINS
                : most > THR_MIN_SPINS ? most / THR_SPINS_SHRINK
                                       : -THR_SPIN_RESTS;
  end_spinning(q, gate, found);
  return found;
}

static bool still_closed(thr_waiter *w) {
  thr_crossgate *gate = (thr_crossgate *)w->addr;
  gate->parked = true;
  return passing((thr_crossqueue *)w->object, gate) == 0;
}

static thr_parkresult park(thr_crossqueue *q, thr_crossgate *gate,
                           thr_tstate *ts, int64_t deadline) {
  thr_waiter w = thr_waiter_on(ts, gate, "Queue");
  w.object = q;
  w.label = q->label;
  w.validate = still_closed;
  return thr_park(&w, deadline);
}

/* --- the Lua face --- */

/***
Items that threads hand to each other, also between interpreters: first in,
first out.  An item is copied, or goes by reference, as the arguments of an
interpreter's `call` do.  The queue itself goes by reference.
@classmod threading.interpreters.Queue
@usage
local interpreters = require "threading.interpreters"

local jobs, results = interpreters.create_queue(), interpreters.create_queue()
local one <close> = interpreters.create()

local t = one:call_in_thread(function(jobs, results)
  for text in jobs:items() do
    results:put(text:upper())
  end
end, jobs, results)
jobs:put "hello"
print(results:get()) --> HELLO
jobs:shutdown()
t:join()
*/
static void unref(void *q) { thr_crossqueue_unref(q); }

static void *ref(void *q) {
  atomic_fetch_add_explicit(&((thr_crossqueue *)q)->refs, 1,
                            memory_order_relaxed);
  return q;
}

static const thr_kind kind = {
    .name = "threading.interpreters.Queue", .unref = unref, .ref = ref,
    .open = thr_crossqueue_open};

static thr_crossqueue *check(lua_State *L) {
  return thr_box_check(L, 1, &kind);
}

static thr_crossqueue *use(lua_State *L) { return thr_box_use(L, 1, &kind); }

int thr_crossqueue_create(lua_State *L) {
  const char *name;
  lua_Integer most = thr_face_checkmaxsize(L, &name);
  thr_box *box = thr_box_new(L, &kind);
  thr_crossqueue *q = thr_crossqueue_new(most > 0 ? (uint64_t)most : 0);
  if (!q) return thr_blame_error(L, "not enough memory");
  thr_box_fill(box, &kind, q);
  q->label = thr_describe_label(L, name);
  return 1;
}

/* Waits until the caller may pass the gate of the queue, whose box is at 1; at
** the timeout the deadline becomes 0, for a last look.  False: with the error
** object left on the stack. */
static bool wait(lua_State *L, thr_crossqueue *q, thr_crossgate *gate,
                 int64_t *deadline) {
  thr_tstate *ts = thr_self(L);
  if (spin(q, gate, ts)) return true;
  thr_parkresult r = park(q, gate, ts, *deadline);
  if (r == THR_PARK_TIMEOUT) *deadline = 0;
  return thr_pending_trydisturbed(L, r) >= 0;
}

static thr_item encode(lua_State *L) {
  thr_item item = {.kind = THR_ITEM_MESSAGE};
  int type = thr_face_checkitem(L);
  if (lua_isinteger(L, 2)) {
    item.kind = THR_ITEM_INTEGER;
    item.u.integer = lua_tointeger(L, 2);
  } else if (type == LUA_TNUMBER) {
    item.kind = THR_ITEM_FLOAT;
    item.u.number = lua_tonumber(L, 2);
  } else if (type == LUA_TBOOLEAN) {
    item.kind = THR_ITEM_BOOLEAN;
    item.u.boolean = lua_toboolean(L, 2);
  } else {
    item.u.message = thr_encode(L, 2, 1, "item");
  }
  return item;
}

/* deadline 0: does not wait. */
static int put(lua_State *L, thr_crossqueue *q, int64_t deadline) {
  thr_self(L); /* raises, if it does, while the item is nobody's yet */
  thr_item item = encode(L);
  thr_beltresult r;
  while ((r = thr_belt_put(&q->belt, item)) == THR_BELT_FULL && deadline != 0)
    if (!wait(L, q, &q->putters, &deadline)) {
      thr_item_drop(item);
      return lua_error(L);
    }
  if (r != THR_BELT_DONE) thr_item_drop(item);
  if (r == THR_BELT_CLOSED) return thr_face_refuse(L, "shutdown");
  if (r == THR_BELT_FULL) return thr_face_refuse(L, "full");
  if (r == THR_BELT_NOMEMORY) return thr_blame_error(L, "not enough memory");
  wake_next(&q->getters);
  lua_pushboolean(L, 1);
  return 1;
}

static int push_item(lua_State *L, thr_item item) {
  switch (item.kind) {
    case THR_ITEM_MESSAGE: return thr_decode_last(L, item.u.message);
    case THR_ITEM_INTEGER:
      lua_pushinteger(L, (lua_Integer)item.u.integer);
      break;
    case THR_ITEM_FLOAT: lua_pushnumber(L, (lua_Number)item.u.number); break;
    case THR_ITEM_BOOLEAN: lua_pushboolean(L, item.u.boolean); break;
  }
  return 1;
}

/* A closed belt gets no more items: it is empty for good if it is. */
static bool is_over(thr_crossqueue *q) {
  return q->belt.closed && thr_belt_size(&q->belt) == 0;
}

static int get(lua_State *L, thr_crossqueue *q, int64_t deadline) {
  thr_item item;
  while (!thr_belt_take(&q->belt, &item)) {
    if (is_over(q)) return thr_face_refuse(L, "shutdown");
    if (deadline == 0) return thr_face_refuse(L, "empty");
    if (!wait(L, q, &q->getters, &deadline)) return lua_error(L);
  }
  wake_next(&q->putters);
  return push_item(L, item);
}

/***
Puts an item, after waiting for a free place.
@function put
@param item anything but nil that can cross to another interpreter
@tparam[opt=true] boolean block false for a mere try
@tparam[opt] number timeout seconds, not negative; without it for ever.  Both
may be given as a table: `{block = ..., timeout = ...}`
@treturn boolean true; or nil and "full" (not at once, or not in time), or nil
and "shutdown"
@raise if the item is nil, or cannot cross: with the path to what cannot, and
what to use instead; if an argument is of the wrong type; a deadlock, a
cancellation
*/
static int crossqueue_put(lua_State *L) {
  thr_crossqueue *q = use(L);
  bool more = lua_gettop(L) > 2;
  return put(L, q, more ? thr_face_checkwait(L, 3) : THR_FOREVER);
}

/***
Takes an item out, after waiting until there is one.
@function get
@tparam[opt=true] boolean block false for a mere try
@tparam[opt] number timeout seconds, not negative; without it for ever.  Both
may be given as a table: `{block = ..., timeout = ...}`
@return the item; or nil and "empty" (not at once, or not in time), or nil
and "shutdown"
@raise if an argument is of the wrong type; if the item needs a module that
this interpreter does not find (the item is taken out nevertheless); a deadlock,
a cancellation
*/
static int crossqueue_get(lua_State *L) {
  thr_crossqueue *q = use(L);
  bool more = lua_gettop(L) > 1;
  return get(L, q, more ? thr_face_checkwait(L, 2) : THR_FOREVER);
}

/***
Puts an item if there is a free place.
@function put_nowait
@param item anything but nil that can cross to another interpreter
@treturn boolean true; or nil and "full", or nil and "shutdown"
@raise if the item is nil, or cannot cross
*/
static int crossqueue_putnowait(lua_State *L) {
  return put(L, use(L), 0);
}

/***
Takes an item out if there is one.
@function get_nowait
@return the item; or nil and "empty", or nil and "shutdown"
@raise if the item needs a module that this interpreter does not find
*/
static int crossqueue_getnowait(lua_State *L) {
  return get(L, use(L), 0);
}

static int next_item(lua_State *L) {
  lua_settop(L, 1); /* not the item before */
  return get(L, use(L), THR_FOREVER);
}

/***
Takes items out until the queue is shut down:
`for item in q:items() do ... end`.
@function items
@treturn function for a generic `for`
@treturn threading.interpreters.Queue
@raise as `get` does
*/
static int crossqueue_items(lua_State *L) {
  check(L);
  return thr_face_items(L, next_item);
}

/* n items are done, or as many as are not; returns how many. */
static uint64_t mark_done(thr_crossqueue *q, uint64_t n) {
  uint64_t done = atomic_load(&q->done), most, put;
  do {
    put = atomic_load(&q->belt.put);
    most = put - done < n ? put - done : n;
  } while (!atomic_compare_exchange_weak(&q->done, &done, done + most));
  if (unfinished(q) == 0) wake_all(&q->joiners);
  return most;
}

/***
Tells that the work on an item that was taken out is done.
@function task_done
@raise "task_done() called too many times"
*/
static int crossqueue_taskdone(lua_State *L) {
  thr_crossqueue *q = check(L);
  if (mark_done(q, 1) == 0)
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
static int crossqueue_join(lua_State *L) {
  thr_crossqueue *q = use(L);
  thr_tstate *ts = thr_self(L);
  int64_t deadline = thr_args_fromnow(thr_args_lasttimeout(L, 2));
  thr_parkresult r = THR_PARK_WOKEN;
  while (unfinished(q) > 0 && r != THR_PARK_TIMEOUT) {
    r = park(q, &q->joiners, ts, deadline);
    thr_pending_disturbed(L, ts, r);
  }
  lua_pushboolean(L, unfinished(q) == 0);
  return 1;
}

/***
How many items there are, just now.
@function qsize
@treturn integer
*/
static int crossqueue_qsize(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)thr_belt_size(&check(L)->belt));
  return 1;
}

/***
Is there no item, just now?
@function empty
@treturn boolean
*/
static int crossqueue_empty(lua_State *L) {
  lua_pushboolean(L, thr_belt_size(&check(L)->belt) == 0);
  return 1;
}

/***
Is there no free place, just now?
@function full
@treturn boolean
*/
static int crossqueue_full(lua_State *L) {
  lua_pushboolean(L, thr_belt_isfull(&check(L)->belt));
  return 1;
}

/***
Ends the use of the queue, in all interpreters: nothing can be put any more, and
when all items are taken out, `get` returns nil and "shutdown".  Who waits is
told.
@function shutdown
@tparam[opt=false] boolean immediate throw the items away
@raise if immediate is not a boolean
*/
static int crossqueue_shutdown(lua_State *L) {
  thr_crossqueue *q = check(L);
  if (thr_face_checkimmediate(L)) mark_done(q, thr_belt_clear(&q->belt));
  else thr_belt_close(&q->belt);
  wake_all(&q->getters);
  wake_all(&q->putters);
  return 0;
}

/***
The name that it was given when it was made.
@function get_name
@treturn string or nil, where it has none
*/
static int crossqueue_getname(lua_State *L) {
  return thr_describe_getname(L, check(L)->label);
}

static int crossqueue_tostring(lua_State *L) {
  thr_crossqueue *q = use(L);
  return thr_face_tostring(L, kind.name, q->label, q,
                           (lua_Integer)thr_belt_size(&q->belt),
                           (lua_Integer)q->belt.most, q->belt.closed);
}

void thr_crossqueue_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"put", crossqueue_put}, {"put_nowait", crossqueue_putnowait},
      {"get", crossqueue_get}, {"get_nowait", crossqueue_getnowait},
      {"items", crossqueue_items}, {"task_done", crossqueue_taskdone},
      {"join", crossqueue_join}, {"qsize", crossqueue_qsize},
      {"empty", crossqueue_empty}, {"full", crossqueue_full},
      {"shutdown", crossqueue_shutdown}, {"get_name", crossqueue_getname},
      {"__tostring", crossqueue_tostring}, {NULL, NULL}};
  static bool forks; /* thr_os_atfork's */
  if (thr_os_atfork(&forks, before_fork, after_fork, in_child) != 0)
    thr_blame_error(L, "not enough memory");
  thr_box_newtype(L, &kind, methods);
  lua_pop(L, 1);
}
