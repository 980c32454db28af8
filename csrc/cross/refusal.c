/* refusal: see refusal.h. */
#include "cross/refusal.h"

#include <ctype.h>
#include <lauxlib.h>
#include <string.h>

#include "bind/blame.h"
#include "bind/box.h"

/* --- the path --- */

#define MAX_STEPS 24 /* that are said; the rest in the middle is left out */
#define KEPT_STEPS 8

static bool is_name(const char *s, size_t n) {
  if (n == 0 || n > 60 || isdigit((unsigned char)*s)) return false;
  for (size_t i = 0; i < n; i++)
    if (!isalnum((unsigned char)s[i]) && s[i] != '_') return false;
  return true;
}

/* Pushes the word: the values have names, between commas; the last one is of
** all that follow. */
static void push_value(lua_State *L, const thr_encoder *e, int number) {
  const char *name = e->what, *comma;
  int i = 1;
  while (i < number && (comma = strchr(name, ',')) != NULL) {
    name = comma + 1;
    i++;
  }
  size_t n = strcspn(name, ",[");
  bool last = strchr(name, ',') == NULL;
  lua_pushlstring(L, name, n);
  if (last && (name[n] == '[' || e->nvalues > i || number > i)) {
    lua_pushfstring(L, "[%d]", number - i + 1);
    lua_concat(L, 2);
  }
}

/* Pushes what leads to the field of the key at `at`. */
static void push_field(lua_State *L, int at) {
  size_t n;
  const char *s;
  switch (lua_type(L, at)) {
    case LUA_TSTRING:
      s = lua_tolstring(L, at, &n);
      if (is_name(s, n)) {
        lua_pushfstring(L, ".%s", s);
        return;
      }
      lua_pushfstring(L, n > 60 ? "[\"%s...\"]" : "[\"%s\"]",
                      lua_pushlstring(L, s, n > 60 ? 60 : n));
      lua_remove(L, -2);
      return;
    case LUA_TNUMBER:
    case LUA_TBOOLEAN:
      lua_pushfstring(L, "[%s]", luaL_tolstring(L, at, NULL));
      lua_remove(L, -2);
      return;
    default: lua_pushfstring(L, "[a %s]", luaL_typename(L, at));
  }
}

static void push_upvalue(lua_State *L, int at, int number) {
  const char *name = lua_getupvalue(L, at, number);
  if (name) lua_pop(L, 1);
  if (!name || *name == '\0' || *name == '(')
    lua_pushfstring(L, ": upvalue %d", number);
  else lua_pushfstring(L, ": upvalue '%s'", name);
}

static void push_step(lua_State *L, const thr_encoder *e, const thr_way *s) {
  switch (s->kind) {
    case THR_STEP_VALUE: push_value(L, e, s->number); break;
    case THR_STEP_BELOW: lua_pushliteral(L, "..."); break;
    case THR_STEP_FIELD: push_field(L, s->at); break;
    case THR_STEP_KEY: lua_pushliteral(L, ": a key"); break;
    case THR_STEP_UPVALUE: push_upvalue(L, s->at, s->number); break;
    case THR_STEP_METATABLE: lua_pushliteral(L, ": metatable"); break;
  }
}

/* Puts the step in front of the text on top of the stack. */
static void prepend(lua_State *L, const thr_encoder *e, const thr_way *s) {
  push_step(L, e, s);
  lua_insert(L, -2);
  lua_concat(L, 2);
}

static void push_path(lua_State *L, const thr_encoder *e) {
  int steps = 0, i = 0;
  for (const thr_way *s = e->step; s; s = s->before) steps++;
  lua_pushliteral(L, "");
  for (const thr_way *s = e->step; s; s = s->before, i++) {
    if (steps <= MAX_STEPS || i < KEPT_STEPS || steps - i <= KEPT_STEPS) {
      prepend(L, e, s);
    } else if (i == KEPT_STEPS) {
      lua_pushliteral(L, "...");
      lua_insert(L, -2);
      lua_concat(L, 2);
    }
  }
}

/* --- what to do instead --- */

typedef struct {
  const char *what, *instead;
} advice;

static const char *find(const advice *list, const char *what) {
  for (; list->what; list++)
    if (strncmp(list->what, what, strlen(list->what)) == 0)
      return list->instead;
  return NULL;
}

/* Of types that are none of boxes, by the beginning of their names. */
static const advice types[] = {
    {"FILE*", "pass its name, and open it there"},
    {"tcp{", "wrap it by threading.socket"},
    {"udp{", "wrap it by threading.socket"},
    {"unix", "wrap it by threading.socket"},
    {"threading.Local", "it is of the threads here; pass what is in it"},
    {"threading.Timer", "start a timer there; an Event crosses"},
    {"threading.", "start a thread there; an Event crosses"},
    {NULL, NULL}};

static const char *instead_of(const char *type) {
  const char *found = find(types, type);
  return found ? found : "make it there";
}

/* Pushes what the value is. */
static const char *push_type(lua_State *L, int idx) {
  if (luaL_getmetafield(L, idx, "__name") == LUA_TSTRING)
    return lua_tostring(L, -1);
  return lua_pushstring(L, luaL_typename(L, idx));
}

int thr_refusal_because(thr_encoder *e, const char *what, const char *reason) {
  lua_State *L = e->L;
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  push_path(L, e);
  thr_encoder_clear(e);
  e->busy = false;
  return thr_blame_error(L, "%s: %s cannot cross: %s", lua_tostring(L, -1),
                         what, reason);
}

int thr_refusal(thr_encoder *e, int idx) {
  lua_State *L = e->L;
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  idx = lua_absindex(L, idx);
  const thr_kind *kind = thr_box_kind(L, idx);
  const char *type = push_type(L, idx);
  const char *instead = kind && kind->stays ? kind->stays : instead_of(type);
  if (lua_type(L, idx) == LUA_TTHREAD) {
    type = "coroutine";
    instead = "pass the function, and make the coroutine there";
  } else if (lua_type(L, idx) == LUA_TFUNCTION) {
    type = "a C function that no module has";
    instead = "put it into a module's table, or call it from a Lua function "
              "that finds it there";
  }
  return thr_refusal_because(e, type, instead);
}
