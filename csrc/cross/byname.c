/* byname: see byname.h. */
#include "cross/byname.h"

#include <lauxlib.h>
#include <string.h>

#include "bind/self.h"
#include "cross/classes.h"

static const char key_makers = 0; /* registry: metatable -> function */

#define FIRST_ROOM 512
#define MAX_NAME 255
#define MAX_ADDED 4096 /* classes, before all is read again */

static size_t hash(const void *address, size_t room) {
  uint64_t h = (uintptr_t)address >> 4;
  h *= UINT64_C(0x9e3779b97f4a7c15);
  return (size_t)(h >> 32) & (room - 1);
}

static thr_named *slot(thr_named *slots, size_t room, const void *address) {
  size_t i = hash(address, room);
  while (slots[i].address && slots[i].address != address)
    i = (i + 1) & (room - 1);
  return &slots[i];
}

const thr_named *thr_byname_search(const thr_byname *b, const void *address) {
  const thr_named *found = slot(b->slots, b->room, address);
  return found->address ? found : NULL;
}

void thr_byname_free(thr_byname *b) {
  thr_os_free(b->slots);
  thr_os_free(b->text);
  *b = (thr_byname){0};
}

/* --- reading --- */

static bool grow(thr_byname *b) {
  size_t room = b->room ? 2 * b->room : FIRST_ROOM;
  thr_named *slots = thr_os_alloc(room * sizeof(*slots));
  if (!slots) return false;
  for (size_t i = 0; i < b->room; i++)
    if (b->slots[i].address)
      *slot(slots, room, b->slots[i].address) = b->slots[i];
  thr_os_free(b->slots);
  b->slots = slots;
  b->room = room;
  return true;
}

/* Copies a name; returns where it is in the text.  0, where no name is: no
** memory. */
static size_t keep_text(thr_byname *b, const char *s, size_t n) {
  if (b->text_room - b->text_size <= n) {
    size_t room = 2 * b->text_room + n + 1024;
    unsigned char *text = thr_os_realloc(b->text, room);
    if (!text) return 0;
    b->text = text;
    b->text_room = room;
  }
  size_t at = b->text_size;
  b->text[at] = (unsigned char)n;
  memcpy(b->text + at + 1, s, n);
  b->text_size += n + 1;
  return at;
}

/* Of two names of one thing the shorter module, or the lesser, counts: the
** order in which they are met says nothing. */
static bool is_better(const thr_byname *b, const thr_named *was,
                      const thr_named *new) {
  if (new->kind == THR_NAMED_MADE) return true;
  if (was->kind == THR_NAMED_GLOBALS || was->kind == THR_NAMED_MODULE ||
      new->kind == THR_NAMED_COPIED)
    return false;
  if (was->kind == THR_NAMED_COPIED || new->kind == THR_NAMED_MODULE)
    return true;
  const unsigned char *m = b->text + was->module, *n = b->text + new->module;
  return *n != *m ? *n < *m : memcmp(n + 1, m + 1, *n) < 0;
}

static bool add(thr_byname *b, thr_named new) {
  if (!new.address) return true;
  if (b->room < 2 * (b->count + 1) && !grow(b)) return false;
  thr_named *at = slot(b->slots, b->room, new.address);
  if (!at->address) b->count++;
  else if (!is_better(b, at, &new)) return true;
  *at = new;
  return true;
}

/* Those that are gone by now are not read again. */
bool thr_byname_addclass(thr_byname *b, const void *address) {
  if (++b->added > MAX_ADDED) b->is_read = false;
  return add(b, (thr_named){address, 0, 0, THR_NAMED_COPIED});
}

/* Has the table on top of the stack a field that a metatable has? */
static bool is_metatable(lua_State *L) {
  static const char *const names[] = {"__index", "__name", "__call", "__eq",
                                      "__tostring", "__close", "__add"};
  bool is = false;
  for (size_t i = 0; i < sizeof(names) / sizeof(*names) && !is; i++) {
    lua_pushstring(L, names[i]);
    is = lua_rawget(L, -2) != LUA_TNIL;
    lua_pop(L, 1);
  }
  return is;
}

/* What the field on top of the stack, of a module, is; 0: nothing. */
static int field_kind(lua_State *L, bool globals) {
  if (lua_isfunction(L, -1))
    return globals && !lua_iscfunction(L, -1) ? 0 : THR_NAMED_FUNCTION;
  if (!lua_istable(L, -1) || globals) return 0;
  return is_metatable(L) ? THR_NAMED_CLASS : THR_NAMED_TABLE;
}

/* Of the module on top of the stack. */
static bool read_fields(lua_State *L, thr_byname *b, size_t module,
                        bool globals) {
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
    size_t n = 0;
    const char *key = lua_type(L, -2) == LUA_TSTRING
                          ? lua_tolstring(L, -2, &n) : NULL;
    int kind = key && n <= MAX_NAME ? field_kind(L, globals) : 0;
    if (!kind) continue;
    size_t at = keep_text(b, key, n);
    if (!at || !add(b, (thr_named){lua_topointer(L, -1), module, at,
                                   (thr_namedkind)kind}))
      return false;
  }
  return true;
}

