/* told: see told.h. */
#include "warn/told.h"

#include <lauxlib.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static thr_mutex m = THR_MUTEX_INIT;
static thr_told_list told; /* m */

void thr_told_beforefork(void) { thr_mutex_lock(&m); }
void thr_told_afterfork(void) { thr_mutex_unlock(&m); }

void thr_told_place(lua_State *L, thr_where *where) {
  thr_describe_caller(L, where);
  if (where->line == 0) strcpy(where->file, "?");
}

static uint64_t mix(uint64_t h, const char *s) { /* FNV-1a */
  for (; *s; s++) h = (h ^ (unsigned char)*s) * 1099511628211u;
  return (h ^ '\n') * 1099511628211u;
}

uint64_t thr_told_hash(const char *kind, const thr_where *where) {
  uint64_t h = mix(mix(14695981039346656037u, kind), where->file);
  h = (h ^ (uint64_t)where->line) * 0x9e3779b97f4a7c15u;
  return h ^ h >> 32;
}

bool thr_told_isnew(thr_told_list *list, uint64_t hash) {
  for (size_t i = 0; i < THR_MAX_TOLD; i++)
    if (list->hash[i] == hash) return false;
  list->hash[list->n++ % THR_MAX_TOLD] = hash;
  return true;
}

void thr_told(const char *kind, const thr_where *where, const char *fmt, ...) {
  char text[THR_MAX_LINE];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof(text), fmt, ap);
  va_end(ap);
  thr_mutex_lock(&m);
  if (thr_told_isnew(&told, thr_told_hash(kind, where))) {
    fprintf(stderr, "threading: %s\n", text);
    fflush(stderr);
  }
  thr_mutex_unlock(&m);
}

int thr_told_debugs(lua_State *L) {
  lua_pushboolean(L, thr_os_debugs());
  return 1;
}

int thr_told_here(lua_State *L) {
  thr_where where;
  thr_told_place(L, &where);
  if (where.line > 0) lua_pushfstring(L, "%s:%d", where.file, where.line);
  else lua_pushstring(L, where.file);
  return 1;
}

int thr_told_lua(lua_State *L) {
  thr_where where = {.line = 0};
  const char *kind = luaL_checkstring(L, 1);
  snprintf(where.file, sizeof(where.file), "%s", luaL_checkstring(L, 2));
  thr_told(kind, &where, "%s", luaL_checkstring(L, 3));
  return 0;
}
