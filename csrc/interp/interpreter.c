/* interpreter: see interpreter.h. */
#include "interp/interpreter.h"

#include <lauxlib.h>

#include "bind/args.h"
#include "bind/blame.h"
#include "bind/self.h"
#include "cross/codec.h"
#include "cross/decode.h"
#include "cross/encode.h"
#include "interp/absent.h"
#include "interp/boxed.h"
#include "interp/create.h"
#include "interp/current.h"
#include "interp/enter.h"
#include "interp/failure.h"
#include "interp/finish.h"

/***
A Lua state with a global lock of its own, in the same process.  Values go to it
and come back as copies, functions with their upvalues; locks, events, Arrays
and the like are shared, and so is an Interpreter.  As a to-be-closed variable
it is closed at the end of the block.
@classmod threading.Interpreter
@usage
local interpreters = require "threading.interpreters"

local one <close> = interpreters.create()
one:prepare_main { greeting = "hello" }

print(one:call(function(name)
  return greeting .. " " .. name
end, "Ann")) --> hello Ann
print(greeting) --> nil
*/

/***
Its number (integer, read only), never used twice; the main one has 0.
@field id
*/

/* --- execution failed --- */

static const char *const failed = "threading.ExecutionFailed"; /* metatable */

static int failed_tostring(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  if (lua_getfield(L, 1, "traceback") == LUA_TNIL) {
    lua_getfield(L, 1, "value");
    luaL_tolstring(L, -1, NULL);
  }
  return 1;
}

/* With value and traceback on top. */
static int raise_failed(lua_State *L) {
  lua_createtable(L, 0, 3);
  lua_insert(L, -3);
  thr_failure_completetraceback(L);
  lua_setfield(L, -3, "traceback");
  lua_setfield(L, -2, "value");
  luaL_setmetatable(L, failed);
  return lua_error(L);
}

int thr_interpreter_isfailed(lua_State *L) {
  bool is = false;
  if (lua_istable(L, 1) && lua_getmetatable(L, 1)) {
    luaL_getmetatable(L, failed);
    is = lua_rawequal(L, -1, -2);
  }
  lua_pushboolean(L, is);
  return 1;
}

/* --- methods --- */

/* Text has the traceback added; what else the error is stays as it is. */
static int raise(lua_State *L) {
  thr_absent_explain(L, -2);
  if (lua_type(L, -2) == LUA_TSTRING && lua_isstring(L, -1)) {
    lua_pushliteral(L, "\n");
    lua_insert(L, -2);
    lua_concat(L, 3);
  } else {
    lua_pop(L, 1);
  }
  return lua_error(L);
}

/* The interpreter that is to be entered; those that were dropped are closed on
** the way. */
static thr_interp *check(lua_State *L) {
  thr_interp *i = thr_boxed_check(L, 1);
  if (thr_interp_anydropped()) thr_finish_dropped(L, i->main);
  return i;
}

/* Runs body there, see thr_enter.  The message is freed.  Pushes the outcome;
** returns how many values. */
static int visit(lua_State *L, thr_interp *i, lua_CFunction body,
                 thr_message *m) {
  thr_message *outcome;
  thr_visit ended = thr_enter(L, i, body, m, &outcome);
  thr_message_free(m);
  thr_enter_raise(L, i, ended);
  return thr_decode_last(L, outcome);
}

/***
Calls a function there, and waits for its end.
@function call
@tparam function fn called there, with the arguments that follow
@param ... its arguments
@return what fn returns
@raise what fn raises; text has the traceback added that it has there; if
something cannot cross; if the interpreter is closed, or the thread is in it
*/
static int interpreter_call(lua_State *L) {
  thr_interp *i = check(L);
  thr_args_callable(L, 2, "fn");
  thr_message *m = thr_encode(L, 2, lua_gettop(L) - 1, "fn,args[]");
  int n = visit(L, i, NULL, m);
  if (lua_toboolean(L, -n)) return n - 1;
  return raise(L);
}

/***
Calls a function there, in a thread of its own, and does not wait for it.
@function call_in_thread
@tparam function fn called there, with the arguments that follow
@param ... its arguments
@treturn Thread which is started
@raise if something cannot cross; if the system refuses
*/
static int interpreter_callinthread(lua_State *L) {
  thr_boxed_check(L, 1);
  thr_args_callable(L, 2, "fn");
  thr_codec_push(L, thr_encode, 2, lua_gettop(L) - 1, "fn,args[]");
  lua_replace(L, 2);
  lua_settop(L, 2);
  lua_getglobal(L, "require");
  lua_pushliteral(L, "threading.private.visitor");
  lua_call(L, 1, 1);
  lua_insert(L, 1);
  lua_call(L, 2, 1);
  return 1;
}

int thr_interpreter_visit(lua_State *L) {
  thr_interp *i = thr_boxed_check(L, 1);
  const thr_message *m = thr_codec_check(L, 2);
  int n = thr_decode_last(L, thr_enter_call(L, i, m));
  return lua_toboolean(L, -n) ? n - 1 : raise(L);
}