/* The module's value is on top of the stack, below it its name. */
static bool read_module(lua_State *L, thr_byname *b) {
  size_t n;
  if (lua_type(L, -2) != LUA_TSTRING) return true;
  const char *name = lua_tolstring(L, -2, &n);
  bool table = lua_istable(L, -1);
  if (n > MAX_NAME || (!table && !lua_isfunction(L, -1))) return true;
  size_t at = keep_text(b, name, n);
  bool globals = strcmp(name, "_G") == 0;
  return at &&
         add(b, (thr_named){lua_topointer(L, -1), at, 0,
                            globals ? THR_NAMED_GLOBALS : THR_NAMED_MODULE}) &&
         (!table || read_fields(L, b, at, globals));
}

static bool read_classes(lua_State *L, thr_byname *b) {
  if (!thr_classes_pushids(L)) return true;
  bool ok = true;
  for (lua_pushnil(L); ok && lua_next(L, -2); lua_pop(L, 1))
    ok = thr_byname_addclass(b, lua_topointer(L, -2));
  return ok;
}

static bool read_makers(lua_State *L, thr_byname *b) {
  bool ok = true;
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key_makers) == LUA_TTABLE)
    for (lua_pushnil(L); ok && lua_next(L, -2); lua_pop(L, 1))
      ok = add(b, (thr_named){lua_topointer(L, -2), 0, 0, THR_NAMED_MADE});
  return ok;
}

static bool read_all(lua_State *L, thr_byname *b) {
  bool ok = keep_text(b, "", 0) == 0 && b->text; /* no name is at 0 */
  if (lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE) == LUA_TTABLE)
    for (lua_pushnil(L); ok && lua_next(L, -2); lua_pop(L, 1))
      ok = read_module(L, b);
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  ok = ok && add(b, (thr_named){lua_topointer(L, -1), 0, 0,
                                THR_NAMED_GLOBALS});
  return ok && read_classes(L, b) && read_makers(L, b);
}

/* Sums up package.loaded, so that a change of it is noticed. */
static void sum_up(lua_State *L, size_t *count, size_t *sum) {
  *count = *sum = 0;
  if (lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE) != LUA_TTABLE)
    return;
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
    ++*count;
    *sum += (size_t)(uintptr_t)lua_topointer(L, -1) ^
            (size_t)(uintptr_t)lua_topointer(L, -2) * 31;
  }
}

bool thr_byname_isinvain(const thr_byname *b, const void *address) {
  return b->in_vain[hash(address, THR_IN_VAIN)] == address;
}

static bool is_current(lua_State *L, thr_byname *b, unsigned long version,
                       const void *address) {
  if (!b->is_read || b->version != version) return false;
  if (!address || thr_byname_isinvain(b, address)) return true;
  b->in_vain[hash(address, THR_IN_VAIN)] = address;
  size_t loaded, sum;
  sum_up(L, &loaded, &sum);
  return loaded == b->loaded && sum == b->sum;
}

bool thr_byname_refresh(lua_State *L, thr_byname *b, unsigned long version,
                        const void *address, bool *ok) {
  int top = lua_gettop(L);
  *ok = lua_checkstack(L, LUA_MINSTACK) != 0;
  if (!*ok) return false;
  bool current = is_current(L, b, version, address);
  if (!current) {
    thr_byname_free(b);
    sum_up(L, &b->loaded, &b->sum);
    *ok = b->is_read = read_all(L, b);
    b->added = 0;
    b->version = version;
  }
  lua_settop(L, top);
  return !current;
}

/* --- asking --- */

static void push_text(lua_State *L, const thr_byname *b, size_t at) {
  lua_pushlstring(L, (const char *)b->text + at + 1, b->text[at]);
}

bool thr_byname_leads(lua_State *L, const thr_byname *b,
                      const thr_named *named, int idx) {
  thr_named it = *named;
  int top = lua_gettop(L);
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  idx = lua_absindex(L, idx);
  if (it.kind == THR_NAMED_GLOBALS) {
    lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  } else {
    lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    push_text(L, b, it.module);
    lua_rawget(L, -2);
    if (it.kind != THR_NAMED_MODULE && lua_istable(L, -1)) {
      push_text(L, b, it.key);
      lua_rawget(L, -2);
    }
  }
  bool leads = lua_rawequal(L, -1, idx);
  lua_settop(L, top);
  return leads;
}

/* --- what is made anew --- */

void thr_byname_setmaker(lua_State *L, int idx) {
  idx = lua_absindex(L, idx);
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key_makers) != LUA_TTABLE) {
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key_makers);
    lua_replace(L, -2);
  }
  lua_insert(L, -2);
  lua_pushvalue(L, idx);
  lua_insert(L, -2);
  lua_rawset(L, -3);
  lua_pop(L, 1);
  thr_self(L)->rt->names++;
}

bool thr_byname_pushmaker(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &key_makers) == LUA_TTABLE) {
    lua_pushvalue(L, -2);
    lua_rawget(L, -2);
    lua_remove(L, -2);
    if (lua_isfunction(L, -1)) return true;
  }
  lua_pop(L, 1);
  return false;
}
