/* told: see told.h. */
#include "warn/told.h"

#include <lauxlib.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "os/tuning.h"

static thr_mutex m = THR_MUTEX_INIT;
static uint64_t told[THR_MAX_TOLD]; /* m: a ring, of what was told */
static size_t n_told;               /* m */

void thr_told_beforefork(void) { thr_mutex_lock(&m); }
void thr_told_afterfork(void) { thr_mutex_unlock(&m); }

void thr_told_place(lua_State *L, thr_where *where) {
  thr_describe_caller(L, where);
  if (where->line == 0) strcpy(where->file, "?");
}

static uint64_t hash(uint64_t h, const char *s) { /* FNV-1a */
  for (; *s; s++) h = (h ^ (unsigned char)*s) * 1099511628211u;
  return (h ^ '\n') * 1099511628211u;
}

/* Under m. */
static bool is_new(const char *kind, const thr_where *where) {
  uint64_t h = hash(hash(14695981039346656037u, kind), where->file);
  h += (uint64_t)where->line;
  for (size_t i = 0; i < THR_MAX_TOLD; i++)
    if (told[i] == h) return false;
  told[n_told++ % THR_MAX_TOLD] = h;
  return true;
}

void thr_told(const char *kind, const thr_where *where, const char *fmt, ...) {
  char text[THR_MAX_LINE];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(text, sizeof(text), fmt, ap);
  va_end(ap);
  thr_mutex_lock(&m);
  if (is_new(kind, where)) {
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
