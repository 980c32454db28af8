/* simplequeue: see simplequeue.h. */
#include "queue/simplequeue.h"

#include <lauxlib.h>

#include "bind/box.h"
#include "queue/face.h"

/***
The least that a queue can be: first in, first out, without bound or end.
@classmod threading.SimpleQueue
@usage
local threading = require "threading"
local queue = require "threading.queue"

local q = queue.SimpleQueue()
local t = threading.Thread {
  target = function()
    print(q:get()) --> hello
  end,
}
t:start()
q:put "hello"
t:join()
*/
static const thr_kind kind = {
    .name = "threading.SimpleQueue", .unref = thr_queue_drop,
    .stays = "use a queue of threading.interpreters.create_queue()"};

thr_queue *thr_simplequeue_check(lua_State *L, int arg) {
  return thr_box_check(L, arg, &kind);
}

static thr_queue *check(lua_State *L) { return thr_simplequeue_check(L, 1); }

int thr_simplequeue_create(lua_State *L) {
  return thr_queue_box(L, &kind, THR_FIFO, 0, thr_args_onlyname(L));
}

/***
Puts an item.
@function put
@param item anything but nil
@tparam[opt=true] boolean block of no effect, for there is always room
@tparam[opt] number timeout of no effect
@treturn boolean true
@raise if the item is nil, or an argument is of the wrong type
*/
static int simple_put(lua_State *L) {
  return thr_queue_put(L, check(L));
}

/***
Takes an item out, after waiting until there is one.
@function get
@tparam[opt=true] boolean block false for a mere try
@tparam[opt] number timeout seconds, not negative; without it for ever.  Both
may be given as a table: `{block = ..., timeout = ...}`
@return the item; or nil and "empty" (not at once, or not in time)
@raise if an argument is of the wrong type; a deadlock, a cancellation
*/
static int simple_get(lua_State *L) {
  return thr_queue_get(L, check(L));
}

/***
Puts an item.
@function put_nowait
@param item anything but nil
@treturn boolean true
@raise if the item is nil
*/
static int simple_putnowait(lua_State *L) {
  return thr_queue_putnowait(L, check(L));
}

/***
Takes an item out if there is one.
@function get_nowait
@return the item; or nil and "empty"
*/
static int simple_getnowait(lua_State *L) {
  return thr_queue_getnowait(L, check(L));
}

/***
How many items there are, just now.
@function qsize
@treturn integer
*/
static int simple_qsize(lua_State *L) {
  lua_pushinteger(L, thr_queue_size(check(L)));
  return 1;
}

/***
Is there no item, just now?
@function empty
@treturn boolean
*/
static int simple_empty(lua_State *L) {
  lua_pushboolean(L, thr_queue_size(check(L)) == 0);
  return 1;
}

/***
The name that it was given when it was made.
@function get_name
@treturn string or nil, where it has none
*/
static int simple_getname(lua_State *L) {
  return thr_describe_getname(L, check(L)->label);
}

static int simple_tostring(lua_State *L) {
  thr_queue *q = thr_box_use(L, 1, &kind);
  return thr_face_tostring(L, kind.name, q->label, q, thr_queue_size(q), 0,
                           false);
}

void thr_simplequeue_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"put", simple_put},     {"put_nowait", simple_putnowait},
      {"get", simple_get},     {"get_nowait", simple_getnowait},
      {"qsize", simple_qsize}, {"empty", simple_empty},
      {"get_name", simple_getname}, {"__tostring", simple_tostring},
      {NULL, NULL}};
  thr_box_newtype(L, &kind, methods);
  lua_pop(L, 1);
}
