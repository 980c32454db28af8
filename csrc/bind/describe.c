/* describe: see describe.h. */
#include "bind/describe.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "bind/blame.h"
#include "bind/box.h"

/* The innermost Lua function that is not in the folder. */
static bool find(lua_State *of, const char *folder, lua_Debug *ar) {
  for (int level = 0; lua_getstack(of, level, ar); level++) {
    lua_getinfo(of, "Sl", ar);
    if (ar->currentline > 0 && !thr_blame_isours(ar, folder)) return true;
  }
  return false;
}

bool thr_describe_place(lua_State *of, lua_Debug *ar) {
  return of && find(of, NULL, ar);
}

bool thr_describe_program(lua_State *of, const char *folder, lua_Debug *ar) {
  return of && (find(of, folder, ar) || find(of, NULL, ar));
}

void thr_describe_caller(lua_State *L, thr_where *where) {
  lua_Debug ar;
  where->line = 0;
  where->file[0] = '\0';
  if (!thr_describe_program(L, thr_blame_folder(L), &ar)) return;
  strcpy(where->file, ar.short_src);
  where->line = ar.currentline;
}

void thr_describe_pushplace(lua_State *L, lua_State *of) {
  lua_Debug ar;
  if (thr_describe_place(of, &ar))
    lua_pushfstring(L, "%s:%d", ar.short_src, ar.currentline);
  else lua_pushliteral(L, "");
}

typedef struct {
  uint64_t ident;
  char name[THR_NAMESIZE];
} named;

static bool copy_name(void *arg, thr_runtime *rt) {
  named *n = arg;
  const thr_tstate *ts = thr_tstate_byident(rt, n->ident);
  if (ts) memcpy(n->name, ts->life.name, sizeof(n->name));
  return ts != NULL;
}

void thr_describe_pushname(lua_State *L, thr_runtime *rt, uint64_t ident) {
  named n = {.ident = ident};
  thr_runtime_any(rt->member.group, copy_name, &n);
  if (n.name[0]) lua_pushstring(L, n.name);
  else lua_pushinteger(L, (lua_Integer)ident);
}

/* --- error objects --- */

static const char key_show = 0; /* registry: a function */

int thr_describe_showby(lua_State *L) {
  lua_settop(L, 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_show);
  return 0;
}

const char *thr_describe_pusherror(lua_State *L, int idx) {
  idx = lua_absindex(L, idx);
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  if (!lua_istable(L, idx)) return luaL_tolstring(L, idx, NULL);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &key_show);
  lua_pushvalue(L, idx);
  if (lua_pcall(L, 1, 1, 0) == LUA_OK && lua_type(L, -1) == LUA_TSTRING)
    return lua_tostring(L, -1);
  lua_pop(L, 1);
  return luaL_tolstring(L, idx, NULL);
}

/* --- tracebacks --- */

static int count_levels(lua_State *L) {
  lua_Debug ar;
  int some = 0, more = 1;
  while (lua_getstack(L, more, &ar)) {
    some = more;
    more *= 2;
  }
  while (some + 1 < more) {
    int middle = some + (more - some) / 2;
    if (lua_getstack(L, middle, &ar)) some = middle;
    else more = middle;
  }
  return more;
}

/* How many levels at the outer end are the library's, or C's; none, where all
** are from `first` on. */
static int count_outer(lua_State *L, int first, const char *folder) {
  lua_Debug ar;
  int n = count_levels(L);
  for (int level = n - 1; level >= first; level--) {
    if (!lua_getstack(L, level, &ar)) return 0;
    lua_getinfo(L, "S", &ar);
    if (*ar.what != 'C' && !thr_blame_isours(&ar, folder)) return n - 1 - level;
  }
  return 0;
}

static bool ends_in_tailcall(const char *s, size_t n) {
  static const char line[] = "\n\t(...tail calls...)";
  size_t m = sizeof(line) - 1;
  return n > m && memcmp(s + n - m, line, m) == 0;
}

static size_t without_line(const char *s, size_t n) {
  while (n > 0 && s[--n] != '\n') continue;
  return n;
}

/* The length without the last levels, and what is said of tail calls there. */
static size_t without_outer(const char *s, size_t n, int levels) {
  for (;;) {
    while (ends_in_tailcall(s, n)) n = without_line(s, n);
    if (levels-- == 0) return n;
    n = without_line(s, n);
  }
}

