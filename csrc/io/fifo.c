/* fifo: see fifo.h. */
#include "io/fifo.h"

#include <string.h>

#include "bind/aside.h"
#include "bind/blame.h"
#include "bind/pending.h"
#include "bind/replace.h"
#include "bind/self.h"
#include "os/stdio.h"

typedef struct {
  thr_aside aside;
  bool reads;
  int fd; /* the end that is wanted; -1: it cannot be had */
  char name[];
} fifo;

static void await(thr_aside *a) {
  fifo *f = (fifo *)a;
  f->fd = thr_os_awaitfifo(f->name, f->reads);
}

static void close_end(int fd) {
  if (fd >= 0) thr_os_close(fd);
}

static void free_fifo(thr_aside *a) {
  close_end(((fifo *)a)->fd);
  thr_os_free(a);
}

static fifo *new_fifo(lua_State *L, const char *name, bool reads) {
  size_t size = strlen(name) + 1;
  fifo *f = thr_os_alloc(sizeof(*f) + size);
  if (!f) {
    thr_blame_error(L, "not enough memory");
    return NULL;
  }
  thr_aside_init(&f->aside, await, free_fifo, "file");
  f->aside.can_stop = true;
  f->reads = reads;
  f->fd = -1;
  memcpy(f->name, name, size);
  return f;
}

/* Protected, for what is held is to be let go. */
static int call_original(lua_State *L) {
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_insert(L, 1);
  return lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0);
}

static int open_waiting(lua_State *L, thr_tstate *ts, bool reads) {
  fifo *f = new_fifo(L, lua_tostring(L, 1), reads);
  int status = LUA_ERRRUN;
  if (thr_aside_run(L, ts, &f->aside, THR_FOREVER) == 1) {
    int other = f->fd < 0 ? -1 : thr_os_tryfifo(f->name, !reads);
    status = call_original(L);
    close_end(other);
  }
  thr_aside_drop(&f->aside);
  return status == LUA_OK ? lua_gettop(L) : lua_error(L);
}

static int open_standard(lua_State *L, bool reads) {
  if (lua_type(L, 1) != LUA_TSTRING || !thr_os_isfifo(lua_tostring(L, 1)))
    return thr_replace_original(L);
  thr_tstate *ts = thr_self_here(L);
  if (!ts) return thr_replace_original(L);
  thr_pending_checkown(L, ts);
  return open_waiting(L, ts, reads);
}

/* With "+" it is opened for both, and does not wait. */
static bool is_one_way(const char *mode) {
  return *mode && strchr("rwa", *mode) &&
         strspn(mode + 1, "b") == strlen(mode + 1);
}

int thr_fifo_open(lua_State *L) {
  const char *mode = lua_isnoneornil(L, 2)          ? "r"
                     : lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2)
                                                     : "";
  if (!is_one_way(mode)) return thr_replace_original(L);
  return open_standard(L, *mode == 'r');
}

int thr_fifo_input(lua_State *L) { return open_standard(L, true); }
int thr_fifo_output(lua_State *L) { return open_standard(L, false); }
int thr_fifo_original(lua_State *L) { return open_standard(L, true); }
