/* trace: see trace.h. */
#include "trace/trace.h"

#include <lauxlib.h>
#include <string.h>

#include "bind/blame.h"
#include "bind/self.h"
#include "trace/recorder.h"
#include "trace/writer.h"

static int refuse(lua_State *L, const char *why) {
  lua_pushnil(L);
  lua_pushstring(L, why);
  return 2;
}

int thr_trace_start(lua_State *L) {
  const char *file = luaL_checkstring(L, 1);
  const char *ours = thr_blame_folder(L);
  int err = thr_recorder_start(thr_self(L), file, ours ? ours : "");
  if (err < 0) return refuse(L, "a trace is being made already: stop it first");
  if (err != 0)
    return refuse(L, lua_pushfstring(L, "%s: %s", file, strerror(err)));
  lua_pushboolean(L, 1);
  return 1;
}

int thr_trace_stop(lua_State *L) {
  int64_t lost = 0;
  thr_self(L);
  int err = thr_recorder_stop(&lost);
  if (err < 0) return refuse(L, "no trace is being made");
  if (err > 0) return refuse(L, strerror(err));
  lua_pushinteger(L, lost);
  return 1;
}

static bool is_on(const thr_tstate *ts) { return ts->traced && thr_writer_on; }

int thr_trace_ison(lua_State *L) {
  lua_pushboolean(L, is_on(thr_self(L)));
  return 1;
}

int thr_trace_begin(lua_State *L) {
  thr_tstate *ts = thr_self(L);
  if (!is_on(ts)) return 0;
  lua_pushinteger(L, thr_recorder_cut(ts));
  return 1;
}

int thr_trace_span(lua_State *L) {
  const char *name = luaL_checkstring(L, 1);
  int64_t since = luaL_checkinteger(L, 2);
  thr_tstate *ts = thr_self(L);
  if (ts->traced) thr_recorder_span(ts, name, since);
  return 0;
}

int thr_trace_mark(lua_State *L) {
  const char *name = luaL_checkstring(L, 1), *text = luaL_optstring(L, 2, "");
  thr_tstate *ts = thr_self(L);
  const thr_trace_calls *tracer = thr_tstate_tracer(ts);
  if (tracer) tracer->notes(ts, name, text);
  return 0;
}

/* Once: what the program starts is not recorded into the same file. */
int thr_trace_asked(lua_State *L) {
  const char *file = thr_os_getenv("THREADING_TRACE");
  if (!file || !*file) return 0;
  lua_pushstring(L, file);
  thr_os_unsetenv("THREADING_TRACE");
  return 1;
}
