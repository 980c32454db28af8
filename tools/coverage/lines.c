/*
** lines: a Lua module that notes which lines of the library's Lua code run, in
** all threads and coroutines: who is made inherits the hook of its maker.
** Told at the process's end to COVERAGE_HITS, as lines "file line".
*/
#include <lauxlib.h>
#include <lua.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES 64
#define LINES 4096

static struct {
  char name[64];
  atomic_bool hit[LINES];
} files[FILES];
static atomic_int count;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int find(const char *name) {
  for (int i = 0; i < count; i++)
    if (strcmp(files[i].name, name) == 0) return i;
  return -1;
}

static int enter(const char *name) {
  pthread_mutex_lock(&m);
  int i = find(name);
  if (i < 0 && count < FILES && strlen(name) < sizeof(files[0].name)) {
    i = count;
    strcpy(files[i].name, name);
    count++;
  }
  pthread_mutex_unlock(&m);
  return i;
}

static void on_line(lua_State *L, lua_Debug *ar) {
  static const char folder[] = "/lua/5.4/threading/";
  lua_getinfo(L, "S", ar);
  const char *name = ar->source[0] == '@' ? strstr(ar->source, folder) : NULL;
  if (!name || ar->currentline >= LINES) return;
  name += sizeof(folder) - 1;
  int i = find(name);
  if (i < 0) i = enter(name);
  if (i >= 0) files[i].hit[ar->currentline] = true;
}

static void tell(void) {
  const char *to = getenv("COVERAGE_HITS");
  FILE *f = to ? fopen(to, "a") : NULL;
  if (!f) return;
  for (int i = 0; i < count; i++)
    for (int line = 1; line < LINES; line++)
      if (files[i].hit[line]) fprintf(f, "%s %d\n", files[i].name, line);
  fclose(f);
}

static void begin(void) { atexit(tell); }

int luaopen_threading_coverage(lua_State *L) {
  pthread_once(&once, begin);
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  if (getenv("COVERAGE_HITS")) {
    lua_sethook(lua_tothread(L, -1), on_line, LUA_MASKLINE, 0);
    lua_sethook(L, on_line, LUA_MASKLINE, 0);
  }
  return 0;
}
