/* waitfd: see waitfd.h. */
#include "io/waitfd.h"

#include <string.h>

#include "bind/args.h"
#include "bind/pending.h"
#include "bind/self.h"
#include "io/descriptor.h"
#include "os/stdio.h"
#include "park/closing.h"

static unsigned check_mode(lua_State *L) {
  if (lua_type(L, 2) != LUA_TSTRING) thr_args_typeerror(L, 2, "mode", "string");
  const char *mode = lua_tostring(L, 2);
  if (strcmp(mode, "r") == 0) return THR_IN;
  if (strcmp(mode, "w") == 0) return THR_OUT;
  if (strcmp(mode, "rw") == 0) return THR_IN | THR_OUT;
  thr_args_error(L, 2, "mode", "must be 'r', 'w' or 'rw'");
  return 0;
}

/* --- the wait --- */

static int refuse(lua_State *L, const char *why) {
  lua_pushnil(L);
  lua_pushstring(L, why);
  return 2;
}

static int ready(lua_State *L, const thr_watch *watch) {
  static const char *const names[] = {NULL, "r", "w", "rw"};
  if (watch->ready == THR_NOFD) return refuse(L, "closed");
  lua_pushboolean(L, 1);
  if (watch->wanted != (THR_IN | THR_OUT)) return 1;
  lua_pushstring(L, names[watch->ready]);
  return 2;
}

/* Is it, without a wait? */
static bool is_ready(const thr_source *s, thr_watch *watch) {
  thr_os_look(watch);
  if (s->buffered && watch->ready != THR_NOFD)
    watch->ready |= watch->wanted & THR_IN;
  return watch->ready != 0;
}

/* Waits once for the value at 1.  How many results; 0: look again. */
static int wait_once(lua_State *L, unsigned wanted, int64_t deadline,
                     bool again) {
  thr_tstate *ts = thr_self(L);
  unsigned closings = thr_closing_count(); /* before the number is read */
  thr_source s = thr_descriptor_check(L, again);
  thr_watch watch = {.fd = s.fd, .wanted = wanted};
  if (s.fd < 0) return refuse(L, "closed");
  if (is_ready(&s, &watch)) return ready(L, &watch);
  if (s.is_file && wanted & THR_IN) thr_os_flushprompt(s.fd);
  thr_tstate_makebell(ts);
  thr_parkresult r = thr_closing_park(ts, &watch, closings, deadline);
  if (r == THR_PARK_READY) return ready(L, &watch);
  if (r == THR_PARK_WOKEN) return refuse(L, "closed");
  if (r == THR_PARK_CHANGED || thr_pending_disturbed(L, ts, r)) return 0;
  return refuse(L, "timeout");
}

int thr_waitfd_waitfd(lua_State *L) {
  unsigned wanted = check_mode(L);
  int64_t deadline = thr_args_deadline(L, 3, "timeout");
  thr_pending_check(L, thr_self(L));
  int n = wait_once(L, wanted, deadline, false);
  while (n == 0) n = wait_once(L, wanted, deadline, true);
  return n;
}
