/*
** module: luaopen_threading__thread, the low-level module.  Registers the
** faces; what it returns is documented in lua/threading/types.lua.
*/
#include <lauxlib.h>
#include <limits.h>
#include <lua.h>
#include <stdio.h>

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/box.h"
#include "bind/cancel.h"
#include "bind/describe.h"
#include "bind/guard.h"
#include "bind/pending.h"
#include "bind/self.h"
#include "bind/shield.h"
#include "bind/unwind.h"
#include "capi/capi.h"
#include "cross/codec.h"
#include "cross/crossqueue.h"
#include "data/array.h"
#include "data/value.h"
#include "explore/apart.h"
#include "explore/explore.h"
#include "future/future.h"
#include "future/workers.h"
#include "gil/gil.h"
#include "gil/rest.h"
#include "interp/equip.h"
#include "interp/interpreter.h"
#include "interp/remote.h"
#include "io/descriptor.h"
#include "io/lookup.h"
#include "io/program.h"
#include "io/prompt.h"
#include "io/readfile.h"
#include "io/selectset.h"
#include "io/stdfile.h"
#include "io/waitfd.h"
#include "kernel/compiled.h"
#include "kernel/folder.h"
#include "kernel/kernel.h"
#include "kernel/toolchain.h"
#include "processes/answer.h"
#include "processes/farmed.h"
#include "processes/flat.h"
#include "processes/worker.h"
#include "queue/queue.h"
#include "queue/simplequeue.h"
#include "socket/await.h"
#include "socket/channel.h"
#include "socket/datagram.h"
#include "socket/passed.h"
#include "socket/stream.h"
#include "state/attach.h"
#include "state/dump.h"
#include "state/handle.h"
#include "state/open.h"
#include "state/require.h"
#include "state/sethook.h"
#include "state/shutdown.h"
#include "sync/atomic.h"
#include "sync/barrier.h"
#include "sync/clock.h"
#include "sync/condition.h"
#include "sync/event.h"
#include "sync/lock.h"
#include "sync/rlock.h"
#include "sync/rwface.h"
#include "sync/semaphore.h"
#include "testing.h"
#include "trace/trace.h"
#include "warn/told.h"

/***
The low-level module.  `threading` is built on it, and programs seldom need it.
@module threading._thread
*/

/***
The longest timeout, in seconds.
@field TIMEOUT_MAX
*/

/***
The number that identifies the calling thread.  Never used twice in a process.
@function get_ident
@treturn integer
*/
static int get_ident(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)thr_self(L)->ident);
  return 1;
}

/***
The kernel's id of the calling thread.
@function get_native_id
@treturn integer
*/
static int get_native_id(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)thr_self(L)->life.native_id);
  return 1;
}

static int cpu_count(lua_State *L) {
  lua_pushinteger(L, thr_os_cpucount());
  return 1;
}

/***
The stack size of threads started later.
@function stack_size
@tparam[opt] integer size bytes, a multiple of the page size, at least
512 KiB; 0 for the system's default
@treturn integer the size before
@raise if the size is not valid
*/
static int stack_size(lua_State *L) {
  thr_runtime *rt = thr_self(L)->rt;
  lua_Integer old = (lua_Integer)rt->stack;
  if (!lua_isnoneornil(L, 1)) {
    lua_Integer n = thr_args_integer(L, 1, "size", 0, LUA_MAXINTEGER);
    bool fits = (lua_Unsigned)n == (size_t)n;
    if (n != 0 && !(fits && thr_os_stackok((size_t)n)))
      return thr_args_error(
          L, 1, "size", "must be 0 or whole pages of at least 512 KiB, got %I",
          (LUAI_UACINT)n);
    rt->stack = (size_t)n;
  }
  lua_pushinteger(L, old);
  return 1;
}

static int getswitchinterval(lua_State *L) {
  int64_t ns = thr_gil_interval(&thr_self(L)->rt->gil);
  lua_pushnumber(L, (lua_Number)ns / 1e9);
  return 1;
}

