/* passed: see passed.h. */
#include "socket/passed.h"

#include <errno.h>
#include <lauxlib.h>
#include <limits.h>
#include <string.h>

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/box.h"
#include "os/os.h"

/* One box, or message, has it; gil: that of who has it. */
typedef struct {
  int fd; /* -1: taken */
} passed;

static void drop(passed *p) {
  if (p->fd >= 0) thr_os_close(p->fd);
  p->fd = -1;
}

static void unref(void *obj) {
  drop(obj);
  thr_os_free(obj);
}

/* NULL with errno. */
static passed *duplicate(int fd) {
  passed *p = thr_os_alloc(sizeof(*p));
  if (!p) errno = ENOMEM;
  if (!p) return NULL;
  p->fd = thr_os_duplicate(fd);
  if (p->fd >= 0) return p;
  int err = errno;
  thr_os_free(p);
  errno = err;
  return NULL;
}

static void *ref(void *obj) { return duplicate(((passed *)obj)->fd); }

static const thr_kind kind = {
    .name = "threading.descriptor", .unref = unref, .ref = ref,
    .stays = "it is closed, or no more of them can be open"};

int thr_passed_duplicate(lua_State *L) {
  int fd = (int)thr_args_integer(L, 1, "fd", 0, INT_MAX);
  thr_box *box = thr_box_new(L, &kind);
  passed *p = duplicate(fd);
  if (p) {
    thr_box_fill(box, &kind, p);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, strerror(errno));
  return 2;
}

static int descriptor_take(lua_State *L) {
  passed *p = thr_box_check(L, 1, &kind);
  if (p->fd < 0) return thr_blame_error(L, "it was taken already");
  lua_pushinteger(L, p->fd);
  p->fd = -1;
  return 1;
}

void thr_passed_drop(lua_State *L, int idx) {
  passed *p = thr_box_test(L, idx, &kind);
  if (p) drop(p);
}

void thr_passed_open(lua_State *L) {
  static const luaL_Reg methods[] = {{"take", descriptor_take}, {NULL, NULL}};
  thr_box_newtype(L, &kind, methods);
  lua_pop(L, 1);
}
