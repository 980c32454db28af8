/* args: see args.h. */
#include "bind/args.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "bind/blame.h"
#include "gil/vclock.h"
#include "os/fault.h"
#include "os/os.h"

int thr_args_error(lua_State *L, int arg, const char *name, const char *fmt,
                   ...) {
  va_list ap;
  va_start(ap, fmt);
  lua_pushfstring(L, "%s: ", name);
  thr_blame_pushtext(L, fmt, ap);
  va_end(ap);
  lua_concat(L, 2);
  return thr_blame_argerror(L, arg, lua_tostring(L, -1));
}

const char *thr_args_typename(lua_State *L, int arg) {
  if (luaL_getmetafield(L, arg, "__name") == LUA_TSTRING)
    return lua_tostring(L, -1);
  return lua_pushstring(L, luaL_typename(L, arg));
}

int thr_args_typeerror(lua_State *L, int arg, const char *name,
                       const char *expected) {
  const char *got = lua_type(L, arg) == LUA_TNUMBER
                        ? luaL_tolstring(L, arg, NULL)
                        : thr_args_typename(L, arg);
  return thr_args_error(L, arg, name, "%s expected, got %s", expected, got);
}

int thr_args_unexpected(lua_State *L, int arg, const char *expected) {
  bool bare = lua_isnone(L, arg);
  const char *got = thr_args_typename(L, arg);
  const char *text = lua_pushfstring(L, "%s expected, got %s", expected, got);
  return arg == 1 ? thr_blame_selferror(L, 0, expected, text, bare)
                  : thr_blame_argerror(L, arg, text);
}

int thr_args_badself(lua_State *L) {
  const char *class = luaL_checkstring(L, 2), *got = thr_args_typename(L, 1);
  const char *text = lua_pushfstring(L, "%s expected, got %s", class, got);
  return thr_blame_selferror(L, thr_blame_level(L), class, text,
                             lua_isnil(L, 1));
}

/* Pushes "a, b, c". */
static const char *push_list(lua_State *L, const char *const words[]) {
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  for (int i = 0; words[i]; i++) {
    if (i > 0) luaL_addstring(&b, ", ");
    luaL_addstring(&b, words[i]);
  }
  luaL_pushresult(&b);
  return lua_tostring(L, -1);
}

int thr_args_unknown(lua_State *L, int arg, const char *name, const char *what,
                     const char *const known[]) {
  const char *list = push_list(L, known);
  return thr_args_error(L, arg, name, "unknown %s '%s'; known are %s", what,
                        lua_tostring(L, arg), list);
}

static double checknumber(lua_State *L, int arg, const char *name) {
  if (lua_type(L, arg) != LUA_TNUMBER)
    thr_args_typeerror(L, arg, name, "number of seconds");
  double s = lua_tonumber(L, arg);
  if (isnan(s)) thr_args_error(L, arg, name, "must not be NaN");
  if (s > THR_TIMEOUT_MAX && s != HUGE_VAL)
    thr_args_error(L, arg, name, "is too large; at most TIMEOUT_MAX seconds, "
                   "or math.huge for ever");
  return s;
}

static int64_t nanoseconds(double s) {
  return s == HUGE_VAL ? THR_FOREVER : (int64_t)(s * 1e9);
}

static int64_t nonnegative(lua_State *L, int arg, const char *name, double s) {
  if (s < 0) thr_args_error(L, arg, name, "must be a non-negative number");
  return nanoseconds(s);
}

int64_t thr_args_seconds(lua_State *L, int arg, const char *name) {
  if (lua_isnoneornil(L, arg)) return THR_FOREVER;
  return nonnegative(L, arg, name, checknumber(L, arg, name));
}

int64_t thr_args_timeout(lua_State *L, int arg, const char *name) {
  if (lua_isnoneornil(L, arg)) return THR_FOREVER;
  double s = checknumber(L, arg, name);
  return s < 0 ? 0 : nanoseconds(s);
}

int64_t thr_args_fromnow(int64_t ns) {
  int64_t now = thr_fault_now(thr_vclock_now());
  return ns > THR_FOREVER - now ? THR_FOREVER : now + ns;
}

int64_t thr_args_deadline(lua_State *L, int arg, const char *name) {
  return thr_args_fromnow(thr_args_seconds(L, arg, name));
}

int64_t thr_args_lasttimeout(lua_State *L, int arg) {
  static const char *const names[] = {"timeout", NULL};
  thr_args_keywords(L, arg, names);
  return thr_args_timeout(L, arg, names[0]);
}

int64_t thr_args_acquire(lua_State *L, bool minus1, const char *clash) {
  static const char *const names[] = {"blocking", "timeout", NULL};
  thr_args_keywords(L, 2, names);
  bool blocking = thr_args_optboolean(L, 2, "blocking", true);
  if (lua_isnoneornil(L, 3)) return blocking ? THR_FOREVER : 0;
  double s = checknumber(L, 3, "timeout");
  bool forever = minus1 && s == -1;
  if (!blocking && !forever) thr_blame_error(L, "%s", clash);
  if (forever) return blocking ? THR_FOREVER : 0;
  int64_t ns = minus1 ? nonnegative(L, 3, "timeout", s) : nanoseconds(s);
  return ns <= 0 ? 0 : thr_args_fromnow(ns);
}

