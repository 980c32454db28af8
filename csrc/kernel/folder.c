/* folder: see folder.h. */
#include "kernel/folder.h"

#include <errno.h>
#include <lauxlib.h>
#include <string.h>

#include "bind/finaliser.h"
#include "os/dl.h"
#include "os/folders.h"

static const char *const name = "threading.folder"; /* metatable */

#define MAX_FILE ((size_t)1 << 30)

/* A new folder that is to be removed knows the one that it is in, and its name
** there.  The descriptors are -1 where there is none. */
typedef struct {
  int fd;
  int file; /* in it, which was read last */
  int parent;
  char name[THR_MAX_UNIQUE];
} folder;

/* What a kernel's folder may hold. */
static const char *const contents[] = {"kernel.c", "kernel.d", "kernel.so",
                                       "record", "sealed.so"};

static int failed(lua_State *L, int err) {
  lua_pushnil(L);
  lua_pushstring(L, strerror(err));
  return 2;
}

static int done(lua_State *L, int err) {
  if (err != 0) return failed(L, err);
  lua_pushboolean(L, 1);
  return 1;
}

static folder *check(lua_State *L, int arg) {
  return luaL_checkudata(L, arg, name);
}

static void close_one(int *fd) {
  if (*fd >= 0) thr_os_close(*fd);
  *fd = -1;
}

static void clear(folder *f) {
  for (size_t i = 0; i < sizeof(contents) / sizeof(*contents); i++)
    thr_os_removefile(f->fd, contents[i]);
  thr_os_removefolder(f->parent, f->name);
}

static int folder_close(lua_State *L) {
  folder *f = check(L, 1);
  if (f->parent >= 0) clear(f);
  close_one(&f->file);
  close_one(&f->fd);
  close_one(&f->parent);
  return 0;
}

static int folder_gc(lua_State *L) {
  thr_finaliser_enter(L);
  return folder_close(L);
}

static folder *push_new(lua_State *L) {
  folder *f = lua_newuserdatauv(L, sizeof(*f), 0);
  f->fd = f->file = f->parent = -1;
  luaL_setmetatable(L, name);
  return f;
}

int thr_folder_find(lua_State *L) {
  const char *path = luaL_checkstring(L, 1);
  bool make = lua_toboolean(L, 2);
  folder *f = push_new(L);
  thr_osway *way = lua_newuserdatauv(L, sizeof(*way), 0);
  int err = thr_os_openfolder(path, make, &f->fd, way);
  if (err == 0) {
    lua_pushvalue(L, -2);
    lua_pushstring(L, way->path);
    return 2;
  }
  lua_pushnil(L);
  if (way->shared)
    lua_pushfstring(L, "other users can write to %s, or own it", way->path);
  else
    lua_pushfstring(L, "%s: %s", path, strerror(err));
  return 2;
}

int thr_folder_isprivate(lua_State *L) {
  lua_pushboolean(L, thr_os_isprivate(check(L, 1)->fd));
  return 1;
}

int thr_folder_unique(lua_State *L) {
  folder *in = check(L, 1);
  const char *path = luaL_checkstring(L, 2);
  folder *f = push_new(L);
  int parent = thr_os_duplicate(in->fd);
  int err = parent < 0 ? EMFILE : thr_os_makeunique(parent, f->name, &f->fd);
  if (err == 0) f->parent = parent;
  else if (parent >= 0) thr_os_close(parent);
  if (err != 0) return failed(L, err);
  lua_pushfstring(L, "%s/%s", path, f->name);
  return 2;
}

int thr_folder_read(lua_State *L) {
  folder *f = check(L, 1);
  const char *file = luaL_checkstring(L, 2);
  luaL_Buffer b;
  size_t size;
  close_one(&f->file);
  int err = thr_os_openfile(f->fd, file, &f->file, &size);
  if (err == 0 && size > MAX_FILE) err = EFBIG;
  if (err != 0) return failed(L, err);
  char *to = luaL_buffinitsize(L, &b, size);
  err = thr_os_readfile(f->file, to, size);
  if (err != 0) return failed(L, err);
  luaL_pushresultsize(&b, size);
  return 1;
}

int thr_folder_load(lua_State *L) {
  const char *why = NULL;
  void *object = thr_os_load(check(L, 1)->file, luaL_checkstring(L, 2), &why);
  if (object) {
    lua_pushlightuserdata(L, object);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, why);
  return 2;
}

int thr_folder_write(lua_State *L) {
  folder *f = check(L, 1);
  size_t size;
  int file;
  const char *text = luaL_checklstring(L, 3, &size);
  int err = thr_os_makefile(f->fd, luaL_checkstring(L, 2), &file);
  if (err != 0) return failed(L, err);
  err = thr_os_writefile(file, text, size);
  thr_os_close(file);
  return done(L, err);
}

int thr_folder_move(lua_State *L) {
  return done(L, thr_os_movefile(check(L, 1)->fd, luaL_checkstring(L, 2),
                                 check(L, 3)->fd, luaL_checkstring(L, 4)));
}

int thr_folder_state(lua_State *L) {
  thr_osstate s = thr_os_filestate(luaL_checkstring(L, 1));
  bool there = s.inode != 0 || s.changed != 0;
  lua_pushlstring(L, (const char *)&s, there ? sizeof(s) : 0);
  lua_pushinteger(L, s.changed > s.modified ? s.changed : s.modified);
  return 2;
}

/* Each step can be undone: texts that differ in one word differ in their sums.
** By words, as bytes of an object with its source would take a third of the
** time in which it is found. */
int thr_folder_checksum(lua_State *L) {
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  uint64_t h = n;
  for (size_t i = 0; i < n; i += sizeof(h)) {
    uint64_t word = 0;
    memcpy(&word, text + i, n - i < sizeof(word) ? n - i : sizeof(word));
    h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    h ^= h >> 32;
  }
  lua_pushinteger(L, (lua_Integer)h);
  return 1;
}

void thr_folder_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"__close", folder_close}, {"__gc", folder_gc}, {NULL, NULL}};
  luaL_newmetatable(L, name);
  luaL_setfuncs(L, methods, 0);
  lua_pushboolean(L, false);
  lua_setfield(L, -2, "__metatable");
  lua_pop(L, 1);
}