static int setswitchinterval(lua_State *L) {
  if (lua_type(L, 1) != LUA_TNUMBER)
    thr_args_typeerror(L, 1, "interval", "number of seconds");
  int64_t ns = thr_args_timeout(L, 1, "interval");
  if (ns == THR_FOREVER)
    return thr_args_error(L, 1, "interval", "is too large");
  if (ns == 0)
    return thr_args_error(L, 1, "interval", "must be strictly positive");
  thr_gil_setinterval(&thr_self(L)->rt->gil, ns);
  return 0;
}

/***
Simulates a signal that arrives in the main thread, where SIGINT raises
"interrupted!", also out of a blocking call.  Another signal does nothing where
no handler is installed for it.
@function interrupt_main
@tparam[opt=2] integer signum the number of the signal; 2 is SIGINT
@raise if there is no such signal
*/
/* The main thread is that of the Lua state that the interpreters were made
** from.  The caller holds the lock of another, perhaps. */
static bool interrupt(void *arg, thr_runtime *rt) {
  thr_tstate *main = rt->main;
  if (!main->signals) return false;
  thr_lot_interrupt(main, THR_PENDING_INTERRUPT);
  if (rt != arg) thr_os_preempt(main->life.os);
  return true;
}

/* Like the signal itself it ends a wait of the main thread; in the main
** thread it raises at once. */
static int interrupt_main(lua_State *L) {
  thr_tstate *self = thr_self(L);
  lua_Integer n = thr_args_optinteger(L, 1, "signum", LUA_MININTEGER,
                                     LUA_MAXINTEGER, thr_os_sigint());
  int sig = n > 0 && n <= INT_MAX ? (int)n : 0;
  if (!thr_os_sigvalid(sig))
    return thr_args_error(L, 1, "signum", "signal number out of range; "
                          "SIGINT's is %d", thr_os_sigint());
  if (sig == thr_os_sigint())
    thr_runtime_any(self->rt->member.group, interrupt, self->rt);
  else if (thr_os_sighandled(sig))
    thr_os_raise(sig);
  if (self->signals && self->asked.pending) thr_pending_raise(L, self);
  return 0;
}

/* _is_terminal() -> is stderr a terminal? */
static int isterminal(lua_State *L) {
  lua_pushboolean(L, thr_os_isterminal());
  return 1;
}

/* _tell(text): writes it to the process's stderr, whatever io.stderr is. */
static int tell(lua_State *L) {
  fputs(luaL_checkstring(L, 1), stderr);
  fflush(stderr);
  return 0;
}

static int isexit(lua_State *L) {
  lua_pushboolean(L, thr_unwind_isexit(L, 1));
  return 1;
}

static int isasked(lua_State *L) {
  lua_pushboolean(L, thr_unwind_isasked(L, 1));
  return 1;
}

static int switches(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)thr_gil_switches(&thr_self(L)->rt->gil));
  return 1;
}

/* _hook_cost() -> seconds that this thread has spent on dear hooks, see rest */
static int hook_cost(lua_State *L) {
  int64_t cost = thr_rest_cost(thr_self(L));
  lua_pushnumber(L, (double)cost / THR_SECOND);
  return 1;
}

/* _waits() -> how often a thread has begun to wait */
static int waits(lua_State *L) {
  lua_pushinteger(L, (lua_Integer)thr_self(L)->rt->member.group->waits);
  return 1;
}

typedef struct {
  uint64_t ident;
  const char *what; /* it waits for, or waited for last */
} sighting;

/* What is looked for: threads of one runtime, or of a group. */
typedef struct {
  bool (*is_wanted)(const thr_tstate *ts); /* under the runtime's mutex */
  const thr_runtime *rt; /* NULL: all */
  sighting *list;
  int n, room; /* those that find no room are counted, too */
} search;

