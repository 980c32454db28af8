/* blame: see blame.h. */
#include "bind/blame.h"

#include <ctype.h>
#include <string.h>

static const char key_folder = 0; /* registry: of our Lua files */
static const char key_names = 0;  /* registry: table: function -> name */
static const char key_sources = 0; /* registry: list: luaL_Reg, and tables,
                                      that are not in that table yet */

/* --- the place --- */

/* The string stays: the registry has it. */
const char *thr_blame_folder(lua_State *L) {
  luaL_checkstack(L, 1, NULL);
  lua_rawgetp(L, LUA_REGISTRYINDEX, &key_folder);
  const char *s = lua_tostring(L, -1);
  lua_pop(L, 1);
  return s;
}

bool thr_blame_isours(const lua_Debug *ar, const char *folder) {
  return folder && *folder &&
         strncmp(ar->source, folder, strlen(folder)) == 0;
}

static bool is_metamethod(const lua_Debug *ar) {
  return *ar->what == 'C' && strcmp(ar->namewhat, "metamethod") == 0;
}

/* The level that has called the library, from `level` on.  A metamethod in C
** that our Lua code was called by is one of ours. */
static int level_of_caller(lua_State *L, int level, const char *prefix) {
  lua_Debug ar;
  for (int at = level; lua_getstack(L, at, &ar); at++) {
    lua_getinfo(L, "Sn", &ar);
    bool called_us = at > 1 && at == level && is_metamethod(&ar);
    if (called_us || thr_blame_isours(&ar, prefix)) level = at + 1;
    else if (*ar.what != 'C') break;
  }
  return level;
}

int thr_blame_level(lua_State *L) {
  return level_of_caller(L, 1, thr_blame_folder(L)) - 1;
}

void thr_blame_where(lua_State *L) {
  luaL_where(L, level_of_caller(L, 1, thr_blame_folder(L)));
}

/* How much of a path is the folder in which it is, with its last slash. */
static size_t folder_of(const char *path, size_t n) {
  while (n > 0 && !strchr("/\\", path[n - 1])) n--;
  return n;
}

int thr_blame_ours(lua_State *L) {
  lua_Debug ar;
  if (!lua_getstack(L, 1, &ar)) return 0;
  lua_getinfo(L, "S", &ar);
  size_t n = folder_of(ar.source, strlen(ar.source));
  if (n > 0) n = folder_of(ar.source, n - 1);
  if (n == 0) return 0;
  lua_pushlstring(L, ar.source, n);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_folder);
  return 0;
}

int thr_blame_complain(lua_State *L) {
  lua_settop(L, 1);
  thr_blame_where(L);
  lua_insert(L, 1);
  lua_concat(L, 2);
  return lua_error(L);
}

/* Lua 5.5.0 pushes nothing where there is no memory for it, and luaL_error
** then raises the value below. */
void thr_blame_pushtext(lua_State *L, const char *fmt, va_list ap) {
  if (lua_pushvfstring(L, fmt, ap)) return;
  lua_pushliteral(L, "not enough memory");
  lua_error(L);
}

int thr_blame_error(lua_State *L, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  thr_blame_where(L);
  thr_blame_pushtext(L, fmt, ap);
  va_end(ap);
  lua_concat(L, 2);
  return lua_error(L);
}

/* --- which function --- */

/* Pushes a table of the registry. */
static void push_table(lua_State *L, const void *key) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, key) == LUA_TTABLE) return;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

/* Those of a luaL_Reg, into the table on top of the stack. */
static void add_list(lua_State *L, const luaL_Reg *list) {
  for (; list->name; list++) {
    if (strncmp(list->name, "__", 2) == 0) continue; /* a method's, too */
    lua_pushcfunction(L, list->func);
    lua_pushstring(L, list->name + (*list->name == '_'));
    lua_rawset(L, -3);
  }
}

/* Those of a table on top of the stack, into the one at `names`. */
static void add_fields(lua_State *L, int names) {
  for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
    if (!lua_isfunction(L, -1)) continue;
    lua_pushvalue(L, -1);
    lua_pushvalue(L, -3);
    lua_rawset(L, names);
  }
}

/* Pushes the table of names, complete. */
static void push_names(lua_State *L) {
  push_table(L, &key_names);
  int names = lua_gettop(L);
  push_table(L, &key_sources);
  lua_Integer n = (lua_Integer)lua_rawlen(L, -1);
  for (lua_Integer i = 1; i <= n; i++) {
    if (lua_rawgeti(L, names + 1, i) == LUA_TTABLE) {
      add_fields(L, names);
    } else {
      lua_pushvalue(L, names);
      add_list(L, lua_touserdata(L, -2));
    }
    lua_settop(L, names + 1);
  }
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &key_sources);
  lua_settop(L, names);
}

