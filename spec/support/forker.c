/* forker: fork, for the spec of what becomes of threads in a child. */
#include <lauxlib.h>
#include <lua.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* fork() -> 0 in the child, its process id in the parent */
static int forker_fork(lua_State *L) {
  fflush(NULL); /* the child's exit would write it, too */
  lua_pushinteger(L, fork());
  return 1;
}

/* Not _exit: what measures which lines run tells it at the exit. */
static int forker_exit(lua_State *L) {
  exit((int)luaL_checkinteger(L, 1));
}

/* wait(pid) -> its exit status; -1 if a signal has ended it */
static int forker_wait(lua_State *L) {
  int status = 0;
  waitpid((pid_t)luaL_checkinteger(L, 1), &status, 0);
  lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  return 1;
}

static int forker_getpid(lua_State *L) {
  lua_pushinteger(L, getpid());
  return 1;
}

int luaopen_forker(lua_State *L) {
  static const luaL_Reg functions[] = {{"fork", forker_fork},
                                       {"exit", forker_exit},
                                       {"wait", forker_wait},
                                       {"getpid", forker_getpid},
                                       {NULL, NULL}};
  luaL_newlib(L, functions);
  return 1;
}
