/* portable: see portable.h. */
#include "processes/portable.h"

#include <lauxlib.h>
#include <string.h>

#include "bind/box.h"
#include "cross/encode.h"
#include "cross/refusal.h"
#include "data/array.h"
#include "socket/passed.h"

/* --- what to do instead --- */

typedef struct {
  const char *type, *instead;
} advice;

/* Of types whose names begin so; the first counts. */
static const advice advices[] = {
    {"threading.Value", "a process has its own; pass its value, or share an "
                        "Array { shared = true }"},
    {"threading.Thread", "start a thread there"},
    {"threading.Timer", "start a timer there"},
    {"threading.Local", "it is of the threads here; pass what is in it"},
    {"threading.message", "its values are of this process"},
    {"threading.socket", "pass host and port, and connect there"},
    {"threading.", "a process has its own; let the call return what is to be "
                   "known here"},
    {"FILE*", "pass its name, and open it there"},
    {"tcp{", "pass host and port, and connect there"},
    {"udp{", "pass host and port, and connect there"},
    {"", "make it there"}};

static int refuse(thr_encoder *e, const char *type) {
  const advice *a = advices;
  while (strncmp(a->type, type, strlen(a->type)) != 0) a++;
  return thr_refusal_because(e, type, a->instead);
}

/* What the metatable of the value at idx says of itself; NULL: nothing. */
static const char *name_of(lua_State *L, int idx) {
  if (!lua_checkstack(L, LUA_MINSTACK)) return NULL;
  int type = luaL_getmetafield(L, idx, "__name");
  const char *name = type == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
  if (type != LUA_TNIL) lua_pop(L, 1); /* it stays in the metatable */
  return name;
}

/* --- values --- */

/* A socket has crossed as far as to its descriptor. */
static void check_userdata(thr_encoder *e, int idx) {
  const thr_kind *kind = thr_box_kind(e->L, idx);
  if (thr_array_test(e->L, idx) || thr_encode_ismade(e, idx)) return;
  if (kind && strcmp(kind->name, "threading.descriptor") == 0) {
    thr_passed_drop(e->L, idx);
    refuse(e, "threading.socket");
  }
  const char *name = kind ? kind->name : name_of(e->L, idx);
  refuse(e, name ? name : "userdata");
}

/* Threads and the like are tables. */
static void check_table(thr_encoder *e, int idx) {
  const char *name = name_of(e->L, idx);
  if (name && strncmp(name, "threading.", 10) == 0 &&
      !thr_encode_ismade(e, idx))
    refuse(e, name);
}

static void put_value(thr_encoder *e, int idx, int depth) {
  switch (lua_type(e->L, idx)) {
    case LUA_TUSERDATA: check_userdata(e, idx); break;
    case LUA_TTABLE: check_table(e, idx); break;
    case LUA_TLIGHTUSERDATA:
      thr_refusal_because(e, "a light userdata",
                          "a pointer means nothing in another process");
      break;
    default: break;
  }
  thr_encode_put(e, idx, depth);
}

static void put_far(thr_encoder *e, int idx, int depth) {
  const thr_array *a = lua_type(e->L, idx) == LUA_TUSERDATA
                           ? thr_array_test(e->L, idx) : NULL;
  if (a && a->block)
    thr_refusal_because(e, "a shared Array", "it is of one machine; pass what "
                        "a:copy() returns, or what the call needs of it");
  put_value(e, idx, depth);
}

thr_message *thr_portable_encode(lua_State *L, int first, int n,
                                 const char *what) {
  return thr_encode_by(L, first, n, what, put_value);
}

thr_message *thr_portable_encodefar(lua_State *L, int first, int n,
                                    const char *what) {
  return thr_encode_by(L, first, n, what, put_far);
}