static bool look(void *arg, thr_runtime *rt) {
  search *s = arg;
  if (s->rt && s->rt != rt) return false;
  for (thr_tstate *ts = rt->threads; ts; ts = ts->next) {
    if (!s->is_wanted(ts)) continue;
    if (s->n < s->room) s->list[s->n] = (sighting){ts->ident, ts->wait.on.what};
    s->n++;
  }
  return false;
}

/* The list is the only value on the stack. */
static void push_threads(lua_State *L, search *s) {
  thr_group *group = thr_self(L)->rt->member.group;
  do { /* a thread that attaches is quicker than the allocation */
    lua_settop(L, 0);
    s->room = s->n;
    s->list = lua_newuserdatauv(L, (size_t)s->room * sizeof(*s->list), 0);
    s->n = 0;
    thr_runtime_any(group, look, s);
  } while (s->n > s->room);
}

static bool is_parked(const thr_tstate *ts) {
  return ts->sleep.parked_at && ts->wait.active;
}

/* _parked() -> {ident = what it waits for}, also of other interpreters */
static int parked(lua_State *L) {
  search s = {.is_wanted = is_parked};
  push_threads(L, &s);
  lua_createtable(L, 0, s.n);
  for (int i = 0; i < s.n; i++) {
    lua_pushstring(L, s.list[i].what);
    lua_rawseti(L, -2, (lua_Integer)s.list[i].ident);
  }
  return 1;
}

static bool lives(const thr_tstate *ts) {
  return ts->life.phase == THR_STARTED;
}

