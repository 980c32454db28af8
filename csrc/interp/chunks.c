/* chunks: see chunks.h. */
#include "interp/chunks.h"

#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

#include "bind/blame.h"
#include "os/fault.h"
#include "os/os.h"

/* Const once it is in the list, for good. */
typedef struct chunk {
  char *name, *path, *file;
  char *code;
  size_t size, room;
  struct chunk *next;
} chunk;

static thr_mutex mutex = THR_MUTEX_INIT; /* of the list */
static chunk *first;

static void drop(chunk *c) {
  thr_os_free(c->name);
  thr_os_free(c->path);
  thr_os_free(c->file);
  thr_os_free(c->code);
  thr_os_free(c);
}

static char *copy(const char *s) {
  char *p = thr_os_alloc(strlen(s) + 1);
  return p ? strcpy(p, s) : NULL;
}

static const chunk *find(const char *name, const char *path) {
  thr_mutex_lock(&mutex);
  const chunk *c = first;
  while (c && (strcmp(c->name, name) != 0 || strcmp(c->path, path) != 0))
    c = c->next;
  thr_mutex_unlock(&mutex);
  return c;
}

/* Two threads may add the same one: the younger is found.  It is kept for
** good. */
static void add(chunk *c) {
  thr_fault_hold(-5); /* it, and what it refers to */
  thr_mutex_lock(&mutex);
  c->next = first;
  first = c;
  thr_mutex_unlock(&mutex);
}

static int append(lua_State *L, const void *p, size_t n, void *arg) {
  chunk *c = arg;
  (void)L;
  if (n == 0) return 0; /* Lua 5.5: the end */
  if (c->size + n > c->room) {
    size_t room = 2 * (c->size + n);
    char *code = thr_os_realloc(c->code, room);
    if (!code) return 1;
    c->code = code;
    c->room = room;
  }
  memcpy(c->code + c->size, p, n);
  c->size += n;
  return 0;
}

/* With the module's name, the loader, and the file's name.  Where there is no
** memory, it is not kept. */
static void keep(lua_State *L, const char *path) {
  chunk *c = thr_os_alloc(sizeof(*c));
  if (!c) return;
  c->name = copy(lua_tostring(L, 1));
  c->path = copy(path);
  c->file = copy(lua_tostring(L, 3));
  lua_pushvalue(L, 2);
  bool whole = lua_dump(L, append, c, 0) == 0;
  lua_pop(L, 1);
  if (whole && c->name && c->path && c->file && c->size > 0) add(c);
  else drop(c);
}

static bool is_ours(const char *name) {
  static const char ours[] = "threading";
  size_t n = sizeof(ours) - 1;
  return strncmp(name, ours, n) == 0 && (name[n] == '.' || name[n] == '\0');
}

/* package.path, which stays on the stack; NULL: it is no string. */
static const char *push_path(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, LUA_LOADLIBNAME);
  if (!lua_istable(L, -1)) return NULL;
  lua_getfield(L, -1, "path");
  return lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
}

static int load(lua_State *L, const chunk *c) {
  lua_pushfstring(L, "@%s", c->file);
  if (luaL_loadbufferx(L, c->code, c->size, lua_tostring(L, -1), "b") != LUA_OK)
    return lua_error(L);
  lua_pushstring(L, c->file);
  return 2;
}

/* As the searcher that was there, its upvalue, finds it: the loader and the
** file's name, or a message. */
static int search_file(lua_State *L, bool ours) {
  lua_settop(L, 1);
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_pushvalue(L, 1);
  lua_call(L, 1, 2);
  if (!lua_isfunction(L, 2)) return 2;
  const char *path = ours ? push_path(L) : NULL;
  if (path && lua_type(L, 3) == LUA_TSTRING) keep(L, path);
  lua_settop(L, 3);
  return 2;
}

static int search(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  bool ours = is_ours(name);
  const char *path = ours ? push_path(L) : NULL;
  const chunk *c = path ? find(name, path) : NULL;
  return c ? load(L, c) : search_file(L, ours);
}

static void lock(void) { thr_mutex_lock(&mutex); }
static void unlock(void) { thr_mutex_unlock(&mutex); }

void thr_chunks_open(lua_State *L) {
  static bool forks; /* thr_os_atfork's */
  int top = lua_gettop(L);
  if (thr_os_atfork(&forks, lock, unlock, unlock) != 0)
    thr_blame_error(L, "not enough memory");
  lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, LUA_LOADLIBNAME);
  if (lua_getfield(L, -1, "searchers") == LUA_TTABLE) {
    lua_rawgeti(L, -1, 2);
    lua_pushcclosure(L, search, 1);
    lua_rawseti(L, -2, 2);
  }
  lua_settop(L, top);
}