void thr_describe_pushtraceback(lua_State *L, const char *text) {
  size_t n;
  int first = thr_blame_level(L) + 1;
  int outer = count_outer(L, first, thr_blame_folder(L));
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  luaL_traceback(L, L, text, first);
  if (outer == 0) return;
  const char *s = lua_tolstring(L, -1, &n);
  lua_pushlstring(L, s, without_outer(s, n, outer));
  lua_remove(L, -2);
}

int thr_describe_luatraceback(lua_State *L) {
  thr_describe_pushtraceback(L, luaL_checkstring(L, 1));
  return 1;
}

/* --- errors of another thread's call --- */

static const char key_raised = 0; /* registry: weak {value, traceback} */

static void note(lua_State *L, int value, int traceback) {
  thr_box_pushweak(L, &key_raised, "v");
  lua_pushvalue(L, value);
  lua_rawseti(L, -2, 1);
  lua_pushvalue(L, traceback);
  lua_rawseti(L, -2, 2);
  lua_pop(L, 1);
}

/* Replaces the text on top by one with what the traceback says behind it. */
static void add_origin(lua_State *L, const char *traceback) {
  static const char head[] = "\nstack traceback:";
  const char *at = strstr(traceback, head);
  if (!at) return;
  lua_pushfstring(L, "%s\nwhere it was raised:%s", lua_tostring(L, -1),
                  at + sizeof(head) - 1);
  lua_remove(L, -2);
}

/* Does no function of the program's, from here to the host, call a function in
** C, which might catch it?  The host has called in one of its own. */
static bool goes_to_host(lua_State *L) {
  const thr_tstate *ts = thr_tls;
  lua_Debug ar;
  if (!ts || !ts->is_main || ts->lua.base != L) return false;
  for (int level = 1; lua_getstack(L, level, &ar); level++) {
    lua_getinfo(L, "S", &ar);
    if (*ar.what == 'C') return !lua_getstack(L, level + 1, &ar);
  }
  return false;
}

int thr_describe_raise(lua_State *L) {
  int traceback = lua_gettop(L), value = traceback - 1;
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  if (lua_type(L, traceback) == LUA_TSTRING) {
    note(L, value, traceback);
    lua_pushvalue(L, value);
    if (lua_type(L, value) == LUA_TSTRING && goes_to_host(L))
      add_origin(L, lua_tostring(L, traceback));
  } else {
    lua_pushvalue(L, value);
  }
  return lua_error(L);
}

int thr_describe_luaraise(lua_State *L) {
  lua_settop(L, 2);
  return thr_describe_raise(L);
}

int thr_describe_luaorigin(lua_State *L) {
  lua_settop(L, 2);
  thr_box_pushweak(L, &key_raised, "v");
  lua_rawgeti(L, 3, 1);
  bool same = !lua_isnil(L, 1) && lua_rawequal(L, 1, -1);
  lua_rawgeti(L, 3, 2);
  const char *traceback = lua_tostring(L, -1);
  lua_pushvalue(L, 2);
  if (same && traceback) add_origin(L, traceback);
  return 1;
}

/* --- objects --- */

static thr_label *place_label(lua_State *L) {
  char text[LUA_IDSIZE + 16];
  thr_where where;
  thr_describe_caller(L, &where);
  if (where.line == 0) return NULL;
  snprintf(text, sizeof(text), "%s:%d", where.file, where.line);
  return thr_label_new(text, false);
}

thr_label *thr_describe_newlabel(lua_State *L, const char *name) {
  if (!name) return place_label(L);
  thr_label *label = thr_label_new(name, true);
  if (!label) thr_blame_error(L, "not enough memory");
  return label;
}

const char *thr_describe_pushlabel(lua_State *L, const thr_label *label) {
  if (!label) return lua_pushliteral(L, "");
  return lua_pushfstring(L, label->is_name ? " \"%s\"" : " (made at %s)",
                         label->text);
}

const char *thr_describe_pushobject(lua_State *L, const char *what,
                                    const void *object,
                                    const thr_label *label) {
  char text[THR_LABEL_ROOM];
  if (!label) return lua_pushliteral(L, "");
  thr_label_tell(text, what, object, label);
  return lua_pushfstring(L, ": %s", text);
}

int thr_describe_getname(lua_State *L, const thr_label *label) {
  if (label && label->is_name) lua_pushstring(L, label->text);
  else lua_pushnil(L);
  return 1;
}