/* Few programs need a name: until then, where it is found is kept.  [source] ->
** [] */
static void keep_source(lua_State *L) {
  push_table(L, &key_sources);
  lua_insert(L, -2);
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  lua_pop(L, 1);
}

void thr_blame_names(lua_State *L, const luaL_Reg *list) {
  lua_pushlightuserdata(L, (void *)list);
  keep_source(L);
}

int thr_blame_public(lua_State *L) {
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  keep_source(L);
  return 0;
}

/* The name by which the function was called; or the one that we have for it,
** which is pushed. */
static const char *name_of(lua_State *L, lua_Debug *ar) {
  if (ar->name && *ar->name != '_') return ar->name;
  push_names(L);
  lua_getinfo(L, "f", ar);
  lua_rawget(L, -2);
  const char *name = lua_tostring(L, -1);
  if (!name) name = ar->name;
  return name ? name : "?";
}

static int raise(lua_State *L) {
  thr_blame_where(L);
  lua_insert(L, -2);
  lua_concat(L, 2);
  return lua_error(L);
}

int thr_blame_argerror(lua_State *L, int arg, const char *text) {
  lua_Debug ar;
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  if (!lua_getstack(L, 0, &ar)) return luaL_argerror(L, arg, text);
  lua_getinfo(L, "n", &ar);
  const char *name = name_of(L, &ar);
  if (strcmp(ar.namewhat, "method") == 0 && --arg == 0)
    lua_pushfstring(L, "calling '%s' on bad self (%s)", name, text);
  else
    lua_pushfstring(L, "bad argument #%d to '%s' (%s)", arg, name, text);
  return raise(L);
}

const char *thr_blame_pushname(lua_State *L) {
  lua_Debug ar;
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  if (!lua_getstack(L, 0, &ar)) return lua_pushliteral(L, "?");
  lua_getinfo(L, "n", &ar);
  return lua_pushstring(L, name_of(L, &ar));
}

/* --- a dot for a colon --- */

/* Pushes what a program may call an object of this class. */
static const char *push_example(lua_State *L, const char *class) {
  static const char *const shorter[][2] = {
      {"Thread", "t"}, {"Queue", "q"}, {"SimpleQueue", "q"},
      {"ThreadPoolExecutor", "pool"}, {"TCP", "sock"}, {"UDP", "sock"}};
  const char *word = strrchr(class, '.');
  word = word ? word + 1 : class;
  for (size_t i = 0; i < sizeof(shorter) / sizeof(shorter[0]); i++)
    if (strcmp(word, shorter[i][0]) == 0)
      return lua_pushstring(L, shorter[i][1]);
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  for (; *word; word++) luaL_addchar(&b, (char)tolower((unsigned char)*word));
  luaL_pushresult(&b);
  return lua_tostring(L, -1);
}

/* Are these the methods of the type whose metatable is on top of the stack? */
static bool is_type_of(lua_State *L, int methods) {
  lua_pushliteral(L, "__index");
  lua_rawget(L, -2);
  if (lua_iscfunction(L, -1) && lua_getupvalue(L, -1, 1)) lua_remove(L, -2);
  bool is = lua_rawequal(L, -1, methods);
  lua_pop(L, 1);
  return is;
}

int thr_blame_classof(lua_State *L) {
  lua_settop(L, 1);
  for (lua_pushnil(L); lua_next(L, LUA_REGISTRYINDEX); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING || !lua_istable(L, -1)) continue;
    if (!is_type_of(L, 1)) continue;
    lua_pop(L, 1); /* the key is its name */
    push_example(L, lua_tostring(L, -1));
    return 2;
  }
  return 0;
}

/* Lua has other words for what no program has called: "?", "for iterator". */
static bool is_identifier(const char *name) {
  const char *s = name;
  while (isalnum((unsigned char)*s) || *s == '_') s++;
  return *name && !*s;
}

int thr_blame_selferror(lua_State *L, int level, const char *class,
                        const char *text, bool bare) {
  lua_Debug ar;
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  if (!lua_getstack(L, level, &ar)) return luaL_argerror(L, 1, text);
  lua_getinfo(L, "n", &ar);
  const char *name = name_of(L, &ar);
  if (strcmp(ar.namewhat, "method") == 0)
    lua_pushfstring(L, "calling '%s' on bad self (%s)", name, text);
  else if (strcmp(ar.namewhat, "metamethod") == 0 || !is_identifier(name))
    lua_pushfstring(L, "bad argument #1 to '%s' (%s)", name, text);
  else
    lua_pushfstring(L, "bad argument #1 to '%s' (%s); use `%s:%s(%s)`", name,
                    text, push_example(L, class), name, bare ? "" : "...");
  return raise(L);
}
