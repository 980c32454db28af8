/* encoder: see encoder.h. */
#include "cross/encoder.h"

#include <string.h>

#include "bind/blame.h"
#include "bind/box.h"
#include "bind/self.h"
#include "os/tuning.h"

static const char key_encoder = 0; /* registry: the box that is used next */

static void clear_shares(thr_encoder *e) {
  while (e->nshares > 0) {
    thr_share *s = &e->shares[--e->nshares];
    s->kind->unref(s->obj);
  }
}

void thr_encoder_clear(thr_encoder *e) {
  clear_shares(e);
  thr_seen_clear(&e->seen);
  e->n = e->objects = e->nlater = e->nparts = 0;
  e->refers = false;
  e->step = NULL;
}

static void unref(void *obj) {
  thr_encoder *e = obj;
  clear_shares(e);
  thr_seen_free(&e->seen);
  thr_byname_free(&e->names);
  thr_os_free(e->bytes);
  thr_os_free(e->shares);
  thr_os_free(e->later);
  thr_os_free(e->parts);
  thr_os_free(e);
}

static const thr_kind kind = {.name = "threading.encoder", .unref = unref};

/* With nil or another box on top of the stack, in whose place it comes. */
static thr_encoder *push_new(lua_State *L) {
  lua_pop(L, 1);
  thr_box_needtype(L, &kind);
  thr_box *box = thr_box_new(L, &kind);
  thr_encoder *e = thr_os_alloc(sizeof(*e));
  if (!e) thr_blame_error(L, "not enough memory");
  thr_box_fill(box, &kind, e);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_encoder);
  return e;
}

thr_encoder *thr_encoder_begin(lua_State *L) {
  luaL_checkstack(L, LUA_MINSTACK, "too many values");
  int base = lua_gettop(L);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &key_encoder);
  const thr_box *box = lua_touserdata(L, -1);
  thr_encoder *e = box && box->kind ? box->obj : NULL;
  if (!e || e->busy) e = push_new(L);
  lua_pushnil(L);
  e->busy = true;
  e->L = L;
  e->base = base;
  return e;
}

/* The block of an array, unless it is large: then it is freed. */
static void *keep_small(void *block, uint32_t *room) {
  if (*room <= THR_SEEN_KEPT) return block;
  thr_os_free(block);
  *room = 0;
  return NULL;
}

/* Memory that a large message has needed is not kept. */
static void shrink(thr_encoder *e) {
  if (e->room > THR_ENCODER_KEPT) {
    thr_os_free(e->bytes);
    e->bytes = NULL;
    e->room = 0;
  }
  e->shares = keep_small(e->shares, &e->shares_room);
  e->later = keep_small(e->later, &e->later_room);
  e->parts = keep_small(e->parts, &e->parts_room);
}

void thr_encoder_end(thr_encoder *e) {
  thr_encoder_clear(e);
  shrink(e);
  lua_settop(e->L, e->base);
  e->busy = false;
}

int thr_encoder_nomemory(const thr_encoder *e) {
  return thr_blame_error(e->L, "not enough memory for a message");
}

unsigned char *thr_encoder_grow(thr_encoder *e, size_t n) {
  size_t room = e->room + e->room / 2 + THR_FIRST_MESSAGE;
  if (n > SIZE_MAX / 4 || e->n > SIZE_MAX / 4) thr_encoder_nomemory(e);
  if (room < e->n + n) room = e->n + n;
  unsigned char *bytes = thr_os_realloc(e->bytes, room);
  if (!bytes) {
    thr_encoder_nomemory(e);
    return NULL;
  }
  e->bytes = bytes;
  e->room = room;
  return bytes + e->n;
}

void *thr_encoder_more(const thr_encoder *e, void *block, uint32_t n,
                       uint32_t *room, size_t size) {
  if (n < *room) return block;
  if (n > UINT32_MAX / 4 || n > SIZE_MAX / 4 / size) thr_encoder_nomemory(e);
  uint32_t more = 2 * n + 8;
  block = thr_os_realloc(block, more * size);
  if (!block) thr_encoder_nomemory(e);
  *room = more;
  return block;
}

uint32_t thr_encoder_newobject(thr_encoder *e, const void *address) {
  if (!thr_seen_add(&e->seen,
                    (thr_sighting){address, e->n, e->objects, 0}))
    thr_encoder_nomemory(e);
  return e->objects++;
}

/* Is the object in a class that is complete? */
static bool is_inside(const thr_classpart *part, uint32_t number) {
  return number > part->first && number < part->end;
}

void thr_encoder_refer(thr_encoder *e, const thr_sighting *to) {
  e->bytes[to->at] |= THR_FLAG_REFERRED;
  e->refers = true;
  for (uint32_t i = 0; i < e->nparts; i++)
    if (is_inside(&e->parts[i], to->number)) e->bytes[e->parts[i].at] = 1;
}

