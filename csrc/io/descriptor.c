/* descriptor: see descriptor.h. */
#include "io/descriptor.h"

#include <lauxlib.h>
#include <limits.h>
#include <lualib.h>

#include "bind/args.h"
#include "bind/unwind.h"
#include "os/stdio.h"
#include "park/closing.h"

/* --- values that have a descriptor --- */

static thr_source of_file(lua_State *L, bool again) {
  luaL_Stream *p = lua_touserdata(L, 1);
  thr_source s = {-1, false, true};
  if (!p->closef && again) return s;
  if (!p->closef) thr_args_error(L, 1, "fd", "a closed file");
  s.fd = thr_os_fileno(p->f);
  if (s.fd < 0) thr_args_error(L, 1, "fd", "a file without descriptor");
  s.buffered = thr_os_buffered(p->f) > 0;
  return s;
}

static int get_field(lua_State *L) {
  lua_gettable(L, 1);
  return 1;
}

/* Pushes the object's method, if it has one of this name.  There are objects
** that raise an error when asked for a field that they do not know, and others
** that end the thread. */
static bool push_method(lua_State *L, const char *name) {
  lua_pushcfunction(L, get_field);
  lua_pushvalue(L, 1);
  lua_pushstring(L, name);
  int status = lua_pcall(L, 2, 1, 0);
  if (status != LUA_OK &&
      (status != LUA_ERRRUN || lua_type(L, -1) != LUA_TSTRING ||
       thr_unwind_isasked(L, -1)))
    lua_error(L);
  if (lua_isfunction(L, -1)) return true;
  lua_pop(L, 1);
  return false;
}

/* Calls the method on top of the stack. */
static void call_method(lua_State *L) {
  lua_pushvalue(L, 1);
  lua_call(L, 1, 1);
}

/* What the method on top of the stack returns.  LuaSocket's is a float, and
** less than 0 for a closed socket. */
static int descriptor_of(lua_State *L, const char *method) {
  int ok;
  call_method(L);
  lua_Integer fd = lua_tointegerx(L, -1, &ok);
  if (lua_type(L, -1) != LUA_TNUMBER || !ok || fd > INT_MAX)
    thr_args_error(L, 1, "fd", "its %s gave no descriptor", method);
  lua_pop(L, 1);
  return fd < 0 ? -1 : (int)fd;
}

/* Does the object hold input that it has read?  LuaSocket's `dirty` says so
** as a boolean, the `pending` of cqueues as a number of bytes. */
static bool holds_input(lua_State *L) {
  if (!push_method(L, "dirty") && !push_method(L, "pending")) return false;
  call_method(L);
  bool yes = lua_toboolean(L, -1);
  if (lua_type(L, -1) == LUA_TNUMBER) yes = lua_tonumber(L, -1) > 0;
  lua_pop(L, 1);
  return yes;
}

/* An object with a method getfd, as LuaSocket has them, or pollfd, as cqueues
** has them. */
static thr_source of_object(lua_State *L) {
  thr_source s = {-1, false, false};
  const char *method = "getfd";
  bool is_object = lua_istable(L, 1) || lua_isuserdata(L, 1);
  if (is_object) s.buffered = holds_input(L);
  if (is_object && !push_method(L, method)) {
    method = "pollfd";
    is_object = push_method(L, method);
  }
  if (!is_object)
    thr_args_typeerror(L, 1, "fd", "integer, file or object with getfd");
  s.fd = descriptor_of(L, method);
  return s;
}

/* `again`: it was a source already, and may have been closed since. */
thr_source thr_descriptor_check(lua_State *L, bool again) {
  thr_source s = {-1, false, false};
  if (luaL_testudata(L, 1, LUA_FILEHANDLE)) return of_file(L, again);
  if (lua_type(L, 1) != LUA_TNUMBER) return of_object(L);
  s.fd = (int)thr_args_integer(L, 1, "fd", 0, INT_MAX);
  return s;
}

/* --- other libraries' objects --- */

/* _closing(fd) -> for how many threads: those that wait for the descriptor,
** which is about to be closed, wake. */
int thr_descriptor_closing(lua_State *L) {
  int fd = (int)thr_args_integer(L, 1, "fd", 0, INT_MAX);
  lua_pushinteger(L, thr_closing_announce(fd));
  return 1;
}

/* The descriptor of the object at 1, or -1. */
static int getfd(lua_State *L) {
  return push_method(L, "getfd") ? descriptor_of(L, "getfd") : -1;
}

/* _retire(object, f, ...) -> what f(object, ...) returns.  The C function f
** takes the object's descriptor away; threads that wait for it wake, and
** none can begin to before f is called. */
int thr_descriptor_retire(lua_State *L) {
  int fd = getfd(L);
  lua_pushvalue(L, 2);
  lua_remove(L, 2);
  lua_insert(L, 1);
  if (fd >= 0) thr_closing_announce(fd);
  lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
  return lua_gettop(L);
}

/* Where it cannot be moved, it stays where it is. */
static void make_own(lua_State *L, int fd) {
  thr_os_noinherit(fd);
  int high = thr_os_abovestandard(fd);
  if (high == fd || !push_method(L, "setfd")) return;
  lua_pushvalue(L, 1);
  lua_pushinteger(L, high);
  lua_call(L, 2, 0);
}

/* _own(f, ...) -> what f(...) returns.  The C function f makes a descriptor,
** for the object that it returns or for that which it is given first: no
** program that a thread starts inherits it. */
int thr_descriptor_own(lua_State *L) {
  int n = lua_gettop(L);
  if (n > 1) lua_pushvalue(L, 2);
  else lua_pushnil(L);
  lua_insert(L, 1);
  lua_call(L, n - 1, LUA_MULTRET);
  bool made = lua_isuserdata(L, 2);
  if (made) lua_pushvalue(L, 2);
  if (made) lua_replace(L, 1);
  int fd = lua_isuserdata(L, 1) ? getfd(L) : -1;
  if (fd >= 0) make_own(L, fd);
  return lua_gettop(L) - 1;
}

/* _no_inherit(fd) */
int thr_descriptor_noinherit(lua_State *L) {
  thr_os_noinherit((int)thr_args_integer(L, 1, "fd", 0, INT_MAX));
  return 0;
}

/* _hang_up(fd): a socket whose other end takes nothing is not waited for. */
int thr_descriptor_hangup(lua_State *L) {
  thr_os_hangup((int)thr_args_integer(L, 1, "fd", 0, INT_MAX));
  return 0;
}