/* _living() -> a list of the idents of the threads that live */
static int living(lua_State *L) {
  search s = {.is_wanted = lives, .rt = thr_self(L)->rt};
  push_threads(L, &s);
  lua_createtable(L, s.n, 0);
  for (int i = 0; i < s.n; i++) {
    lua_pushinteger(L, (lua_Integer)s.list[i].ident);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

/* _values(t) -> a list of what t maps to, of one moment: between two calls of
** next, other threads could change t. */
static int values(lua_State *L) {
  lua_Integer n = 0;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  lua_newtable(L); /* first: finalizers may run here, and change t */
  lua_pushnil(L);
  while (lua_next(L, 1)) lua_rawseti(L, 2, ++n);
  return 1;
}

/***
Calls a function in a new thread, for which nobody waits.  An error in it is
reported on stderr.
@function start_new_thread
@tparam function fn called with the arguments that follow
@param ... its arguments
@treturn integer the thread's ident
@raise if fn is not callable; if the system refuses
*/
/***
Makes a lock.
@function allocate_lock
@tparam[opt] table options `name`: what reports call it
@treturn Lock
@raise if an option is unknown or of the wrong type
*/
/***
Ends the calling thread silently, by an error that unwinds it.
@function exit
*/
static const luaL_Reg functions[] = {
    {"_dump", thr_dump_text},
    {"_addresses", thr_lookup_addresses},
    {"_add_version", thr_compiled_add},
    {"_retarget_version", thr_compiled_retarget},
    {"_answer", thr_answer_calls},
    {"_at_end", thr_shutdown_register},
    {"_sethooks", thr_sethook_all},
    {"_bad_self", thr_args_badself},
    {"_class_of", thr_blame_classof},
    {"_checksum", thr_folder_checksum},
    {"_await_socket", thr_await_socket},
    {"_channel", thr_channel_create},
    {"_compiled", thr_compiled_create},
    {"_current_interpreter", thr_interpreter_current},
    {"_compiled_contract", thr_compiled_contract},
    {"_compiled_methods", thr_compiled_methods},
    {"_complain", thr_blame_complain},
    {"_closing", thr_descriptor_closing},
    {"_decode", thr_codec_decode},
    {"_defer", thr_guard_defer},
    {"_cross_queue", thr_crossqueue_create},
    {"_duplicate", thr_passed_duplicate},
    {"_elevated", thr_toolchain_elevated},
    {"_execute", thr_program_execute},
    {"_encode", thr_codec_encode},
    {"_encode_as", thr_codec_encodeas},
    {"_empty", thr_workers_empty},
    {"_executable", thr_worker_executable},
    {"_explore_apart", thr_apart_call},
    {"_explore_run", thr_explore_run},
    {"_explore_stop", thr_explore_stop},
    {"_expose", thr_shield_expose},
    {"_farmed_future", thr_farmed_future},
    {"_farmed_serve", thr_farmed_serve},
    {"_find_binary", thr_toolchain_find},
    {"_folder", thr_folder_find},
    {"_getenv", thr_toolchain_getenv},
    {"_future", thr_future_create},
    {"_handle", thr_handle_new},
    {"_hang_up", thr_descriptor_hangup},
    {"_interpreter", thr_interpreter_create},
    {"_interpreters", thr_interpreter_all},
    {"_is_execution_failed", thr_interpreter_isfailed},
    {"_origin", thr_describe_luaorigin},
    {"_raise", thr_describe_luaraise},
    {"_traceback", thr_describe_luatraceback},
    {"_show_by", thr_describe_showby},
    {"_missing", thr_box_missing},
    {"_main_interpreter", thr_interpreter_main},
    {"_host_ip", thr_lookup_hostip},
    {"_host_name", thr_lookup_hostname},
    {"_has_version", thr_compiled_has},
    {"_is_alive", thr_handle_isalive},
    {"_is_asked", isasked},
    {"_is_exit", isexit},
    {"_is_explored", thr_explore_isexplored},
    {"_is_future", thr_future_is},
    {"_is_private", thr_folder_isprivate},
    {"_is_terminal", isterminal},
    {"_join", thr_handle_join},
    {"_kernel", thr_kernel_create},
    {"_kind_of", thr_compiled_kindof},
    {"_hook_cost", hook_cost},
    {"_kernel_contract", thr_kernel_contract},
    {"_lacks_worker", thr_workers_lacksworker},
    {"_library", thr_worker_library},
    {"_lines", thr_readfile_lines},
    {"_living", living},
    {"_load", thr_folder_load},
    {"_locals", thr_open_locals},
    {"_made_by", thr_codec_madeby},
    {"_main_handle", thr_handle_main},
    {"_no_inherit", thr_descriptor_noinherit},
    {"_move_file", thr_folder_move},
    {"_on_attach", thr_attach_onattach},
    {"_own", thr_descriptor_own},
    {"_ours", thr_blame_ours},
    {"_pack", thr_flat_pack},
    {"_parked", parked},
    {"_popen", thr_program_popen},
    {"_processor", thr_toolchain_processor},
    {"_read_file", thr_folder_read},
    {"_read", thr_readfile_read},
    {"_receive", thr_stream_receive},
    {"_receive_datagram", thr_datagram_receive},
    {"_receive_from", thr_datagram_receivefrom},
    {"_public", thr_blame_public},
    {"_run", thr_toolchain_run},
    {"_pollset", thr_selectset_create},
    {"_relay", thr_workers_relay},
    {"_remote_future", thr_remote_future},
    {"_remote_serve", thr_remote_serve},
    {"_retire", thr_descriptor_retire},
    {"_self_handle", thr_handle_self},
    {"_send", thr_stream_send},
    {"_send_datagram", thr_datagram_send},
    {"_serve", thr_workers_serve},
    {"_shield", thr_handle_shield},
    {"_state", thr_folder_state},
    {"_switches", switches},
    {"_tell", tell},
    {"_debugs", thr_told_debugs},
    {"_here", thr_told_here},
    {"_told", thr_told_lua},
    {"_trace_asked", thr_trace_asked},
    {"_trace_begin", thr_trace_begin},
    {"_trace_is_on", thr_trace_ison},
    {"_trace_mark", thr_trace_mark},
    {"_trace_span", thr_trace_span},
    {"_trace_start", thr_trace_start},
    {"_trace_stop", thr_trace_stop},
    {"_try", thr_unwind_try},
    {"_unique", thr_folder_unique},
    {"_unpack", thr_flat_unpack},
    {"_values", values},
    {"_visit", thr_interpreter_visit},
    {"_wait_fd", thr_waitfd_waitfd},
    {"_waits", waits},
    {"_worker", thr_worker_start},
    {"_write_file", thr_folder_write},
    {"allocate_lock", thr_lock_create},
    {"array", thr_array_create},
    {"atomic", thr_atomic},
    {"barrier", thr_barrier_create},
    {"bounded_semaphore", thr_semaphore_createbounded},
    {"checkpoint", thr_pending_checkpoint},
    {"condition", thr_condition_create},
    {"cpu_count", cpu_count},
    {"deadlock_policy", thr_dump_policy},
    {"dump_on_signal", thr_dump_onsignal},
    {"event", thr_event_create},
    {"exit", thr_unwind_exit},
    {"get_ident", get_ident},
    {"get_native_id", get_native_id},
    {"getswitchinterval", getswitchinterval},
    {"interrupt_main", interrupt_main},
    {"is_cancelled", thr_cancel_iscancelled},
    {"lifo_queue", thr_queue_createlifo},
    {"priority_queue", thr_queue_createpriority},
    {"queue", thr_queue_create},
    {"rlock", thr_rlock_create},
    {"rwlock", thr_rwface_create},
    {"semaphore", thr_semaphore_create},
    {"setswitchinterval", setswitchinterval},
    {"shield", thr_shield},
    {"shutdown", thr_shutdown},
    {"simple_queue", thr_simplequeue_create},
    {"stack_size", stack_size},
    {"start_new_thread", thr_handle_startnew},
    {"value", thr_value_create},
    {NULL, NULL}};

static void open_types(lua_State *L) {
  thr_array_open(L);
  thr_atomic_open(L);
  thr_barrier_open(L);
  thr_channel_open(L);
  thr_codec_open(L);
  thr_apart_open(L);
  thr_toolchain_open(L);
  thr_compiled_open(L);
  thr_condition_open(L);
  thr_crossqueue_open(L);
  thr_event_open(L);
  thr_folder_open(L);
  thr_future_open(L);
  thr_handle_open(L);
  thr_interpreter_open(L);
  thr_lock_open(L);
  thr_passed_open(L);
  thr_selectset_open(L);
  thr_queue_open(L);
  thr_simplequeue_open(L);
  thr_rlock_open(L);
  thr_rwface_open(L);
  thr_semaphore_open(L);
  thr_value_open(L);
  thr_worker_open(L);
}

/* Out of memory on its way it is called again by the next `require`. */
static void open_all(lua_State *L, thr_runtime *rt) {
  open_types(L);
  thr_equip(L, rt);
  thr_prompt_open();
  rt->opened = true;
}

int luaopen_threading__thread(lua_State *L);

#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
int luaopen_threading__thread(lua_State *L) {
  thr_capi_checkfirst(L);
  thr_runtime *rt = thr_open(L);
  if (!rt->opened) open_all(L, rt);
  thr_require_open(L); /* again: a program may have put its own back */
  luaL_newlib(L, functions);
  thr_blame_names(L, functions);
  thr_clock_open(L);
  lua_setfield(L, -2, "time");
  thr_testing_open(L);
  thr_handle_pushkey(L);
  lua_setfield(L, -2, "_key");
  lua_pushboolean(L, rt->main->nest.uncounted);
  lua_setfield(L, -2, "_in_interpreter");
  lua_rawgetp(L, LUA_REGISTRYINDEX, &thr_key_active);
  lua_setfield(L, -2, "_active");
  lua_pushnumber(L, THR_TIMEOUT_MAX);
  lua_setfield(L, -2, "TIMEOUT_MAX");
  return 1;
}