static int position(lua_State *L, int key, const char *const names[]) {
  if (lua_type(L, key) == LUA_TSTRING)
    for (int i = 0; names[i]; i++)
      if (strcmp(lua_tostring(L, key), names[i]) == 0) return i;
  return -1;
}

/* The key is at -2. */
static void unexpected_keyword(lua_State *L, const char *const names[]) {
  bool named = lua_type(L, -2) == LUA_TSTRING;
  const char *key = luaL_tolstring(L, -2, NULL);
  const char *where = thr_blame_pushname(L);
  thr_blame_error(L, "unexpected keyword argument '%s' to '%s'; it takes %s%s",
                  key, where, push_list(L, names),
                  named ? "" : ", each by its name");
}

static int count(const char *const names[]) {
  int n = 0;
  while (names[n]) n++;
  return n;
}

/* The fields of the table at `from` come behind it, which leaves the stack;
** there is a nil for each, or an argument by position. */
static void spread(lua_State *L, int from, const char *const names[]) {
  lua_pushnil(L);
  while (lua_next(L, from)) {
    int i = position(L, -2, names);
    if (i < 0) unexpected_keyword(L, names);
    if (!lua_isnil(L, from + 1 + i))
      thr_blame_error(L, "got multiple values for argument '%s'", names[i]);
    lua_replace(L, from + 1 + i);
  }
  lua_remove(L, from);
}

void thr_args_keywords(lua_State *L, int first, const char *const names[]) {
  if (lua_type(L, first) != LUA_TTABLE) return;
  int n = count(names);
  luaL_checkstack(L, n + 8, NULL);
  lua_settop(L, first);
  lua_settop(L, first + n);
  spread(L, first, names);
}

/* The position of the last argument that may be the table of options. */
static int last_of(lua_State *L, int by_position) {
  int last = lua_gettop(L);
  while (last > 0 && lua_isnil(L, last)) last--;
  return last <= by_position ? last : by_position + 1;
}

/* Not an object of the program's, which may be an argument. */
static bool is_plain(lua_State *L, int arg) {
  if (!lua_istable(L, arg)) return false;
  if (!lua_getmetatable(L, arg)) return true;
  lua_pop(L, 1);
  return false;
}

static bool has_control(const char *s, size_t n) {
  for (size_t i = 0; i < n; i++)
    if ((unsigned char)s[i] < ' ' || s[i] == 127) return true;
  return false;
}

static const char *check_name(lua_State *L, int arg) {
  size_t n;
  if (lua_isnoneornil(L, arg)) return NULL;
  if (lua_type(L, arg) != LUA_TSTRING)
    thr_args_typeerror(L, arg, "name", "string");
  const char *s = lua_tolstring(L, arg, &n);
  if (n == 0) thr_args_error(L, arg, "name", "must not be empty");
  if (has_control(s, n))
    thr_args_error(L, arg, "name", "must not have control characters");
  return s;
}

static void refuse_options(lua_State *L, int arg) {
  if (lua_type(L, arg) != LUA_TSTRING)
    thr_args_typeerror(L, arg, "options", "table");
  thr_args_error(L, arg, "options", "table expected, got string; write "
                 "`{ name = ... }`");
}

const char *thr_args_readoptions(lua_State *L, int first, int by_position,
                                 const char *const names[]) {
  int n = count(names), last = last_of(L, by_position);
  bool further = last > by_position;
  if (further && !lua_isnil(L, last) && !lua_istable(L, last))
    refuse_options(L, last);
  luaL_checkstack(L, n + 8, NULL);
  lua_settop(L, last);
  if (last < first || !(further ? lua_istable(L, last) : is_plain(L, last)))
    return NULL;
  lua_insert(L, 1); /* its place is that of an argument */
  lua_settop(L, n + 1);
  spread(L, 1, names);
  return check_name(L, by_position + 1);
}

lua_Integer thr_args_integer(lua_State *L, int arg, const char *name,
                             lua_Integer least, lua_Integer most) {
  int ok;
  lua_Integer n = lua_tointegerx(L, arg, &ok);
  if (lua_type(L, arg) != LUA_TNUMBER || !ok)
    thr_args_typeerror(L, arg, name, "integer");
  if (n < least)
    thr_args_error(L, arg, name, "must be at least %I", (LUAI_UACINT)least);
  if (n > most)
    thr_args_error(L, arg, name, "must be at most %I", (LUAI_UACINT)most);
  return n;
}

lua_Integer thr_args_optinteger(lua_State *L, int arg, const char *name,
                                lua_Integer least, lua_Integer most,
                                lua_Integer def) {
  if (lua_isnoneornil(L, arg)) return def;
  return thr_args_integer(L, arg, name, least, most);
}

bool thr_args_optboolean(lua_State *L, int arg, const char *name, bool def) {
  if (lua_isnoneornil(L, arg)) return def;
  if (!lua_isboolean(L, arg)) thr_args_typeerror(L, arg, name, "boolean");
  return lua_toboolean(L, arg);
}

void thr_args_callable(lua_State *L, int arg, const char *name) {
  if (lua_isfunction(L, arg)) return;
  if (luaL_getmetafield(L, arg, "__call") == LUA_TNIL)
    thr_args_typeerror(L, arg, name, "callable");
  lua_pop(L, 1);
}
