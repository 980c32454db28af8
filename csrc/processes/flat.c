/* flat: see flat.h. */
#include "processes/flat.h"

#include <lauxlib.h>
#include <string.h>

#include "bind/blame.h"
#include "cross/decode.h"
#include "processes/portable.h"

thr_flathead thr_flat_head(const thr_message *m) {
  return (thr_flathead){THR_FLAT_MAGIC, m->nvalues, m->nshares, m->refers,
                        m->size};
}

thr_flatentry thr_flat_entry(const thr_message *m, uint32_t i) {
  const thr_array *a = m->shares[i].obj;
  return (thr_flatentry){a->n, a->type, a->block != NULL};
}

bool thr_flat_isgood(const thr_flathead *head) {
  return head->magic == THR_FLAT_MAGIC && head->size < PTRDIFF_MAX;
}

thr_array *thr_flat_array(const thr_flatentry *entry) {
  if (entry->type >= THR_NELEM || entry->n > SIZE_MAX || entry->shared)
    return NULL;
  return thr_array_new((thr_elem)entry->type, (size_t)entry->n);
}

thr_message *thr_flat_message(const thr_flathead *head, unsigned char **bytes,
                              const thr_share *shares) {
  thr_message *m =
      thr_message_new(bytes, (size_t)head->size, shares, head->nshares);
  if (!m) return NULL;
  m->nvalues = head->nvalues;
  m->refers = head->refers != 0;
  return m;
}

void thr_flat_account(lua_State *L, const thr_message *m) {
  size_t bytes = 0;
  for (uint32_t i = 0; i < m->nshares; i++)
    bytes += thr_flat_elements(m->shares[i].obj);
  if (bytes > 0) thr_array_account(L, bytes);
}

int thr_flat_decode(lua_State *L, thr_message *m) {
  thr_flat_account(L, m);
  return thr_decode_last(L, m);
}

/* --- the Lua face --- */

static void add_elements(luaL_Buffer *b, const thr_array *a) {
  if (a->n > 0) luaL_addlstring(b, a->data, thr_flat_elements(a));
}

static size_t size_of(const thr_message *m) {
  size_t n = sizeof(thr_flathead) + m->size;
  for (uint32_t i = 0; i < m->nshares; i++)
    n += sizeof(thr_flatentry) + thr_flat_elements(m->shares[i].obj);
  return n;
}

/* Pushes the string. */
static void push_flat(lua_State *L, const thr_message *m) {
  luaL_Buffer b;
  thr_flathead head = thr_flat_head(m);
  luaL_buffinitsize(L, &b, size_of(m));
  luaL_addlstring(&b, (const char *)&head, sizeof(head));
  for (uint32_t i = 0; i < m->nshares; i++) {
    thr_flatentry entry = thr_flat_entry(m, i);
    luaL_addlstring(&b, (const char *)&entry, sizeof(entry));
  }
  luaL_addlstring(&b, (const char *)m->bytes, m->size);
  for (uint32_t i = 0; i < m->nshares; i++)
    add_elements(&b, m->shares[i].obj);
  luaL_pushresult(&b);
}

static int push_protected(lua_State *L) {
  push_flat(L, lua_touserdata(L, 1));
  return 1;
}

int thr_flat_pack(lua_State *L) {
  const char *names = luaL_checkstring(L, 1);
  thr_message *m = thr_portable_encodefar(L, 2, lua_gettop(L) - 1, names);
  lua_settop(L, 0);
  lua_pushcfunction(L, push_protected);
  lua_pushlightuserdata(L, m);
  int status = lua_pcall(L, 1, 1, 0);
  thr_message_free(m);
  return status == LUA_OK ? 1 : lua_error(L);
}

/* --- back --- */

typedef struct {
  const unsigned char *at, *end;
} reader;

/* NULL: there are not so many. */
static const void *take(reader *r, size_t n) {
  const unsigned char *at = r->at;
  if (!at || (size_t)(r->end - at) < n) return NULL;
  r->at += n;
  return at;
}

static bool take_into(reader *r, void *to, size_t n) {
  const void *from = take(r, n);
  if (from && n > 0) memcpy(to, from, n);
  return from != NULL;
}

/* The Arrays, in a block with room for them; stops at one that is damaged, or
** for which there is no memory. */
static uint32_t take_arrays(reader *entries, reader *elements, uint32_t n,
                            thr_share *shares) {
  uint32_t i = 0;
  for (; i < n; i++) {
    thr_flatentry entry;
    if (!take_into(entries, &entry, sizeof(entry)) ||
        entry.n > (size_t)(elements->end - elements->at))
      break;
    thr_array *a = thr_flat_array(&entry);
    if (!a) break;
    shares[i] = (thr_share){&thr_array_kind, a};
    if (!take_into(elements, a->data, thr_flat_elements(a))) {
      thr_array_unref(a);
      break;
    }
  }
  return i;
}

static void drop(thr_share *shares, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) shares[i].kind->unref(shares[i].obj);
}

/* NULL: it is damaged, or there is no memory. */
static thr_message *read_flat(const void *p, size_t size) {
  reader r = {p, (const unsigned char *)p + size}, entries;
  thr_flathead head;
  thr_message *m = NULL;
  if (!take_into(&r, &head, sizeof(head)) || !thr_flat_isgood(&head) ||
      head.nshares > size / sizeof(thr_flatentry))
    return NULL;
  entries = r;
  if (!take(&r, head.nshares * sizeof(thr_flatentry))) return NULL;
  const unsigned char *bytes = take(&r, (size_t)head.size);
  if (!bytes) return NULL;
  unsigned char *copy = thr_os_realloc(NULL, (size_t)head.size + 1);
  thr_share *shares =
      thr_os_realloc(NULL, head.nshares * sizeof(*shares) + 1);
  if (copy && shares) {
    memcpy(copy, bytes, (size_t)head.size);
    uint32_t n = take_arrays(&entries, &r, head.nshares, shares);
    if (n == head.nshares && r.at == r.end)
      m = thr_flat_message(&head, &copy, shares);
    if (!m) drop(shares, n);
  }
  thr_os_free(shares);
  thr_os_free(copy);
  return m;
}

int thr_flat_unpack(lua_State *L) {
  size_t size;
  const char *s = luaL_checklstring(L, 1, &size);
  thr_message *m = read_flat(s, size);
  if (!m)
    return thr_blame_error(L, "a message is damaged, or there is not enough "
                           "memory for it");
  return thr_flat_decode(L, m);
}
