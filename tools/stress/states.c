/*
** states [seconds [seed]]: several threads of a host, each of which opens Lua
** states, runs a random program in them, leaves threads behind, and closes
** them: states must not disturb each other.  (What these threads make while
** the state is closed, stock Lua does not finalise: they make nothing of ours.)
*/
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define HOSTS 3

static const char program[] =
    "local seed = ... "
    "local run = require 'tools.stress.program' "
    "local threading = require 'threading' "
    "local time = require 'threading.time' "
    "for i = 1, seed % 3 do run(seed + i, 3) end "
    "local event = threading.Event() "
    "for i = 1, 3 do "
    "  threading.Thread { daemon = i > 1, target = function() "
    "    if i == 1 then return time.sleep(1e-3) end "
    "    if i == 2 then event:wait() end "
    "    while true do local _ = {} end "
    "  end }:start() "
    "end "
    "if seed % 2 == 0 then threading.shutdown() end";

typedef struct {
  pthread_t thread;
  long seed, states;
  time_t stop;
} host;

static void run_state(host *h) {
  lua_State *L = luaL_newstate();
  luaL_openlibs(L);
  if (luaL_loadstring(L, program) != LUA_OK) abort();
  lua_pushinteger(L, h->seed + 1000 * h->states);
  if (lua_pcall(L, 1, 0, 0) != LUA_OK) {
    fprintf(stderr, "states: seed %ld: %s\n", h->seed, lua_tostring(L, -1));
    exit(1);
  }
  lua_close(L);
  h->states++;
}

static void *run_states(void *arg) {
  host *h = arg;
  do run_state(h);
  while (time(NULL) < h->stop);
  return NULL;
}

int main(int argc, char **argv) {
  host hosts[HOSTS];
  long states = 0, seconds = argc > 1 ? atol(argv[1]) : 5;
  long seed = argc > 2 ? atol(argv[2]) : (long)time(NULL);
  for (int i = 0; i < HOSTS; i++) {
    hosts[i] = (host){.seed = seed + i, .stop = time(NULL) + seconds};
    if (pthread_create(&hosts[i].thread, NULL, run_states, &hosts[i]) != 0)
      abort();
  }
  for (int i = 0; i < HOSTS; i++) {
    pthread_join(hosts[i].thread, NULL);
    states += hosts[i].states;
  }
  printf("ok: %ld states\n", states);
  return 0;
}
