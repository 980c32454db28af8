/* codec: see codec.h. */
#include "cross/codec.h"

#include <lauxlib.h>

#include "bind/blame.h"
#include "bind/box.h"
#include "cross/byname.h"
#include "cross/decode.h"
#include "cross/encode.h"

/* What a box has: messages cross, too, and are shared then. */
typedef struct {
  thr_message *m;   /* const */
  atomic_int refs;  /* atomic */
} held;

static void unref(void *obj) {
  held *h = obj;
  if (atomic_fetch_sub(&h->refs, 1) > 1) return;
  thr_message_free(h->m);
  thr_os_free(h);
}

static void *ref(void *obj) {
  atomic_fetch_add(&((held *)obj)->refs, 1);
  return obj;
}

static const thr_kind kind = {
    .name = "threading.message", .unref = unref, .ref = ref};

void thr_codec_push(lua_State *L, thr_encoding *encode, int first, int n,
                    const char *what) {
  thr_box *box = thr_box_new(L, &kind);
  held *h = thr_os_alloc(sizeof(*h));
  if (!h) {
    thr_blame_error(L, "not enough memory");
    return;
  }
  atomic_init(&h->refs, 1);
  thr_box_fill(box, &kind, h);
  box->used = true;
  h->m = encode(L, first, n, what);
}

const thr_message *thr_codec_check(lua_State *L, int arg) {
  const held *h = thr_box_use(L, arg, &kind);
  if (!h->m) thr_blame_error(L, "the message is empty");
  return h->m;
}

int thr_codec_encode(lua_State *L) {
  thr_codec_push(L, thr_encode, 1, lua_gettop(L), "args[]");
  return 1;
}

int thr_codec_encodeas(lua_State *L) {
  const char *names = luaL_checkstring(L, 1);
  thr_codec_push(L, thr_encode, 2, lua_gettop(L) - 1, names);
  return 1;
}

int thr_codec_decode(lua_State *L) {
  return thr_decode(L, thr_codec_check(L, 1));
}

int thr_codec_madeby(lua_State *L) {
  luaL_checktype(L, 2, LUA_TFUNCTION);
  lua_settop(L, 2);
  if (lua_type(L, 1) == LUA_TSTRING) {
    luaL_getmetatable(L, lua_tostring(L, 1));
    lua_replace(L, 1);
  }
  luaL_checktype(L, 1, LUA_TTABLE);
  thr_byname_setmaker(L, 1);
  return 0;
}

/* message:size() -> bytes */
static int message_size(lua_State *L) {
  const held *h = thr_box_check(L, 1, &kind);
  lua_pushinteger(L, h->m ? (lua_Integer)h->m->size : 0);
  return 1;
}

void thr_codec_open(lua_State *L) {
  static const luaL_Reg methods[] = {{"size", message_size}, {NULL, NULL}};
  thr_box_newtype(L, &kind, methods);
  lua_pop(L, 1);
}
