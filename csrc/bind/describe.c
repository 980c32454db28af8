/* describe: see describe.h. */
#include "bind/describe.h"

#include <stdio.h>
#include <string.h>

#include "bind/blame.h"

/* The first Lua function from `level` on that is not in the folder. */
static bool find(lua_State *of, int level, const char *folder, lua_Debug *ar) {
  for (; lua_getstack(of, level, ar); level++) {
    lua_getinfo(of, "Sl", ar);
    if (ar->currentline > 0 && !thr_blame_isours(ar, folder)) return true;
  }
  return false;
}

bool thr_describe_place(lua_State *of, lua_Debug *ar) {
  return of && find(of, 0, NULL, ar);
}

bool thr_describe_program(lua_State *of, const char *folder, lua_Debug *ar) {
  return of && (find(of, 0, folder, ar) || find(of, 0, NULL, ar));
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
