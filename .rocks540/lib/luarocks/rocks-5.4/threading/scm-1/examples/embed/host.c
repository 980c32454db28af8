/*
** host: a C program that embeds Lua and threads. The script starts threads of
** Lua's; a pthread of the host's calls a function of the script; the host's
** main thread lets go of the lock meanwhile, and closes the state in the end.
** README.md says how to build it.
*/
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <threading.h>

#define BLOCKS 5

/* What an audio library, say, would call its callback with. */
typedef struct {
  threading_state *where;
  int failures;
} device;

/* In Lua, protected: what raises, raises here. */
static int call_script(lua_State *L) {
  int block = (int)luaL_checkinteger(L, 1);
  lua_getglobal(L, "on_block");
  lua_pushinteger(L, block);
  lua_call(L, 1, 0);
  return 0;
}

static int on_block(lua_State *L, int block) {
  lua_pushcfunction(L, call_script);
  lua_pushinteger(L, block);
  if (lua_pcall(L, 1, 0, 0) == LUA_OK) return 1;
  const char *message = lua_tostring(L, -1);
  fprintf(stderr, "host: %s\n", message ? message : "error in on_block");
  lua_pop(L, 1);
  return 0;
}

/* The device's thread, which Lua knows nothing of. It is attached as long as
** it lives, and has the lock only while it calls. */
static void *device_main(void *arg) {
  device *d = arg;
  threading_thread *self = threading_attach(d->where, "device");
  if (!self) {
    d->failures++;
    return NULL;
  }
  lua_State *L = threading_lua(d->where, self);
  for (int block = 1; block <= BLOCKS; block++) {
    if (!on_block(L, block)) d->failures++;
    threading_nogil out = threading_release(L);
    /* ... here it would wait for the next block ... */
    if (!threading_take(out)) break; /* the state is being closed */
  }
  threading_detach(d->where, self);
  return NULL;
}

static int failed(lua_State *L) {
  const char *message = lua_tostring(L, -1);
  fprintf(stderr, "host: %s\n", message ? message : "no message");
  return 0;
}

/* The host's own loop, without the lock: the threads of the script run. */
static int run_device(lua_State *L) {
  device d = {threading_open(L), 0};
  pthread_t thread;
  if (!d.where) {
    fprintf(stderr, "host: the script has not loaded threading\n");
    return 0;
  }
  threading_nogil out = threading_release(L);
  int started = pthread_create(&thread, NULL, device_main, &d) == 0;
  if (started) pthread_join(thread, NULL);
  threading_take(out);
  threading_close(d.where);
  return started && d.failures == 0;
}

static int finish(lua_State *L) {
  lua_getglobal(L, "finish");
  return lua_pcall(L, 0, 0, 0) == LUA_OK ? 1 : failed(L);
}

/* Waits for the threads that are left and stops the daemons.  lua_close would,
** too, but finalise first what is younger than the module: a thread's open
** file, say; and what a thread makes then nobody finalises. */
static int shut_down(lua_State *L) {
  return luaL_dostring(L, "require 'threading'.shutdown()") == LUA_OK
             ? 1
             : failed(L);
}

static int run_state(const char *script) {
  lua_State *L = luaL_newstate();
  if (!L) return 0;
  luaL_openlibs(L);
  int ok = luaL_dofile(L, script) == LUA_OK ? 1 : failed(L);
  ok = ok && run_device(L) && finish(L);
  ok = shut_down(L) && ok;
  lua_close(L);
  return ok;
}

int main(int argc, char **argv) {
  const char *script = argc > 1 ? argv[1] : "script.lua";
  int states = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 1;
  for (int i = 0; i < states; i++)
    if (!run_state(script)) return EXIT_FAILURE;
  return EXIT_SUCCESS;
}