/* there: (code) */
static int execute(lua_State *L) {
  size_t n;
  const char *code = lua_tolstring(L, 1, &n);
  if (luaL_loadbufferx(L, code, n, code, "t") != LUA_OK) return lua_error(L);
  lua_call(L, 0, 0);
  return 0;
}

/***
Runs a chunk of code there, as a script would be, and waits for its end.
@function exec
@tparam string code Lua
@raise an ExecutionFailed where it fails
*/
static int interpreter_exec(lua_State *L) {
  thr_interp *i = check(L);
  if (lua_type(L, 2) != LUA_TSTRING)
    thr_args_typeerror(L, 2, "code", "string");
  lua_settop(L, 2);
  thr_message *m = thr_encode(L, 2, 1, "code");
  int n = visit(L, i, execute, m);
  if (lua_toboolean(L, -n)) return 0;
  return raise_failed(L);
}

/* there: (globals) */
static int set_globals(lua_State *L) {
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
  for (lua_pushnil(L); lua_next(L, 1);) {
    lua_pushvalue(L, -2);
    lua_insert(L, -2);
    lua_rawset(L, 2); /* whatever _G's metatable thinks of it */
  }
  return 0;
}

static void check_names(lua_State *L) {
  if (!lua_istable(L, 2)) thr_args_typeerror(L, 2, "globals", "table");
  for (lua_pushnil(L); lua_next(L, 2); lua_pop(L, 1))
    if (lua_type(L, -2) != LUA_TSTRING)
      thr_args_error(L, 2, "globals", "a name must be a string, got a %s",
                     luaL_typename(L, -2));
}

/***
Sets globals there.
@function prepare_main
@tparam table globals name -> value
@raise if a name is no string; if something cannot cross; if the interpreter is
closed
*/
static int interpreter_prepare(lua_State *L) {
  thr_interp *i = check(L);
  lua_settop(L, 2);
  check_names(L);
  thr_message *m = thr_encode(L, 2, 1, "globals");
  int n = visit(L, i, set_globals, m);
  if (lua_toboolean(L, -n)) return 0;
  return raise(L);
}

/***
Closes it, when its non-daemon threads have ended.
@function close
@raise if a thread is inside
*/
static int interpreter_close(lua_State *L) {
  thr_finish_close(L, thr_boxed_check(L, 1));
  return 0;
}

/***
Is a thread inside?
@function is_running
@treturn boolean
*/
static int interpreter_isrunning(lua_State *L) {
  const thr_interp *i = thr_boxed_check(L, 1);
  lua_pushboolean(L, thr_interp_inside(i) > 0);
  return 1;
}

static const luaL_Reg methods[] = {
    {"call", interpreter_call},
    {"call_in_thread", interpreter_callinthread},
    {"close", interpreter_close},
    {"exec", interpreter_exec},
    {"is_running", interpreter_isrunning},
    {"prepare_main", interpreter_prepare},
    {"__close", interpreter_close},
    {NULL, NULL}};

void thr_interpreter_open(lua_State *L) {
  thr_finish_open(thr_self(L)->rt);
  thr_boxed_open(L, methods);
  luaL_newmetatable(L, failed);
  lua_pushcfunction(L, failed_tostring);
  lua_setfield(L, -2, "__tostring");
  lua_pop(L, 1);
}

/* --- functions --- */

int thr_interpreter_create(lua_State *L) {
  thr_box *box = thr_boxed_new(L);
  thr_boxed_fill(L, box, thr_create(L));
  return 1;
}

static int push_shared(lua_State *L, thr_interp *i) {
  thr_box *box = thr_boxed_new(L);
  thr_interp_box(i);
  thr_boxed_fill(L, box, i);
  return 1;
}

int thr_interpreter_current(lua_State *L) {
  return push_shared(L, thr_current(L));
}

int thr_interpreter_main(lua_State *L) {
  return push_shared(L, thr_current(L)->main);
}

/* Pushes a list of n empty boxes. */
static thr_box **push_boxes(lua_State *L, int n) {
  thr_box **boxes = lua_newuserdatauv(L, (size_t)n * sizeof(*boxes), 0);
  lua_createtable(L, n, 0);
  for (int k = 0; k < n; k++) {
    boxes[k] = thr_boxed_new(L);
    lua_rawseti(L, -2, k + 1);
  }
  return boxes;
}

/* Another thread may be quicker: then there are more of them than boxes, or
** fewer. */
int thr_interpreter_all(lua_State *L) {
  const thr_interp *main = thr_current(L)->main;
  int room = 0, n = thr_interp_all(main, NULL, 0);
  thr_interp **list;
  do {
    lua_settop(L, 0);
    room = n;
    list = lua_newuserdatauv(L, (size_t)room * sizeof(thr_interp *), 0);
    thr_box **boxes = push_boxes(L, room);
    n = thr_interp_all(main, list, room);
    for (int k = 0; k < n && k < room; k++)
      thr_boxed_fill(L, boxes[k], list[k]);
  } while (n > room);
  for (int k = n; k < room; k++) {
    lua_pushnil(L);
    lua_rawseti(L, -2, k + 1);
  }
  return 1;
}
