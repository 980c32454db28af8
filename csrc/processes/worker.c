/* worker: see worker.h. */
#include "processes/worker.h"

#include <lauxlib.h>
#include <string.h>

#include "bind/blame.h"
#include "bind/box.h"
#include "bind/self.h"
#include "cross/codec.h"
#include "io/process.h"
#include "os/child.h"
#include "os/dl.h"
#include "os/tuning.h"
#include "processes/flat.h"
#include "processes/link.h"
#include "processes/portable.h"

struct thr_worker {
  thr_link link;
  thr_child child;
  int64_t pid;   /* const: of the child, also when that has ended */
  int64_t owner; /* const: the process that has started it; a fork of that
                    must not end it */
};

static bool is_own(const thr_worker *w) {
  return w->owner == thr_os_processid();
}

/* Ends it, without a wait. */
static void abandon(thr_worker *w) {
  thr_link_close(&w->link);
  if (!is_own(w)) return;
  thr_child_end(&w->child);
  thr_child_disown(&w->child);
}

static void unref(void *w) {
  abandon(w);
  thr_os_free(w);
}

static const thr_kind kind = {.name = "threading.process", .unref = unref};

thr_worker *thr_worker_check(lua_State *L, int idx) {
  return thr_box_use(L, idx, &kind);
}

/* --- its beginning --- */

/* Returns 0 or errno. */
static int start(thr_worker *w, char *const argv[]) {
  int fd[2];
  int err = thr_os_socketpair(fd);
  if (err != 0) return err;
  err = thr_link_open(&w->link, fd[0]);
  if (err != 0) thr_os_close(fd[0]);
  else err = thr_child_work(&w->child, argv, fd[1]);
  thr_os_close(fd[1]);
  w->pid = w->child.pid;
  return err;
}

int thr_worker_start(lua_State *L) {
  char **argv = thr_process_checkargv(L, 1);
  thr_box *box = thr_box_new(L, &kind);
  thr_worker *w = thr_os_alloc(sizeof(*w));
  if (!w) return thr_blame_error(L, "not enough memory");
  thr_link_init(&w->link);
  w->child = THR_NO_CHILD;
  w->owner = thr_os_processid();
  thr_box_fill(box, &kind, w);
  int err = start(w, argv);
  if (err == 0) return 1;
  lua_pushnil(L);
  lua_pushstring(L, strerror(err));
  return 2;
}

/* --- its end --- */

/* Pushes how a process of this status has ended. */
static void push_end(lua_State *L, const thr_worker *w, int status) {
  const char *name;
  int signal = thr_child_signal(status, &name);
  if (signal != 0)
    lua_pushfstring(L, "worker process %d was ended by signal %d (%s)",
                    (int)w->pid, signal, name);
  else if (status == -1)
    lua_pushfstring(L, "worker process %d has ended", (int)w->pid);
  else
    lua_pushfstring(L, "worker process %d has ended with exit status %d",
                    (int)w->pid, thr_child_exitcode(status));
}

/* Waits for it; what is asked of the thread raises, and ends it at once. */
static int wait_end(lua_State *L, thr_worker *w, int64_t deadline,
                    int *status) {
  *status = -1;
  if (w->child.pid == 0 || !is_own(w)) return 1;
  int r = thr_process_waitend(L, thr_self(L), &w->child, deadline, status);
  if (r >= 0) return r;
  abandon(w);
  return lua_error(L);
}

/* It has closed its end, as all that end do; or has lost it in some way, and
** may go on for ever. */
static void push_gone(lua_State *L, thr_worker *w) {
  int status;
  thr_link_close(&w->link);
  int64_t deadline = thr_os_monotonic() + THR_WORKER_GRACE;
  if (wait_end(L, w, deadline, &status) != 0) {
    push_end(L, w, status);
    return;
  }
  thr_child_end(&w->child);
  wait_end(L, w, THR_FOREVER, &status);
  lua_pushfstring(L, "worker process %d has closed its connection",
                  (int)w->pid);
}

/* It speaks another language. */
static void push_broken(lua_State *L, thr_worker *w, const char *why) {
  int status;
  thr_link_close(&w->link);
  if (is_own(w)) thr_child_end(&w->child);
  wait_end(L, w, THR_FOREVER, &status);
  lua_pushfstring(L, "worker process %d was ended: %s", (int)w->pid, why);
}

/* --- calls --- */

bool thr_worker_ask(lua_State *L, thr_worker *w, const thr_message *call,
                    thr_message **answer, bool *unsent) {
  *unsent = false;
  switch (thr_link_exchange(L, &w->link, call, answer, "worker process")) {
    case THR_LINK_DONE: return true;
    case THR_LINK_UNSENT: *unsent = true; break;
    case THR_LINK_ENDED: push_gone(L, w); break;
    case THR_LINK_DAMAGED:
      push_broken(L, w, "what it has sent is no message");
      break;
    case THR_LINK_NOMEMORY:
      push_broken(L, w, "not enough memory for its message");
      break;
    case THR_LINK_RAISED:
      abandon(w);
      lua_error(L);
      break;
  }
  return false;
}

static int worker_ask(lua_State *L) {
  thr_worker *w = thr_worker_check(L, 1);
  const char *names = luaL_checkstring(L, 2);
  thr_message *answer;
  bool unsent;
  thr_codec_push(L, thr_portable_encode, 3, lua_gettop(L) - 2, names);
  const thr_message *call = thr_codec_check(L, lua_gettop(L));
  if (thr_worker_ask(L, w, call, &answer, &unsent))
    return thr_flat_decode(L, answer);
  if (unsent) push_gone(L, w);
  lua_pushnil(L);
  lua_insert(L, -2);
  return 2;
}

/* Where the wait is given up, what is asked of the thread is raised. */
static int worker_finish(lua_State *L) {
  thr_worker *w = thr_worker_check(L, 1);
  int status;
  if (w->link.fd >= 0) thr_os_endsending(w->link.fd);
  wait_end(L, w, THR_FOREVER, &status);
  thr_link_close(&w->link);
  return 0;
}

int thr_worker_executable(lua_State *L) {
  char path[4096];
  bool known = thr_os_executable(path, sizeof(path));
  lua_pushstring(L, known ? path : NULL);
  return 1;
}

int thr_worker_library(lua_State *L) {
  static const char here = 0;
  lua_pushstring(L, thr_os_libraryof(&here));
  return 1;
}

void thr_worker_open(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"ask", worker_ask}, {"finish", worker_finish}, {NULL, NULL}};
  thr_box_newtype(L, &kind, methods);
  lua_pop(L, 1);
}