/* A name inside of a class is not referred to from outside, where the class may
** be passed over, but put again. */
static bool put_nameagain(thr_encoder *e, thr_sighting *seen) {
  unsigned tag = e->bytes[seen->at] & THR_TAG_MASK;
  bool inside = false;
  if (tag != THR_TAG_MODULE && tag != THR_TAG_FIELD && tag != THR_TAG_GLOBALS)
    return false;
  for (uint32_t i = 0; i < e->nparts; i++)
    inside |= is_inside(&e->parts[i], seen->number);
  if (!inside) return false;
  size_t n = 1;
  if (tag != THR_TAG_GLOBALS) n += 1 + e->bytes[seen->at + 1];
  if (tag == THR_TAG_FIELD) n += 1 + e->bytes[seen->at + n];
  unsigned char *to = thr_encoder_room(e, n);
  memcpy(to, e->bytes + seen->at, n);
  *to = (unsigned char)tag;
  seen->at = e->n;
  seen->number = e->objects++;
  e->n += n;
  return true;
}

bool thr_encoder_again(thr_encoder *e, const void *address) {
  thr_sighting *seen = thr_seen_find(&e->seen, address);
  if (!seen) return false;
  if (put_nameagain(e, seen)) return true;
  thr_encoder_refer(e, seen);
  thr_put_byte(e, THR_TAG_REF);
  thr_put_32(e, seen->number);
  return true;
}

/* --- names --- */

static bool refresh(thr_encoder *e, const void *address) {
  unsigned long version = thr_self(e->L)->rt->names;
  bool ok;
  bool changed = thr_byname_refresh(e->L, &e->names, version, address, &ok);
  if (!ok) thr_encoder_nomemory(e);
  return changed;
}

void thr_encoder_names(thr_encoder *e) {
  if (!e->names.is_read || e->names.version != thr_self(e->L)->rt->names)
    refresh(e, NULL);
}

bool thr_encoder_look(thr_encoder *e, const void *address) {
  bool again = thr_byname_isinvain(&e->names, address);
  if (refresh(e, address) && e->n > 0) thr_os_jump(e->again, 1);
  return again;
}

static void put_text(thr_encoder *e, size_t at) {
  const unsigned char *text = e->names.text + at;
  thr_put_bytes(e, text, (size_t)*text + 1);
}

static void put_name(thr_encoder *e, const thr_named *named) {
  if (named->kind == THR_NAMED_GLOBALS) {
    thr_put_byte(e, THR_TAG_GLOBALS);
  } else if (named->kind == THR_NAMED_MODULE) {
    thr_put_byte(e, THR_TAG_MODULE);
    put_text(e, named->module);
  } else {
    thr_put_byte(e, THR_TAG_FIELD);
    put_text(e, named->module);
    put_text(e, named->key);
  }
}

bool thr_encoder_byname(thr_encoder *e, int idx, const void *address,
                        thr_namedkind most) {
  const thr_named *named = thr_byname_find(&e->names, address);
  if (!named || named->kind > most ||
      !thr_byname_leads(e->L, &e->names, named, idx))
    return false;
  thr_encoder_newobject(e, address);
  put_name(e, named);
  return true;
}

bool thr_encoder_reread(thr_encoder *e, int idx, const void *address,
                        thr_namedkind most) {
  e->names.is_read = false;
  thr_encoder_names(e);
  return thr_encoder_byname(e, idx, address, most);
}

void thr_encoder_newclass(thr_encoder *e, const void *address) {
  unsigned long version = thr_self(e->L)->rt->names;
  if (!thr_byname_addclass(&e->names, address)) thr_encoder_nomemory(e);
  if (e->names.version + 1 == version) e->names.version = version;
}

/* --- shares, and what comes later --- */

void thr_encoder_reserveshare(thr_encoder *e) {
  e->shares = thr_encoder_more(e, e->shares, e->nshares, &e->shares_room,
                               sizeof(*e->shares));
}

void thr_encoder_defer(thr_encoder *e, uint32_t number) {
  int list = e->base + 2, value = 0;
  for (const thr_way *s = e->step; s; s = s->before)
    if (s->kind == THR_STEP_VALUE) value = s->number;
  e->later = thr_encoder_more(e, e->later, e->nlater, &e->later_room,
                              sizeof(*e->later));
  if (lua_isnil(e->L, list)) {
    lua_newtable(e->L);
    lua_replace(e->L, list);
  }
  lua_pushvalue(e->L, -1);
  lua_rawseti(e->L, list, (lua_Integer)e->nlater + 1);
  e->later[e->nlater++] = (thr_later){number, value};
  e->refers = true;
}
